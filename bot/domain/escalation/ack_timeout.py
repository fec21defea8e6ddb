"""Acknowledgement timeout: steps taken while the acknowledger shows no activity."""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.escalation.steps import Stop, Wait
from bot.lazy_dataclass import dataclass


class TimeoutStep(StrEnum):
    """Steps in their order."""

    ASK = "ask"
    """Ask the acknowledgers whether they are still working on it."""
    PAGE_AGAIN = "page again"
    """Withdraw the acknowledgement and page them again; without a new one the escalation continues."""


TIMEOUT_STEPS = tuple(TimeoutStep)


@dataclass(frozen=True, slots=True)
class AckProgress:
    """
    State of an acknowledged escalation. Times are aware.

    `active_at`: last activity of the acknowledgers; None if there was none since they acknowledged.
    `steps_done` steps were taken, the last one at `step_at`.
    `timeout`: longest time without activity; None switches the check off. `wait`: time to answer a step.
    """

    acknowledged_at: datetime
    active_at: datetime | None
    steps_done: int
    step_at: datetime | None
    timeout: timedelta | None
    wait: timedelta


@dataclass(frozen=True, slots=True)
class TakeStep:
    """A step is due. `since`: time of the last activity."""

    step: TimeoutStep
    since: datetime


def next_timeout_step(progress: AckProgress, now: datetime) -> Wait | TakeStep | Stop:
    """Decide what to do at `now`. Activity after a step starts over with the first one."""
    if progress.timeout is None:
        return Stop()
    since = max(filter(None, (progress.acknowledged_at, progress.active_at)))
    done = 0 if progress.step_at is None or since >= progress.step_at else progress.steps_done
    if done >= len(TIMEOUT_STEPS):
        return Stop()
    due_at = since + progress.timeout
    if done and progress.step_at is not None:
        due_at = progress.step_at + progress.wait
    if due_at <= now:
        return TakeStep(TIMEOUT_STEPS[done], since)
    return Wait(min(due_at, now + progress.timeout) if done else due_at)  # activity before then changes what is due
