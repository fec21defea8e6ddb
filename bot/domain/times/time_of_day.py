"""The time of day in a text: `14:05`, `2pm`, `16h21`, `las 4 de la tarde`, `midi`."""

import re
from datetime import time

from bot.domain.errors import UserError
from bot.domain.times.vocabulary import MIDNIGHT, MINUTES_PAST, NOON, PHRASES, alternatives

_ON_IN_GERMAN = r"am\ (?:\d{1,2}\.|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend)"
"""The German `am` that is no half of a day: `14:05 am 27. März`."""

# A pattern for a time of day without accents, part of larger ones: each group name is used once.
CLOCK_PATTERN = rf"""(?:
    (?P<hour>\d{{1,2}})
    (?:
        (?:\ ?h)?\ (?P<past>{alternatives(MINUTES_PAST)})(?![a-z])
      | (?P<point>[:.])(?P<minute>\d{{2}}) (?: :(?P<second>\d{{2}}) (?:[.,](?P<fraction>\d{{1,9}}))? )?
        (?: \ ?(?!{_ON_IN_GERMAN})(?P<half>[ap](?:\.\ ?)?m\.?)(?![a-z]) | \ ?(?:uhr|hrs|h|horas)\b )?
      | \ ?(?!{_ON_IN_GERMAN})(?P<half_alone>[ap](?:\.\ ?)?m\.?)(?![a-z])
      | h(?P<minute_glued>\d{{2}})?(?:\ ?min)?(?![a-z])
      | \ h(?:\ (?P<minute_apart>\d{{2}}))?(?![a-z])
      | \ ?uhr(?:\ (?P<minute_uhr>\d{{2}}))?(?![a-z])
      | \ (?:heures?|horas?)(?:\ (?P<minute_worded>\d{{2}}))?(?![a-z])
      | \ ?o'clock
      | (?=\ (?:{alternatives(PHRASES)})(?![a-z]))
    )
    (?:\ (?P<phrase>{alternatives(PHRASES)})(?![a-z]))?
  | (?P<named>{alternatives([*NOON, *MIDNIGHT])})
)"""

_HOURS_BY_PART = {
    "morning": {hour: hour for hour in range(12)},
    "midday": {11: 11, 12: 12, 1: 13, 2: 14},
    "afternoon": {12: 12} | {hour: hour + 12 for hour in range(1, 8)} | {hour: hour for hour in range(13, 20)},
    "evening": {hour: hour + 12 for hour in range(4, 12)} | {hour: hour for hour in range(16, 24)},
    "night": {hour: hour for hour in range(7)}
    | {hour: hour + 12 for hour in range(7, 12)}
    | {hour: hour for hour in range(19, 24)},
}
"""By part of the day: the hour of the day by the hour as written. Twelve at night belongs to two days."""


def resolve_clock(match: re.Match[str], part: str | None = None) -> time:
    """
    The time in the groups of CLOCK_PATTERN, in that `part` of the day if the day names one.

    Raises UserError for a time that no clock shows (`25:00`, `13pm`, `15:00` in the morning).
    """
    if match["named"]:
        return time(0 if is_midnight(match) else 12)
    hour = int(match["hour"])
    minute, second = _minute_of(match), int(match["second"] or 0)
    if match["past"]:
        hour, minute = divmod(hour * 60 + MINUTES_PAST[match["past"].casefold()], 60)
    if hour < 0:
        raise UserError(f"`{match[0].strip()}` is on the day before. Write `23:45` with its day.")
    half = match["half"] or match["half_alone"]
    if minute > 59 or second > 59:
        raise UserError(
            f"`{match['hour']}:{minute:02}{_shown_seconds(match)}` is not a time: minutes and seconds go up to 59."
        )
    if half:
        return time(_from_twelve_hours(hour, minute, half), minute, second, _microsecond(match))
    if hour == 24:
        raise UserError(f"`24:{minute:02}` is not a time here. Write `00:{minute:02}` with the day that begins then.")
    if hour > 23:
        raise UserError(f"`{hour}:{minute:02}` is not a time: hours go from 0 to 23, as in `14:05`, or `2pm`.")
    phrase = match["phrase"]
    for said in (part, PHRASES[phrase.casefold()] if phrase else None):
        hour = _hour_in(said, hour, minute)
    return time(hour, minute, second, _microsecond(match))


def is_midnight(match: re.Match[str]) -> bool:
    """Return whether the time is the word midnight, which ends one day and begins another."""
    return (match["named"] or "").casefold() in MIDNIGHT


def contradicts_itself(match: re.Match[str], part: str | None) -> bool:
    """
    Return whether the half or part of the day excludes the hour: `14:05 am`.

    In a sentence this is correct: in German `am` belongs to the next word (`14:05 am Gateway`). `14am` is an error,
    which `resolve_clock` reports.
    """
    if not match["hour"]:
        return False
    half, hour = match["half"] or match["half_alone"] or "", int(match["hour"])
    if half:
        is_apart = match.string[match.start("half" if match["half"] else "half_alone") - 1] == " "
        return is_apart and half == "am" and 12 < hour < 24
    said = (part, PHRASES[match["phrase"].casefold()] if match["phrase"] else None)
    return any(each is not None and hour not in _HOURS_BY_PART[each] for each in said)


def _minute_of(match: re.Match[str]) -> int:
    named = ("minute", "minute_glued", "minute_apart", "minute_uhr", "minute_worded")
    return int(next((match[name] for name in named if match[name]), "0"))


def _hour_in(part: str | None, hour: int, minute: int) -> int:
    if part is None:
        return hour
    found = _HOURS_BY_PART[part].get(hour)
    if found is None:
        typed = f"{hour}:{minute:02}"
        raise UserError(f"`{typed}` is not in the {part}. Write the time alone, as in `{typed}`.")
    return found


def _from_twelve_hours(hour: int, minute: int, half: str) -> int:
    if not 1 <= hour <= 12:
        typed = f"{hour}:{minute:02}{half}" if minute else f"{hour}{half}"
        meant = 12 if hour == 0 and half[0] in "pP" else hour
        other = f" Do you mean `{meant:02}:{minute:02}`?" if hour < 24 else ""
        raise UserError(f"`{typed}` is not a time: with am and pm, hours go from 1 to 12.{other}")
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _shown_seconds(match: re.Match[str]) -> str:
    return f":{match['second']}" if match["second"] else ""


def _microsecond(match: re.Match[str]) -> int:
    return int((match["fraction"] or "0").ljust(6, "0")[:6])
