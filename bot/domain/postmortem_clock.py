"""Times as a document shows them: in the incident's zone, by the language's own clock."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton

from bot.domain.languages import Language
from bot.domain.record import Moment
from bot.domain.terms import Precision
from bot.domain.when import zone_label


class Clock:
    """
    Shows the times of one incident in one language.

    A time of the incident's first day is shown without its date. Where the labels of the zone differ among `instants`
    (the clocks changed meanwhile), every time bears its own.
    """

    def __init__(self, language: Language, zone: ZoneInfo, first: datetime, instants: Iterable[datetime]) -> None:
        self.language = language
        self.zone = zone
        self.first_day = first.astimezone(zone).date()
        self.labels = self._labels([first, *instants])
        self._minutes = _minutes_of_a_day(language.locale)
        self._days: dict[date, str] = {self.first_day: ""}

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
        day = local.date()
        shown_day = self._days.get(day)
        if shown_day is None:
            shown_day = self._days[day] = self._short_day(day)
        if shown_day:
            text = self.language.say("day_and_time", day=shown_day, time=text)
        if len(self.labels) > 1:
            text = f"{text} {zone_label(at, self.zone)}"
        if precision is Precision.APPROXIMATE:
            text = self.language.say("about", time=text)
        return text

    def full(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        """`November 7, 2023, 8:45 AM (PST)`."""
        return self._with_zone(self._date_and_time(at, precision), at)

    def moment(self, moment: Moment) -> str:
        return self.full(moment.at, moment.precision)

    def span(self, start: Moment, end: Moment) -> tuple[str, str]:
        """Both ends, saying once what they have in common: the day and the zone."""
        first = self._date_and_time(start.at, start.precision)
        if zone_label(start.at, self.zone) != zone_label(end.at, self.zone):
            first = self._with_zone(first, start.at)
        if self._day(start.at) == self._day(end.at):
            last = self._time(end.at)
            if end.precision is Precision.APPROXIMATE:
                last = self.language.say("about", time=last)
        else:
            last = self._date_and_time(end.at, end.precision)
        return first, self._with_zone(last, end.at)

    def day(self, iso: str) -> str:
        """A date given as ISO 8601 text, in words; a text that is no date as it stands."""
        try:
            return format_date(date.fromisoformat(iso), "long", locale=self.language.locale)
        except ValueError:
            return iso

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _time(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return self._minutes[local.hour * 60 + local.minute]

    def _date_and_time(self, at: datetime, precision: Precision) -> str:
        day = format_date(self._day(at), "long", locale=self.language.locale)
        text = self.language.say("date_and_time", date=day, time=self._time(at))
        return self.language.say("about", time=text) if precision is Precision.APPROXIMATE else text

    def _with_zone(self, text: str, at: datetime) -> str:
        return self.language.say("with_zone", time=text, zone=zone_label(at, self.zone))

    def _short_day(self, day: date) -> str:
        if day.year != self.first_day.year:
            return format_date(day, "medium", locale=self.language.locale)
        return format_skeleton("MMMd", day, locale=self.language.locale)


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
