"""The clock time in a text: `14:05`, `2pm`, `16h21`, `16.11`, `noon`."""

import re
from datetime import time

from bot.domain.errors import UserError

# One pattern for a clock time, to be put into larger ones: every group's name stands once.
CLOCK = r"""(?:
    (?P<hour>\d{1,2})
    (?:
        (?P<point>[:.])(?P<minute>\d{2}) (?: :(?P<second>\d{2}) (?:[.,](?P<fraction>\d{1,9}))? )?
        (?: \ ?(?P<half>[ap]\.?m\.?)(?![a-z]) | \ ?(?:uhr|hrs|h)\b )?
      | \ ?(?P<half_alone>[ap]\.?m\.?)(?![a-z])
      | h(?P<minute_glued>\d{2})?(?:\ ?min)?
      | \ h(?:\ (?P<minute_apart>\d{2}))?
      | \ ?uhr(?:\ (?P<minute_uhr>\d{2}))?
      | \ ?o['’]clock
    )
  | (?P<named>noon|midday|midnight)
)"""


def clock_of(match: re.Match[str]) -> time:
    """The clock time that the groups of CLOCK name. UserError for one that no clock shows (`25:00`, `13pm`)."""
    if match["named"]:
        return time(0 if match["named"].casefold() == "midnight" else 12)
    hour = int(match["hour"])
    minute_text = match["minute"] or match["minute_glued"] or match["minute_apart"] or match["minute_uhr"]
    minute, second = int(minute_text or 0), int(match["second"] or 0)
    half = match["half"] or match["half_alone"]
    if minute > 59 or second > 59:
        raise UserError(
            f"`{match['hour']}:{minute:02}{_seconds(match)}` is no clock time: minutes and seconds end at 59."
        )
    if half:
        return time(_twelve(hour, minute, half), minute, second, _micro(match))
    if hour == 24:
        raise UserError(
            f"`24:{minute:02}` is no clock time here: write `00:{minute:02}` with the day that begins then."
        )
    if hour > 23:
        raise UserError(f"`{hour}:{minute:02}` is no clock time: hours go from 0 to 23, as in `14:05`, or `2pm`.")
    return time(hour, minute, second, _micro(match))


def _twelve(hour: int, minute: int, half: str) -> int:
    if not 1 <= hour <= 12:
        typed = f"{hour}:{minute:02}{half}" if minute else f"{hour}{half}"
        other = f" Do you mean `{hour:02}:{minute:02}`?" if hour < 24 else ""
        raise UserError(f"`{typed}` is no clock time: with am and pm hours go from 1 to 12.{other}")
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _seconds(match: re.Match[str]) -> str:
    return f":{match['second']}" if match["second"] else ""


def _micro(match: re.Match[str]) -> int:
    return int((match["fraction"] or "0").ljust(6, "0")[:6])
