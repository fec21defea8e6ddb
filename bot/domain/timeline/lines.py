"""Timeline entries as lines on a screen, in English."""

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.record.model import Entry, Record
from bot.lazy_dataclass import dataclass

SECTION = "screen"
"""No section of a draft, so that every kind but NOTE is labelled."""


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """
    An entry with its display text.

    `text` is what somebody wrote, with names; `label` is what it is or changed. One of the two is not empty.
    """

    entry: Entry
    text: str
    label: str
    notes: tuple[str, ...]
    by: str


def timeline_lines(record: Record, entries: Sequence[Entry]) -> list[TimelineLine]:
    return list(iter_timeline_lines(record, entries))


def iter_timeline_lines(record: Record, entries: Iterable[Entry]) -> Iterator[TimelineLine]:
    """Lazy `timeline_lines`."""
    builder = BlockBuilder.in_english(record)
    return (_timeline_line(builder, entry) for entry in entries)


def _timeline_line(builder: BlockBuilder, entry: Entry) -> TimelineLine:
    told = builder.entry_block(SECTION, entry)
    # A title that says no more than the draft's is left out there; on a screen it is the entry.
    text = told.text or (builder.resolve_mentions(entry.text) if builder.repeats_title(entry) else "")
    return TimelineLine(entry, text, told.label, told.notes, told.by)
