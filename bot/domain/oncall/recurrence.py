"""Recurrence rules (RFC 5545) in local time: validation and occurrences."""

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
"""Allowed keys by FREQ. Others have no effect, or make dateutil search until the year 9999."""
IN_EVERY_RULE = ("FREQ", "INTERVAL", "BYHOUR", "BYMINUTE", "COUNT", "UNTIL", "WKST")
MAX_PER_DAY = 24
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
SEARCH_YEARS = 30
"""Years after which a rule without another occurrence counts as finished."""
NEVER_OCCURS = "This rule never occurs."


def rule_parts(rule: str) -> Mapping[str, str]:
    return dict(part.partition("=")[::2] for part in rule.split(";"))


def rule_problem(rule: str) -> str | None:
    """Problem with a rule (upper case, without `RRULE:`), as a sentence; None if usable."""
    parts = rule_parts(rule)
    if "FREQ" not in parts or any(mark in rule for mark in "\n\r:"):
        return "This is not a recurrence rule: FREQ is missing."
    freq = parts["FREQ"]
    if freq not in KEYS:
        return f"FREQ must be one of {', '.join(KEYS)}. For shifts of some hours, use FREQ=DAILY;BYHOUR=6,14,22."
    known = (*IN_EVERY_RULE, *KEYS[freq])
    if strange := [key for key in parts if key not in known]:
        return f"{strange[0]} is not allowed with FREQ={freq}."
    if not parts.get("INTERVAL", "1").isdecimal() or int(parts.get("INTERVAL", "1")) < 1:
        return "INTERVAL must be a whole number, 1 or more."  # with 0 dateutil does not terminate
    if freq == "DAILY" and parts.get("INTERVAL", "1") != "1" and set(parts) & set(KEYS["DAILY"]):
        return "INTERVAL may skip every day that the rule names. Use FREQ=WEEKLY or FREQ=MONTHLY."
    if len(parts.get("BYHOUR", "").split(",")) * len(parts.get("BYMINUTE", "").split(",")) > MAX_PER_DAY:
        return "This rule occurs more often than once an hour."
    bare = ";".join(f"{key}={value}" for key, value in parts.items() if key not in {"COUNT", "UNTIL"})
    try:
        parse_rule(bare, datetime(2026, 1, 5, 9))  # noqa: DTZ001  any local time will do
        is_never = _never_occurs(parts)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        return f"This is not a recurrence rule: {str(problem).strip(chr(39)) or 'it cannot be read'}."
    return NEVER_OCCURS if is_never else None


def _never_occurs(parts: Mapping[str, str]) -> bool:
    """True if the rule names only days that none of its months has."""
    named = [int(each) for each in filter(None, parts.get("BYMONTH", "").split(","))]
    months = [LONGEST_MONTHS[each - 1] if 1 <= each <= 12 else 0 for each in named]
    days = [abs(int(each)) for each in filter(None, parts.get("BYMONTHDAY", "").split(","))]
    return min(days, default=1) > max(months, default=31)


def occurrences(rule: str, starts: datetime, until: datetime) -> Sequence[datetime]:
    """Occurrences from the first to at least one after `until`, if any. No COUNT or UNTIL."""
    known = _occurrences_through(rule, starts, until.year + 1)
    return known if known and known[-1] >= until else _occurrences_through(rule, starts, until.year + SEARCH_YEARS)


@lru_cache(maxsize=128)
def _occurrences_through(rule: str, starts: datetime, year: int) -> tuple[datetime, ...]:
    """
    Occurrences up to the end of `year`; cached.

    The rotation counts them from the first, which takes longer every year.
    """
    return tuple(parse_rule(rule, starts).replace(until=datetime(year, 12, 31, 23, 59, 59)))  # noqa: DTZ001  local time


def parse_rule(rule: str, starts: datetime) -> rrule:
    """Raises ValueError for an invalid rule."""
    found = rrulestr(rule, dtstart=starts)
    if not isinstance(found, rrule):
        raise ValueError("several rules")  # noqa: TRY004  one more invalid rule for the caller
    return found
