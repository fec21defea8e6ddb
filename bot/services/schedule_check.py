"""What is to be said of a schedule beforehand: when nobody is on call by it, and what of its calendar nobody knows."""

from collections.abc import Iterator
from datetime import datetime

from bot.config import Settings
from bot.domain.calendars import Copy, mails_in, understand
from bot.domain.gaps import told_gaps
from bot.domain.oncall import Schedule

MEANT = "Fill it, or say that it is meant: may_have_gaps = true."


def of_layers(settings: Settings, name: str, now: datetime) -> Iterator[str]:
    """Nothing of a schedule that has a calendar."""
    if settings.schedules[name].layers:
        yield from _gaps(settings, settings.schedule_table[name], now)


def of_calendar(settings: Settings, name: str, copy: Copy, now: datetime, *, slack_was_asked: bool) -> Iterator[str]:
    """
    Of what was read of its calendar.

    Where Slack was not asked whose the mail addresses are, nothing is said that its answer would change.
    """
    names = settings.schedules[name].names
    understood = understand(copy.events, copy.known(names))
    schedule = settings.schedule_table[name]
    for problem in copy.problems:
        yield f"In its calendar {problem}."
    if not slack_was_asked and mails_in(copy.events, names):
        return
    for words in understood.unknown:
        yield f'Its calendar says "{words}", and nobody knows who that is. Say it under [schedules.{name}.names].'
    yield from _gaps(settings, Schedule(name, schedule.zone, (understood.layer,)), now)


def _gaps(settings: Settings, schedule: Schedule, now: datetime) -> Iterator[str]:
    told = told_gaps(schedule, (), now)
    if told and not settings.schedules[schedule.name].may_have_gaps:
        yield f"{told} {MEANT}"
