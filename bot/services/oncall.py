"""Who is on call now, by the schedules of the configuration and by calendars as they were last fetched."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.calendars import Understood, understood
from bot.domain.oncall import Schedule, on_call
from bot.store import calendars


def schedule_of(session: Session, settings: Settings, name: str) -> Schedule | None:
    """The schedule with all its turns; None if the configuration has none of that name."""
    found = settings.schedule_table.get(name)
    if found is None or not settings.schedules[name].calendar:
        return found
    calendar = calendar_of(session, settings, name)
    return replace(found, layers=(calendar.layer,)) if calendar else found


def calendar_of(session: Session, settings: Settings, name: str) -> Understood | None:
    """What the last good copy of a schedule's calendar says; None if there never was one."""
    kept = calendars.get(session, name)
    if kept is None or kept.body is None:
        return None
    return understood(kept.body, tuple(settings.schedules[name].names.items()))


def people_of(session: Session, settings: Settings, schedule_name: str, at: datetime) -> tuple[str, ...]:
    """Who is on call by a schedule at `at` (aware). Empty if nobody is: `why_nobody` says why."""
    found = schedule_of(session, settings, schedule_name)
    return on_call(found, (), at) if found else ()


def why_nobody(session: Session, settings: Settings, schedule_name: str) -> str:
    """Why `people_of` found nobody, in words that whoever waits for help can be shown."""
    section = settings.schedules.get(schedule_name)
    if section is None:
        return f'There is no schedule "{schedule_name}" any more.'
    if not section.calendar:
        if not section.layers:
            return f'The schedule "{schedule_name}" is empty.'
        return f'The schedule "{schedule_name}" has nobody at this time.'
    kept = calendars.get(session, schedule_name)
    if kept is None or kept.body is None:
        return f'The calendar of the schedule "{schedule_name}" could not be read yet.'
    if kept.problem:
        return f'The calendar of the schedule "{schedule_name}", as it was last read, has nobody at this time.'
    calendar = calendar_of(session, settings, schedule_name)
    if calendar and calendar.unknown:
        return (
            f'The calendar of the schedule "{schedule_name}" has nobody whom Dogwatch knows at this time. '
            f"It does not know: {', '.join(calendar.unknown[:3])}."
        )
    return f'The calendar of the schedule "{schedule_name}" has nobody at this time.'
