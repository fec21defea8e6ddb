"""The timeline as people read it on a screen: each entry in words, also where its text is empty."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.drafting.entries import Teller
from bot.domain.drafting.localized_times import Clock
from bot.domain.languages import language
from bot.domain.record.model import Entry, Record

SECTION = "screen"
"""No section of a draft: no kind but NOTE goes without saying."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry. `text` is what somebody wrote, with names; `label` what it is or changed; one of the two is there."""

    entry: Entry
    text: str
    label: str
    notes: tuple[str, ...]
    by: str


def lines_of(record: Record, entries: Sequence[Entry]) -> list[Line]:
    """These entries of the record, told in English: the language of the bot's own words."""
    return list(each_line(record, entries))


def each_line(record: Record, entries: Iterable[Entry]) -> Iterator[Line]:
    """`lines_of`, each told when it is asked for."""
    english = language("en")
    teller = Teller(record, english, Clock(english, record.incident.zone, record.incident.started.at, ()))
    return (_line(teller, entry) for entry in entries)


def _line(teller: Teller, entry: Entry) -> Line:
    told = teller.entry(SECTION, entry)
    # A title that says no more than the draft's is left out there; on a screen it is the entry.
    text = told.text or (teller.named(entry.text) if teller.only_declares(entry) else "")
    return Line(entry, text, told.label, told.notes, told.by)
