"""Vendors: how their support is reached, when it answers, and what an incident keeps of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.oncall.working_hours import DAYS, WorkingHours


class VendorAct(StrEnum):
    """What an entry of the timeline tells of a vendor who was called. The vendor's being told is the call itself."""

    CASE = "case"
    ANSWERED = "answered"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Vendor:
    """
    One vendor as the configuration has it. `key` is what people type, `name` what is shown.

    `hours` are None where nobody said when they answer; `zone` is the one of their clock.
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


def shown_hours(hours: WorkingHours) -> str:
    """`Mon–Fri 09:00–18:00`; days that do not follow one another stand apart: `Mon, Wed–Fri`."""
    opens, closes = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (hours.opens, hours.closes))
    return f"{_days(hours)} {'all day' if (hours.opens, hours.closes) == (0, 1440) else f'{opens}–{closes}'}"


def _days(hours: WorkingHours) -> str:
    """Each run of days as `Mon–Wed`."""
    runs: list[list[str]] = []
    for number, day in enumerate(DAYS):
        if day not in hours.days:
            continue
        follows = runs and runs[-1][-1] == DAYS[number - 1] and number > 0
        runs[-1].append(day) if follows else runs.append([day])
    names = [[day.capitalize() for day in (run if len(run) < 3 else (run[0], run[-1]))] for run in runs]
    return ", ".join("–".join(name) if len(run) > 2 else ", ".join(name) for run, name in zip(runs, names, strict=True))


SOON = timedelta(days=14)
"""How far ahead an opening is looked for: longer than any holidays that a support has."""


def opens_next(hours: WorkingHours, at: datetime) -> datetime | None:
    """
    When they answer again, after `at` (aware) which is outside their hours. None if that is not within two weeks.

    By steps of a quarter of an hour, then back to the minute: clocks that change meanwhile need no rule of their own.
    """
    step, moment = timedelta(minutes=15), at.replace(second=0, microsecond=0)
    while not hours.hold(moment):
        moment += step
        if moment - at > SOON:
            return None
    while moment > at and hours.hold(moment - timedelta(minutes=1)):
        moment -= timedelta(minutes=1)
    return moment


def next_question(asked: int, every: timedelta, now: datetime) -> datetime:
    """
    When the case reference is asked for next, by somebody who asked so often until `now`: after `every`, then twice as
    long each time up to an hour, so that a long night is not spent on it.
    """
    doubled: timedelta = every * 2 ** min(asked, 10)
    return now + min(doubled, max(every, timedelta(hours=1)))
