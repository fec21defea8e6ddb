"""What is to be said of a schedule beforehand: when nobody is on call by it, and what of its calendar nobody knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.config import Settings
from bot.domain.oncall.calendar_schedule import Copy, mails_in, understand
from bot.domain.oncall.gaps import told_gaps
from bot.domain.oncall.schedule import Schedule

MEANT = "Fill it, or say that it is meant: may_have_gaps = true."


@dataclass(frozen=True, slots=True)
class Doubt:
    """A sentence, and what to do about it. What it quotes of a calendar may hold full stops."""

    said: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.said} {self.remedy}".rstrip()


def of_layers(settings: Settings, name: str, now: datetime) -> Iterator[Doubt]:
    """Nothing of a schedule that has a calendar."""
    if settings.schedules[name].layers:
        yield from _gaps(settings, settings.schedule_table[name], now)


def of_calendar(settings: Settings, name: str, copy: Copy, now: datetime, *, slack_was_asked: bool) -> Iterator[Doubt]:
    """
    Of what was read of its calendar.

    Where Slack was not asked whose the mail addresses are, nothing is said that its answer would change.
    """
    names = settings.schedules[name].names
    understood = understand(copy.events, copy.known(names))
    schedule = settings.schedule_table[name]
    for problem in copy.problems:
        yield Doubt(f"In its calendar {problem.rstrip('.')}.")
    if not slack_was_asked and mails_in(copy.events, names):
        return
    for words in understood.unknown:
        yield Doubt(
            f'Its calendar says "{words}", and nobody knows who that is.', f"Say it under [schedules.{name}.names]."
        )
    yield from _gaps(settings, Schedule(name, schedule.zone, (understood.layer,)), now)


def _gaps(settings: Settings, schedule: Schedule, now: datetime) -> Iterator[Doubt]:
    told = told_gaps(schedule, (), now)
    if told and not settings.schedules[schedule.name].may_have_gaps:
        yield Doubt(told, MEANT)
