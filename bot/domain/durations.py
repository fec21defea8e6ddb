"""How long something took, as people write it: `1h 45m`."""

import re
from datetime import datetime, timedelta

_UNITS = {
    "w": 7 * 86_400,
    "d": 86_400,
    "h": 3_600,
    "m": 60,
    "s": 1,
}
_UNIT_WORDS = {
    "w": r"w(?:eeks?|ks?)?",
    "d": r"d(?:ays?)?",
    "h": r"h(?:ours?|rs?)?",
    "m": r"m(?:in(?:utes?|s)?|n)?",
    "s": r"s(?:ec(?:onds?|s)?)?",
}
_WORDED = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "ten": 10,
    "half an": 0.5,
    "half a": 0.5,
}
_NUMBER = r"(?:\d{1,6}(?:[.,]\d{1,3})?|half an?|an?|one|two|three|four|five|ten)"
_JOIN = r"(?:\s*,\s*|\s+and\s+|\s*)"

_PATTERN = re.compile(
    _JOIN.join(rf"(?:(?P<{unit}>{_NUMBER})\s*(?:{words})(?![a-z]))?" for unit, words in _UNIT_WORDS.items())
    + r"(?:(?<=[a-z])\s?(?P<bare>\d{1,2}))?(?P<half>\s+and a half)?",
    re.ASCII | re.IGNORECASE,
)


def show_duration(length: timedelta) -> str:
    """
    `45s`, `13m`, `2h 0m`, `1d 2h 5m`: what is smaller than the last unit shown is left out, never rounded up.

    Seconds are shown under a minute only. From an hour on the minutes always stand, also as `0m`, and from a day on
    the hours too, so that a reader never wonders whether they were left out. Days are 24 hours: weeks and months are
    not used. A negative length is shown as `0s`: its two ends contradict each other, and a draft has to be made all
    the same.
    """
    seconds = max(0, int(length.total_seconds()))
    if seconds < _UNITS["m"]:
        return f"{seconds}s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h {minutes}m"
    days, hours = divmod(hours, 24)
    return f"{days}d {hours}h {minutes}m"


def read_duration(text: str) -> timedelta | None:
    """
    The length that `text` names, or None if it names none.

    Reads what `show_duration` writes, and `90 min`, `1h30`, `1.5 h`, `an hour`, `half an hour`, `2 weeks`,
    `2 hours and 5 minutes`, `an hour and a half`. The units go from large to small, each at most once.
    """
    match = _PATTERN.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    amounts = {unit: match[unit] for unit in _UNITS if match[unit] is not None}
    if not amounts or (match["bare"] and (match["m"] or match["s"] or not match["h"])):
        return None
    seconds = sum(_number(amount) * _UNITS[unit] for unit, amount in amounts.items())
    if match["bare"]:
        seconds += int(match["bare"]) * 60
    if match["half"]:
        seconds += _UNITS[list(amounts)[-1]] / 2
    return timedelta(seconds=round(seconds))


def _number(text: str) -> float:
    folded = " ".join(text.casefold().split())
    return _WORDED[folded] if folded in _WORDED else float(folded.replace(",", "."))


def between(start: datetime, end: datetime) -> timedelta:
    """
    How long from `start` to `end`, as their printed minutes say: from 3:34 to 3:37 is 3 minutes, whatever the seconds.

    A document that shows minutes must not contradict them. Under a minute it is the exact length.
    """
    exact = end - start
    if abs(exact) < timedelta(minutes=1):
        return exact
    return end.replace(second=0, microsecond=0) - start.replace(second=0, microsecond=0)
