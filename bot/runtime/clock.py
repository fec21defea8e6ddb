"""
The one clock, created in `app.py` and handed to everything that needs the time.

`now()` is the time of the record: stored times, due rows, rate limits. `real_now()` does not follow a moved clock: it
is for lease lengths. In `serve` both are the database's time, so that replicas agree.

Clocks are set, by people and by machines. Between two readings of the database's clock the time is carried on by a
monotonic counter, so a step of this machine's clock has no effect. A step of the database's clock (with SQLite, this
machine's) shows at the next reading; `engine/clock_sync` handles it.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

CLOCK_STEP = timedelta(seconds=2)
"""A larger deviation is a step of the clock; a smaller one is drift or latency."""
LEASE_HOLD = timedelta(seconds=60)
"""Time after a step ahead during which no lease expires: longer than all replicas need to notice, plus a lease."""
LEASED_PAUSE = timedelta(milliseconds=200)
"""Pause before another look at due work that is leased by others."""


def machine_now() -> datetime:
    """Return the time of this machine's clock."""
    return datetime.now(UTC)


async def sleep_or_wake(length: timedelta, wake: asyncio.Event) -> None:
    """
    Sleep for a length of real time, or until `wake` is set, which is not cleared.

    For due work that others have leased: they release it without notice, also under a moved clock.
    """
    seconds = length.total_seconds()
    if seconds > 0 and not wake.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time of the record, aware, in UTC."""

    def real_now(self) -> datetime:
        """Return the real time, aware, in UTC: for lease lengths, and for the age of signatures."""

    def lapsed_before(self) -> datetime:
        """Return the time before which leases have expired: `real_now()`, less after a step ahead."""

    async def sleep_until(self, due: datetime, wake: asyncio.Event) -> None:
        """Sleep until `now()` has reached `due`, or until `wake` is set, which is not cleared."""


class SystemClock:
    """The database's time. `counter` returns monotonic seconds."""

    def __init__(self, *, counter: Callable[[], float] = time.monotonic) -> None:
        self._counter = counter
        self._at_zero = machine_now() - timedelta(seconds=counter())
        self._stepped_ahead = timedelta()
        self._hold_ends = self.now()
        self._is_synchronized = False

    def synchronize(self, found: datetime, *, asked_at: datetime) -> timedelta:
        """
        Adopt the database's time `found`, requested at `asked_at` of this clock.

        Returns the step, negative if back. It is zero as long as `found` may be right: between the request and the
        answer the database may have read its clock at any moment.
        """
        now = self.now()
        step = min(found - asked_at, timedelta()) or max(found - now, timedelta())
        if step >= CLOCK_STEP and self._is_synchronized:
            self._stepped_ahead = step + (self._stepped_ahead if now < self._hold_ends else timedelta())
            self._hold_ends = now + step + LEASE_HOLD
        self._is_synchronized = True
        self._at_zero += step
        return step

    def now(self) -> datetime:
        return self._at_zero + timedelta(seconds=self._counter())

    def real_now(self) -> datetime:
        return self.now()

    def lapsed_before(self) -> datetime:
        now = self.now()
        return now - self._stepped_ahead if now < self._hold_ends else now

    async def sleep_until(self, due: datetime, wake: asyncio.Event) -> None:
        await sleep_or_wake(due - self.now(), wake)


class ManualClock:
    """A clock that is moved by hand, for replays and tests; the bot and the sandbox share it."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []
        self._watchers: list[Callable[[datetime], None]] = []

    def now(self) -> datetime:
        return self._now

    def real_now(self) -> datetime:
        return machine_now()

    def lapsed_before(self) -> datetime:
        return self.real_now()

    def move_to(self, moment: datetime) -> None:
        """Set the time and wake the due sleepers. Raises ValueError for a moment before now."""
        if moment < self._now:
            raise ValueError(f"the clock is at {self._now.isoformat()}, later than {moment.isoformat()}")
        self._now = moment.astimezone(UTC)
        for due, woken in self._sleepers:
            if due <= self._now:
                woken.set()
        for watcher in self._watchers:
            watcher(self._now)

    def watch(self, watcher: Callable[[datetime], None]) -> None:
        """Call `watcher` with the new time at each move."""
        self._watchers.append(watcher)

    async def sleep_until(self, due: datetime, wake: asyncio.Event) -> None:
        if due <= self._now or wake.is_set():
            return
        reached = asyncio.Event()
        sleeper = (due, reached)
        self._sleepers.append(sleeper)
        waits = [asyncio.ensure_future(reached.wait()), asyncio.ensure_future(wake.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            self._sleepers.remove(sleeper)
