"""What is to be done next: which level is paged when, and when it is enough."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.escalation.policy import Policy

LATE = timedelta(minutes=1)
"""A level that is paged this long after it was due is late: those who are paged have their whole time from then on."""


@dataclass(frozen=True, slots=True)
class Place:
    """A level of a policy (1 is the first), and in which round (0 is the first time through)."""

    level: int
    round: int


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far an escalation is. `place`: the level that was paged last, None before the first.

    `due_at` is when the next step is due. `is_answered`: whoever has to acknowledge has; `is_over`: the end was
    reached, or nobody is needed any more. `is_nobody_left`: nobody of the present level can come, or it turned out
    empty.
    """

    due_at: datetime
    place: Place | None = None
    is_answered: bool = False
    is_over: bool = False
    is_nobody_left: bool = False
    more_time_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageLevel:
    """Page this level now. `passed_over`: what was due before it, and nobody was there to do, with when it was due."""

    place: Place
    due_at: datetime
    passed_over: tuple[tuple[Place, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime


@dataclass(frozen=True, slots=True)
class End:
    """Every level was paged as often as the policy says, and nobody answered."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nobody is needed any more."""


Step = PageLevel | Wait | End | Nothing


def next_step(policy: Policy, progress: Progress, now: datetime) -> Step:
    """
    What to do at `now`. While nobody answered there is always something: a level, a time to wait for, or the end.

    Where several levels fell due meanwhile the one that is due now is paged, once, and the others are passed over;
    however late it is, none further than the last of the round: neither is a round left out, nor is the end reached,
    while nobody was there to page.
    """
    if progress.is_answered or progress.is_over:
        return Nothing()
    due = _due(progress, now)
    if now < due:
        return Wait(due)
    place = following(policy, progress.place)
    if place is None:
        return End(due)
    passed_over: list[tuple[Place, datetime]] = []
    while place.level < len(policy.levels) and due + wait_of(policy, place) <= now:
        passed_over.append((place, due))
        place, due = replace(place, level=place.level + 1), due + wait_of(policy, place)
    return PageLevel(place, due, tuple(passed_over))


def _due(progress: Progress, now: datetime) -> datetime:
    """Where nobody is left nobody is waited for, whatever somebody asked for before."""
    if progress.is_nobody_left:
        return now
    return max(progress.due_at, progress.more_time_until or progress.due_at)


def following(policy: Policy, place: Place | None) -> Place | None:
    """The level after this one; None after the last of the last round."""
    if place is None:
        return Place(1, 0)
    if place.level < len(policy.levels):
        return replace(place, level=place.level + 1)
    return Place(1, place.round + 1) if place.round < policy.repeat else None


def wait_of(policy: Policy, place: Place) -> timedelta:
    return policy.levels[place.level - 1].wait


def next_due(policy: Policy, place: Place, *, due_at: datetime, paged_at: datetime) -> datetime:
    """When the step after a level is due that was due then and paged then; after the fallback nothing is waited for."""
    began = paged_at if paged_at - due_at >= LATE else due_at
    return began + wait_of(policy, place) if place.level <= len(policy.levels) else began
