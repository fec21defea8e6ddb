"""Contradicting starts and ends of the impact."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from bot.domain.findings.common import active_entries, existing_refs, known_refs, last_reopened_at, update_sources
from bot.domain.findings.dates_in_text import WeekdayDate, find_weekday_dates, may_have_weekday_date
from bot.domain.findings.durations_in_text import names_incident, speaks_of_failure, speaks_of_part
from bot.domain.findings.finding import Finding, Quote, Value, Weekday
from bot.domain.findings.times_in_text import StatedTime, StatedWindow, parse_since, parse_window
from bot.domain.record.model import Entry, Record
from bot.domain.record.sources import Moment
from bot.domain.terms import Precision, UpdateState
from bot.domain.text.durations import to_minute
from bot.lazy_dataclass import dataclass

END_BEFORE_START = "end-before-start"
START = "start-time-conflict"
END = "end-time-conflict"
WEEKDAY = "weekday-conflict"

MAX_ANCHOR = timedelta(minutes=2)
"""Distance of one end of a text's window from the record's for the other end to be compared."""
MAX_END_DISTANCE = timedelta(minutes=30)
"""Distance from the record's end within which an end alone ("until 16:23") is the incident's."""
MAX_DURATION = timedelta(hours=18)
"""In longer incidents a time without a date can be any day's."""
DAY = timedelta(days=1)
APPROXIMATE_SLACK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that may state the impact's window, with its time and refs."""

    text: str
    at: datetime
    refs: tuple[str, ...]


def check_end_before_start(record: Record) -> Iterator[Finding]:
    """Find an impact or alert that ends before it starts. Silent within one printed minute."""
    incident = record.incident
    start, end = incident.started, incident.ended
    if end is not None and to_minute(end.at) < to_minute(start.at):
        known = known_refs(record)
        refs = existing_refs(known, (end.source.ref, start.source.ref)) or existing_refs(
            known, (incident.declared.source.ref,)
        )
        if refs:
            yield Finding(END_BEFORE_START, refs, {"start": start.at, "end": end.at})
    for alert in record.alerts:
        if alert.ended_at is not None and to_minute(alert.ended_at) < to_minute(alert.starts_at):
            values: dict[str, Value] = {"name": Quote(alert.name), "start": alert.starts_at, "end": alert.ended_at}
            yield Finding(END_BEFORE_START, (alert.source.ref,), values, variant="alert")


def check_end_time_conflict(record: Record) -> Iterator[Finding]:
    """
    Find ends in commands, public updates and impact statements that contradict the record.

    Silent about statements before a reopening or before a correction, about windows with another start or beside one
    that agrees, about round numbers within two minutes, and in incidents of more than 18 hours.
    """
    end = record.incident.ended
    if end is None:
        return
    stated = dict(_stated_by_command(record, end, "states_end"))
    for text in _texts_with_windows(record):
        window = _stated_window(record, text)
        if window is None or not _is_about_end(record, window, text):
            continue
        if _all_differ((*window.ends, *window.others), end):
            stated.setdefault(to_minute(window.end.at), []).extend(text.refs)
    yield from _findings(record, END, end, stated)


def check_weekday_conflict(record: Record) -> Iterator[Finding]:
    """Find weekdays that do not fit the date beside them, once for each entry."""
    zone = record.incident.zone
    for entry in active_entries(record):
        if may_have_weekday_date(entry.text):
            near = (entry.happened_at or entry.recorded_at).astimezone(zone).date()
            wrong: WeekdayDate | None = next(
                (each for each in find_weekday_dates(entry.text, near) if not each.is_possible), None
            )
            if wrong is not None:
                values: dict[str, Value] = {"text": Quote(wrong.text), "weekday": Weekday(wrong.days[0].weekday())}
                yield Finding(WEEKDAY, (entry.source.ref,), values)


def check_start_time_conflict(record: Record) -> Iterator[Finding]:
    """
    Find starts in commands, updates and impact statements that contradict the record.

    Silent where the text does not say it of the incident and the window's end is not the incident's, or where less than
    half of the windows is common to both. The incident's window on another day is a contradiction too, and so is
    "fails since 15:50".
    """
    start, end = record.incident.started, record.incident.ended
    stated = dict(_stated_by_command(record, start, "states_start"))
    for text in _texts_with_windows(record):
        since = _stated_since(record, text)
        if since is not None and _differs(since, start):
            stated.setdefault(to_minute(since.at), []).extend(text.refs)
    for text in _texts_with_windows(record) if end is not None else ():
        window = _stated_window(record, text)
        if window is None or window.start is None or end is None or not _all_differ(window.starts, start):
            continue
        distance = abs(to_minute(window.end.at) - to_minute(end.at))
        is_about_it = distance <= MAX_ANCHOR and _is_mostly_common(window, start.at, end.at)
        if is_about_it or _is_said_of_incident(record, window, text) or _is_on_another_day(window, start.at, end.at):
            stated.setdefault(to_minute(window.start.at), []).extend(text.refs)
    yield from _findings(record, START, start, stated)


def _findings(record: Record, code: str, moment: Moment, stated: Mapping[datetime, list[str]]) -> Iterator[Finding]:
    known = known_refs(record) if stated else frozenset()
    for at, refs in sorted(stated.items()):
        named = existing_refs(known, [*refs, moment.source.ref])
        if named:
            yield Finding(code, named, {"recorded": moment.at, "stated": at})


def _stated_by_command(record: Record, moment: Moment, states: str) -> dict[datetime, list[str]]:
    """Refs by other time that a command stated and none corrected."""
    found: dict[datetime, list[str]] = defaultdict(list)
    entries = active_entries(record)
    stating = [entry for entry in entries if getattr(entry, states) is not None]
    if not stating:
        return found
    reopened = last_reopened_at(record)
    current = next((entry for entry in entries if entry.source.ref == moment.source.ref), None)
    for entry in stating:
        at: datetime = getattr(entry, states)
        if to_minute(at) == to_minute(moment.at) or _is_corrected(entry, current):
            continue
        if states == "states_end" and reopened is not None and entry.recorded_at < reopened:
            continue
        found[to_minute(at)].append(entry.source.ref)
    return found


def _is_corrected(entry: Entry, current: Entry | None) -> bool:
    return current is not None and entry.recorded_at <= current.recorded_at


def _texts_with_windows(record: Record) -> Iterator[_Text]:
    reopened = last_reopened_at(record)
    for update in record.updates:
        if update.state is UpdateState.POSTMORTEM or update.published_at is None:
            continue
        if reopened is None or update.published_at >= reopened:
            for code, text in update.texts.items():
                refs = tuple(source.ref for source in update_sources(update, code))
                yield _Text(text, update.published_at, refs)
    for impact in record.impacts:
        if reopened is None or impact.at >= reopened:
            yield _Text(impact.text, impact.at, (impact.source.ref,))


def _stated_window(record: Record, text: _Text) -> StatedWindow | None:
    start, end = record.incident.started.at, record.incident.ended
    window = parse_window(text.text, start, record.incident.zone)
    is_long = end is not None and end.at - start > MAX_DURATION
    return None if window is None or (is_long and not window.is_dated) else window


def _stated_since(record: Record, text: _Text) -> StatedTime | None:
    """
    The time since which something fails, as a text says.

    None where it can be that of the detection or of the declaration, and where a part can fail since then.
    """
    incident = record.incident
    since = parse_since(text.text, incident.started.at, incident.zone) if speaks_of_failure(text.text) else None
    if since is None or since.at > text.at or text.at - incident.started.at > MAX_DURATION:
        return None
    known = (incident.detected, incident.declared)
    if any(abs(to_minute(since.at) - to_minute(each.at)) <= MAX_ANCHOR for each in known):
        return None
    return None if since.at > incident.started.at and speaks_of_part(text.text) else since


def _is_about_end(record: Record, window: StatedWindow, text: _Text) -> bool:
    """Return whether the window's end is the impact's: it is past, and the starts agree."""
    start, end = record.incident.started.at, record.incident.ended
    if end is None or window.end.at > text.at + MAX_ANCHOR or window.end.at <= start:
        return False
    if window.is_resolution and window.end.at >= end.at - MAX_ANCHOR:
        return False
    if _is_said_of_incident(record, window, text):
        return True
    if len(window.ends) == 1 and window.end.at < end.at and speaks_of_part(text.text):
        return False
    if window.start is not None:
        return abs(to_minute(window.start.at) - to_minute(start)) <= max(MAX_ANCHOR, window.start.slack)
    return abs(window.end.at - end.at) <= MAX_END_DISTANCE


def _is_said_of_incident(record: Record, window: StatedWindow, text: _Text) -> bool:
    """Return whether the text says it of the incident, and both windows have a time in common."""
    start, end = record.incident.started.at, record.incident.ended
    if end is None or window.start is None or len(window.starts) != 1 or window.others:
        return False
    if min(end.at, window.end.at) <= max(start, window.start.at):
        return False
    return names_incident(text.text) and not speaks_of_part(text.text)


def _all_differ(stated: Iterable[StatedTime], moment: Moment) -> bool:
    """Return whether no window agrees: if one does, the others are of parts of the incident."""
    return all(_differs(each, moment) for each in stated)


def _differs(stated: StatedTime, moment: Moment) -> bool:
    slack = max(stated.slack, APPROXIMATE_SLACK) if moment.precision is Precision.APPROXIMATE else stated.slack
    return abs(to_minute(stated.at) - to_minute(moment.at)) > slack


def _is_mostly_common(window: StatedWindow, start: datetime, end: datetime) -> bool:
    first = window.start.at if window.start else start
    common = min(end, window.end.at) - max(start, first)
    return common * 2 >= max(end, window.end.at) - min(start, first)


def _is_on_another_day(window: StatedWindow, start: datetime, end: datetime) -> bool:
    """Return whether the text gives the incident's clock times with another date."""
    if window.start is None or not window.is_dated:
        return False
    away = window.start.at - start
    days = round(away / DAY) * DAY
    return days != timedelta() and max(abs(away - days), abs(window.end.at - end - days)) <= MAX_ANCHOR
