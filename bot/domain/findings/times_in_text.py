"""
Windows in running text: "between 4.11pm and 4.23pm", "14:05-15:55".

Only whole phrases in the six languages count: a window with both ends, or an end with its preposition. The patterns are
for text without accents.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError
from bot.domain.findings.dates_in_text import DATE, DAY, read_dates
from bot.domain.findings.duration_vocabulary import INCIDENT
from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.text.normalize import strip_accents
from bot.domain.times import read_time
from bot.domain.times.zones import instants_at
from bot.lazy_dataclass import dataclass

_NOON = (
    r"(?:noon|midnight|midi|minuit|mezzogiorno|mezzanotte|mediodia|medianoche|mittag|mitternacht|meio-dia|meia-noite)\b"
)
_CLOCK = (
    r"(?:\d{1,2}(?:[:.]\d{2}(?![\d.:]*\d)|\s?h\s?\d{2}(?!\d)|\s?h(?![a-z])|(?=\s?[ap]\.?m\b))(?:\s?[ap]\.?m\.?(?![a-z]))?"
    rf"(?:\s?(?:Uhr|hrs|h)\b)?|\d{{1,2}}\s?Uhr(?:\s\d{{2}})?\b|{_NOON})"
)
_ABOUT = (
    r"(?:about|around|approximately|roughly|circa|ca\.?|environ|vers|verso|hacia|alrededor de|aproximadamente|"
    r"cerca de|por volta de|por volta das|etwa|ungefahr|gegen|~|≈)\s?"
)
_AT = r"(?:at|a las?|las?|les?|alle(?: ore)?|le ore|os|as?|l'|um|kl\.?)\s?"
_ZONE = r"(?-i:(?:\s\(?[A-Z]{3,5}\)?(?![A-Za-z]))?)"
_NO_UNIT = r"(?!\s?(?:%|€|\$|£|ms\b|s\b|sec|seconds|x\b|[kKMGT]i?B\b|EUR|USD|GBP|euros?\b|million|mil\b))"
_OF = r",?\s(?:(?:on|of|du|del|vom|em|de|do dia|do|no dia|dell)\s)?"


_BARE_HOUR = (
    r"\d{1,2}(?=,?\s(?:and|to|until|till|und|bis|et|a|e|y|as|alle)\s(?:(?:le|les|las|as)\s)?"
    r"\d{1,2}(?:[:.]\d{2})?\s?(?:[ap]\.?m\b|Uhr\b|h\d{2}\b))"
    r"|(?<=\bentre\s)\d{1,2}(?=\s(?:et|y|e)\s\d{1,2}\s?h\b)"
)
"""An hour whose unit stands at the end of the window alone: "between 4 and 5pm", "von 16 bis 18 Uhr"."""


def _time(name: str) -> str:
    """A clock time, with a date before or behind it."""
    return (
        rf"(?:{DAY}(?P<date_{name}>{DATE}),?\s)?(?P<about_{name}>{_ABOUT})?(?:{_AT})?"
        rf"(?P<{name}>(?:{_CLOCK}|{_BARE_HOUR}){_ZONE}){_NO_UNIT}(?:{_OF}{DAY}(?P<behind_{name}>{DATE}))?"
    )


_PAIRS = (
    ("between", "and"),
    ("from", "(?:to|until|till|through)"),
    ("entre", "(?:et|e|y)"),
    ("de", "a"),
    ("du", "au"),
    ("(?:tra|fra)(?: il)?", "(?:e|e il)"),
    ("(?:dalle|dal)(?: ore)?", "(?:alle|al|fino alle)(?: ore)?"),
    ("(?:desde|de)(?: el)?", "(?:hasta|a)(?: el)?"),
    ("d[aeo]s?", "(?:as?|ate|ao?s?)"),
    ("zwischen", "und"),
    ("(?:von|vom)", "bis(?: zum)?"),
)
_FLAGS = re.IGNORECASE
_WINDOW = LazyPattern(
    rf"(?<!\w)(?:{'|'.join(dict.fromkeys(first for first, _ in _PAIRS))})\s{_time('start')},?\s"
    rf"(?:{'|'.join(dict.fromkeys(second for _, second in _PAIRS))})\s{_time('end')}",
    _FLAGS,
)
_CLEAR_CLOCK = r"\d{1,2}(?:[:h]\d{2}(?!\d)|\s?[ap]\.?m\b)(?:\s?[ap]\.?m\b\.?)?(?:\s?Uhr\b)?"
_SPAN = LazyPattern(
    rf"(?<![\w.:/+-])(?:{DAY}(?P<date_start>{DATE}),?\s)?(?P<start>{_CLEAR_CLOCK}{_ZONE})"
    r"(?:\s?(?:-|–|—|→|->)\s?|\s(?:bis|to|until|till|a|alle|hasta|ate|as)\s)"
    rf"(?P<end>{_CLEAR_CLOCK}{_ZONE})(?![\d:-])",
    _FLAGS,
)
_LABELS = LazyPattern(
    rf"(?<!\w)(?:start|started|debut|beginn|inizio|inicio)\b[^.;\d]{{0,12}}(?P<start>{_CLEAR_CLOCK}{_ZONE})"
    rf"[^.;\d]{{0,12}}\b(?:end|ended|fin|fine|ende|fim)\b[^.;\d]{{0,12}}(?P<end>{_CLEAR_CLOCK}{_ZONE})",
    _FLAGS,
)
BEGAN = (
    r"(?:began|begun|started|a commence|a debute|begann|startete|e iniziat[oa]|empezo|comenzo|se inicio|comecou|"
    r"teve inicio)"
)
_ENDED = (
    r"(?:ended|resolved|fixed|restored|recovered|mitigated|over|back(?: to normal)?|s'est terminee?|resolue?|retablie?|"
    r"pris fin|endete|behoben|terminat[oa]|risolt[oa]|ripristinat[oa]|finito|termino|acabo|resuelt[oa]|"
    r"restablecid[oa]|restablecio|recupero|solucionad[oa]|terminou|acabou|resolvid[oa]|restabelecid[oa]|normalizad[oa])"
)
_BEGAN_AND_ENDED = LazyPattern(
    rf"(?<!\w){BEGAN}\s{_time('start')}[^.;\d]{{0,60}}?\b{_ENDED}\s(?:by\s)?{_time('end')}", _FLAGS
)
_UNTIL = LazyPattern(
    rf"(?<!\w)(?:until|till|jusqu'a|jusqu'aux?|fino alle(?: ore)?|fino al|hasta(?: el)?|bis|ate)\s{_time('end')}",
    _FLAGS,
)
_RESOLVED_AT = (
    LazyPattern(
        rf"(?<!\w)(?:{_ENDED}|se resolvio|again|de nouveau|a nouveau|di nuovo|de nuevo|novamente)\s"
        rf"(?:(?:since|by|depuis|desde|dalle|dal)\s)?{_time('end')}",
        _FLAGS,
    ),
    LazyPattern(
        rf"(?<!\w)(?:since|depuis|dal(?:le)?|desde)\s{_time('end')}[^.;\d]{{0,60}}?\b"
        r"(?:(?:works?|working|available|up) again|back to normal|(?<!ne )fonctionne\w*|(?<!non )funziona\w*|"
        r"(?<!no )(?<!nao )funciona\w*)\b",
        _FLAGS,
    ),
    LazyPattern(rf"(?<!\w)um\s{_time('end')}\s(?:\w+\s){{0,2}}(?:behoben|beendet)\b", _FLAGS),
    LazyPattern(rf"(?<!\w)seit\s{_time('end')}[^.;\d]{{0,60}}\bwieder\b(?! an\b)", _FLAGS),
)
"""A single time of the end: "resolved at 16:23", "works again since 16:23"."""
_SINCE = LazyPattern(
    rf"(?<!\w)(?P<before>[\w']+\s(?:of this )?)?(?:since|depuis|seit|desde|dal(?:le)?(?: ore)?)\s"
    rf"{_time('since')}",
    _FLAGS,
)
_STARTED = LazyPattern(rf"(?<!\w){INCIDENT}(?:\s[\w'-]+){{0,4}}?\s{BEGAN}\s{_time('since')}", _FLAGS)
_LEARNED = LazyPattern(
    r"investigat\w*|aware|know\w*|knew|monitor\w*|working|looking|watching|informed|untersuch\w*|bekannt|informiert|"
    r"analys\w*|enquet\w*|informes?|connaissance|surveill\w*|recherch\w*|indag\w*|investigan\w*|al corrente|cientes?",
    _FLAGS,
)
"""Words before "since" that tell when people learned of it."""
_ANY_CLOCK = LazyPattern(_CLOCK, _FLAGS)
_LEADING_DATE = LazyPattern(
    rf"(?:^|[.!?:;(]\s?)(?:(?:on|no|em)\s)?{DAY}(?P<date>{DATE})[,:]?\s[^\d.!?;]{{0,80}}$"
    rf"|(?<!\w)(?P<beside>{DATE})[,:]?\s\(?$",
    _FLAGS,
)
_ONE_DAY = timedelta(days=1)
_HALF = re.compile(r"([ap]\.?m\.?)", _FLAGS)
_ZONE_BEHIND = re.compile(r"\s\(?([A-Z]{3,5})\)?$")


@dataclass(frozen=True, slots=True)
class StatedTime:
    """A time in a text. `slack` is its tolerance: for "about", or for a round number."""

    at: datetime
    slack: timedelta


@dataclass(frozen=True, slots=True)
class PlacedWindow:
    """One window, with its place in the text without accents. `is_dated`: the text has its day."""

    start: StatedTime
    end: StatedTime
    place: tuple[int, int]
    is_dated: bool = False


@dataclass(frozen=True, slots=True)
class StatedWindow:
    """
    The window of an incident in a text, from the first start to the last end.

    `starts` is empty where only ends are stated. A text may have several windows, one for each service. `others` are
    ends beside the windows ("some until 16:24"). `is_dated`: each of the windows has its day. `is_resolution`: the end
    is when something was resolved, which can be later than the impact's end.
    """

    starts: tuple[StatedTime, ...]
    ends: tuple[StatedTime, ...]
    others: tuple[StatedTime, ...] = ()
    is_dated: bool = False
    is_resolution: bool = False

    @property
    def start(self) -> StatedTime | None:
        return min(self.starts, key=lambda each: each.at, default=None)

    @property
    def end(self) -> StatedTime:
        return max(self.ends, key=lambda each: each.at)


MAX_TEXT = 2_000
"""Characters that are read. The patterns take time in the square of it: 0.1 s for the worst text of this length."""


def fold_text(text: str) -> str:
    """The beginning of a text as the patterns read it: on one line, and without accents."""
    return strip_accents(" ".join(text[:MAX_TEXT].split()))[:MAX_TEXT]


def find_windows(folded: str, near: datetime, zone: ZoneInfo) -> list[PlacedWindow | None]:
    """The windows of a text from `fold_text`, in order; None for one that cannot be read."""
    if not any(char.isdigit() for char in folded):
        return []
    found: list[tuple[tuple[int, int], PlacedWindow | None]] = []
    for pattern in (_WINDOW, _SPAN, _LABELS, _BEGAN_AND_ENDED):
        for match in pattern.finditer(folded):
            if all(match.end() <= first or match.start() >= last for (first, last), _ in found):
                found.append((match.span(), _parse_match(match, near, zone)))
    return [window for _, window in sorted(found, key=lambda each: each[0])]


def parse_window(text: str, near: datetime, zone: ZoneInfo) -> StatedWindow | None:
    """
    Parse the window in a text, or ends alone ("until 16:23") where it has none.

    A time without a date is the one nearest to `near` (the incident's start), its end the next after it. None for a
    text without a window or with an ambiguous time.
    """
    if not any(char.isdigit() for char in text):
        return None
    folded = fold_text(text)
    windows = find_windows(folded, near, zone)
    known = [each for each in windows if each]
    if len(known) < len(windows):
        return None
    ends = [_parse_end(match, near, zone) for match in _UNTIL.finditer(_cut_windows(folded, known))]
    stated = tuple(end for end in ends if end)
    if known:
        is_dated = all(each.is_dated for each in known)
        return StatedWindow(tuple(each.start for each in known), tuple(each.end for each in known), stated, is_dated)
    if not ends:
        return _parse_resolution(folded, near, zone)
    return StatedWindow((), stated) if stated and len(stated) == len(ends) else None


def _parse_resolution(folded: str, near: datetime, zone: ZoneInfo) -> StatedWindow | None:
    """The end by the only time of a text: beside others it can be that of a part."""
    if len(list(_ANY_CLOCK.finditer(folded))) != 1:
        return None
    match = next((found for pattern in _RESOLVED_AT if (found := pattern.search(folded))), None)
    end = _parse_end(match, near, zone) if match else None
    return StatedWindow((), (end,), is_resolution=True) if end else None


def parse_since(text: str, near: datetime, zone: ZoneInfo) -> StatedTime | None:
    """
    The start in "fails since 15:50" or "the outage began at 15:50".

    None unless it is the only clock time of the text.
    """
    folded = fold_text(text)
    match = _SINCE.search(folded)
    learned = match["before"] if match else None
    match = match or _STARTED.search(folded)
    if match is None or len(list(_ANY_CLOCK.finditer(folded))) != 1 or _LEARNED.match(learned or ""):
        return None
    day = match["date_since"] or match["behind_since"]
    at = _read_on(day, match["since"], near, zone) if day else _nearest_time(match["since"], near, zone)
    return StatedTime(at, _tolerance(match["since"], at, match["about_since"])) if at else None


def _cut_windows(folded: str, windows: list[PlacedWindow]) -> str:
    for first, last in sorted((each.place for each in windows), reverse=True):
        folded = f"{folded[:first]} {folded[last:]}"
    return folded


def _parse_match(match: re.Match[str], near: datetime, zone: ZoneInfo) -> PlacedWindow | None:
    groups = match.groupdict()
    first, last = _complete_start(match["start"], match["end"], near, zone), match["end"]
    start_day = groups.get("date_start") or groups.get("behind_start")
    end_day = groups.get("date_end") or groups.get("behind_end")
    leading = None if start_day or end_day else _LEADING_DATE.search(match.string[: match.start()])
    if leading:
        start_day = leading["date"] or leading["beside"]
    if end_day and not start_day:
        end = _read_on(end_day, last, near, zone)
        start = _nearest_time(first, end - timedelta(hours=12), zone) if end else None
    else:
        start = _read_on(start_day, first, near, zone) if start_day else _nearest_time(first, near, zone)
        after = start + timedelta(hours=12) if start else near
        end = _read_on(end_day, last, after, zone) if end_day else _nearest_time(last, after, zone)
    if start is None or end is None:
        return None
    stated = (
        StatedTime(start, _tolerance(match["start"], start, groups.get("about_start"))),
        StatedTime(end, _tolerance(last, end, groups.get("about_end"))),
    )
    return PlacedWindow(*stated, match.span(), is_dated=bool(start_day or end_day))


def _complete_start(first: str, last: str, near: datetime, zone: ZoneInfo) -> str:
    """
    The start with the half of the day and the zone that only the end has.

    A label of the incident's own zone tells nothing: in a night when the clocks change the start has another one.
    """
    behind, half = _ZONE_BEHIND.search(last), _HALF.search(last)
    if half and not _HALF.search(first) and ":" not in first[:-3]:
        first = re.sub(r"^(\d{1,2}(?:[:.]\d{2})?)", rf"\1{half[1]}", first)
    elif first.isdecimal():
        first = f"{first}:00"
    own = {(near + step).astimezone(zone).tzname() for step in (-_ONE_DAY, timedelta(), _ONE_DAY)}
    is_foreign = behind is not None and behind[1] not in own and not _ZONE_BEHIND.search(first)
    return f"{first} {behind[1]}" if behind and is_foreign else first


def _parse_end(match: re.Match[str], start: datetime, zone: ZoneInfo) -> StatedTime | None:
    """The time of an end alone: on its day, or the first after `start`."""
    text, after = match["end"], start + timedelta(hours=12)
    day = match["date_end"] or match["behind_end"]
    at = _read_on(day, text, start, zone) if day else _nearest_time(text, after, zone)
    return StatedTime(at, _tolerance(text, at, match["about_end"])) if at else None


def _read_on(day: str, clock: str, near: datetime, zone: ZoneInfo) -> datetime | None:
    """The time `clock` on a day, of two readings of the day on the one nearest to `near`."""
    days: tuple[date, ...] = read_dates(day, near.astimezone(zone).date())
    if not days:
        return None
    try:
        return read_time(f"{days[0]} {_normalize_clock(clock)}", now=near, zone=zone).at
    except UserError:
        return None


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
    return next(_clock_within(read.at.astimezone(zone), near, zone), None)


def _clock_within(clock: datetime, near: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The clock time of `clock` within twelve hours of `near`, if it is a single one."""
    middle = near.astimezone(zone).date()
    days = (middle + timedelta(days=step) for step in (-1, 0, 1))
    found = [at for day in days for at in instants_at(datetime.combine(day, clock.time()), zone)]
    within = [at for at in found if abs(at - near) <= timedelta(hours=12)]
    if len(within) == 1:
        yield within[0]


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
