"""The questions about times that can be two: each reading as an instant that nobody can read differently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from bot.domain.errors import Ambiguous
from bot.domain.times.zones import offset_label


class Doubt(StrEnum):
    """Why a text can be read in two ways, to stand behind it in a sentence."""

    NONE = ""
    DAY = "can be two days"
    SKIPPED = "does not exist: the clocks were put forward then"
    TWICE = "came twice: the clocks were put back then"


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One instant (aware, UTC) that a text can mean, in the zone in which it was read.

    `earlier`: what else the text means where `at` is still to come. `doubt`: what gave rise to this reading.
    """

    at: datetime
    zone: tzinfo
    doubt: Doubt = Doubt.NONE
    earlier: datetime | None = None


def typeable(at: datetime, zone: tzinfo) -> str:
    """`2025-10-26 02:30 +02:00`: the way of writing an instant that nobody can read differently."""
    local = at.astimezone(zone)
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return f"{local.date().isoformat()} {clock} {offset_label(local)}"


def which_reading(text: str, readings: Sequence[Reading], letters: str, places: Mapping[tzinfo, str]) -> Ambiguous:
    """
    To be raised: the question which of the instants was meant.

    `letters` are those that name several zones, with the `places` where they do; empty where the zone is no question.
    """
    shown = [
        f"`{typeable(each.at, each.zone)}`" + (f" ({places[each.zone]})" if each.zone in places else "")
        for each in readings
    ]
    doubt = next((each.doubt for each in readings if each.doubt), Doubt.DAY)
    problem = f"`{letters}` stands for several time zones" if letters else f"`{text}` {doubt}"
    return Ambiguous(
        f"{problem}. Do you mean {', '.join(shown[:-1])} or {shown[-1]}?",
        about=text,
        candidates=[typeable(each.at, each.zone) for each in readings],
    )
