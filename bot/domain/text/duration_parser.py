"""Durations as people write them: `1h 45m`, `une demi-heure`, `zwei Stunden und 5 Minuten`."""

import re
from datetime import timedelta

from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.text.normalize import strip_accents

_SECONDS = {"w": 7 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_UNITS = {
    "w": r"w(?:eeks?|ks?)?|semaines?|wochen?|settiman[ae]|semanas?",
    "d": r"d(?:ays?)?|j(?:ours?)?|t(?:ag(?:en?|e)?)?|g(?:g|iorn[oi])?|dias?",
    "h": r"h(?:ours?|rs?)?|heures?|stunden?|std\.?|or[ae]|horas?",
    "m": r"m(?:in(?:utes?|s|\.)?|n)?|minuten?|minut[oi]|minutos?",
    "s": r"s(?:ec(?:onds?|s)?|eg)?|secondes?|sekunden?|sek\.?|second[oi]|segundos?",
}
_HALF = {
    "half an",
    "half a",
    "une demi-",
    "une demi",
    "demi-",
    "mezz'",
    "mezza",
    "media",
    "meia",
    "einer halben",
    "eine halbe",
    "halben",
    "halbe",
}
_NUMBER_WORDS = dict.fromkeys(_HALF, 0.5) | {
    word: number
    for number, words in {
        1: "a an one un une uno una un' um uma ein eine einer einem einen",
        1.5: "anderthalb eineinhalb",
        2: "two deux due dos dois duas zwei",
        3: "three trois tre tres drei",
        4: "four quatre quattro cuatro quatro vier",
        5: "five cinq cinque cinco funf fuenf",
        10: "ten dix dieci diez dez zehn",
    }.items()
    for word in words.split()
}
_WHOLE_PHRASES = {
    phrase: minutes
    for minutes, phrases in {
        15: (
            "a quarter of an hour",
            "quarter of an hour",
            "un quart d'heure",
            "un quarto d'ora",
            "un cuarto de hora",
            "einer viertelstunde",
            "eine viertelstunde",
            "um quarto de hora",
        ),
        30: ("einer halbstunde",),
        45: (
            "three quarters of an hour",
            "trois quarts d'heure",
            "tre quarti d'ora",
            "tres cuartos de hora",
            "einer dreiviertelstunde",
            "eine dreiviertelstunde",
            "tres quartos de hora",
        ),
    }.items()
    for phrase in phrases
}
_WORDS = "|".join(sorted(map(re.escape, _NUMBER_WORDS), key=len, reverse=True))
_NUMBER = rf"(?:\d{{1,6}}(?:[.,]\d{{1,3}})?|(?:{_WORDS})(?:(?<=['-])|(?=\s)))"
_JOIN = r"(?:\s*,\s*|\s+(?:and|et|e|y|und)\s+|\s*)"
_PATTERN = LazyPattern(
    _JOIN.join(rf"(?:(?P<{unit}>{_NUMBER})\s*(?:{words})(?![a-z]))?" for unit, words in _UNITS.items())
    + r"(?:(?<=[a-z])\s?(?P<bare>\d{1,2}))?"
    + r"(?P<half>\s+(?:and\s+a\s+half|et\s+demie?|e\s+mezz[ao]|y\s+media|e\s+meia))?",
    re.ASCII | re.IGNORECASE,
)


def read_duration(text: str) -> timedelta | None:
    """
    Parse a duration in any of the six languages; None for other texts.

    Reads the output of `format_duration`, and `90 min`, `1h30`, `1.5 h`, `an hour`, `half an hour`, `2 weeks`,
    `2 hours and 5 minutes`, `an hour and a half`, `un quart d'heure`, `uma hora e meia`. The units go from large to
    small, each at most once.
    """
    folded = strip_accents(" ".join(text.split()))
    if folded.casefold() in _WHOLE_PHRASES:
        return timedelta(minutes=_WHOLE_PHRASES[folded.casefold()])
    match = _PATTERN.fullmatch(folded)
    if match is None:
        return None
    amounts = {unit: match[unit] for unit in _UNITS if match[unit] is not None}
    if not amounts or (match["bare"] and (match["m"] or match["s"] or not match["h"])):
        return None
    seconds = sum(_number(amount) * _SECONDS[unit] for unit, amount in amounts.items())
    if match["bare"]:
        seconds += int(match["bare"]) * 60
    if match["half"]:
        seconds += _SECONDS[list(amounts)[-1]] / 2
    return timedelta(seconds=round(seconds))


def _number(text: str) -> float:
    folded = " ".join(text.casefold().split())
    return _NUMBER_WORDS[folded] if folded in _NUMBER_WORDS else float(folded.replace(",", "."))
