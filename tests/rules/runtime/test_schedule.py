"""The worker knows when a lane is due without asking after each commit."""

from datetime import datetime, timedelta

from bot.slack.delivery.schedule import Schedule
from bot.store.outbox import ClaimResult
from tests.support.worlds.outbox_worker import after

POLL = timedelta(seconds=5)


class _Clock:
    seconds = 0.0

    def now(self) -> datetime:
        return after(self.seconds)


def _look(schedule: Schedule, next_due: datetime | None = None, *, is_all: bool = True) -> bool:
    """One look, with what the database says. Returns whether it was asked for the next time."""
    asks = schedule.begin_look()
    schedule.end_look(ClaimResult([], next_due, is_all, frozenset()))
    return asks


def test_the_database_is_asked_once_a_poll():
    clock = _Clock()
    schedule = Schedule(clock.now, POLL)

    asked = []
    for clock.seconds in (0, 1, 4.9, 5, 6, 10):
        asked.append(_look(schedule))

    assert asked == [True, False, False, True, False, True]
    assert schedule.next_look == after(15)


def test_a_time_that_was_found_is_kept_until_it_comes():
    clock = _Clock()
    schedule = Schedule(clock.now, POLL)
    _look(schedule, after(3))

    clock.seconds = 1
    assert not _look(schedule), "woken by a commit"
    assert schedule.next_look == after(3)
    clock.seconds = 3
    assert _look(schedule), "another lane may be next"
    assert schedule.next_look == after(8)


def test_a_lane_put_off_by_this_look_is_due_at_its_time():
    schedule = Schedule(_Clock().now, POLL)
    _look(schedule)
    assert not _look(schedule, after(2))

    assert schedule.next_look == after(2)


def test_a_time_added_during_a_look_is_not_lost():
    """The lane was leased while the database was asked, and is free again."""
    schedule = Schedule(_Clock().now, POLL)

    assert schedule.begin_look()
    schedule.add(after(1))
    schedule.end_look(ClaimResult([], after(4), is_all=True, passed_over=frozenset()))

    assert schedule.next_look == after(1)
    assert schedule.has_changed.is_set()


def test_a_look_that_left_due_lanes_has_the_next_one_ask():
    schedule = Schedule(_Clock().now, POLL)

    assert _look(schedule, is_all=False)
    assert _look(schedule)
    assert not _look(schedule)


def test_a_time_that_nobody_told_is_asked_for():
    schedule = Schedule(_Clock().now, POLL)
    _look(schedule)

    schedule.forget()

    assert _look(schedule, after(2))
    assert schedule.next_look == after(2)


def test_a_clock_that_is_set_back_is_asked_anew():
    clock = _Clock()
    schedule = Schedule(clock.now, POLL)
    clock.seconds = 100
    _look(schedule)

    clock.seconds = 50

    assert _look(schedule)
    assert schedule.next_look == after(55)
