"""Somebody acknowledged, and nothing was heard of them since: what is done about it, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Step(StrEnum):
    """What is done, one after the other, as long as they stay silent."""

    ASK = "ask"
    """They are asked directly whether they are on it."""
    PAGE_AGAIN = "page again"
    """They are paged as if they had not acknowledged: if they do not now, the escalation goes on."""


ORDER = tuple(Step)


@dataclass(frozen=True, slots=True)
class Progress:
    """
    Where it stands. Times are aware.

    `sign_at` is the last sign of life of those who acknowledged, None if there was none since. `steps` were taken, the
    last of them at `step_at`. `silence` is how long they may be quiet; None: nobody minds. `wait` is how long they have
    to answer.
    """

    acknowledged_at: datetime
    sign_at: datetime | None
    steps: int
    step_at: datetime | None
    silence: timedelta | None
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime


@dataclass(frozen=True, slots=True)
class Take:
    """A step is due. `since` is when they were last heard of."""

    step: Step
    since: datetime


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing more is done about it."""


def next_check(progress: Progress, now: datetime) -> Wait | Take | Nothing:
    """What is done at `now` about whoever acknowledged. A sign of life after a step begins it all anew."""
    if progress.silence is None:
        return Nothing()
    since = max(filter(None, (progress.acknowledged_at, progress.sign_at)))
    taken = 0 if progress.step_at is None or since >= progress.step_at else progress.steps
    if taken >= len(ORDER):
        return Nothing()
    due_at = since + progress.silence
    if taken and progress.step_at is not None:
        due_at = progress.step_at + progress.wait
    if due_at <= now:
        return Take(ORDER[taken], since)
    return Wait(min(due_at, now + progress.silence) if taken else due_at)  # they may be heard of meanwhile, and no more
