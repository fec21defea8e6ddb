"""
Durations in running text, and whether they are the whole incident's.

The patterns are for text without accents, in the six languages. A duration counts with the words that make it the
incident's; with words that make it a part ("for 10 minutes, then slowly") it is none.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.findings.duration_vocabulary import (
    ABOUT,
    FAILURE,
    FEW,
    INCIDENT,
    JUST_OVER,
    LASTED,
    LATER,
    LOOSELY,
    LOWER,
    NO_FAILURE,
    NO_WHOLE,
    NOT,
    NUMBERS,
    OUTAGE,
    PART,
    RECOVERED,
    REPAIR,
    TOOK,
    UPPER,
    WITHIN,
    WORK,
)
from bot.domain.findings.times_in_text import BEGAN, PlacedWindow, find_windows, fold_text
from bot.domain.text.duration_parser import read_duration
from bot.domain.text.lazy_pattern import LazyPattern
from bot.lazy_dataclass import dataclass

_FLAGS = re.IGNORECASE
_NUMBER = (
    r"(?:\d{1,4}(?:[.,]\d{1,2})?|an?|one|two|three|four|five|ten|une?|deux|trois|quatre|cinq|dix|un'|un[oa]|due|tre|"
    r"quattro|cinque|dieci|dos|tres|cuatro|cinco|diez|uma?|dois|duas|quatro|dez|eine[rnm]?|anderthalb|eineinhalb|zwei|"
    r"drei|vier|funf|zehn|half an|half a|une demi-|demi-|mezz'|mezza|media|meia|eine[rn]? halben?)"
)
_UNIT = (
    r"(?:minut(?:es?|os?|i|en?)|mins?|hours?|hrs?|heures?|or[ea]|horas?|stunden?|std|days?|jours?|giorn[oi]|dias?|"
    r"tage?n?|seconds?|secs?|secondes?|sekunden?|secondi?|segundos?)(?!\w)\.?"
)
_PHRASE = (
    r"(?:(?:a |three )?quarters? of an hour|(?:un|trois) quarts? d'heure|(?:un|tre) quart[oi] d'ora|"
    r"(?:un|tres) cuartos? de hora|(?:um|tres) quartos? de hora|eine[r]? (?:drei)?viertelstunde|eine halbstunde)"
)
_AND = r"(?:\s?,?\s(?:and|et|e|y|und)\s|,?\s?)"
_LENGTH = (
    rf"(?:{_PHRASE}|\d{{1,2}}\s?h\s?\d{{2}}(?!\w)|\d{{1,3}}[hd]\s?(?:\d{{1,2}}h\s?)?\d{{1,2}}(?:m|min)\b"
    rf"|\d{{1,4}}(?:[.,]\d)?\s?[hmd](?!\w)(?:\s\d{{1,2}}\s?(?:m|min)\b)?|{_NUMBER}(?:[\s-]|(?<=')|(?<=-)|(?<=\d)){_UNIT}"
    rf"(?:{_AND}\d{{1,2}}\s?{_UNIT}){{0,2}}(?:\s(?:and a half|et demie?|e mezz[ao]|y media|e meia))?)"
)
DAY = timedelta(days=1)
_COUNTLESS = "\ue000"
"""Stands for "a few": a character that nobody types."""
_ONLY = r"(?:(?:only|just|nur|lediglich|seulement|solo|soltanto|solamente|apenas)\s)?"
_BOUND = rf"{_ONLY}(?P<bound>{LOWER}|{UPPER}|{_COUNTLESS})?\s?(?P<about>{ABOUT})?\s?"
_D = rf"{_BOUND}(?P<length>(?<!\w){_LENGTH})"
_ANY = LazyPattern(rf"(?<![\w.:,]){_LENGTH}", _FLAGS)
_STOP = (
    r"(?:\s(?:or so|oder so|environ|circa))?"
    r"(?=\s*(?:$|[.,;:!)])|\s(?:for|in|on|at|because|while|pour|dans|chez|car|fur|bei|auf|weil|per|su|para|en|em|"
    r"porque|perche)\s)"
)
_FEW_WORDS = r"(?:\s[\w'/-]+){0,7}?"
_AFTER = r"(?:after|au bout de|a l[oa]s|binnen|apres|nach|dopo|despues de|tras|depois de|apos|al cabo de)"
_LABEL_WORDS = (
    r"(?:(?:total |overall )?(?:duration|length|"
    r"time to (?:recover|recovery|resolve|resolution|restore))|(?:gesamt)?dauer|duree(?: totale)?|"
    r"durata(?: totale)?|duracion(?: total)?|duracao(?: total)?)"
)
_LABEL = rf"(?<!\w){_LABEL_WORDS}"
_ADJECTIVE = LazyPattern(
    r"(?<!\w)(?P<amount>\d{1,4}|zwei|drei|vier|funf|zehn|anderthalb|eineinhalb|ein)-?(?P<unit>stundig|minutig|tagig)\w*",
    _FLAGS,
)
_NUMBER_WORD = LazyPattern(rf"(?<!\w)({'|'.join(sorted(NUMBERS, key=len, reverse=True))})(?=[\s-]{_UNIT})", _FLAGS)
_CLOCK_LENGTH = LazyPattern(
    r"(?<![\w:.])(\d{1,2}):(\d{2})\s?(?:h|hrs?|hours?|heures?|std|stunden|ore|horas?)(?!\w)", _FLAGS
)
_AND_A_HALF = LazyPattern(r"(?<!\w)(one|two|three|zwei|drei|vier) ?(?:and a half|einhalb)(?=\s)", _FLAGS)
_LOOSELY = LazyPattern(rf"(?<!\w){LOOSELY}(?=[\w-]*\s?{_UNIT}|demi|halbe|mezz|media|meia)", _FLAGS)
_JUST_OVER = LazyPattern(JUST_OVER, _FLAGS)
_WITHIN = LazyPattern(rf"(?<!\w){WITHIN}\s", _FLAGS)
_FEW = LazyPattern(
    rf"(?<!\w){FEW}\s(?:(?P<hour>hours?|hrs?|heures?|ore|horas?|stunden?)|minut(?:es?|os?|i|en?)|mins?)(?!\w)", _FLAGS
)
_NOT = LazyPattern(
    rf"(?<!\w)(?:{NOT}\s(?:(?:e\s|ha\s)?(?:last|dure|durat[oa]|duro|durou)\s)?|n't last\s|dauerte\s(?:keine|nicht)\s)"
    rf"(?:the\s|for\s){{0,2}}{_LENGTH}",
    _FLAGS,
)
SHORTEST_FEW = {timedelta(minutes=20): timedelta(minutes=2), timedelta(hours=12): timedelta(hours=1, minutes=30)}
"""The shortest that "a few" and "several" minutes or hours can mean, by the longest."""
_QUESTION = LazyPattern(r"[^.!?]*\?")
_HALVES = {"one": 1, "two": 2, "three": 3, "zwei": 2, "drei": 3, "vier": 4}
_ADJECTIVE_UNITS = {"stundig": "stunden", "minutig": "minuten", "tagig": "tage"}


class Claim(StrEnum):
    """The kind of words around a duration: of the whole, of the recovery, or maybe of a part."""

    WHOLE = "whole"
    RECOVERY = "recovery"
    """Counted by some from the detection or the declaration."""
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class StatedLength:
    """
    A duration that a text gives the incident.

    `slack` is its tolerance by rounding. `is_least` and `is_most`: "more than", "less than". `may_be_part`: words
    beside it speak of a part, so that only a duration longer than the recorded one is wrong. `shortest`: of "a few
    minutes", whose `length` is the longest. `is_over`: it was a little longer than `length`.
    """

    length: timedelta
    slack: timedelta
    claim: Claim
    is_least: bool = False
    is_most: bool = False
    may_be_part: bool = False
    shortest: timedelta | None = None
    is_over: bool = False

    def contradicts(self, recorded: timedelta, *, tolerance: timedelta = timedelta()) -> bool:
        difference, slack = self.length - recorded, self.slack + tolerance
        if self.shortest is not None:
            return recorded + tolerance < self.shortest or (-difference > tolerance and not self.may_be_part)
        if self.is_over and difference > self.length / 20 + tolerance:
            return True
        if self.is_least or self.may_be_part:
            return difference > slack
        if self.is_most:
            return -difference > slack
        return abs(difference) > slack


@dataclass(frozen=True, slots=True)
class StatedSpan:
    """A window with its length beside it: "from 9:00 to 10:05 (2 hours)"."""

    window: PlacedWindow
    stated: StatedLength


_CLAIMS: Sequence[tuple[Claim, LazyPattern]] = tuple(
    (claim, LazyPattern(source, _FLAGS))
    for claim, source in (
        (Claim.WHOLE, rf"(?:(?<!\w)(?P<subject>{OUTAGE}){_FEW_WORDS}\s|(?:^|[.!;:]\s)){LASTED}\s:?\s?{_D}"),
        (
            Claim.WHOLE,
            rf"(?<!\w)(?P<subject>{OUTAGE}){_FEW_WORDS}\shat(?:te)?\s{_D}\s(?:lang\s)?(?:gedauert|angehalten)",
        ),
        (Claim.WHOLE, rf"(?<!\w){_D}(?:\s(?:of|de|di|von|d'|of total|long|full|complete|partial))?\s?{OUTAGE}(?!\w)"),
        (Claim.WHOLE, rf"(?<!\w){OUTAGE}{_FEW_WORDS}\s?(?:of|de|di|von|uber|d'|:|\()\s?{_D}"),
        (
            Claim.WHOLE,
            rf"(?:^|[.;:(]\s?)(?:total\s)?(?:downtime|outage|ausfall(?:zeit|dauer)?|{_LABEL_WORDS})\s{_D}{_STOP}",
        ),
        (
            Claim.WHOLE,
            _LABEL + rf"{_FEW_WORDS}\s?(?:[:=]|of|was|is|de|di|von|war|betrug|etait|fue|foi|era|est|:)\s?{_D}",
        ),
        (
            Claim.WHOLE,
            rf"(?<!\w)(?:for a total of|in total|total of|insgesamt|au total|in totale|en total|no total)\s{_D}",
        ),
        (Claim.WHOLE, rf"(?<!\w){_D}\s(?:in total|overall|insgesamt|au total|in totale|en total|no total)(?!\w)"),
        (Claim.RECOVERY, rf"(?<!\w){RECOVERED}{_FEW_WORDS}\s(?:{_AFTER}|{WITHIN}|in|en|em)\s{_D}"),
        (
            Claim.RECOVERY,
            rf"(?<!\w)(?:{_AFTER}|{WITHIN}|(?:in|en|em)(?=\s{UPPER}))\s{_D}(?!\s(?:of|de|di|von)\s),?{_FEW_WORDS}\s{RECOVERED}(?!\w)",
        ),
        (
            Claim.RECOVERY,
            rf"(?<!\w){TOOK}\s(?:\w+\s){{0,3}}?{_D},?\s(?:to|pour|per|en|para|bis|um|ate){_FEW_WORDS}\s{REPAIR}(?!\w)",
        ),
        (Claim.RECOVERY, rf"(?<!\w){RECOVERED}\s{_D}\s{LATER}(?!\w)"),
        (
            Claim.LIKELY,
            rf"(?<!\w)(?:for|during|durant|pendant|per|por|durante|fur|wahrend|seit)\s(?:the\s)?{_D}{_STOP}",
        ),
        (Claim.LIKELY, rf"(?:^|[.!;:]\s)(?:for|during|durant|pendant|per|por|durante|fur|wahrend)\s(?:the\s)?{_D},?\s"),
        (Claim.LIKELY, rf"(?<!\w){_D}\s(?:of|de|di|von)\s{FAILURE}(?!\w)"),
        (Claim.LIKELY, rf"(?<!\w){_D}\s(?:long|lang|nicht|keine?n?|{FAILURE})(?!\w)"),
        (
            Claim.LIKELY,
            rf"(?<!\w){FAILURE}\s(?:for\s|pendant\s|durant\s|per\s|por\s|durante\s|fur\s|seit\s)?\(?{_D}{_STOP}",
        ),
    )
)
_PART, _WORK, _NO_WHOLE = (LazyPattern(rf"(?<!\w)(?:{words})(?!\w)", _FLAGS) for words in (PART, WORK, NO_WHOLE))
_SHARE = re.compile(r"(?:up to |jusqu'a |bis zu |fino al? |hasta |ate )?\d+(?:[.,]\d+)?\s?%", _FLAGS)
_FAILURE = LazyPattern(rf"(?<!\w)(?:{FAILURE}|{OUTAGE})(?!\w)", _FLAGS)
_WORKS = LazyPattern(rf"(?<!\w)(?:{RECOVERED}|again|de nouveau|a nouveau|di nuovo|de nuevo|novamente)(?!\w)", _FLAGS)
_NO_FAILURE = LazyPattern(rf"(?<!\w){NO_FAILURE}(?!\w)", _FLAGS)
_LATER = LazyPattern(rf"{LATER}$", _FLAGS)
"""A recovery so long after something that can be any step before it."""
_LOWER = LazyPattern(LOWER, _FLAGS)
_INCIDENT_WINDOW = LazyPattern(
    rf"(?<!\w){INCIDENT}(?!\w)(?:\s[^\s.;:!?]+){{0,9}}?\s"
    rf"(?:between|from|entre|de|du|tra|fra|dalle|dal|desde|d[ao]s?|zwischen|von|vom|{BEGAN})\s(?=[^.;]{{0,40}}\d)",
    _FLAGS,
)
_MEANWHILE = LazyPattern(
    r"(?:during|throughout|before|after|since|pendant|durant|apres|avant|wahrend|nach|vor|durante|dopo|prima|"
    r"despues|antes|depois)(?:\sd\w+)?(?:\s\w+'?)?\s?$",
    _FLAGS,
)
_BESIDE_WINDOW = LazyPattern(
    rf"\s?(?:[,(:=–-]|for|i\.e\.)\s?(?:(?:for|total|a total of|also|soit|ossia|also|o sea)\s)?{_D}", _FLAGS
)


def parse_impact_duration(text: str, *, is_impact: bool) -> StatedLength | None:
    """
    Parse the duration that a text gives the incident.

    "For 13 minutes" counts in a statement of the impact, and beside words like "down". None for a text without such a
    duration, or with several that differ.
    """
    if not any(char.isalpha() for char in text):
        return None
    folded = _fold(text)
    found = [each for each in _claims(folded, is_impact=is_impact) if each.length]
    strong = [each for each in found if each.claim is not Claim.LIKELY]
    if not strong and sum(1 for _ in _ANY.finditer(folded)) > 1:
        return None
    chosen = strong or found
    return chosen[0] if len({each.length for each in chosen}) == 1 else None


def find_spans(text: str, near: datetime, zone: ZoneInfo) -> Iterator[StatedSpan]:
    """The windows of a text that have their length beside them."""
    if not any(char.isdigit() for char in text):
        return
    folded = fold_text(text)
    for window in find_windows(folded, near, zone):
        match = _BESIDE_WINDOW.match(folded, window.place[1]) if window else None
        if window is None or match is None:
            continue
        stated = _read_match(match, Claim.WHOLE, may_be_part=speaks_of_part(folded))
        if stated is not None and re.match(r"\s*(?:$|[.,;:!)])", folded[match.end() :]):
            yield StatedSpan(window, stated)


def speaks_of_part(text: str) -> bool:
    """
    Return whether words of the text speak of a part: "some", "then", "intermittently".

    A single percentage is a share of users or requests, not of the time.
    """
    folded = fold_text(text)
    if len(_SHARE.findall(folded)) == 1:
        folded = _SHARE.sub(" ", folded)
    return bool(_PART.search(folded) or _WORK.search(folded))


def speaks_of_failure(text: str) -> bool:
    """Return whether the text speaks of something that fails, and of nothing that works again."""
    folded = _NO_FAILURE.compiled.sub(" ", fold_text(text))
    return _FAILURE.search(folded) is not None and _WORKS.search(folded) is None


def names_incident(text: str) -> bool:
    """Return whether a window of the text is said of the incident: "an outage occurred between"."""
    folded = fold_text(text)
    return any(not _MEANWHILE.search(folded[: match.start()]) for match in _INCIDENT_WINDOW.finditer(folded))


def _fold(text: str) -> str:
    """The text as the patterns read it, with figures for words, and without its questions."""
    folded = _NOT.compiled.sub(" ", _QUESTION.compiled.sub(" ", fold_text(text)))
    folded = _FEW.compiled.sub(lambda each: f"{_COUNTLESS} {'12 hours' if each['hour'] else '20 minutes'}", folded)
    folded = _CLOCK_LENGTH.compiled.sub(r"\1h\2", folded)
    folded = _LOOSELY.compiled.sub(r"~\g<article> ", folded)
    folded = _AND_A_HALF.compiled.sub(lambda each: f"{_HALVES[each[1].casefold()]}.5", folded)
    folded = _NUMBER_WORD.compiled.sub(lambda each: str(NUMBERS[each[1].casefold()]), folded)
    return _ADJECTIVE.compiled.sub(lambda each: f"{each['amount']} {_ADJECTIVE_UNITS[each['unit'].casefold()]}", folded)


def _claims(folded: str, *, is_impact: bool) -> Iterator[StatedLength]:
    taken: list[tuple[int, int]] = []
    for claim, pattern in _CLAIMS:
        for match in pattern.finditer(folded):
            place = match.span("length")
            if any(place[0] < last and first < place[1] for first, last in taken):
                continue
            sentence, inner = _sentence_around(folded, match), match[0]
            if _NO_WHOLE.search(sentence) or _WORK.search(inner) or _has_another(sentence, match):
                continue
            if claim is Claim.LIKELY and not (is_impact or _FAILURE.search(_NO_FAILURE.compiled.sub(" ", sentence))):
                continue
            scope = folded if claim is Claim.LIKELY else sentence
            stated = _read_match(match, claim, may_be_part=_is_part(scope, match))
            if stated is not None:
                taken.append(place)
                yield stated


def _is_part(scope: str, match: re.Match[str]) -> bool:
    around = scope.replace(match[0], " ", 1)
    return bool(_PART.search(around) or _WORK.search(around) or _LATER.search(match[0]))


def _has_another(sentence: str, match: re.Match[str]) -> bool:
    """Return whether the sentence has two durations: then each may be of something else."""
    return _ANY.search(sentence.replace(match["length"], " ", 1)) is not None


def _sentence_around(folded: str, match: re.Match[str]) -> str:
    first, last = match.start("length"), match.end("length")
    before = max((folded.rfind(sign, 0, first) for sign in (". ", "! ", "? ", "; ")), default=-1)
    ends = [at for sign in (". ", "! ", "? ", "; ") if (at := folded.find(sign, last)) >= 0]
    return folded[before + 1 : min(ends, default=len(folded))]


def _read_match(match: re.Match[str], claim: Claim, *, may_be_part: bool) -> StatedLength | None:
    text = match["length"].replace("-", " ").replace("demi ", "demi-").rstrip(". ")
    length = read_duration(text)
    if not length:
        return None
    bound = match["bound"] or ""
    if bound == _COUNTLESS:
        if (shortest := SHORTEST_FEW.get(length)) is None:
            return None
        return StatedLength(length, timedelta(), claim, may_be_part=may_be_part, shortest=shortest)
    is_least = bool(bound and _LOWER.match(bound))
    is_most = bool(bound) or _WITHIN.search(match[0]) is not None
    slack = _rounding(text, length)
    if is_least or is_most:  # a bound is not rounded
        slack = min(slack, length / 20)
    if match["about"]:
        slack = max(slack, length / 5)
    is_over = bool(match["about"] and _JUST_OVER.match(match["about"]))
    return StatedLength(length, slack, claim, is_least, is_most and not is_least, may_be_part, is_over=is_over)


def _rounding(text: str, length: timedelta) -> timedelta:
    """The tolerance by rounding: half of the smallest unit that is written, at least a minute."""
    folded = text.casefold()
    if re.search(
        r"(?:\d[.,]5(?!\d)|and a half|demie?|mezz[ao']|media|meia|half|halbe|halb\b|quarter|quart|cuarto|viertel)",
        folded,
    ):
        if length >= DAY:
            return DAY / 4
        return timedelta(minutes=10) if length < timedelta(hours=1) else timedelta(minutes=15)
    if re.search(r"\d[.,]\d", folded):
        return length_unit(folded) / 20
    if re.search(r"\d\s?(?:m|min)|\dh\d{2}|sec|sek|seg|minut", folded):
        return timedelta(minutes=2) if length.seconds % 300 == 0 else timedelta(minutes=1)
    return length_unit(folded) / 2


def length_unit(folded: str) -> timedelta:
    """The smallest unit that is written of days, hours and minutes."""
    if re.search(r"min", folded):
        return timedelta(minutes=2)
    return timedelta(hours=1) if re.search(r"h|or[ae]|stunde|std", folded) else timedelta(days=1)
