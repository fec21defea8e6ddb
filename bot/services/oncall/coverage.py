"""Checks of a schedule: coverage gaps, and unmatched parts of its calendar."""

from collections.abc import Iterator
from datetime import datetime

from bot.config import Settings
from bot.domain.oncall.calendar_matching import CalendarCopy, match_events, unmatched_emails
from bot.domain.oncall.gaps import describe_gaps
from bot.domain.oncall.schedule import Schedule
from bot.lazy_dataclass import dataclass

GAP_REMEDY = "Fill it, or set may_have_gaps = true."


@dataclass(frozen=True, slots=True)
class CoverageProblem:
    """A sentence and its remedy. Quotes of a calendar may contain full stops."""

    said: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.said} {self.remedy}".rstrip()


def check_layers(settings: Settings, name: str, now: datetime) -> Iterator[CoverageProblem]:
    """Check a schedule of layers; nothing for one with a calendar."""
    if settings.schedules[name].layers:
        yield from _check_gaps(settings, settings.schedule_table[name], now)


def check_calendar(
    settings: Settings, name: str, copy: CalendarCopy, now: datetime, *, slack_was_asked: bool
) -> Iterator[CoverageProblem]:
    """
    Check the copy of a calendar.

    Without lookups of e-mail addresses in Slack, only problems that these cannot solve are reported.
    """
    names = settings.schedules[name].names
    matched = match_events(copy.events, copy.users_by_word(names))
    schedule = settings.schedule_table[name]
    for problem in copy.problems:
        yield CoverageProblem(f"In its calendar {problem.rstrip('.')}.")
    if not slack_was_asked and unmatched_emails(copy.events, names):
        return
    for words in matched.unknown:
        yield CoverageProblem(
            f'Its calendar has the unknown name "{words}".', f"Add it under [schedules.{name}.names]."
        )
    yield from _check_gaps(settings, Schedule(name, schedule.zone, (matched.layer,)), now)


def _check_gaps(settings: Settings, schedule: Schedule, now: datetime) -> Iterator[CoverageProblem]:
    text = describe_gaps(schedule, (), now)
    if text and not settings.schedules[schedule.name].may_have_gaps:
        yield CoverageProblem(text, GAP_REMEDY)
