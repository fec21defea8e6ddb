"""Times of feeds: ISO 8601, RFC 822, Unix time, and the ones without a zone."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

MAX_LENGTH = 60
FIRST_YEAR, LAST_YEAR = 1990, 2200
"""Years of a vendor's page; outside of them conversions between zones can overflow."""
HOURS = {
    "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3,
    "jst": 9, "kst": 9, "sgt": 8, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "est": -5, "edt": -4, "cst": -6,
    "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "brt": -3,
}  # fmt: skip
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
_MILLISECONDS_FROM = 100_000_000_000


def parse_time(text: str, zone: tzinfo | None) -> datetime | None:
    """
    An aware time with the offset of the text; None if it names no zone and `zone` is None.

    Raises ValueError for anything that is no time.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError("too long for a time")
    at = _parse_naive(text.strip())
    if at.tzinfo is None:
        if zone is None:
            return None
        at = at.replace(tzinfo=zone)
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError("no time of our days")
    return at


def parse_unix_time(number: float) -> datetime:
    """A time from seconds or milliseconds since 1970. Raises ValueError."""
    seconds = number / 1000 if abs(number) >= _MILLISECONDS_FROM else number
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as problem:
        raise ValueError("no such time") from problem
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError("no time of our days")
    return at


def parse_zone(name: str) -> tzinfo | None:
    """The offset of `CET` or `GMT+1`; None for a name that is unknown or means several."""
    if name.casefold() in HOURS:
        return timezone(timedelta(hours=HOURS[name.casefold()]))
    found = _OFFSET.fullmatch(name)
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-offset if found[1] == "-" else offset) if offset < timedelta(hours=24) else None


def _parse_naive(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError) as problem:
        raise ValueError("no time") from problem
    return at.replace(tzinfo=UTC) if at.tzinfo is None and text.endswith("-0000") else at
