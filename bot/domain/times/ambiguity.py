"""Questions about ambiguous times, with each reading as an unambiguous instant."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum

from bot.domain.errors import Ambiguous
from bot.domain.times.zones import offset_label
from bot.lazy_dataclass import dataclass


class Doubt(StrEnum):
    """Why a text has two readings, as the end of a sentence about it."""

    NONE = ""
    DAY = "can be two days"
    SKIPPED = "does not exist: the clocks went forward then"
    TWICE = "came twice: the clocks went back then"


@dataclass(frozen=True, slots=True)
class Reading:
    """
    An instant (aware, UTC) that a text can mean, in the zone in which it was read.

    `earlier`: the reading in the past, where `at` is in the future. `doubt`: the cause of this reading.
    """

    at: datetime
    zone: tzinfo
    doubt: Doubt = Doubt.NONE
    earlier: datetime | None = None


def format_unambiguous(at: datetime, zone: tzinfo) -> str:
    """`2025-10-26 02:30 +02:00`: an instant with its offset."""
    local = at.astimezone(zone)
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return f"{local.date().isoformat()} {clock} {offset_label(local)}"


def ambiguous_time(text: str, readings: Sequence[Reading], letters: str, places: Mapping[tzinfo, str]) -> Ambiguous:
    """
    Build the question which of the instants was meant, to be raised.

    `letters`: an abbreviation of several zones, with the `places` of each; empty where the zone is clear.
    """
    shown = [
        f"`{format_unambiguous(each.at, each.zone)}`" + (f" ({places[each.zone]})" if each.zone in places else "")
        for each in readings
    ]
    doubt = next((each.doubt for each in readings if each.doubt), Doubt.DAY)
    problem = f"`{letters}` stands for several time zones" if letters else f"`{text}` {doubt}"
    return Ambiguous(
        f"{problem}. Do you mean {', '.join(shown[:-1])} or {shown[-1]}?",
        about=text,
        candidates=[format_unambiguous(each.at, each.zone) for each in readings],
    )
