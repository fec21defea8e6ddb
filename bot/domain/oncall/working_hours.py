"""When people are at work, so that the record can say whom it called outside of that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of `datetime.weekday`."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """
    Days and times by the clock on the wall in `zone`.

    `opens` and `closes` are minutes since midnight, up to 1440; `closes` itself is outside. Where they do not close
    later than they open, they go past midnight, and belong to the day on which they began. `holidays` are days like
    `2026-12-25`, or `12-25` for every year.
    """

    days: frozenset[str]
    opens: int
    closes: int
    zone: ZoneInfo
    holidays: frozenset[str] = frozenset()

    def hold(self, moment: datetime) -> bool:
        """Whether people are at work at `moment` (aware)."""
        local = moment.astimezone(self.zone).replace(tzinfo=None)  # from here on it is the wall's time only
        minute = local.hour * 60 + local.minute
        if self.opens < self.closes:
            return self.opens <= minute < self.closes and self.is_worked(local.date())
        began_yesterday = minute < self.closes and self.is_worked(local.date() - timedelta(days=1))
        return began_yesterday or (minute >= self.opens and self.is_worked(local.date()))

    def is_worked(self, day: date) -> bool:
        """Whether people begin to work on that day."""
        text = day.isoformat()
        return DAYS[day.weekday()] in self.days and text not in self.holidays and text[5:] not in self.holidays

    def as_json(self) -> dict[str, Any]:
        """To be kept with what they were applied to: the configuration may say something else tomorrow."""
        return {
            "days": [day for day in DAYS if day in self.days],
            "opens": self.opens,
            "closes": self.closes,
            "zone": self.zone.key,
            "holidays": sorted(self.holidays),
        }


def from_json(kept: Mapping[str, Any] | None) -> WorkingHours | None:
    """What `as_json` gave; None for None, which is that nobody had said when people work."""
    if kept is None:
        return None
    return WorkingHours(
        frozenset(kept["days"]), kept["opens"], kept["closes"], ZoneInfo(kept["zone"]), frozenset(kept["holidays"])
    )


def is_outside(hours: WorkingHours | None, moment: datetime | None) -> bool | None:
    """Whether `moment` is outside the hours; None if one of the two is not known."""
    return None if hours is None or moment is None else not hours.hold(moment)
