"""Times of a document, in the incident's zone and the language's own format."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from bot.domain.languages import Language
from bot.domain.record.sources import Moment
from bot.domain.terms import Precision
from bot.domain.times import full_zone_label, zone_label
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    from babel import Locale, dates
else:
    dates = LazyModule("babel.dates")

_QUARTER = 15 * 60
"""Seconds in which no clock changes: zones change their offset at quarters of an hour."""
_TIME = "\0"
"""Stands for the time in a message that is asked for once a day."""


class TimeFormatter:
    """
    Formats the times of one incident in one language.

    `zone_name` is `PST`, or all labels; letters that several zones bear have their offset: `IST, UTC+05:30`.

    A time of the incident's first day has no date, unless one of `instants` is of an earlier day. If the zone's labels
    differ among `instants` (the clocks changed meanwhile), every time has its own.

    A time is formatted by itself (`08:45`, `Nov 8, about 08:45`) or for a sentence, with the language's preposition
    (`at 08:45`, `on Nov 8 at about 08:45`). This can depend on the hour, by the language's plural rule: Spanish has
    `a la 1:05` and `a las 2:05`.
    """

    def __init__(self, language: Language, zone: ZoneInfo, first: datetime, instants: Iterable[datetime]) -> None:
        self.language = language
        self.zone = zone
        self.first_day = first.astimezone(zone).date()
        known = [first, *instants]
        self.known_span = min(known), max(known)
        self.labels, self.zone_name = self._labels(known)
        self.has_labels = len(self.labels) > 1
        self._minutes = _formatted_minutes(language.locale)
        self.is_first_day_plain = self.day_of(self.known_span[0]) == self.first_day
        """Whether times of the first day have no date elsewhere than in the timeline."""
        self.has_several_days = self.day_of(self.known_span[0]) != self.day_of(self.known_span[1])
        self._days: dict[date, str] = {self.first_day: ""} if self.is_first_day_plain else {}
        self._dates: dict[Precision, dict[date, tuple[str, str]]] = {precision: {} for precision in Precision}
        self._short: dict[Precision, dict[datetime, str]] = {precision: {} for precision in Precision}

    def _labels(self, instants: Iterable[datetime]) -> tuple[tuple[str, ...], str]:
        """The zone's labels, the earliest first, and all of them as a heading names them."""
        zone = self.zone
        one_each = {int(at.timestamp()) // _QUARTER: at for at in instants}.values()
        seen = {(local.tzname(), local.utcoffset()): local for local in (at.astimezone(zone) for at in one_each)}
        earliest_first = sorted(seen.values())
        named = dict.fromkeys(full_zone_label(local, zone) for local in earliest_first)
        labels = tuple(dict.fromkeys(zone_label(local, zone) for local in earliest_first))
        return labels, ("; " if any("," in name for name in named) else ", ").join(named)

    def format_short(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        """`08:45`; with the date if not the first day, with the zone if it has several labels."""
        known = self._short[precision]
        shown = known.get(at)
        if shown is None:
            local = at.astimezone(self.zone)
            before, after = self._dates[precision].get(local.date()) or self._load_date(local.date(), precision)
            shown = known[at] = f"{before}{self.format_local(local, precision)}{after}"
        return shown

    def _load_date(self, day: date, precision: Precision) -> tuple[str, str]:
        """The words before and after the times of a day; none on the first one."""
        joint, shown = "date_and_about" if precision is Precision.APPROXIMATE else "date_and_time", self._short_day(day)
        whole = self.language.format_message(joint, date=shown, time=_TIME) if shown else _TIME
        before, _, after = whole.partition(_TIME)
        return self._dates[precision].setdefault(day, (before, after))

    def format_time(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        """`format_short` without the date."""
        return self.format_local(at.astimezone(self.zone), precision)

    def format_local(self, local: datetime, precision: Precision = Precision.EXACT) -> str:
        """`format_time` of a local time."""
        text = self._minutes[local.hour * 60 + local.minute]
        if self.has_labels:
            text = f"{text} {zone_label(local, self.zone)}"
        if precision is Precision.APPROXIMATE:
            return self.language.format_count("about", local.hour, time=text)
        return text

    def format_short_phrase(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        """`format_short` for a sentence: `at 08:45`, `on Nov 8 at 08:45`."""
        text = self._oclock(at)
        if len(self.labels) > 1:
            text = f"{text} {zone_label(at, self.zone)}"
        text = self._with_preposition("at_about" if precision is Precision.APPROXIMATE else "at", at, text)
        day = self._short_day(at.astimezone(self.zone).date())
        return self.language.format_message("on_day", when=f"{day} {text}") if day else text

    def is_same_day(self, one: datetime, other: datetime) -> bool:
        return self.day_of(one) == self.day_of(other)

    def format_with_day(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        """`format_short` with the date also on the first day."""
        text = self.format_short(at, precision)
        if self._short_day(self.day_of(at)):
            return text
        joint = "date_and_about" if precision is Precision.APPROXIMATE else "date_and_time"
        return self.language.format_message(joint, date=self._format_date(self.day_of(at), "MMMd"), time=text)

    def format_date(self, at: datetime) -> str:
        """`Nov 7`, also on the first day; with the year if that differs."""
        return self._short_day(self.day_of(at)) or self._format_date(self.day_of(at), "MMMd")

    def format_full(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        """`November 7, 2023, 08:45 (PST)`."""
        text, joint = self._oclock(at), "date_and_time"
        if precision is Precision.APPROXIMATE:
            text, joint = self._with_preposition("about", at, text), "date_and_about"
        return self._with_zone(self.language.format_message(joint, date=self._date(at), time=text), at)

    def format_moment(self, moment: Moment) -> str:
        return self.format_full(moment.at, moment.precision)

    def format_moment_phrase(self, moment: Moment) -> str:
        """`on November 7, 2023 at 08:45 (PST)`."""
        return self.language.format_message("on_day", when=self.format_dated(moment))

    def format_since(self, moment: Moment) -> str:
        """`Since November 7, 2023 at 08:45 (PST)`."""
        return self.language.format_message("since", when=self.format_dated(moment))

    def format_dated(self, moment: Moment) -> str:
        """`November 7, 2023 at 08:45 (PST)`."""
        return self._with_zone(self._dated(moment), moment.at)

    def format_span(self, start: Moment, end: Moment) -> str:
        """A period; a common day and zone are given once."""
        zones_differ = zone_label(start.at, self.zone) != zone_label(end.at, self.zone)
        if self.day_of(start.at) == self.day_of(end.at):
            first, last = self._span_end("from", start), self._span_end("to", end)
        else:
            first, last = self._dated(start), self._dated(end)
        if zones_differ:
            first = self._with_zone(first, start.at)
        last = self._with_zone(last, end.at)
        if self.day_of(start.at) == self.day_of(end.at):
            return self.language.format_message("span_day", date=self._date(start.at), start=first, end=last)
        return self.language.format_message("span_days", start=first, end=last)

    def format_day(self, iso: str) -> str:
        """An ISO 8601 date in words; any other text unchanged."""
        try:
            return self._format_date(date.fromisoformat(iso), "long")
        except ValueError:
            return iso

    def day_of(self, at: datetime) -> date:
        """The local day."""
        return at.astimezone(self.zone).date()

    def _date(self, at: datetime) -> str:
        return self._format_date(self.day_of(at), "long")

    def _time(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return self._minutes[local.hour * 60 + local.minute]

    def _oclock(self, at: datetime) -> str:
        """The time for a sentence: `8:45 Uhr` in German."""
        return self.language.format_message("oclock", time=self._time(at))

    def _with_preposition(self, word: str, at: datetime, text: str) -> str:
        """The time after a preposition, which can depend on the hour."""
        return self.language.format_count(word, at.astimezone(self.zone).hour, time=text)

    def _dated(self, moment: Moment) -> str:
        word = "at_about" if moment.precision is Precision.APPROXIMATE else "at"
        return f"{self._date(moment.at)} {self._with_preposition(word, moment.at, self._oclock(moment.at))}"

    def _span_end(self, word: str, moment: Moment) -> str:
        """`from 08:45`, `to about 10:30`; in German only the second has `Uhr`."""
        text = self._time(moment.at)
        if moment.precision is Precision.APPROXIMATE:
            text = self.language.format_message("roughly", time=text)
        return self._with_preposition(
            word, moment.at, self.language.format_message("oclock", time=text) if word == "to" else text
        )

    def _with_zone(self, text: str, at: datetime) -> str:
        return self.language.format_message("with_zone", time=text, zone=full_zone_label(at, self.zone))

    def _short_day(self, day: date) -> str:
        """Empty for the incident's first day; with the year if that differs."""
        shown = self._days.get(day)
        if shown is None:
            shown = self._days[day] = self._format_date(day, "yMMMd" if day.year != self.first_day.year else "MMMd")
        return shown

    def _format_date(self, day: date, form: Literal["long", "yMMMd", "MMMd"]) -> str:
        """A date by Babel, except for the first of a month: `1er mars` in French."""
        locale = self.language.locale
        is_long = form == "long"
        text = (
            dates.format_date(day, form, locale=locale) if is_long else dates.format_skeleton(form, day, locale=locale)
        )
        return _FIRST_OF_MONTH.sub(self.language.format_message("first_of_month"), text) if day.day == 1 else text


_FIRST_OF_MONTH = re.compile(r"^1(?= )")
"""The day at the start of a date in words; `1. März` and `01/01` do not match."""


@cache
def _formatted_minutes(locale: "Locale") -> tuple[str, ...]:
    """
    All 1,440 times of a day, by Babel's pattern of the language: `h:mm a`, `HH:mm` or `H:mm`.

    A language without a region has 24 hours: `en` as well, unlike `en-US`. One document has one clock.

    Made once, because Babel takes longer for one time than a whole line of a draft may take. Its narrow no-break space
    before AM and PM becomes a plain one: people search for these times, and type them.
    """
    pattern = str(locale.time_formats["short"].pattern)
    if "a" in pattern and locale.territory is None:
        pattern = "HH:mm"
    shown = []
    for minute in range(24 * 60):
        hour, rest = divmod(minute, 60)
        if "a" in pattern:
            shown.append(f"{hour % 12 or 12}:{rest:02} {_day_period(locale, hour)}")
        else:
            shown.append(f"{hour:02}:{rest:02}" if "HH" in pattern else f"{hour}:{rest:02}")
    return tuple(shown)


def _day_period(locale: "Locale", hour: int) -> str:
    periods = locale.day_periods["format"]["abbreviated"]
    return str(periods["am" if hour < 12 else "pm"]).replace("\u202f", " ").replace("\xa0", " ")
