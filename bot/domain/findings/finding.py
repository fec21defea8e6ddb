"""What a rule found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Value = str | int | datetime | timedelta
"""A time is shown in the incident's zone, a duration as people write it, a text as it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One objection: what is wrong (`code`, in every language's words under `finding_<code>`), and what it is about.

    `entries` are the refs (`entry-12`, `action-4`) of what a reader looks at to see it; there is at least one.
    `values` go into the words.
    """

    code: str
    entries: tuple[str, ...]
    values: Mapping[str, Value] = field(default_factory=dict)
