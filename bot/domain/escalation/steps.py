"""Decide the next step of an escalation."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.escalation.policy import Policy
from bot.lazy_dataclass import dataclass

LATE_AFTER = timedelta(minutes=1)
"""Delay from which on a page is late: the wait of its level then counts from the page, not from the due time."""


@dataclass(frozen=True, slots=True)
class Position:
    """A level of a policy, from 1, and the round, from 0."""

    level: int
    round: int


@dataclass(frozen=True, slots=True)
class Progress:
    """
    State of an escalation. `position`: the level paged last, None before the first.

    `due_at`: due time of the next step. `is_acknowledged`: by as many as needed. `is_over`: exhausted or stopped.
    `is_nobody_left`: nobody of the present level can respond.
    """

    due_at: datetime
    position: Position | None = None
    is_acknowledged: bool = False
    is_over: bool = False
    is_nobody_left: bool = False
    more_time_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageLevel:
    """Page this level now. `passed_over`: skipped levels with their due times."""

    position: Position
    due_at: datetime
    passed_over: tuple[tuple[Position, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Every level was paged in every round."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """No further step."""


Step = PageLevel | Wait | Exhausted | Stop


def next_step(policy: Policy, progress: Progress, now: datetime) -> Step:
    """
    Decide what to do at `now`.

    If several levels fell due since the last check, only the latest of them is paged and the others are skipped, but
    never past the last level of the round: downtime of the bot skips no round and exhausts no policy.
    """
    if progress.is_acknowledged or progress.is_over:
        return Stop()
    due = _due(progress, now)
    if now < due:
        return Wait(due)
    position = next_position(policy, progress.position)
    if position is None:
        return Exhausted(due)
    passed_over: list[tuple[Position, datetime]] = []
    while position.level < len(policy.levels) and due + level_wait(policy, position) <= now:
        passed_over.append((position, due))
        position, due = replace(position, level=position.level + 1), due + level_wait(policy, position)
    return PageLevel(position, due, tuple(passed_over))


def _due(progress: Progress, now: datetime) -> datetime:
    """Due time of the next step: at once where nobody is left, despite any extension."""
    if progress.is_nobody_left:
        return now
    return max(progress.due_at, progress.more_time_until or progress.due_at)


def next_position(policy: Policy, position: Position | None) -> Position | None:
    """The next level; None after the last level of the last round."""
    if position is None:
        return Position(1, 0)
    if position.level < len(policy.levels):
        return replace(position, level=position.level + 1)
    return Position(1, position.round + 1) if position.round < policy.repeat else None


def level_wait(policy: Policy, position: Position) -> timedelta:
    return policy.levels[position.level - 1].wait


def next_due_at(policy: Policy, position: Position, *, due_at: datetime, paged_at: datetime) -> datetime:
    """Due time of the step after a level. The fallback has no wait."""
    started_at = paged_at if paged_at - due_at >= LATE_AFTER else due_at
    return started_at + level_wait(policy, position) if position.level <= len(policy.levels) else started_at
