"""
iCalendar (RFC 5545) as Google, Outlook, PagerDuty, Opsgenie and others write it, read into events.

Nothing is dropped silently: an event that cannot be read is told of, and of a text that is not whole nothing is taken.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, vCalAddress

from bot.domain.oncall.calendar_schedule import MAIL, Event, Guest
from bot.domain.oncall.recurrence import parts_of, read_rule, why_not

Component = Any
"""Of the library: its annotations allow each kind of value for each property."""
Wall = tuple[datetime, Any]
"""What a clock on the wall shows, and in which zone. Events repeat by it."""
DAY = timedelta(days=1)
TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
STRANGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the library's values give rise to that are twice where one belongs, or of another kind than is asked for."""
ROOMS = ("RESOURCE", "ROOM")
MOST = 20_000
"""Occurrences of one event that are looked at: eight hours each, that is 18 years."""
LONGEST_TITLE = 200


class NoCalendar(Exception):
    """It is no iCalendar, or not the whole of one."""


class Unreadable(Exception):
    """One event that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Read:
    """The events between two moments, in order, and what could not be read, in sentences."""

    events: tuple[Event, ...]
    problems: tuple[str, ...]


def from_calendar(text: str, zone: ZoneInfo | None, default: ZoneInfo, *, since: datetime, until: datetime) -> Read:
    """
    The events that are met between two moments (aware), those that repeat at each of their occurrences.

    `zone` is that of whole days and of times without a zone; None: the calendar's own, or `default` if it names none.
    Raises NoCalendar.
    """
    calendar = _parsed(text)
    own = zone or _own_zone(calendar) or default
    components = [each for each in calendar.walk("VEVENT") if str(each.get("STATUS", "")).upper() != "CANCELLED"]
    moved = _moved(calendar.walk("VEVENT"), own)
    events: list[Event] = []
    problems: list[str] = []
    for component in components:
        try:
            events += _events(component, own, moved, since, until)
        except Unreadable as problem:
            problems.append(f"{_called(component)}: {problem}")
        except STRANGE:
            problems.append(f"{_called(component)}: it cannot be read")
    return Read(tuple(sorted(events, key=lambda each: (each.starts_at, each.ends_at))), tuple(dict.fromkeys(problems)))


def _parsed(text: str) -> Component:
    if "BEGIN:VCALENDAR" not in text[:1000].upper():
        raise NoCalendar("it is no iCalendar")
    if not text.rstrip().upper().endswith("END:VCALENDAR"):
        raise NoCalendar("it breaks off in the middle")
    try:
        return Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as problem:
        raise NoCalendar(f"it cannot be read ({' '.join(str(problem).split())[:100]})") from None


def _own_zone(calendar: Component) -> ZoneInfo | None:
    try:
        return ZoneInfo(str(calendar.get("X-WR-TIMEZONE", "")))
    except (KeyError, ValueError, OSError):  # ZoneInfo's ways to say "no such zone"
        return None


def _moved(components: Iterable[Component], own: ZoneInfo) -> Mapping[str, set[datetime]]:
    """By event, the occurrences that have an event of their own, which says where they went, or that they are off."""
    found: dict[str, set[datetime]] = {}
    for each in components:
        if "RECURRENCE-ID" in each and not _broken(each):
            with suppress(Unreadable, *STRANGE):  # told of when its own turn comes
                found.setdefault(str(each.get("UID", "")), set()).add(_instant(_wall(each["RECURRENCE-ID"], own)))
    return found


def _events(
    component: Component, own: ZoneInfo, moved: Mapping[str, set[datetime]], since: datetime, until: datetime
) -> Iterator[Event]:
    if broken := _broken(component):
        raise Unreadable(f"its {broken} cannot be read")
    if "DTSTART" not in component:
        raise Unreadable("it has no DTSTART")
    title = " ".join(str(component.get("SUMMARY", "")).split())[:LONGEST_TITLE]
    guests = tuple(_guests(component))
    is_one = "RECURRENCE-ID" in component
    if is_one and _wall(component["RECURRENCE-ID"], own) and component["RECURRENCE-ID"].params.get("RANGE"):
        raise Unreadable("it changes all later occurrences at once (RANGE=THISANDFUTURE), which is not understood")
    away = set() if is_one else moved.get(str(component.get("UID", "")), set())
    start, length = _start_and_length(component, own)
    for begin, zone in [start] if is_one else _begins(component, start, own, until):
        starts_at, ends_at = _instant((begin, zone)), _instant((begin + length, zone))
        if starts_at not in away and starts_at < min(ends_at, until) and ends_at > since:
            yield Event(starts_at, ends_at, title, guests)


def _broken(component: Component) -> str | None:
    """The property that cannot be read, of those that say when it is."""
    return next((str(name) for name, _ in component.errors if str(name).upper() in TIMES), None)


def _start_and_length(component: Component, own: ZoneInfo) -> tuple[Wall, timedelta]:
    """How long it is by the clock on the wall: a week is one, also where clocks change in it."""
    start = _wall(component["DTSTART"], own)
    if "DTEND" in component:
        end, zone = _wall(component["DTEND"], own)
        if zone != start[1]:
            end = _instant((end, zone)).astimezone(start[1]).replace(tzinfo=None)
        return start, end - start[0]
    if "DURATION" in component:
        return start, component["DURATION"].dt
    return start, timedelta() if isinstance(component["DTSTART"].dt, datetime) else DAY


def _begins(component: Component, start: Wall, own: ZoneInfo, until: datetime) -> list[Wall]:
    """Every occurrence up to `until`, without those that are excepted."""
    wall, zone = start
    last = until.astimezone(zone).replace(tzinfo=None) + DAY
    begins = {wall}
    for rule in _list(component.get("RRULE")):
        begins |= set(_by_rule(rule.to_ical().decode().upper(), wall, zone, last))
    found: list[Wall] = [(each, zone) for each in begins]
    for values in _list(component.get("RDATE")):
        found += [_wall(each, own, values) for each in values.dts]
    except_days, except_times = _exceptions(component, own)
    return [
        each
        for each in dict.fromkeys(found)
        if each[0].date() not in except_days and _instant(each) not in except_times
    ]


def _by_rule(rule: str, wall: datetime, zone: Any, last: datetime) -> Iterator[datetime]:
    if problem := why_not(rule):
        raise Unreadable(f"its rule {rule} is not understood. {problem}")
    parts = parts_of(rule)
    ends = _rule_end(parts["UNTIL"], zone) if "UNTIL" in parts else last
    bare = ";".join(f"{key}={value}" for key, value in parts.items() if key not in {"COUNT", "UNTIL"})
    count = int(parts["COUNT"]) if parts.get("COUNT", "").isdecimal() else MOST + 1
    found = list(islice(read_rule(bare, wall).replace(until=min(ends, last)), min(count, MOST + 1)))
    if len(found) > MOST:
        raise Unreadable(f"it has repeated more than {MOST} times")
    yield from found


def _rule_end(text: str, zone: Any) -> datetime:
    """As the wall shows it. A day alone is meant with all its hours, whatever the event's own time is."""
    try:
        if len(text) == 8:
            return datetime.combine(date.fromisoformat(text), time.max)
        end = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"the end of its rule, {text}, is no time") from None
    return end.astimezone(zone).replace(tzinfo=None) if end.tzinfo else end


def _exceptions(component: Component, own: ZoneInfo) -> tuple[set[date], set[datetime]]:
    """Whole days, as some calendars write it for events that have a time, and moments."""
    days: set[date] = set()
    moments: set[datetime] = set()
    for values in _list(component.get("EXDATE")):
        for each in values.dts:
            if isinstance(each.dt, datetime):
                moments.add(_instant(_wall(each, own, values)))
            else:
                days.add(each.dt)
    return days, moments


def _wall(value: Any, own: ZoneInfo, around: Any = None) -> Wall:
    """`around` is the list that it stands in, which names the zone. Raises Unreadable for a zone that nobody knows."""
    found = value.dt[0] if isinstance(value.dt, tuple) else value.dt  # a period counts from its begin
    if not isinstance(found, datetime):
        return datetime.combine(found, time()), own
    if found.tzinfo is not None:
        return found.replace(tzinfo=None), found.tzinfo
    named = value.params.get("TZID") or (around.params.get("TZID") if around is not None else None)
    if named:
        raise Unreadable(f'nobody knows its time zone "{named}"')
    return found, own


def _instant(wall: Wall) -> datetime:
    """RFC 5545 3.3.5: the first of two; what does not exist is reckoned with the offset before the change."""
    return wall[0].replace(tzinfo=wall[1], fold=0).astimezone(UTC)


def _guests(component: Component) -> Iterator[Guest]:
    for each in _list(component.get("ATTENDEE")):
        if isinstance(each, vCalAddress):
            is_out = str(each.params.get("PARTSTAT", "")).upper() == "DECLINED"
            if not is_out and str(each.params.get("CUTYPE", "")).upper() not in ROOMS:
                mail = _mail_of(each)
                name = " ".join(str(each.params.get("CN", "")).split())[:LONGEST_TITLE]
                if name or mail:
                    yield Guest("" if name == mail else name, mail)


def _mail_of(guest: vCalAddress) -> str:
    """Empty if none is given. RFC 7986 6.2: EMAIL stands where the value leads elsewhere, or nowhere."""
    if told := str(guest.params.get("EMAIL", "")).strip():
        return told
    scheme, _, rest = str(guest).partition(":")
    if scheme.lower() == "mailto":
        return rest
    return scheme if MAIL.fullmatch(scheme) and not rest else ""


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _called(component: Component) -> str:
    title = " ".join(str(component.get("SUMMARY", "")).split())[:LONGEST_TITLE]
    return f'the event "{title}"' if title else "an event without a title"
