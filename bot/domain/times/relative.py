"""Times relative to now: `10 min ago`, `il y a une heure`, `vor 10 Minuten`, `now`."""

import re
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.text.duration_parser import read_duration
from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.times.vocabulary import ABOUT_PATTERN, word_set
from bot.lazy_dataclass import dataclass

MAX_DISTANCE = timedelta(days=3660)

_NOW = word_set("""
    now just_now right_now maintenant a_l'instant adesso proprio_adesso ahora ahora_mismo agora agora_mesmo jetzt
    gerade_eben
""")
_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
_ABOUT = rf"(?P<about>{ABOUT_PATTERN})?"
_PAST = (
    LazyPattern(rf"{_ABOUT}(?P<length>.+?)\ (?:ago|fa|atras)", _FLAGS),
    LazyPattern(rf"(?:il\ y\ a|vor|hace|ha|faz)\ {_ABOUT}(?P<length>.+)", _FLAGS),
)
_FUTURE = LazyPattern(rf"(?:in|dans|tra|fra|dentro\ de|en|em|daqui\ a)\ {_ABOUT}(?P<length>.+)", _FLAGS)


@dataclass(frozen=True, slots=True)
class Relative:
    """An instant (aware) given by its distance from now."""

    at: datetime
    is_about: bool


def read_relative(text: str, now: datetime) -> Relative | None:
    """Parse a text without accents, if relative. Raises UserError beyond MAX_DISTANCE."""
    if text.casefold() in _NOW:
        return Relative(now, is_about=False)
    for pattern, sign in ((_PAST[0], -1), (_PAST[1], -1), (_FUTURE, 1)):
        match = pattern.fullmatch(text)
        length = read_duration(match["length"]) if match else None
        if match is None or length is None:
            continue
        if length > MAX_DISTANCE:
            raise UserError(f"`{text}` is too far away. Write a nearer time.")
        return Relative(now + sign * length, is_about=bool(match["about"]))
    return None
