"""
Entries that list updates with day, minute and zone, as Statuspage and Instatus do.

The year is not in it. It follows from the entry's own times; so does the offset of a zone whose name means several.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from bot.domain.vendor_status.look import LONG_AGO, VendorState, VendorUpdate
from bot.feeds.builder import STATES, build_update
from bot.feeds.entries.document import Entry
from bot.feeds.json_reader import Reading, quote_value
from bot.feeds.text import convert_html
from bot.feeds.times import parse_zone
from bot.lazy_dataclass import dataclass

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MAX_CONTENT = 200_000
FORWARD = timedelta(days=2)
"""Updates can be dated forward by so much."""
_HEAD = re.compile(
    r"<small>\s{0,9}([A-Z][a-z]{2})[a-z]{0,6} {0,9}<var data-var=['\"]date['\"]>\s{0,9}(\d{1,2})</var>,\s{0,9}"
    r"<var data-var=['\"]time['\"]>\s{0,9}(\d{1,2}):(\d\d)(?::(\d\d))?</var>([^<]{0,40})</small>\s{0,9}"
    r"<br ?/?>\s{0,9}<strong>([^<]{0,60})</strong>(?: -\s)?"
)


@dataclass(frozen=True, slots=True)
class _Moment:
    month: int
    day: int
    hour: int
    minute: int
    second: int
    zone: str


@dataclass(frozen=True, slots=True)
class _Dated:
    at: datetime | None
    moment: _Moment
    word: str
    text: str


def has_dated_updates(entry: Entry) -> bool:
    """Return whether the entry has at least one update in that form."""
    return _HEAD.search(entry.content[:MAX_CONTENT]) is not None


def read_dated_updates(entry: Entry, reading: Reading) -> tuple[VendorUpdate, ...]:
    """
    The updates of an entry, the earliest first.

    One called `Update` has the state of the one before.
    """
    content = entry.content[:MAX_CONTENT]
    heads = list(_HEAD.finditer(content))
    ends = [*(each.start() for each in heads[1:]), len(content)][: len(heads)]
    bodies = [content[head.end() : end] for head, end in zip(heads, ends, strict=True)]
    dated = [_read_update(head, body, entry, reading) for head, body in zip(heads, bodies, strict=True)]
    return tuple(_build_updates(sorted(dated, key=lambda each: each.at or LONG_AGO)))


def _read_update(head: re.Match[str], content: str, entry: Entry, reading: Reading) -> _Dated:
    moment = _read_moment(head)
    return _Dated(_find_time(moment, entry, reading), moment, head[7].strip(), convert_html(content))


def _build_updates(dated: list[_Dated]) -> Iterator[VendorUpdate]:
    state: VendorState | None = None
    for each in dated:
        state, moment = STATES.get(each.word.casefold(), state), each.moment
        key = f"{moment.month:02}-{moment.day:02} {moment.hour:02}:{moment.minute:02}:{moment.second:02} {moment.zone}"
        yield build_update(key, re.sub(r"\.\.$", ".", each.text), state=state, said_at=each.at)


def _read_moment(head: re.Match[str]) -> _Moment:
    name = head[1].casefold()
    month = MONTHS.index(name) + 1 if name in MONTHS else 0
    return _Moment(month, int(head[2]), int(head[3]), int(head[4]), int(head[5] or 0), head[6].strip())


def _find_time(moment: _Moment, entry: Entry, reading: Reading) -> datetime | None:
    latest = max((at for at in (entry.published_at, entry.updated_at) if at), default=None)
    zone = parse_zone(moment.zone) or _zone_of_entry(moment, entry) or reading.zone
    if latest is None or zone is None:
        reading.remark(entry.place, f"{quote_value(moment.zone)} is no known time zone. A time is left out.")
        return None
    for year in (latest.year + 1, latest.year, latest.year - 1):
        try:
            at = datetime(year, moment.month, moment.day, moment.hour, moment.minute, moment.second, tzinfo=zone)
        except ValueError:  # 29 February, or no date at all
            continue
        if at <= latest + FORWARD:
            return at
    reading.remark(entry.place, "The date of an update does not exist. It is left out.")
    return None


def _zone_of_entry(moment: _Moment, entry: Entry) -> tzinfo | None:
    """The offset of the entry's own time, if that is the time of this update."""
    times = (at for at in (entry.published_at, entry.updated_at) if at)
    return next((at.tzinfo for at in times if (at.hour, at.minute) == (moment.hour, moment.minute)), None)
