"""
Windows and durations in running text: "between 4.11pm and 4.23pm", "durant 13 minutes".

Only whole phrases in the six languages count: a window with both ends, an end with its preposition, a duration with the
words that make it the incident's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError
from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.times import read_time
from bot.domain.times.zones import instants_at

_CLOCK = (
    r"(?:\d{1,2}(?:[:.]\d{2}(?![\d.:]*\d)|\s?h\s?\d{2}|\s?h(?![a-z])|(?=\s?[ap]\.?m\b))(?:\s?[ap]\.?m\.?(?![a-z]))?"
    r"(?:\s?(?:Uhr|hrs|h)\b)?|\d{1,2}\s?Uhr(?:\s\d{2})?\b)"
)
_ABOUT = (
    r"(?:about|around|approximately|roughly|circa|ca\.?|environ|vers|verso|hacia|alrededor de|aproximadamente|"
    r"cerca de|por volta de|por volta das|etwa|ungefähr|gegen|~|≈)\s?"
)
_AT = r"(?:las?|les?|le ore|las|os|as|às|l['’])\s?"
_ZONE = r"(?-i:(?:\s\(?[A-Z]{3,5}\)?(?![A-Za-z]))?)"
_NO_UNIT = r"(?!\s?(?:%|€|\$|£|ms\b|s\b|sec|seconds|x\b|[kKMGT]i?B\b|EUR|USD|GBP|euros?\b|million|mil\b))"


def _time(name: str) -> str:
    return rf"(?P<about_{name}>{_ABOUT})?(?:{_AT})?(?P<{name}>{_CLOCK}{_ZONE}){_NO_UNIT}"


_PAIRS = (
    ("between", "and"),
    ("from", "(?:to|until|till|through)"),
    ("entre", "(?:et|e|y)"),
    ("de", "à"),
    ("(?:tra|fra)", "e"),
    ("dalle(?: ore)?", "alle(?: ore)?"),
    ("(?:desde|de)", "(?:hasta|a)"),
    ("das", "às"),
    ("(?:desde|de)", "(?:até|a)"),
    ("zwischen", "und"),
    ("von", "bis"),
)
_FLAGS = re.IGNORECASE
_WINDOW = LazyPattern(
    rf"(?<!\w)(?:{'|'.join(dict.fromkeys(first for first, _ in _PAIRS))})\s{_time('start')},?\s"
    rf"(?:{'|'.join(dict.fromkeys(second for _, second in _PAIRS))})\s{_time('end')}",
    _FLAGS,
)
_UNTIL = LazyPattern(
    rf"(?<!\w)(?:until|till|jusqu['’]à|jusqu['’]aux|fino alle(?: ore)?|hasta|bis|até)\s{_time('end')}", _FLAGS
)
_HALF = re.compile(r"([ap]\.?m\.?)", _FLAGS)
_ZONE_BEHIND = re.compile(r"\s\(?([A-Z]{3,5})\)?$")


@dataclass(frozen=True, slots=True)
class StatedTime:
    """A time in a text. `slack` is its tolerance: for "about", or for a round number."""

    at: datetime
    slack: timedelta


@dataclass(frozen=True, slots=True)
class StatedWindow:
    """
    The window of an incident in a text, from the first start to the last end.

    `starts` is empty where only ends are stated. A text may have several windows, one for each service. `others` are
    ends beside the windows ("some until 16:24").
    """

    starts: tuple[StatedTime, ...]
    ends: tuple[StatedTime, ...]
    others: tuple[StatedTime, ...] = ()

    @property
    def start(self) -> StatedTime | None:
        return min(self.starts, key=lambda each: each.at, default=None)

    @property
    def end(self) -> StatedTime:
        return max(self.ends, key=lambda each: each.at)


def parse_window(text: str, near: datetime, zone: ZoneInfo) -> StatedWindow | None:
    """
    Parse the window in a text, or ends alone ("until 16:23") where it has none.

    A time without a date is the one nearest to `near` (the incident's start), its end the next after it. None for a
    text without a window or with an ambiguous time.
    """
    if not any(char.isdigit() for char in text):
        return None
    folded = " ".join(text.split())
    windows = [_parse_match(match, near, zone) for match in _WINDOW.finditer(folded)]
    known = [each for each in windows if each]
    if len(known) < len(windows):
        return None
    rest = _WINDOW.compiled.sub(" ", folded)
    ends = [_parse_end(match["end"], match["about_end"], near, zone) for match in _UNTIL.finditer(rest)]
    stated = tuple(end for end in ends if end)
    if known:
        return StatedWindow(tuple(each.starts[0] for each in known), tuple(each.ends[0] for each in known), stated)
    return StatedWindow((), stated) if stated and len(stated) == len(ends) else None


def _parse_match(match: re.Match[str], near: datetime, zone: ZoneInfo) -> StatedWindow | None:
    first, last = match["start"], match["end"]
    behind = _ZONE_BEHIND.search(last)
    half = _HALF.search(last)
    if half and not _HALF.search(first) and ":" not in first[:-3]:
        first = re.sub(r"^(\d{1,2}(?:[:.]\d{2})?)", rf"\1{half[1]}", first)
    if behind and not _ZONE_BEHIND.search(first):
        first += f" {behind[1]}"
    start = _nearest_time(first, near, zone)
    if start is None:
        return None
    end = _parse_end(last, match["about_end"], start, zone)
    return StatedWindow((StatedTime(start, _tolerance(first, start, match["about_start"])),), (end,)) if end else None


def _parse_end(text: str, about: str | None, start: datetime, zone: ZoneInfo) -> StatedTime | None:
    """The first time `text` after `start`."""
    near = _nearest_time(text, start + timedelta(hours=12), zone)
    if near is None:
        return None
    return StatedTime(near, _tolerance(text, near, about))


def _nearest_time(text: str, near: datetime, zone: ZoneInfo) -> datetime | None:
    """The time `text` within twelve hours of `near`; None if there is none or several."""
    behind = _ZONE_BEHIND.search(text)
    try:
        read = read_time(_normalize_clock(text), now=near, zone=zone)
    except UserError:
        return None
    if read.at is None:
        return None
    if behind:
        whole = timedelta(days=1)
        return read.at + round((near - read.at) / whole) * whole
    clock = read.at.astimezone(zone).time()
    middle = near.astimezone(zone).date()
    days = (middle + timedelta(days=step) for step in (-1, 0, 1))
    found = [at for day in days for at in instants_at(datetime.combine(day, clock), zone)]
    within = [at for at in found if abs(at - near) <= timedelta(hours=12)]
    return within[0] if len(within) == 1 else None


def _normalize_clock(text: str) -> str:
    """Remove brackets, and blanks around `h`, for `read_time`."""
    return re.sub(r"(?<=\d)\s?h\s?(?=\d)", "h", text.replace("(", "").replace(")", ""))


def _tolerance(text: str, at: datetime, about: str | None) -> timedelta:
    """Ten minutes for "about", fifteen for a time without minutes, two for one like 16:25."""
    if about:
        return timedelta(minutes=10)
    if len(re.findall(r"\d+", text)) < 2:
        return timedelta(minutes=15)
    return timedelta(minutes=2) if at.minute % 5 == 0 else timedelta()


_UNITS = {
    timedelta(minutes=1): ("minute", "minuto", "minuti", "minut", "min"),
    timedelta(hours=1): ("hour", "heure", "ore", "ora", "hora", "stunde"),
    timedelta(days=1): ("day", "jour", "giorn", "día", "dia", "tag"),
}
"""The starts of the words for each unit."""
_UNIT = (
    r"(?:minut(?:es?|os?|i|en?)|mins?|hours?|heures?|or[ea]|horas?|stunden?|days?|jours?|giorn[oi]|d[íi]as?|tage?)"
    r"(?!\w)"
)
_AND = r"(?:\s?,?\s(?:and|et|e|y|und)\s|\s)"
_DURATION = (
    rf"(?P<amount>\d{{1,4}}(?:[.,]\d{{1,2}})?)[\s-]?(?P<unit>{_UNIT})"
    rf"(?:{_AND}(?P<amount_more>\d{{1,2}})\s(?P<unit_more>{_UNIT}))?"
)
_ANY_DURATION = LazyPattern(_DURATION, _FLAGS)
_FULL_STOP = r"(?=\s*(?:$|[.,;:!)\n]))"
_LASTED = LazyPattern(
    r"(?<!\w)(?:lasted|lasting|a duré|dure|è durat[oa]|durò|dur[óo]|ha durado|durou|dauerte|for a total of|"
    r"for (?:the )?whole|in total|total duration(?: of| was)?|durée totale(?: de)?)\s:?\s?"
    rf"(?P<about>{_ABOUT})?{_DURATION}",
    _FLAGS,
)
_FOR = LazyPattern(
    rf"(?<!\w)(?:for|during|durant|pendant|per|por|durante|für|während)\s(?P<about>{_ABOUT})?{_DURATION}{_FULL_STOP}",
    _FLAGS,
)
_OUTAGE = (
    r"(?:outage|disruption|downtime|interruption|panne|coupure|indisponibilité|interruzione|disservizio|guasto|"
    r"interrupción|corte|caída|interrupção|queda|indisponibilidade|ausfall|störung|unterbrechung)"
)
_DURATION_OF_OUTAGE = LazyPattern(rf"(?<!\w)(?P<about>{_ABOUT})?{_DURATION}\s{_OUTAGE}(?!\w)", _FLAGS)
_OUTAGE_OF_DURATION = LazyPattern(rf"(?<!\w){_OUTAGE}\s(?:of|de|di|von)\s(?P<about>{_ABOUT})?{_DURATION}", _FLAGS)
_LONG = LazyPattern(rf"(?<!\w)(?P<about>{_ABOUT})?{_DURATION}\slang(?!\w)", _FLAGS)


def parse_impact_duration(text: str, *, is_impact: bool) -> tuple[timedelta, timedelta] | None:
    """
    Parse the duration of the incident in a text, with its tolerance by rounding.

    "For 13 minutes" counts in a statement of the impact only. None for a text without or with several durations.
    """
    if not any(char.isdigit() for char in text):
        return None
    folded = " ".join(text.split())
    if sum(1 for _ in _ANY_DURATION.finditer(folded)) > 1:
        return None
    patterns = (_LASTED, _DURATION_OF_OUTAGE, _OUTAGE_OF_DURATION, *((_FOR, _LONG) if is_impact else ()))
    found = list(_durations(folded, patterns))
    return found[0] if len({length for length, _ in found}) == 1 else None


def _durations(text: str, patterns: tuple[LazyPattern, ...]) -> Iterator[tuple[timedelta, timedelta]]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            unit = _unit_length(match["unit"])
            length = float(match["amount"].replace(",", ".")) * unit
            smallest = unit / 10 if not match["amount"].isdigit() else unit
            if match["unit_more"]:
                smallest = _unit_length(match["unit_more"])
                length += int(match["amount_more"]) * smallest
            slack = max(smallest / 2, timedelta(minutes=1))
            if match["amount"].isdigit() and unit <= timedelta(minutes=1) and int(match["amount"]) % 5 == 0:
                slack = max(slack, timedelta(minutes=2))
            yield length, max(slack, length / 5) if match["about"] else slack


def _unit_length(word: str) -> timedelta:
    folded = word.casefold()
    return next(length for length, starts in _UNITS.items() if folded.startswith(starts))
