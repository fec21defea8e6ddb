"""What is done about somebody who acknowledged and is not heard of since."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.escalation.acknowledged_silence import ORDER, Nothing, Progress, Step, Take, Wait, next_check

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def progress(
    *, sign: float | None = None, steps: int = 0, step: float | None = None, silence: float | None = 15
) -> Progress:
    """Acknowledged at minute 0; each step waits 5 minutes."""
    return Progress(
        acknowledged_at=START,
        sign_at=None if sign is None else after(sign),
        steps=steps,
        step_at=None if step is None else after(step),
        silence=None if silence is None else timedelta(minutes=silence),
        wait=timedelta(minutes=5),
    )


@pytest.mark.parametrize(
    ("standing", "now", "expected"),
    [
        (progress(), 0, Wait(after(15))),
        (progress(), 14.9, Wait(after(15))),
        (progress(), 15, Take(Step.ASK, START)),
        (progress(), 300, Take(Step.ASK, START)),  # nobody looked for hours: the first step, not all of them
        (progress(sign=10), 15, Wait(after(25))),
        (progress(sign=10), 25, Take(Step.ASK, after(10))),
        (progress(steps=1, step=15), 19, Wait(after(20))),
        (progress(steps=1, step=15), 20, Take(Step.PAGE_AGAIN, START)),
        (progress(steps=1, step=15, sign=17), 20, Wait(after(32))),
        (progress(steps=1, step=15, sign=15), 20, Wait(after(30))),  # they answered at that very moment
        (progress(steps=2, step=20), 600, Nothing()),
        (progress(steps=2, step=20, sign=24), 25, Wait(after(39))),
        (progress(steps=2, step=20, sign=30), 45, Take(Step.ASK, after(30))),
        (progress(silence=None), 600, Nothing()),
        (progress(sign=10), -50, Wait(after(25))),  # the clock was set back
    ],
)
def test_next_check(standing, now, expected):
    assert next_check(standing, after(now)) == expected


SIGNS = st.lists(st.integers(0, 240), max_size=8)


def course(signs: list[int], looks: list[int], silence: int, wait: int) -> list[tuple[int, Step]]:
    """What is done, and in which minute, with signs of life at these minutes and a look at those."""
    taken: list[tuple[int, Step]] = []
    steps, step_at = 0, None
    for minute in looks:
        heard = [sign for sign in signs if sign <= minute]
        standing = Progress(
            START,
            after(max(heard)) if heard else None,
            steps,
            step_at,
            timedelta(minutes=silence),
            timedelta(minutes=wait),
        )
        found = next_check(standing, after(minute))
        if isinstance(found, Take):
            steps, step_at = ORDER.index(found.step) + 1, after(minute)
            taken.append((minute, found.step))
    return taken


@given(SIGNS, st.integers(1, 60), st.integers(1, 20))
def test_each_step_follows_the_one_before_and_nobody_is_bothered_who_was_heard_of(signs, silence, wait):
    taken = course(signs, list(range(400)), silence, wait)

    for (earlier, before), (later, step) in pairwise(taken):
        if step is Step.ASK:
            assert any(earlier <= sign <= later for sign in signs)
        else:
            assert ORDER.index(step) == ORDER.index(before) + 1
            assert later == earlier + wait
    for minute, step in taken:
        if step is Step.ASK:
            assert not [sign for sign in signs if minute - silence < sign <= minute]


@given(SIGNS, st.integers(1, 60), st.integers(1, 20))
def test_somebody_who_stays_silent_is_always_paged_again_in_the_end(signs, silence, wait):
    assert course(signs, list(range(400)), silence, wait)[-1][1] is Step.PAGE_AGAIN


@given(SIGNS, st.integers(1, 60), st.integers(1, 20))
def test_looking_only_when_told_to_is_as_good_as_looking_every_minute(signs, silence, wait):
    """Each `Wait` says when to look next, so that one timer is enough."""
    taken: list[tuple[int, Step]] = []
    steps, step_at, minute = 0, None, 0
    while minute < 400:
        heard = [sign for sign in signs if sign <= minute]
        standing = Progress(
            START,
            after(max(heard)) if heard else None,
            steps,
            step_at,
            timedelta(minutes=silence),
            timedelta(minutes=wait),
        )
        match next_check(standing, after(minute)):
            case Wait(until):
                minute = round((until - START) / timedelta(minutes=1))
            case Take(step, _):
                steps, step_at = ORDER.index(step) + 1, after(minute)
                taken.append((minute, step))
            case Nothing():
                later = [sign for sign in signs if sign > minute]
                if not later:
                    break
                minute = min(later)  # nobody looks until they do something

    assert taken == course(signs, list(range(400)), silence, wait)
