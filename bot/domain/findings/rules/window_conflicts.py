"""Starts and ends of the impact that contradict one another."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.findings.common import existing, last_reopening, minute, refs_of, standing
from bot.domain.findings.finding import Finding
from bot.domain.findings.times_in_text import Stated, Window, window_in
from bot.domain.record.model import Entry, Moment, Record
from bot.domain.terms import Precision, UpdateState

START = "start-time-conflict"
END = "end-time-conflict"

ANCHOR = timedelta(minutes=2)
"""So near one end of a text's window has to be to the record's before its other end is compared."""
LATEST = timedelta(minutes=30)
"""How far from the record's end an end without a start ("until 16:23") is still taken for the incident's."""
LONGEST = timedelta(hours=18)
"""In longer incidents a clock time without a date can be any day's."""
ABOUT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that may state the impact's window: when it was said, and the refs that a reader looks at."""

    text: str
    at: datetime
    refs: tuple[str, ...]


def end_time_conflict(record: Record) -> Iterator[Finding]:
    """
    The record's end against ends that people typed, and against windows in public updates and statements of the impact.

    Silent about what was said before a reopening, about an end that was stated anew later, about windows that do not
    begin when the incident did or of which another agrees, about round numbers within two minutes, and in incidents of
    more than 18 hours.
    """
    end = record.incident.ended
    if end is None:
        return
    stated = dict(_typed(record, end, "states_end"))
    for text in _texts(record):
        window = _window(record, text)
        if window is not None and _is_about(record, window, text) and _all_differ((*window.ends, *window.others), end):
            stated.setdefault(minute(window.end.at), []).extend(text.refs)
    yield from _findings(record, END, end, stated)


def start_time_conflict(record: Record) -> Iterator[Finding]:
    """
    The record's start against starts that people typed, and against windows in public updates and impact statements.

    Silent where the window's end is not the incident's, or less than half of the two windows is common to both: then it
    is about something else.
    """
    start, end = record.incident.started, record.incident.ended
    stated = dict(_typed(record, start, "states_start"))
    for text in _texts(record) if end is not None else ():
        window = _window(record, text)
        if window is None or window.start is None or end is None or not _all_differ(window.starts, start):
            continue
        if abs(minute(window.end.at) - minute(end.at)) <= ANCHOR and _is_mostly_common(window, start.at, end.at):
            stated.setdefault(minute(window.start.at), []).extend(text.refs)
    yield from _findings(record, START, start, stated)


def _findings(record: Record, code: str, moment: Moment, stated: Mapping[datetime, list[str]]) -> Iterator[Finding]:
    known = refs_of(record) if stated else frozenset()
    for at, refs in sorted(stated.items()):
        named = existing(known, [*refs, moment.source.ref])
        if named:
            yield Finding(code, named, {"recorded": moment.at, "stated": at})


def _typed(record: Record, moment: Moment, states: str) -> dict[datetime, list[str]]:
    """What commands stated otherwise than it stands. Who states a time again corrects it, and contradicts nothing."""
    reopened = last_reopening(record)
    entries = standing(record)
    holds = next((entry for entry in entries if entry.source.ref == moment.source.ref), None)
    found: dict[datetime, list[str]] = defaultdict(list)
    for entry in entries:
        at: datetime | None = getattr(entry, states)
        if at is None or minute(at) == minute(moment.at) or _is_corrected(entry, holds):
            continue
        if states == "states_end" and reopened is not None and entry.recorded_at < reopened:
            continue
        found[minute(at)].append(entry.source.ref)
    return found


def _is_corrected(entry: Entry, holds: Entry | None) -> bool:
    return holds is not None and entry.recorded_at <= holds.recorded_at


def _texts(record: Record) -> Iterator[_Text]:
    reopened = last_reopening(record)
    for update in record.updates:
        if update.state is UpdateState.POSTMORTEM or update.published_at is None:
            continue
        if reopened is None or update.published_at >= reopened:
            for text in update.texts.values():
                yield _Text(text, update.published_at, tuple(source.ref for source in update.sources))
    for impact in record.impacts:
        if reopened is None or impact.at >= reopened:
            yield _Text(impact.text, impact.at, (impact.source.ref,))


def _window(record: Record, text: _Text) -> Window | None:
    start, end = record.incident.started.at, record.incident.ended
    if end is not None and end.at - start > LONGEST:
        return None
    return window_in(text.text, start, record.incident.zone)


def _is_about(record: Record, window: Window, text: _Text) -> bool:
    """Whether the end of a text's window is the end of the impact: it is past, and its start is the incident's."""
    start, end = record.incident.started.at, record.incident.ended
    if end is None or window.end.at > text.at + ANCHOR or window.end.at <= start:
        return False
    if window.start is not None:
        return abs(minute(window.start.at) - minute(start)) <= max(ANCHOR, window.start.slack)
    return abs(window.end.at - end.at) <= LATEST


def _all_differ(stated: Iterable[Stated], moment: Moment) -> bool:
    """Of several windows in a text one is right if it agrees with the record: the others are of parts of it."""
    return all(_differs(each, moment) for each in stated)


def _differs(stated: Stated, moment: Moment) -> bool:
    slack = max(stated.slack, ABOUT) if moment.precision is Precision.APPROXIMATE else stated.slack
    return abs(minute(stated.at) - minute(moment.at)) > slack


def _is_mostly_common(window: Window, start: datetime, end: datetime) -> bool:
    first = window.start.at if window.start else start
    common = min(end, window.end.at) - max(start, first)
    return common * 2 >= max(end, window.end.at) - min(start, first)
