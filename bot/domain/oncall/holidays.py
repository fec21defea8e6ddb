"""Public holidays and default working hours by country; the next working moment."""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.oncall.working_hours import DAYS, WorkingHours
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    import holidays as calendars
    from babel import core
else:
    calendars, core = LazyModule("holidays"), LazyModule("babel.core")

OPENS, CLOSES = 9 * 60, 18 * 60
"""Default working hours, in minutes since midnight."""
SEARCH_DAYS = 400
"""Search range of `next_working_moment`, in days."""


def is_country(code: str) -> bool:
    """True for a country with known holidays (`FR`), or a subdivision of one (`DE-BY`)."""
    country, _, part = code.partition("-")
    known = calendars.list_supported_countries(include_aliases=False)
    return country in known and (not part or part in known[country])


def country_of(zone: str | None) -> str | None:
    """Country of a time zone by CLDR; None for UTC and for zones of no known country."""
    if zone is None:
        return None
    name = core.get_global("zone_aliases").get(zone, zone)
    code = core.get_global("zone_territories").get(name)
    return str(code) if code and is_country(str(code)) else None


def default_hours(zone: ZoneInfo, country: str | None) -> WorkingHours:
    """Working hours where none are configured: 9 to 18, outside the weekend of the country."""
    weekend = _calendar(country).weekend if country else {5, 6}
    return WorkingHours(frozenset(day for n, day in enumerate(DAYS) if n not in weekend), OPENS, CLOSES, zone)


def next_working_moment(after: datetime, hours: WorkingHours, country: str | None) -> datetime:
    """
    The first working moment from `after` (aware) on, in UTC.

    Public holidays of `country` and those of `hours` are excluded. Without any working day within SEARCH_DAYS, it
    is `after` itself.
    """
    off = _calendar(country) if country else {}
    first = after.astimezone(hours.zone).date() - timedelta(days=1)  # hours may go past midnight
    for ahead in range(SEARCH_DAYS):
        day = first + timedelta(days=ahead)
        opens, closes = _hours_on(day, hours)
        if hours.is_working_day(day) and day not in off and closes > after:
            return max(opens, after).astimezone(UTC)
    return after.astimezone(UTC)


def _calendar(country: str) -> "calendars.HolidayBase":
    code, _, part = country.partition("-")
    return calendars.country_holidays(code, subdiv=part or None)


def _hours_on(day: date, hours: WorkingHours) -> tuple[datetime, datetime]:
    last = day if hours.opens < hours.closes else day + timedelta(days=1)
    return _moment(day, hours.opens, hours.zone), _moment(last, hours.closes, hours.zone)


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Local time; 24:00 is the next midnight."""
    return datetime.combine(day, time(), zone) + timedelta(minutes=minutes)
