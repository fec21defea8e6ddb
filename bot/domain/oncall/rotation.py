"""
Layers of an on-call schedule: rotations of people.

Computed in local time of the layer's zone: a shift that starts at 09:00 does so in summer and winter, and a clock
change makes one shift longer or shorter. `bot.domain.text.local_time` handles a handover within a clock change.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.oncall.recurrence import occurrences
from bot.domain.text.local_time import to_instant, to_local
from bot.lazy_dataclass import dataclass

DAY = timedelta(days=1)
MARGIN = timedelta(days=2)
"""Upper bound of UTC offsets and clock changes."""

People = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LayerShift:
    """One shift of a layer, from `starts_at` up to `ends_at` (aware, in UTC, exclusive)."""

    starts_at: datetime
    ends_at: datetime
    people: People


@dataclass(frozen=True, slots=True)
class Hours:
    """
    Times of the week in local time. `days` count from Monday, 0.

    `opens` and `closes` are minutes since midnight, up to 1440. If `closes` is not later, the hours go past midnight
    and belong to the day on which they started.
    """

    days: frozenset[int]
    opens: int
    closes: int

    def windows(self, first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """Windows that start on the days from `first` to `last` (local time)."""
        day = datetime.combine(first.date(), time())
        while day <= last:
            if day.weekday() in self.days:
                end = day + timedelta(minutes=self.closes) + (DAY if self.closes <= self.opens else timedelta())
                yield to_instant(day + timedelta(minutes=self.opens), zone), to_instant(end, zone)
            day += DAY


@dataclass(frozen=True, slots=True)
class Layer:
    """
    Rotation of `people`, one entry a shift; several people in one entry are on call together.

    The first shift starts at `starts` (local time), the next ones after `every`, or at the occurrences of `rule`, an
    RFC 5545 recurrence rule without an end; one of the two is given. `length` shortens each shift, `ends` ends the
    layer, and `hours` (empty: always) restrict it.
    """

    people: tuple[People, ...]
    starts: datetime
    zone: ZoneInfo
    every: timedelta | None = None
    rule: str | None = None
    length: timedelta | None = None
    ends: datetime | None = None
    hours: tuple[Hours, ...] = ()

    def shifts(self, since: datetime, until: datetime) -> list[LayerShift]:
        """Shifts that overlap the span between two moments (aware), uncut, in order."""
        found = (self._shift(*each) for each in self._handovers(to_local(since, self.zone), to_local(until, self.zone)))
        shifts = [each for each in found if each.starts_at < min(each.ends_at, until) and each.ends_at > since]
        return [part for shift in shifts for part in self._within_hours(shift, since, until)] if self.hours else shifts

    def _shift(self, number: int, begin: datetime, end: datetime) -> LayerShift:
        ends = [end]
        if self.length is not None:
            ends.append(begin + self.length)
        if self.ends is not None:
            ends.append(self.ends)
        people = self.people[number % len(self.people)]
        return LayerShift(to_instant(begin, self.zone), to_instant(min(ends), self.zone), people)

    def _handovers(self, since: datetime, until: datetime) -> Iterator[tuple[int, datetime, datetime]]:
        """Number, start and next start of each shift that may overlap the span."""
        since, until = since - MARGIN, until + MARGIN
        if self.every is not None:
            number = max((since - self.starts) // self.every, 0)
            while (begin := self.starts + number * self.every) < until:
                yield number, begin, begin + self.every
                number += 1
            return
        known = occurrences(self.rule or "", self.starts, until)
        first = max(bisect_right(known, since) - 1, 0)
        for number in range(first, len(known)):
            if known[number] >= until:
                return
            yield number, known[number], known[number + 1] if number + 1 < len(known) else until

    def _within_hours(self, shift: LayerShift, since: datetime, until: datetime) -> Iterator[LayerShift]:
        first = to_local(max(shift.starts_at, since), self.zone) - MARGIN
        last = to_local(min(shift.ends_at, until), self.zone) + MARGIN
        open_hours = merge_spans([each for hours in self.hours for each in hours.windows(first, last, self.zone)])
        for begin, end in open_hours:
            starts_at, ends_at = max(begin, shift.starts_at), min(end, shift.ends_at)
            if starts_at < ends_at and ends_at > since and starts_at < until:
                yield LayerShift(starts_at, ends_at, shift.people)


def merge_spans(spans: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Sort spans, and merge those that touch or overlap."""
    whole: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(spans):
        if whole and begin <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((begin, end))
    return whole
