"""
Clock times and lengths in running text, as the six languages write them: "between 4.11pm and 4.23pm", "durant 13
minutes".

Only whole phrases count: a window with both ends, an end with the word before it that makes it one, a length with the
words that make it the whole. Everything else in a text is left alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError
from bot.domain.times import read_time
from bot.domain.times.zones import instants

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
_WINDOW = re.compile(
    rf"(?<!\w)(?:{'|'.join(dict.fromkeys(first for first, _ in _PAIRS))})\s{_time('start')},?\s"
    rf"(?:{'|'.join(dict.fromkeys(second for _, second in _PAIRS))})\s{_time('end')}",
    _FLAGS,
)
_UNTIL = re.compile(
    rf"(?<!\w)(?:until|till|jusqu['’]à|jusqu['’]aux|fino alle(?: ore)?|hasta|bis|até)\s{_time('end')}", _FLAGS
)
_HALF = re.compile(r"([ap]\.?m\.?)", _FLAGS)
_ZONE_BEHIND = re.compile(r"\s\(?([A-Z]{3,5})\)?$")


@dataclass(frozen=True, slots=True)
class Stated:
    """A time in a text. `slack` is how far off it may rightly be: "about", or a round number."""

    at: datetime
    slack: timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """
    The window of an incident as a text gives it, from its first start to its last end.

    `starts` are empty where only an end is stated. A text may give several windows, one of each service: then each
    start and each end is among them. `others` are ends that it states beside its windows ("some until 16:24").
    """

    starts: tuple[Stated, ...]
    ends: tuple[Stated, ...]
    others: tuple[Stated, ...] = ()

    @property
    def start(self) -> Stated | None:
        return min(self.starts, key=lambda each: each.at, default=None)

    @property
    def end(self) -> Stated:
        return max(self.ends, key=lambda each: each.at)


def window_in(text: str, near: datetime, zone: ZoneInfo) -> Window | None:
    """
    The window that a text states; None if it states none. Ends alone ("until 16:23") count where no window is stated.

    A clock without a date is read as the one nearest to `near` (the incident's start), its end as the next after it.
    None too where a time can be read in two ways.
    """
    if not any(char.isdigit() for char in text):
        return None
    folded = " ".join(text.split())
    windows = [_window(match, near, zone) for match in _WINDOW.finditer(folded)]
    known = [each for each in windows if each]
    if len(known) < len(windows):
        return None
    rest = _WINDOW.sub(" ", folded)
    ends = [_end(match["end"], match["about_end"], near, zone) for match in _UNTIL.finditer(rest)]
    stated = tuple(end for end in ends if end)
    if known:
        return Window(tuple(each.starts[0] for each in known), tuple(each.ends[0] for each in known), stated)
    return Window((), stated) if stated and len(stated) == len(ends) else None


def _window(match: re.Match[str], near: datetime, zone: ZoneInfo) -> Window | None:
    first, last = match["start"], match["end"]
    behind = _ZONE_BEHIND.search(last)
    half = _HALF.search(last)
    if half and not _HALF.search(first) and ":" not in first[:-3]:
        first = re.sub(r"^(\d{1,2}(?:[:.]\d{2})?)", rf"\1{half[1]}", first)
    if behind and not _ZONE_BEHIND.search(first):
        first += f" {behind[1]}"
    start = _nearest(first, near, zone)
    if start is None:
        return None
    end = _end(last, match["about_end"], start, zone)
    return Window((Stated(start, _slack(first, start, match["about_start"])),), (end,)) if end else None


def _end(text: str, about: str | None, start: datetime, zone: ZoneInfo) -> Stated | None:
    """The first time after `start` at which clocks show `text`."""
    near = _nearest(text, start + timedelta(hours=12), zone)
    if near is None:
        return None
    return Stated(near, _slack(text, near, about))


def _nearest(text: str, near: datetime, zone: ZoneInfo) -> datetime | None:
    """The time within twelve hours of `near` that clocks show as `text`; None if there is none, or more than one."""
    behind = _ZONE_BEHIND.search(text)
    try:
        read = read_time(_plain(text), now=near, zone=zone)
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
    found = [at for day in days for at in instants(datetime.combine(day, clock), zone)]
    within = [at for at in found if abs(at - near) <= timedelta(hours=12)]
    return within[0] if len(within) == 1 else None


def _plain(text: str) -> str:
    """In the form that every reader of times takes: `16h11` and `4.11 p.m.` with no blanks inside, without brackets."""
    return re.sub(r"(?<=\d)\s?h\s?(?=\d)", "h", text.replace("(", "").replace(")", ""))


def _slack(text: str, at: datetime, about: str | None) -> timedelta:
    """A time that is said to be about is good for ten minutes; one without minutes for fifteen; 16:25 for two."""
    if about:
        return timedelta(minutes=10)
    if len(re.findall(r"\d+", text)) < 2:
        return timedelta(minutes=15)
    return timedelta(minutes=2) if at.minute % 5 == 0 else timedelta()


_UNITS = {
    "minute": timedelta(minutes=1),
    "minuto": timedelta(minutes=1),
    "minuti": timedelta(minutes=1),
    "minut": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "heure": timedelta(hours=1),
    "ore": timedelta(hours=1),
    "ora": timedelta(hours=1),
    "hora": timedelta(hours=1),
    "stunde": timedelta(hours=1),
    "day": timedelta(days=1),
    "jour": timedelta(days=1),
    "giorn": timedelta(days=1),
    "día": timedelta(days=1),
    "dia": timedelta(days=1),
    "tag": timedelta(days=1),
}
_UNIT = (
    r"(?:minut(?:es?|os?|i|en?)|mins?|hours?|heures?|or[ea]|horas?|stunden?|days?|jours?|giorn[oi]|d[íi]as?|tage?)"
    r"(?!\w)"
)
_AND = r"(?:\s?,?\s(?:and|et|e|y|und)\s|\s)"
_LENGTH = (
    rf"(?P<amount>\d{{1,4}}(?:[.,]\d{{1,2}})?)[\s-]?(?P<unit>{_UNIT})"
    rf"(?:{_AND}(?P<amount_more>\d{{1,2}})\s(?P<unit_more>{_UNIT}))?"
)
_ANY_LENGTH = re.compile(_LENGTH, _FLAGS)
_FULL_STOP = r"(?=\s*(?:$|[.,;:!)\n]))"
_LASTED = re.compile(
    r"(?<!\w)(?:lasted|lasting|a duré|dure|è durat[oa]|durò|dur[óo]|ha durado|durou|dauerte|for a total of|"
    r"for (?:the )?whole|in total|total duration(?: of| was)?|durée totale(?: de)?)\s:?\s?"
    rf"(?P<about>{_ABOUT})?{_LENGTH}",
    _FLAGS,
)
_FOR = re.compile(
    rf"(?<!\w)(?:for|during|durant|pendant|per|por|durante|für|während)\s(?P<about>{_ABOUT})?{_LENGTH}{_FULL_STOP}",
    _FLAGS,
)
_OUTAGE = (
    r"(?:outage|disruption|downtime|interruption|panne|coupure|indisponibilité|interruzione|disservizio|guasto|"
    r"interrupción|corte|caída|interrupção|queda|indisponibilidade|ausfall|störung|unterbrechung)"
)
_OF_LENGTH = re.compile(rf"(?<!\w)(?P<about>{_ABOUT})?{_LENGTH}\s{_OUTAGE}(?!\w)", _FLAGS)
_OUTAGE_OF = re.compile(rf"(?<!\w){_OUTAGE}\s(?:of|de|di|von)\s(?P<about>{_ABOUT})?{_LENGTH}", _FLAGS)
_LONG = re.compile(rf"(?<!\w)(?P<about>{_ABOUT})?{_LENGTH}\slang(?!\w)", _FLAGS)


def length_in(text: str, *, is_impact: bool) -> tuple[timedelta, timedelta] | None:
    """
    The length that a text gives to the whole, and how far off it may be by its own rounding; None if it gives none.

    "For 13 minutes" is the whole in a statement of the impact only. A text that names several lengths is left alone.
    """
    if not any(char.isdigit() for char in text):
        return None
    folded = " ".join(text.split())
    if sum(1 for _ in _ANY_LENGTH.finditer(folded)) > 1:
        return None
    patterns = (_LASTED, _OF_LENGTH, _OUTAGE_OF, *((_FOR, _LONG) if is_impact else ()))
    found = list(_lengths(folded, patterns))
    return found[0] if len({length for length, _ in found}) == 1 else None


def _lengths(text: str, patterns: tuple[re.Pattern[str], ...]) -> Iterator[tuple[timedelta, timedelta]]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            unit = _unit(match["unit"])
            length = float(match["amount"].replace(",", ".")) * unit
            smallest = unit / 10 if not match["amount"].isdigit() else unit
            if match["unit_more"]:
                smallest = _unit(match["unit_more"])
                length += int(match["amount_more"]) * smallest
            slack = max(smallest / 2, timedelta(minutes=1))
            if match["amount"].isdigit() and unit <= timedelta(minutes=1) and int(match["amount"]) % 5 == 0:
                slack = max(slack, timedelta(minutes=2))
            yield length, max(slack, length / 5) if match["about"] else slack


def _unit(word: str) -> timedelta:
    folded = word.casefold()
    return next(length for name, length in _UNITS.items() if folded.startswith(name))
