"""Times as a document shows them: in the incident's zone, by the language's own clock."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton

from bot.domain.languages import Language
from bot.domain.record.model import Moment
from bot.domain.terms import Precision
from bot.domain.times import zone_label


class Clock:
    """
    Shows the times of one incident in one language.

    A time of the incident's first day is shown without its date, unless one of `instants` is of a day before it. Where
    the labels of the zone differ among `instants` (the clocks changed meanwhile), every time bears its own.

    A time stands by itself (`8:45 AM`, `Nov 8, about 8:45 AM`) or in a sentence, with the word that the language puts
    before it (`at 8:45 AM`, `on Nov 8 at about 8:45 AM`). That word can depend on the hour: Spanish says `a la 1:05`
    and `a las 2:05`, which is what the language's plural rule says of the hour.
    """

    def __init__(self, language: Language, zone: ZoneInfo, first: datetime, instants: Iterable[datetime]) -> None:
        self.language = language
        self.zone = zone
        self.first_day = first.astimezone(zone).date()
        known = [first, *instants]
        self.labels = self._labels(known)
        self._minutes = _minutes_of_a_day(language.locale)
        is_earliest = self._day(min(known)) == self.first_day
        self._days: dict[date, str] = {self.first_day: ""} if is_earliest else {}

    def _labels(self, instants: Iterable[datetime]) -> tuple[str, ...]:
        """The labels of all instants, one instant for each."""
        zone = self.zone
        seen = {(local.tzname(), local.utcoffset()): local for local in (at.astimezone(zone) for at in instants)}
        earliest_first = sorted(seen.values())
        return tuple(dict.fromkeys(zone_label(local, zone) for local in earliest_first))

    def short(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        """`8:45 AM`; with its date on another day than the first; with its label where there are several."""
        local = at.astimezone(self.zone)
        text = self._minutes[local.hour * 60 + local.minute]
        if len(self.labels) > 1:
            text = f"{text} {zone_label(at, self.zone)}"
        day = self._short_day(local.date())
        if precision is Precision.APPROXIMATE:
            text = self.language.count("about", local.hour, time=text)
            return self.language.say("date_and_about", date=day, time=text) if day else text
        return self.language.say("date_and_time", date=day, time=text) if day else text

    def short_when(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        """The same in a sentence: `at 8:45 AM`, `on Nov 8 at 8:45 AM`."""
        text = self._oclock(at)
        if len(self.labels) > 1:
            text = f"{text} {zone_label(at, self.zone)}"
        text = self._placed("at_about" if precision is Precision.APPROXIMATE else "at", at, text)
        day = self._short_day(at.astimezone(self.zone).date())
        return self.language.say("on_day", when=f"{day} {text}") if day else text

    def is_one_day(self, one: datetime, other: datetime) -> bool:
        return self._day(one) == self._day(other)

    def on_its_day(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        """`short`, with the date also on the first day: beside something of another day."""
        text = self.short(at, precision)
        if self._short_day(self._day(at)):
            return text
        joint = "date_and_about" if precision is Precision.APPROXIMATE else "date_and_time"
        return self.language.say(joint, date=self._in_words(self._day(at), "MMMd"), time=text)

    def full(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        """`November 7, 2023, 8:45 AM (PST)`."""
        text, joint = self._oclock(at), "date_and_time"
        if precision is Precision.APPROXIMATE:
            text, joint = self._placed("about", at, text), "date_and_about"
        return self._with_zone(self.language.say(joint, date=self._date(at), time=text), at)

    def moment(self, moment: Moment) -> str:
        return self.full(moment.at, moment.precision)

    def when(self, moment: Moment) -> str:
        """`on November 7, 2023 at 8:45 AM (PST)`."""
        return self.language.say("on_day", when=self.dated(moment))

    def since(self, moment: Moment) -> str:
        """`Since November 7, 2023 at 8:45 AM (PST)`."""
        return self.language.say("since", when=self.dated(moment))

    def dated(self, moment: Moment) -> str:
        """`November 7, 2023 at 8:45 AM (PST)`, for a sentence that brings the word before the date."""
        return self._with_zone(self._dated(moment), moment.at)

    def span(self, start: Moment, end: Moment) -> str:
        """From when to when, saying once what both ends have in common: the day and the zone."""
        zones_differ = zone_label(start.at, self.zone) != zone_label(end.at, self.zone)
        if self._day(start.at) == self._day(end.at):
            first, last = self._end("from", start), self._end("to", end)
        else:
            first, last = self._dated(start), self._dated(end)
        if zones_differ:
            first = self._with_zone(first, start.at)
        last = self._with_zone(last, end.at)
        if self._day(start.at) == self._day(end.at):
            return self.language.say("span_day", date=self._date(start.at), start=first, end=last)
        return self.language.say("span_days", start=first, end=last)

    def day(self, iso: str) -> str:
        """A date given as ISO 8601 text, in words; a text that is no date as it stands."""
        try:
            return self._in_words(date.fromisoformat(iso), "long")
        except ValueError:
            return iso

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _date(self, at: datetime) -> str:
        return self._in_words(self._day(at), "long")

    def _time(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return self._minutes[local.hour * 60 + local.minute]

    def _oclock(self, at: datetime) -> str:
        """The time as sentences have it: German says `8:45 Uhr`."""
        return self.language.say("oclock", time=self._time(at))

    def _placed(self, word: str, at: datetime, text: str) -> str:
        """The time with the word before it, as the hour wants it."""
        return self.language.count(word, at.astimezone(self.zone).hour, time=text)

    def _dated(self, moment: Moment) -> str:
        word = "at_about" if moment.precision is Precision.APPROXIMATE else "at"
        return f"{self._date(moment.at)} {self._placed(word, moment.at, self._oclock(moment.at))}"

    def _end(self, word: str, moment: Moment) -> str:
        """One end of a span: `from 8:45 AM`, `to about 10:30 AM`. Only the second one says `Uhr` in German."""
        text = self._time(moment.at)
        if moment.precision is Precision.APPROXIMATE:
            text = self.language.say("roughly", time=text)
        return self._placed(word, moment.at, self.language.say("oclock", time=text) if word == "to" else text)

    def _with_zone(self, text: str, at: datetime) -> str:
        return self.language.say("with_zone", time=text, zone=zone_label(at, self.zone))

    def _short_day(self, day: date) -> str:
        """Empty for the incident's first day; with the year if it is another one."""
        shown = self._days.get(day)
        if shown is None:
            shown = self._days[day] = self._in_words(day, "yMMMd" if day.year != self.first_day.year else "MMMd")
        return shown

    def _in_words(self, day: date, form: Literal["long", "yMMMd", "MMMd"]) -> str:
        """A date by Babel, but for the first of a month, which French and others count: `1er mars`."""
        locale = self.language.locale
        text = format_date(day, form, locale=locale) if form == "long" else format_skeleton(form, day, locale=locale)
        return FIRST.sub(self.language.say("first_of_month"), text) if day.day == 1 else text


FIRST = re.compile(r"^1(?= )")
"""The number of the day at the head of a date in words; `1. März` and `01/01` are none."""


@cache
def _minutes_of_a_day(locale: Locale) -> tuple[str, ...]:
    """
    All 1,440 times of a day, by Babel's pattern of the language: `h:mm a`, `HH:mm` or `H:mm`.

    Written out once, because Babel takes longer for one time than a whole line of a draft may take. Its narrow no-break
    space before AM and PM becomes a plain one: people search for these times, and type them again.
    """
    pattern = str(locale.time_formats["short"].pattern)
    shown = []
    for minute in range(24 * 60):
        hour, rest = divmod(minute, 60)
        if "a" in pattern:
            shown.append(f"{hour % 12 or 12}:{rest:02} {_half(locale, hour)}")
        else:
            shown.append(f"{hour:02}:{rest:02}" if "HH" in pattern else f"{hour}:{rest:02}")
    return tuple(shown)


def _half(locale: Locale, hour: int) -> str:
    periods = locale.day_periods["format"]["abbreviated"]
    return str(periods["am" if hour < 12 else "pm"]).replace("\u202f", " ").replace("\xa0", " ")
