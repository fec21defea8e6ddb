"""
One layer of an on-call schedule: people who take turns by a rule.

Everything is reckoned by the clock on the wall in the layer's zone, so a turn that begins at 09:00 does so in summer
and in winter, and the night in which clocks change has a turn that is an hour longer or shorter than the others. What a
clock change does to a handover that falls into it is told by `bot.domain.text.local_time`.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.oncall.recurrence import occurrences
from bot.domain.text.local_time import instant, shown

DAY = timedelta(days=1)
MARGIN = timedelta(days=2)
"""No two clocks are further apart, and no change of a zone's clocks is greater."""

People = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """From `starts_at` up to `ends_at` (aware, in UTC), which is no part of it."""

    starts_at: datetime
    ends_at: datetime
    people: People


@dataclass(frozen=True, slots=True)
class Hours:
    """
    Times of the week, by the clock on the wall. `days` count from Monday, 0.

    `opens` and `closes` are minutes since midnight, up to 1440. Where they do not close later than they open, they go
    past midnight, and belong to the day on which they began.
    """

    days: frozenset[int]
    opens: int
    closes: int

    def windows(self, first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """Those that begin on the days from `first` to `last`, which are what the wall shows."""
        day = datetime.combine(first.date(), time())
        while day <= last:
            if day.weekday() in self.days:
                end = day + timedelta(minutes=self.closes) + (DAY if self.closes <= self.opens else timedelta())
                yield instant(day + timedelta(minutes=self.opens), zone), instant(end, zone)
            day += DAY


@dataclass(frozen=True, slots=True)
class Layer:
    """
    `people` take turns, one entry after the other; several in one entry are on call together.

    The first turn begins at `starts` (what the wall shows), the next ones `every` so long, or at the occurrences of
    `rule`, an RFC 5545 recurrence rule without an end; one of the two is given. `length` ends each turn before the next
    begins, `ends` the whole layer, and outside of `hours` (none: always) nobody is on call by it.
    """

    people: tuple[People, ...]
    starts: datetime
    zone: ZoneInfo
    every: timedelta | None = None
    rule: str | None = None
    length: timedelta | None = None
    ends: datetime | None = None
    hours: tuple[Hours, ...] = ()

    def turns(self, since: datetime, until: datetime) -> list[Turn]:
        """What there is of it between two moments (aware), in order, none over another; whole turns at the edges."""
        found = (self._turn(*each) for each in self._handovers(shown(since, self.zone), shown(until, self.zone)))
        turns = [each for each in found if each.starts_at < min(each.ends_at, until) and each.ends_at > since]
        return [part for turn in turns for part in self._within_hours(turn, since, until)] if self.hours else turns

    def _turn(self, number: int, begin: datetime, end: datetime) -> Turn:
        ends = [end]
        if self.length is not None:
            ends.append(begin + self.length)
        if self.ends is not None:
            ends.append(self.ends)
        people = self.people[number % len(self.people)]
        return Turn(instant(begin, self.zone), instant(min(ends), self.zone), people)

    def _handovers(self, since: datetime, until: datetime) -> Iterator[tuple[int, datetime, datetime]]:
        """Of each turn that may be met between the two: its number, its begin, and when the next one begins."""
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

    def _within_hours(self, turn: Turn, since: datetime, until: datetime) -> Iterator[Turn]:
        first = shown(max(turn.starts_at, since), self.zone) - MARGIN
        last = shown(min(turn.ends_at, until), self.zone) + MARGIN
        open_hours = joined([each for hours in self.hours for each in hours.windows(first, last, self.zone)])
        for begin, end in open_hours:
            starts_at, ends_at = max(begin, turn.starts_at), min(end, turn.ends_at)
            if starts_at < ends_at and ends_at > since and starts_at < until:
                yield Turn(starts_at, ends_at, turn.people)


def joined(spans: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """In order, and in one piece where they touch or overlap."""
    whole: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(spans):
        if whole and begin <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((begin, end))
    return whole
