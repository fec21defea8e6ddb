"""Recurrence rules (RFC 5545), read by dateutil: what may stand in them, and when they occur on the wall's clock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from dateutil.rrule import rrule, rrulestr

KEYS = {
    "DAILY": ("BYDAY", "BYMONTH", "BYMONTHDAY"),
    "WEEKLY": ("BYDAY", "BYMONTH"),
    "MONTHLY": ("BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"),
    "YEARLY": ("BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "BYWEEKNO", "BYYEARDAY"),
}
"""By FREQ. The others mean nothing with it, or so little that dateutil would look for a day until the year 9999."""
IN_EVERY_RULE = ("FREQ", "INTERVAL", "BYHOUR", "BYMINUTE", "COUNT", "UNTIL", "WKST")
MOST_IN_A_DAY = 24
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
FARTHEST = 30
"""Years after which a rule that has not occurred again counts as one that never will."""
NEVER = "This rule names no day that ever comes."


def parts_of(rule: str) -> Mapping[str, str]:
    return dict(part.partition("=")[::2] for part in rule.split(";"))


def why_not(rule: str) -> str | None:
    """Why this (in capitals, without `RRULE:`) is no rule that can be used; None if it is one."""
    parts = parts_of(rule)
    if "FREQ" not in parts or any(mark in rule for mark in "\n\r:"):
        return "This is no recurrence rule: it has no FREQ."
    freq = parts["FREQ"]
    if freq not in KEYS:
        return f"FREQ has to be one of {', '.join(KEYS)}. For turns of some hours use FREQ=DAILY;BYHOUR=6,14,22."
    known = (*IN_EVERY_RULE, *KEYS[freq])
    if strange := [key for key in parts if key not in known]:
        return f"{strange[0]} cannot stand in a rule with FREQ={freq}."
    if not parts.get("INTERVAL", "1").isdecimal() or int(parts.get("INTERVAL", "1")) < 1:
        return "INTERVAL has to be a whole number from 1 on."  # with 0 a rule stands still, and dateutil has no end
    if freq == "DAILY" and parts.get("INTERVAL", "1") != "1" and set(parts) & set(KEYS["DAILY"]):
        return "Days that are skipped may never be those that are asked for. Use FREQ=WEEKLY or FREQ=MONTHLY."
    if len(parts.get("BYHOUR", "").split(",")) * len(parts.get("BYMINUTE", "").split(",")) > MOST_IN_A_DAY:
        return "This rule occurs more often than once an hour."
    bare = ";".join(f"{key}={value}" for key, value in parts.items() if key not in {"COUNT", "UNTIL"})
    try:
        read_rule(bare, datetime(2026, 1, 5, 9))  # noqa: DTZ001  any wall time will do
        is_never = _is_never(parts)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        return f"This is no recurrence rule: {str(problem).strip(chr(39)) or 'it cannot be read'}."
    return NEVER if is_never else None


def _is_never(parts: Mapping[str, str]) -> bool:
    """Whether it asks for days that none of its months has."""
    named = [int(each) for each in filter(None, parts.get("BYMONTH", "").split(","))]
    months = [LONGEST_MONTHS[each - 1] if 1 <= each <= 12 else 0 for each in named]
    days = [abs(int(each)) for each in filter(None, parts.get("BYMONTHDAY", "").split(","))]
    return min(days, default=1) > max(months, default=31)


def occurrences(rule: str, starts: datetime, until: datetime) -> Sequence[datetime]:
    """All of them, in order, from the first to at least one after `until`, if there is one. Without COUNT and UNTIL."""
    known = _through(rule, starts, until.year + 1)
    return known if known and known[-1] >= until else _through(rule, starts, until.year + FARTHEST)


@lru_cache(maxsize=128)
def _through(rule: str, starts: datetime, year: int) -> tuple[datetime, ...]:
    """
    Those up to the end of `year`. How many came before says whose turn it is: they are counted from the first. Kept,
    because that takes longer every year.
    """
    return tuple(read_rule(rule, starts).replace(until=datetime(year, 12, 31, 23, 59, 59)))  # noqa: DTZ001  wall time


def read_rule(rule: str, starts: datetime) -> rrule:
    """Raises ValueError for what is no recurrence rule."""
    found = rrulestr(rule, dtstart=starts)
    if not isinstance(found, rrule):
        raise ValueError("several rules")  # noqa: TRY004  for the caller it is one more wrong rule
    return found
