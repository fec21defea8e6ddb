"""
On-call schedules: shifts and coverage gaps from layers and overrides.

A later layer takes precedence over an earlier one wherever it has somebody. Overrides take precedence over all
layers, and later overrides over earlier ones.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.domain.oncall.rotation import Hours, Layer, LayerShift, People, merge_spans
from bot.lazy_dataclass import dataclass

__all__ = [
    "FixedLayer",
    "Hours",
    "Layer",
    "LayerShift",
    "Override",
    "Schedule",
    "Shift",
    "gaps_between",
    "on_call_at",
    "shift_at",
    "shifts_between",
]

BY_OVERRIDE = -1
"""In place of a layer's number."""
MOMENT = timedelta(microseconds=1)
SHIFT_SEARCH_RANGE = timedelta(days=62)
"""Search range for the start and end of a shift, to both sides."""


@dataclass(frozen=True, slots=True)
class FixedLayer:
    """A layer of precomputed shifts, in order and without overlaps."""

    layer_shifts: tuple[LayerShift, ...]

    def shifts(self, since: datetime, until: datetime) -> list[LayerShift]:
        """Shifts that overlap the span between two moments (aware)."""
        first = bisect_right(self.layer_shifts, since, key=lambda shift: shift.ends_at)
        last = bisect_right(self.layer_shifts, until - MOMENT, key=lambda shift: shift.starts_at)
        return list(self.layer_shifts[first:last])


@dataclass(frozen=True, slots=True)
class Schedule:
    """`zone`: for display; each layer has its own."""

    name: str
    zone: ZoneInfo
    layers: tuple[Layer | FixedLayer, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """
    `user` is on call from `starts_at` up to `ends_at` (aware) instead of everybody.

    With `replaces` only instead of that person, and only during their shifts.
    """

    starts_at: datetime
    ends_at: datetime
    user: str
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """
    Part of one layer shift, from `starts_at` up to `ends_at` (aware, in UTC).

    `layer`: number of the deciding layer, from 0, or BY_OVERRIDE.
    """

    starts_at: datetime
    ends_at: datetime
    people: People
    layer: int


def on_call_at(schedule: Schedule, overrides: Sequence[Override], at: datetime) -> People:
    """People on call at `at` (aware); may be empty."""
    found = next(iter(shifts_between(schedule, overrides, at, at + MOMENT)), None)
    return found.people if found else ()


def shift_at(schedule: Schedule, overrides: Sequence[Override], at: datetime) -> Shift | None:
    """The shift at `at`, whose start and end are cut off beyond SHIFT_SEARCH_RANGE."""
    around = shifts_between(schedule, overrides, at - SHIFT_SEARCH_RANGE, at + SHIFT_SEARCH_RANGE)
    return next((each for each in around if each.starts_at <= at < each.ends_at), None)


def shifts_between(schedule: Schedule, overrides: Sequence[Override], since: datetime, until: datetime) -> list[Shift]:
    """Shifts between two moments (aware), in order, without overlaps, cut off at both."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    whole: list[Shift] = []
    previous: tuple[object, ...] = ()
    for shift, source in _shift_pieces(schedule, overrides, since, until):
        if whole and whole[-1].ends_at == shift.starts_at and source == previous:
            whole[-1] = replace(whole[-1], ends_at=shift.ends_at)
        else:
            whole.append(shift)
        previous = source
    return whole


def gaps_between(
    schedule: Schedule, overrides: Sequence[Override], since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Spans without anybody on call between two moments (aware)."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    covered = merge_spans(
        [(each.starts_at, each.ends_at) for each in shifts_between(schedule, overrides, since, until)]
    )
    begins = [since, *(end for _, end in covered)]
    ends = [*(begin for begin, _ in covered), until]
    return [(begin, end) for begin, end in zip(begins, ends, strict=True) if begin < end]


def _shift_pieces(
    schedule: Schedule, overrides: Sequence[Override], since: datetime, until: datetime
) -> Iterator[tuple[Shift, tuple[object, ...]]]:
    """Shifts between any two changes, each with its source: pieces of one source are one shift."""
    layers = [layer.shifts(since, until) for layer in schedule.layers]
    overlapping = [each for each in overrides if each.starts_at < min(until, each.ends_at) and each.ends_at > since]
    edges = {moment for shifts in layers for shift in shifts for moment in (shift.starts_at, shift.ends_at)}
    edges |= {
        moment for each in overlapping for moment in (each.starts_at.astimezone(UTC), each.ends_at.astimezone(UTC))
    }
    cuts = sorted({since, until, *(each for each in edges if since < each < until)})
    indices = [0] * len(layers)
    for begin, end in pairwise(cuts):
        number, shift = _top_layer_shift(layers, indices, begin)
        people = shift.people if shift else ()
        source: tuple[object, ...] = (number, shift)
        for each in overlapping:
            if each.starts_at <= begin < each.ends_at and (each.replaces is None or each.replaces in people):
                people = _apply_override(people, each)
                number, source = BY_OVERRIDE, (*source, each) if each.replaces else (each,)
        if people:
            yield Shift(begin, end, people, number), source


def _top_layer_shift(
    layers: Sequence[Sequence[LayerShift]], indices: list[int], at: datetime
) -> tuple[int, LayerShift | None]:
    """The last layer with somebody at `at`, and its shift. `indices`: progress in each layer."""
    for number in reversed(range(len(layers))):
        shifts = layers[number]
        while indices[number] < len(shifts) and shifts[indices[number]].ends_at <= at:
            indices[number] += 1
        if indices[number] < len(shifts) and shifts[indices[number]].starts_at <= at:
            return number, shifts[indices[number]]
    return BY_OVERRIDE, None


def _apply_override(people: People, override: Override) -> People:
    if override.replaces is None:
        return (override.user,)
    return tuple(dict.fromkeys(override.user if each == override.replaces else each for each in people))
