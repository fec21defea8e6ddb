"""Vendors: support hours, and events of a vendor escalation."""

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.oncall.working_hours import DAYS, WorkingHours
from bot.lazy_dataclass import dataclass


class VendorEvent(StrEnum):
    """Event of a vendor escalation, as stored with a timeline entry."""

    CASE = "case"
    ANSWERED = "answered"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Vendor:
    """
    A vendor of the configuration. `key` is typed in commands, `name` is displayed.

    `hours`: their support hours; None if not configured.
    """

    key: str
    name: str
    zone: ZoneInfo
    url: str | None = None
    contact: str | None = None
    phone: str | None = None
    contract: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    hours: WorkingHours | None = None


def format_hours(hours: WorkingHours) -> str:
    """Support hours as `Mon–Fri 09:00–18:00`; separate days as `Mon, Wed–Fri`."""
    opens, closes = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (hours.opens, hours.closes))
    return f"{_format_days(hours)} {'all day' if (hours.opens, hours.closes) == (0, 1440) else f'{opens}–{closes}'}"


def _format_days(hours: WorkingHours) -> str:
    runs: list[list[str]] = []
    for number, day in enumerate(DAYS):
        if day not in hours.days:
            continue
        follows = runs and runs[-1][-1] == DAYS[number - 1] and number > 0
        runs[-1].append(day) if follows else runs.append([day])
    names = [[day.capitalize() for day in (run if len(run) < 3 else (run[0], run[-1]))] for run in runs]
    return ", ".join("–".join(name) if len(run) > 2 else ", ".join(name) for run, name in zip(runs, names, strict=True))


OPENING_HORIZON = timedelta(days=14)
"""Search range of `next_opening`."""


def next_opening(hours: WorkingHours, at: datetime) -> datetime | None:
    """
    Next start of support hours after `at` (aware); None if beyond OPENING_HORIZON.

    Searches by quarter hours, then back by minutes, so that clock changes need no rule.
    """
    step, moment = timedelta(minutes=15), at.replace(second=0, microsecond=0)
    while not hours.contains(moment):
        moment += step
        if moment - at > OPENING_HORIZON:
            return None
    while moment > at and hours.contains(moment - timedelta(minutes=1)):
        moment -= timedelta(minutes=1)
    return moment


def next_case_question(asked: int, every: timedelta, now: datetime) -> datetime:
    """
    Time of the next question for the case reference, after `asked` questions.

    The interval starts at `every` and doubles up to an hour.
    """
    doubled: timedelta = every * 2 ** min(asked, 10)
    return now + min(doubled, max(every, timedelta(hours=1)))
