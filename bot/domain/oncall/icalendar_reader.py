"""
Reader for iCalendar (RFC 5545) of Google, Outlook, PagerDuty, Opsgenie and others.

Every unreadable event is reported; a truncated file is rejected as a whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from time import thread_time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.domain.oncall.calendar_matching import Event
from bot.domain.oncall.calendar_people import as_list, read_guests
from bot.domain.oncall.recurrence import parse_rule, rule_parts, rule_problem
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = LazyModule("icalendar")

Component = Any
"""Component of the library, whose annotations allow any value for any property."""
WallTime = tuple[datetime, Any]
"""Local time with its zone; recurrence works on it."""
DAY = timedelta(days=1)
TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
LIBRARY_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""Errors that the library's values cause when they are repeated or of an unexpected kind."""
MAX_OCCURRENCES = 20_000
"""Limit of occurrences of one event: 18 years of eight-hour shifts."""
MAX_RULES = 10
"""Rules of one event. The standard recommends one."""
MAX_SECONDS = 2.0
"""Processor time for all events; a rule that never occurs takes long."""
MAX_TITLE = 200


class InvalidCalendar(Exception):
    """The text is not a complete iCalendar file."""


class UnreadableEvent(Exception):
    """One event cannot be read."""


@dataclass(frozen=True, slots=True)
class ParsedCalendar:
    """Events in order, and problems in sentences."""

    events: tuple[Event, ...]
    problems: tuple[str, ...]


def parse_calendar(
    text: str, zone: ZoneInfo | None, default: ZoneInfo, *, since: datetime, until: datetime
) -> ParsedCalendar:
    """
    Parse the events between two moments (aware), with each occurrence of recurring ones.

    `zone` applies to whole days and to times without a zone; None: the calendar's own zone, or else `default`.
    Raises InvalidCalendar.
    """
    calendar = _parse_text(text)
    own = zone or _own_zone(calendar) or default
    components = [each for each in calendar.walk("VEVENT") if str(each.get("STATUS", "")).upper() != "CANCELLED"]
    replaced = _replaced_occurrences(calendar.walk("VEVENT"), own)
    events: list[Event] = []
    problems: list[str] = []
    began = thread_time()
    for component in components:
        if thread_time() - began > MAX_SECONDS:
            raise InvalidCalendar(f"its events take more than {MAX_SECONDS:g} seconds of processor time to read")
        try:
            events += _event_occurrences(component, own, replaced, since, until)
        except UnreadableEvent as problem:
            problems.append(f"{_event_label(component)}: {problem}")
        except LIBRARY_ERRORS:
            problems.append(f"{_event_label(component)}: it cannot be read")
    return ParsedCalendar(
        tuple(sorted(events, key=lambda each: (each.starts_at, each.ends_at))), tuple(dict.fromkeys(problems))
    )


def _parse_text(text: str) -> Component:
    if "BEGIN:VCALENDAR" not in text[:1000].upper():
        raise InvalidCalendar("it is not iCalendar")
    if not text.rstrip().upper().endswith("END:VCALENDAR"):
        raise InvalidCalendar("it is incomplete")
    try:
        return icalendar.Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as problem:
        raise InvalidCalendar(f"it cannot be read ({' '.join(str(problem).split())[:100]})") from None


def _own_zone(calendar: Component) -> ZoneInfo | None:
    try:
        return ZoneInfo(str(calendar.get("X-WR-TIMEZONE", "")))
    except (KeyError, ValueError, OSError):  # raised by ZoneInfo for unknown zones
        return None


def _replaced_occurrences(components: Iterable[Component], own: ZoneInfo) -> Mapping[str, set[datetime]]:
    """Start times, by UID, of occurrences that a separate event moves or cancels."""
    found: dict[str, set[datetime]] = {}
    for each in components:
        if "RECURRENCE-ID" in each and not _broken_property(each):
            with suppress(UnreadableEvent, *LIBRARY_ERRORS):  # reported when the event itself is read
                found.setdefault(str(each.get("UID", "")), set()).add(_instant(_wall_time(each["RECURRENCE-ID"], own)))
    return found


def _event_occurrences(
    component: Component, own: ZoneInfo, replaced: Mapping[str, set[datetime]], since: datetime, until: datetime
) -> Iterator[Event]:
    if broken := _broken_property(component):
        raise UnreadableEvent(f"its {broken} cannot be read")
    if "DTSTART" not in component:
        raise UnreadableEvent("it has no DTSTART")
    title = " ".join(str(component.get("SUMMARY", "")).split())[:MAX_TITLE]
    guests = tuple(read_guests(component))
    is_single = "RECURRENCE-ID" in component
    if is_single and _wall_time(component["RECURRENCE-ID"], own) and component["RECURRENCE-ID"].params.get("RANGE"):
        raise UnreadableEvent("it changes all later occurrences at once (RANGE=THISANDFUTURE), which is not supported")
    excluded = set() if is_single else replaced.get(str(component.get("UID", "")), set())
    start, length = _start_and_length(component, own)
    for begin, zone in [start] if is_single else _occurrence_starts(component, start, own, until):
        starts_at, ends_at = _instant((begin, zone)), _instant((begin + length, zone))
        if starts_at not in excluded and starts_at < min(ends_at, until) and ends_at > since:
            yield Event(starts_at, ends_at, title, guests)


def _broken_property(component: Component) -> str | None:
    """Name of an unreadable time property, if any."""
    return next((str(name) for name, _ in component.errors if str(name).upper() in TIMES), None)


def _start_and_length(component: Component, own: ZoneInfo) -> tuple[WallTime, timedelta]:
    """Start and length in local time: a week stays a week across a clock change."""
    start = _wall_time(component["DTSTART"], own)
    if "DTEND" in component:
        end, zone = _wall_time(component["DTEND"], own)
        if zone != start[1]:
            end = _instant((end, zone)).astimezone(start[1]).replace(tzinfo=None)
        return start, end - start[0]
    if "DURATION" in component:
        return start, component["DURATION"].dt
    return start, timedelta() if isinstance(component["DTSTART"].dt, datetime) else DAY


def _occurrence_starts(component: Component, start: WallTime, own: ZoneInfo, until: datetime) -> list[WallTime]:
    """Occurrence starts up to `until`, without exceptions (EXDATE)."""
    wall, zone = start
    last = until.astimezone(zone).replace(tzinfo=None) + DAY
    begins = {wall}
    rules = as_list(component.get("RRULE"))
    if len(rules) > MAX_RULES:
        raise UnreadableEvent(f"it has more than {MAX_RULES} rules")
    for rule in rules:
        begins |= set(_rule_occurrences(rule.to_ical().decode().upper(), wall, zone, last))
    found: list[WallTime] = [(each, zone) for each in begins]
    for values in as_list(component.get("RDATE")):
        found += [_wall_time(each, own, values) for each in values.dts]
    except_days, except_times = _exceptions(component, own)
    return [
        each
        for each in dict.fromkeys(found)
        if each[0].date() not in except_days and _instant(each) not in except_times
    ]


def _rule_occurrences(rule: str, wall: datetime, zone: Any, last: datetime) -> Iterator[datetime]:
    if problem := rule_problem(rule):
        raise UnreadableEvent(f"its rule {rule} is not supported. {problem}")
    parts = rule_parts(rule)
    ends = _rule_end(parts["UNTIL"], zone) if "UNTIL" in parts else last
    bare = ";".join(f"{key}={value}" for key, value in parts.items() if key not in {"COUNT", "UNTIL"})
    count = int(parts["COUNT"]) if parts.get("COUNT", "").isdecimal() else MAX_OCCURRENCES + 1
    found = list(islice(parse_rule(bare, wall).replace(until=min(ends, last)), min(count, MAX_OCCURRENCES + 1)))
    if len(found) > MAX_OCCURRENCES:
        raise UnreadableEvent(f"it repeats more than {MAX_OCCURRENCES} times")
    yield from found


def _rule_end(text: str, zone: Any) -> datetime:
    """End of a rule in local time; a date without a time includes the whole day."""
    try:
        if len(text) == 8:
            return datetime.combine(date.fromisoformat(text), time.max)
        end = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableEvent(f"the end of its rule, {text}, is not a time") from None
    return end.astimezone(zone).replace(tzinfo=None) if end.tzinfo else end


def _exceptions(component: Component, own: ZoneInfo) -> tuple[set[date], set[datetime]]:
    """Excluded days and moments; some calendars exclude days of events that have a time."""
    days: set[date] = set()
    moments: set[datetime] = set()
    for values in as_list(component.get("EXDATE")):
        for each in values.dts:
            if isinstance(each.dt, datetime):
                moments.add(_instant(_wall_time(each, own, values)))
            else:
                days.add(each.dt)
    return days, moments


def _wall_time(value: Any, own: ZoneInfo, around: Any = None) -> WallTime:
    """Local time and zone; `around`: the enclosing list, which may name the zone."""
    found = value.dt[0] if isinstance(value.dt, tuple) else value.dt  # of a period, the start counts
    if not isinstance(found, datetime):
        return datetime.combine(found, time()), own
    if found.tzinfo is not None:
        return found.replace(tzinfo=None), found.tzinfo
    named = value.params.get("TZID") or (around.params.get("TZID") if around is not None else None)
    if named:
        raise UnreadableEvent(f'its time zone "{named}" is unknown')
    return found, own


def _instant(wall: WallTime) -> datetime:
    """RFC 5545 3.3.5: the first of two ambiguous times; the earlier offset for a skipped one."""
    return wall[0].replace(tzinfo=wall[1], fold=0).astimezone(UTC)


def _event_label(component: Component) -> str:
    title = " ".join(str(component.get("SUMMARY", "")).split())[:MAX_TITLE]
    return f'the event "{title}"' if title else "an event without a title"
