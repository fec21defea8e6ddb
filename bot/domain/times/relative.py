"""Times counted from the moment at which they are typed: `10 min ago`, `il y a une heure`, `vor 10 Minuten`, `now`."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.text.durations import read_duration
from bot.domain.times.vocabulary import ABOUT

FARTHEST = timedelta(days=3660)

_NOW = frozenset(
    {
        "now",
        "just now",
        "right now",
        "maintenant",
        "a l'instant",
        "adesso",
        "proprio adesso",
        "ahora",
        "ahora mismo",
        "agora",
        "agora mesmo",
        "jetzt",
        "gerade eben",
    }
)
_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
_ABOUT = rf"(?P<about>{ABOUT})?"
_PAST = (
    re.compile(rf"{_ABOUT}(?P<length>.+?)\ (?:ago|fa|atras)", _FLAGS),
    re.compile(rf"(?:il\ y\ a|vor|hace|ha|faz)\ {_ABOUT}(?P<length>.+)", _FLAGS),
)
_FUTURE = re.compile(rf"(?:in|dans|tra|fra|dentro\ de|en|em|daqui\ a)\ {_ABOUT}(?P<length>.+)", _FLAGS)


@dataclass(frozen=True, slots=True)
class Relative:
    """An instant (aware) that was named by its distance from now."""

    at: datetime
    is_about: bool


def read_relative(text: str, now: datetime) -> Relative | None:
    """`text` without accents, or None if it is no distance from `now`. UserError for one beyond any incident."""
    if text.casefold() in _NOW:
        return Relative(now, is_about=False)
    for pattern, sign in ((_PAST[0], -1), (_PAST[1], -1), (_FUTURE, 1)):
        match = pattern.fullmatch(text)
        length = read_duration(match["length"]) if match else None
        if match is None or length is None:
            continue
        if length > FARTHEST:
            raise UserError(f"`{text}` is further away than any incident.")
        return Relative(now + sign * length, is_about=bool(match["about"]))
    return None
