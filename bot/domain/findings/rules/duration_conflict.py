"""A duration in a text that differs from the record's."""

from collections.abc import Iterator

from bot.domain.findings.common import known_refs, last_reopened_at
from bot.domain.findings.finding import Finding
from bot.domain.findings.times_in_text import parse_impact_duration
from bot.domain.record.model import Record
from bot.domain.terms import Precision, UpdateState
from bot.domain.text.durations import duration_between

CODE = "duration-conflict"


def check_duration_conflict(record: Record) -> Iterator[Finding]:
    """
    Find texts with another duration than the recorded window.

    "Lasted 2 hours", "a 13-minute outage", and in a statement of the impact "for 13 minutes". Silent within the
    rounding of the text ("2 hours" is 1 h 30 to 2 h 30), where it has several durations, and where an end of the window
    is approximate.
    """
    start, end = record.incident.started, record.incident.ended
    if end is None or end.at < start.at or {start.precision, end.precision} != {Precision.EXACT}:
        return
    recorded = duration_between(start.at, end.at)
    known = known_refs(record)
    for text, is_impact, refs in _texts(record):
        found = parse_impact_duration(text, is_impact=is_impact)
        if found is None:
            continue
        length, slack = found
        if abs(length - recorded) > slack and known.issuperset(refs):
            yield Finding(CODE, refs, {"stated": length, "recorded": recorded})


def _texts(record: Record) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """Texts about the whole incident: text, whether it states the impact, refs."""
    reopened = last_reopened_at(record)
    for impact in record.impacts:
        if reopened is None or impact.at >= reopened:
            yield impact.text, True, (impact.source.ref,)
    for resolution in record.resolutions:
        yield resolution.text, False, (resolution.source.ref,)
    last = next((each for each in reversed(record.updates) if each.state is UpdateState.RESOLVED), None)
    if last is not None:
        for text in last.texts.values():
            yield text, False, tuple(source.ref for source in last.sources)
