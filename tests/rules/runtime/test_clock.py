"""The clock of `serve` against the database's: contradictions and their effects."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runtime.clock import CLOCK_STEP, LEASE_HOLD, SystemClock

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


class Counter:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def following(counter: Counter) -> tuple[SystemClock, datetime]:
    """A clock that follows a database, and its time now."""
    clock = SystemClock(counter=counter)
    clock.synchronize(clock.now(), asked_at=clock.now())
    return clock, clock.now()


@pytest.mark.parametrize(
    ("found", "moved"),
    [
        (0, 0),
        (1, 0),
        (2, 0),  # somewhere between question and answer
        (2.5, 0.5),
        (3602, 3600),
        (-0.5, -0.5),
        (-3600, -3600),
    ],
)
def test_only_a_contradiction_moves_it(found: float, moved: float) -> None:
    """The answer took two seconds to come."""
    counter = Counter()
    clock, asked_at = following(counter)
    counter.seconds += 2

    step = clock.synchronize(asked_at + found * SECOND, asked_at=asked_at)

    assert step == moved * SECOND
    assert clock.now() == asked_at + (2 + moved) * SECOND


def test_it_goes_as_fast_as_its_counter() -> None:
    counter = Counter()
    clock, began = following(counter)

    counter.seconds += 90

    assert clock.now() == clock.real_now() == began + 90 * SECOND


def test_set_ahead_no_lease_runs_out_for_a_while() -> None:
    counter = Counter()
    clock, began = following(counter)
    clock.synchronize(began + HOUR, asked_at=began)

    assert clock.lapsed_before() == began
    counter.seconds += LEASE_HOLD.total_seconds() - 1
    assert clock.lapsed_before() == began + LEASE_HOLD - SECOND
    counter.seconds += 1
    assert clock.lapsed_before() == clock.now() == began + HOUR + LEASE_HOLD


def test_set_ahead_twice_both_count() -> None:
    counter = Counter()
    clock, began = following(counter)
    clock.synchronize(began + HOUR, asked_at=began)
    clock.synchronize(began + 2 * HOUR, asked_at=clock.now())

    assert clock.lapsed_before() == began


@pytest.mark.parametrize("step", [-HOUR, CLOCK_STEP - SECOND])
def test_set_back_or_hardly_at_all_leases_run_out_as_ever(step: timedelta) -> None:
    clock, began = following(Counter())
    clock.synchronize(began + step, asked_at=began)

    assert clock.lapsed_before() == clock.now()


def test_at_the_start_it_takes_over_whatever_it_is_told() -> None:
    """A machine with a wrong clock: its clock was not set, and expired leases stay expired."""
    clock = SystemClock(counter=Counter())
    later = clock.now() + HOUR
    clock.synchronize(later, asked_at=clock.now())

    assert clock.lapsed_before() == clock.now() == later


@given(st.lists(st.floats(-0.05, 0.05), min_size=1, max_size=50))
def test_a_clock_that_is_slewed_is_followed_without_a_step(rates: list[float]) -> None:
    """The database's clock drifts by 0.05 % at most with NTP; here by a hundred times that."""
    counter = Counter()
    clock, theirs = following(counter)
    for rate in rates:
        counter.seconds += 15
        theirs += 15 * SECOND * (1 + rate)
        before = clock.now()
        step = clock.synchronize(theirs, asked_at=before)
        assert abs(step) < CLOCK_STEP
        assert clock.now() == theirs
        assert clock.lapsed_before() == clock.now()
