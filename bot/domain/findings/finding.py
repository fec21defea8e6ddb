"""What a rule found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class LanguageName:
    """A language, shown by its name in the language of whoever reads (`French`, `français`)."""

    code: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that somebody wrote: mentions are shown as names, and a long text is cut."""

    text: str


Single = str | int | datetime | timedelta | LanguageName | Quote
Value = Single | tuple[Single, ...]
"""A time is shown in the incident's zone, a duration as people write it, several with commas between."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One objection: what is wrong, and what it is about.

    `entries` are the refs (`entry-12`, `action-4`) of what a reader looks at to see it; there is at least one.
    `values` go into the words, which every language has under `finding_<code>`, with `_<variant>` behind it where a
    code has several wordings, and with `_one` or `_other` by the value `count` where there is one.
    """

    code: str
    entries: tuple[str, ...]
    values: Mapping[str, Value] = field(default_factory=dict)
    variant: str = ""

    @property
    def key(self) -> str:
        """Tells it from every other finding of the same record; stays while what it is about stays."""
        return ":".join(part for part in (self.code, self.variant, self.entries[0]) if part)
