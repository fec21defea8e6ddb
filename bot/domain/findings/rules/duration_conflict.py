"""A length in a text that differs from the record's."""

from collections.abc import Iterator

from bot.domain.findings.common import last_reopening, refs_of
from bot.domain.findings.finding import Finding
from bot.domain.findings.times_in_text import length_in
from bot.domain.record.model import Record
from bot.domain.terms import Precision, UpdateState
from bot.domain.text.durations import between

CODE = "duration-conflict"


def duration_conflict(record: Record) -> Iterator[Finding]:
    """
    "Lasted 2 hours", "a 13-minute outage", and in a statement of the impact "for 13 minutes", against its window.

    Silent within the rounding of the text ("2 hours" is 1 h 30 to 2 h 30), where it names several lengths, and where
    one of the record's own ends is only known about.
    """
    start, end = record.incident.started, record.incident.ended
    if end is None or end.at < start.at or {start.precision, end.precision} != {Precision.EXACT}:
        return
    recorded = between(start.at, end.at)
    known = refs_of(record)
    for text, is_impact, refs in _texts(record):
        found = length_in(text, is_impact=is_impact)
        if found is None:
            continue
        length, slack = found
        if abs(length - recorded) > slack and known.issuperset(refs):
            yield Finding(CODE, refs, {"stated": length, "recorded": recorded})


def _texts(record: Record) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """The texts that are about the whole, whether each is a statement of the impact, and its refs."""
    reopened = last_reopening(record)
    for impact in record.impacts:
        if reopened is None or impact.at >= reopened:
            yield impact.text, True, (impact.source.ref,)
    for resolution in record.resolutions:
        yield resolution.text, False, (resolution.source.ref,)
    last = next((each for each in reversed(record.updates) if each.state is UpdateState.RESOLVED), None)
    if last is not None:
        for text in last.texts.values():
            yield text, False, tuple(source.ref for source in last.sources)
