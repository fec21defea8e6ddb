"""Which days people have off where they live, and when they are next at work."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays as calendars
from babel.core import get_global

from bot.domain.oncall.working_hours import DAYS, WorkingHours

OPENS, CLOSES = 9 * 60, 18 * 60
"""Minutes since midnight, where nobody has said when people work."""
FARTHEST = 400
"""Days ahead that are looked through: nobody has more than a year off."""


def is_country(code: str) -> bool:
    """Whether `code` is a country whose holidays are known (`FR`), or a part of one (`DE-BY`)."""
    country, _, part = code.partition("-")
    known = calendars.list_supported_countries(include_aliases=False)
    return country in known and (not part or part in known[country])


def country_of(zone: str | None) -> str | None:
    """The country in which a time zone is, as CLDR has it; None for UTC and for zones of no country that is known."""
    if zone is None:
        return None
    name = get_global("zone_aliases").get(zone, zone)
    code = get_global("zone_territories").get(name)
    return str(code) if code and is_country(str(code)) else None


def usual_hours(zone: ZoneInfo, country: str | None) -> WorkingHours:
    """When people work where nobody has said so: 9 to 18, on the days that are no weekend in their country."""
    weekend = _calendar(country).weekend if country else {5, 6}
    return WorkingHours(frozenset(day for n, day in enumerate(DAYS) if n not in weekend), OPENS, CLOSES, zone)


def at_work(after: datetime, hours: WorkingHours, country: str | None) -> datetime:
    """
    The first moment from `after` (aware) on at which somebody with these hours is at work, in UTC.

    Public holidays of `country` are none, nor are those that `hours` names. Where no day of a year is worked, it is
    `after` itself: better at a bad time than never.
    """
    off = _calendar(country) if country else {}
    first = after.astimezone(hours.zone).date() - timedelta(days=1)  # its hours may go past midnight
    for ahead in range(FARTHEST):
        day = first + timedelta(days=ahead)
        opens, closes = _shift(day, hours)
        if hours.is_worked(day) and day not in off and closes > after:
            return max(opens, after).astimezone(UTC)
    return after.astimezone(UTC)


def _calendar(country: str) -> calendars.HolidayBase:
    code, _, part = country.partition("-")
    return calendars.country_holidays(code, subdiv=part or None)


def _shift(day: date, hours: WorkingHours) -> tuple[datetime, datetime]:
    last = day if hours.opens < hours.closes else day + timedelta(days=1)
    return _moment(day, hours.opens, hours.zone), _moment(last, hours.closes, hours.zone)


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """By the clock on the wall: 24:00 is the next day's midnight."""
    return datetime.combine(day, time(), zone) + timedelta(minutes=minutes)
