"""Steps of the acknowledgement timeout."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.escalation.ack_timeout import TIMEOUT_STEPS, AckProgress, TakeStep, TimeoutStep, next_timeout_step
from bot.domain.escalation.steps import Stop, Wait

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def progress(
    *, active: float | None = None, steps: int = 0, step: float | None = None, timeout: float | None = 15
) -> AckProgress:
    """Acknowledged at minute 0; each step waits 5 minutes."""
    return AckProgress(
        acknowledged_at=START,
        active_at=None if active is None else after(active),
        steps_done=steps,
        step_at=None if step is None else after(step),
        timeout=None if timeout is None else timedelta(minutes=timeout),
        wait=timedelta(minutes=5),
    )


@pytest.mark.parametrize(
    ("standing", "now", "expected"),
    [
        (progress(), 0, Wait(after(15))),
        (progress(), 14.9, Wait(after(15))),
        (progress(), 15, TakeStep(TimeoutStep.ASK, START)),
        (progress(), 300, TakeStep(TimeoutStep.ASK, START)),  # first check after hours: one step only
        (progress(active=10), 15, Wait(after(25))),
        (progress(active=10), 25, TakeStep(TimeoutStep.ASK, after(10))),
        (progress(steps=1, step=15), 19, Wait(after(20))),
        (progress(steps=1, step=15), 20, TakeStep(TimeoutStep.PAGE_AGAIN, START)),
        (progress(steps=1, step=15, active=17), 20, Wait(after(32))),
        (progress(steps=1, step=15, active=15), 20, Wait(after(30))),  # active at the very moment of the step
        (progress(steps=2, step=20), 600, Stop()),
        (progress(steps=2, step=20, active=24), 25, Wait(after(39))),
        (progress(steps=2, step=20, active=30), 45, TakeStep(TimeoutStep.ASK, after(30))),
        (progress(timeout=None), 600, Stop()),
        (progress(active=10), -50, Wait(after(25))),  # the clock was set back
    ],
)
def test_next_timeout_step(standing, now, expected):
    assert next_timeout_step(standing, after(now)) == expected


ACTIVITY = st.lists(st.integers(0, 240), max_size=8)


def steps_taken(active: list[int], checks: list[int], timeout: int, wait: int) -> list[tuple[int, TimeoutStep]]:
    """Steps with their minutes, for activity and checks at the given minutes."""
    taken: list[tuple[int, TimeoutStep]] = []
    steps, step_at = 0, None
    for minute in checks:
        seen = [each for each in active if each <= minute]
        standing = AckProgress(
            START,
            after(max(seen)) if seen else None,
            steps,
            step_at,
            timedelta(minutes=timeout),
            timedelta(minutes=wait),
        )
        found = next_timeout_step(standing, after(minute))
        if isinstance(found, TakeStep):
            steps, step_at = TIMEOUT_STEPS.index(found.step) + 1, after(minute)
            taken.append((minute, found.step))
    return taken


@given(ACTIVITY, st.integers(1, 60), st.integers(1, 20))
def test_steps_follow_one_another_and_only_after_inactivity(active, timeout, wait):
    taken = steps_taken(active, list(range(400)), timeout, wait)

    for (earlier, before), (later, step) in pairwise(taken):
        if step is TimeoutStep.ASK:
            assert any(earlier <= each <= later for each in active)
        else:
            assert TIMEOUT_STEPS.index(step) == TIMEOUT_STEPS.index(before) + 1
            assert later == earlier + wait
    for minute, step in taken:
        if step is TimeoutStep.ASK:
            assert not [each for each in active if minute - timeout < each <= minute]


@given(ACTIVITY, st.integers(1, 60), st.integers(1, 20))
def test_inactivity_always_ends_in_another_page(active, timeout, wait):
    assert steps_taken(active, list(range(400)), timeout, wait)[-1][1] is TimeoutStep.PAGE_AGAIN


@given(ACTIVITY, st.integers(1, 60), st.integers(1, 20))
def test_checks_at_the_returned_times_equal_checks_every_minute(active, timeout, wait):
    """`Wait` has the time of the next check, so that one timer is enough."""
    taken: list[tuple[int, TimeoutStep]] = []
    steps, step_at, minute = 0, None, 0
    while minute < 400:
        seen = [each for each in active if each <= minute]
        standing = AckProgress(
            START,
            after(max(seen)) if seen else None,
            steps,
            step_at,
            timedelta(minutes=timeout),
            timedelta(minutes=wait),
        )
        match next_timeout_step(standing, after(minute)):
            case Wait(until):
                minute = round((until - START) / timedelta(minutes=1))
            case TakeStep(step, _):
                steps, step_at = TIMEOUT_STEPS.index(step) + 1, after(minute)
                taken.append((minute, step))
            case Stop():
                later = [each for each in active if each > minute]
                if not later:
                    break
                minute = min(later)  # activity sets the timer again

    assert taken == steps_taken(active, list(range(400)), timeout, wait)
