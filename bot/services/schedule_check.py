"""What is to be said of a schedule beforehand: when nobody is on call by it, and what of its calendar nobody knows."""

from collections.abc import Iterator
from datetime import datetime

from bot.config import Settings
from bot.domain.calendars import Copy, understand
from bot.domain.gaps import told_gaps
from bot.domain.oncall import Schedule

MEANT = "Fill it, or say that it is meant: may_have_gaps = true."


def of_layers(settings: Settings, name: str, now: datetime) -> Iterator[str]:
    """Nothing of a schedule that has a calendar."""
    if settings.schedules[name].layers:
        yield from _gaps(settings, settings.schedule_table[name], now)


def of_calendar(settings: Settings, name: str, copy: Copy, now: datetime) -> Iterator[str]:
    """Of what was read of its calendar."""
    understood = understand(copy.events, copy.known(settings.schedules[name].names))
    schedule = settings.schedule_table[name]
    for problem in copy.problems:
        yield f"In its calendar {problem}."
    for words in understood.unknown:
        yield f'Its calendar says "{words}", and nobody knows who that is. Say it under [schedules.{name}.names].'
    yield from _gaps(settings, Schedule(name, schedule.zone, (understood.layer,)), now)


def _gaps(settings: Settings, schedule: Schedule, now: datetime) -> Iterator[str]:
    told = told_gaps(schedule, (), now)
    if told and not settings.schedules[schedule.name].may_have_gaps:
        yield f"{told} {MEANT}"
