"""The findings of rules, and the values in their messages."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class LanguageName:
    """A language, shown by its name in the reader's language (`French`, `français`)."""

    code: str


@dataclass(frozen=True, slots=True)
class Weekday:
    """A day of the week, counted from Monday, 0; shown by its name in the reader's language."""

    number: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A text from the record: mentions are shown as names, and a long text is cut."""

    text: str


Single = str | int | datetime | timedelta | LanguageName | Weekday | Quote
Value = Single | tuple[Single, ...]
"""A time is shown in the incident's zone, a duration as in documents, several values as a list."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One objection, with the refs that show it.

    `entries` are the refs (`entry-12`, `action-4`) that a reader looks at, at least one. `values` go into the message
    `finding_<code>`, with the suffix `_<variant>` where a code has several messages, and with `_one` or `_other` where
    there is a value `count`.
    """

    code: str
    entries: tuple[str, ...]
    values: Mapping[str, Value] = field(default_factory=dict)
    variant: str = ""

    @property
    def key(self) -> str:
        """Unique in the record, and stable while the first ref is."""
        return ":".join(part for part in (self.code, self.variant, self.entries[0]) if part)
