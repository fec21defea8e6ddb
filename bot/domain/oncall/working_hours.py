"""Working hours, to count pages outside of them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.lazy_dataclass import dataclass

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of `datetime.weekday`."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """
    Days and times in local time of `zone`.

    `opens` and `closes` (exclusive) are minutes since midnight, up to 1440. If `closes` is not later, the hours go
    past midnight and belong to the day on which they started. `holidays`: `2026-12-25`, or `12-25` for every year.
    """

    days: frozenset[str]
    opens: int
    closes: int
    zone: ZoneInfo
    holidays: frozenset[str] = frozenset()

    def contains(self, moment: datetime) -> bool:
        """True if `moment` (aware) is within the hours."""
        local = moment.astimezone(self.zone).replace(tzinfo=None)
        minute = local.hour * 60 + local.minute
        if self.opens < self.closes:
            return self.opens <= minute < self.closes and self.is_working_day(local.date())
        started_yesterday = minute < self.closes and self.is_working_day(local.date() - timedelta(days=1))
        return started_yesterday or (minute >= self.opens and self.is_working_day(local.date()))

    def is_working_day(self, day: date) -> bool:
        """True if hours start on that day."""
        text = day.isoformat()
        return DAYS[day.weekday()] in self.days and text not in self.holidays and text[5:] not in self.holidays

    def __str__(self) -> str:
        days = ", ".join(day for day in DAYS if day in self.days)
        clock = "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (self.opens, self.closes))
        return f"{days if len(self.days) < len(DAYS) else 'every day'} {clock} {self.zone.key}"

    def as_json(self) -> dict[str, Any]:
        """JSON to store with rows, which later changes of the configuration do not affect."""
        return {
            "days": [day for day in DAYS if day in self.days],
            "opens": self.opens,
            "closes": self.closes,
            "zone": self.zone.key,
            "holidays": sorted(self.holidays),
        }


def hours_from_json(stored: Mapping[str, Any] | None) -> WorkingHours | None:
    """Inverse of `as_json`; None where no hours were configured."""
    if stored is None:
        return None
    return WorkingHours(
        frozenset(stored["days"]),
        stored["opens"],
        stored["closes"],
        ZoneInfo(stored["zone"]),
        frozenset(stored["holidays"]),
    )


def is_outside_hours(hours: WorkingHours | None, moment: datetime | None) -> bool | None:
    """True if `moment` is outside the hours; None if one of the two is unknown."""
    return None if hours is None or moment is None else not hours.contains(moment)
