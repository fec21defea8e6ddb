"""
Who is on call, when, and when nobody is.

A schedule has layers, and a later one goes over an earlier one wherever it has somebody: the people of the earlier one
are not on call then. Overrides go over all layers, the later ones over the earlier.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.domain.oncall.rotation import Hours, Layer, People, Turn, joined

__all__ = ["Fixed", "Hours", "Layer", "Override", "Schedule", "Shift", "Turn", "gaps", "on_call", "shift_at", "shifts"]

BY_OVERRIDE = -1
"""Stands for a layer's number."""
MOMENT = timedelta(microseconds=1)
REACH = timedelta(days=62)
"""How far to both sides a shift's begin and end are looked for."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A layer of turns that somebody else has worked out, in order; none overlaps another."""

    made: tuple[Turn, ...]

    def turns(self, since: datetime, until: datetime) -> list[Turn]:
        """Those that are met between two moments (aware)."""
        first = bisect_right(self.made, since, key=lambda turn: turn.ends_at)
        last = bisect_right(self.made, until - MOMENT, key=lambda turn: turn.starts_at)
        return list(self.made[first:last])


@dataclass(frozen=True, slots=True)
class Schedule:
    """`zone` is the one in which it is shown to people; each layer has its own."""

    name: str
    zone: ZoneInfo
    layers: tuple[Layer | Fixed, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """
    `user` is on call from `starts_at` up to `ends_at` (aware), instead of everybody; or instead of `replaces` only,
    wherever that person would be on call, and nowhere else.
    """

    starts_at: datetime
    ends_at: datetime
    user: str
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """
    The same people are on call from `starts_at` up to `ends_at` (aware, in UTC), in one turn of theirs.

    `layer` is the number of the layer that decides, from 0; `BY_OVERRIDE` where an override does.
    """

    starts_at: datetime
    ends_at: datetime
    people: People
    layer: int


def on_call(schedule: Schedule, overrides: Sequence[Override], at: datetime) -> People:
    """Who is on call at `at` (aware). Empty: nobody is."""
    found = next(iter(shifts(schedule, overrides, at, at + MOMENT)), None)
    return found.people if found else ()


def shift_at(schedule: Schedule, overrides: Sequence[Override], at: datetime) -> Shift | None:
    """The shift that `at` falls into, with its begin and end, as far as they are less than `REACH` away."""
    around = shifts(schedule, overrides, at - REACH, at + REACH)
    return next((each for each in around if each.starts_at <= at < each.ends_at), None)


def shifts(schedule: Schedule, overrides: Sequence[Override], since: datetime, until: datetime) -> list[Shift]:
    """All between two moments (aware), in order; none overlaps another. Those at the edges are cut off there."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    whole: list[Shift] = []
    turn_before: tuple[object, ...] = ()
    for shift, turn in _pieces(schedule, overrides, since, until):
        if whole and whole[-1].ends_at == shift.starts_at and turn == turn_before:
            whole[-1] = replace(whole[-1], ends_at=shift.ends_at)
        else:
            whole.append(shift)
        turn_before = turn
    return whole


def gaps(
    schedule: Schedule, overrides: Sequence[Override], since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """When nobody is on call between two moments (aware): from, up to."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    covered = joined([(each.starts_at, each.ends_at) for each in shifts(schedule, overrides, since, until)])
    begins = [since, *(end for _, end in covered)]
    ends = [*(begin for begin, _ in covered), until]
    return [(begin, end) for begin, end in zip(begins, ends, strict=True) if begin < end]


def _pieces(
    schedule: Schedule, overrides: Sequence[Override], since: datetime, until: datetime
) -> Iterator[tuple[Shift, tuple[object, ...]]]:
    """Between any two moments at which something changes: who is on call, and what makes it one turn."""
    layers = [layer.turns(since, until) for layer in schedule.layers]
    met = [each for each in overrides if each.starts_at < min(until, each.ends_at) and each.ends_at > since]
    edges = {moment for turns in layers for turn in turns for moment in (turn.starts_at, turn.ends_at)}
    edges |= {moment for each in met for moment in (each.starts_at.astimezone(UTC), each.ends_at.astimezone(UTC))}
    cuts = sorted({since, until, *(each for each in edges if since < each < until)})
    places = [0] * len(layers)
    for begin, end in pairwise(cuts):
        number, turn = _uppermost(layers, places, begin)
        people = turn.people if turn else ()
        identity: tuple[object, ...] = (number, turn)
        for each in met:
            if each.starts_at <= begin < each.ends_at and (each.replaces is None or each.replaces in people):
                people = _instead(people, each)
                number, identity = BY_OVERRIDE, (*identity, each) if each.replaces else (each,)
        if people:
            yield Shift(begin, end, people, number), identity


def _uppermost(layers: Sequence[Sequence[Turn]], places: list[int], at: datetime) -> tuple[int, Turn | None]:
    """The last layer that has somebody at `at`, and the turn. `places`: how far each layer has been gone through."""
    for number in reversed(range(len(layers))):
        turns = layers[number]
        while places[number] < len(turns) and turns[places[number]].ends_at <= at:
            places[number] += 1
        if places[number] < len(turns) and turns[places[number]].starts_at <= at:
            return number, turns[places[number]]
    return BY_OVERRIDE, None


def _instead(people: People, override: Override) -> People:
    if override.replaces is None:
        return (override.user,)
    return tuple(dict.fromkeys(override.user if each == override.replaces else each for each in people))
