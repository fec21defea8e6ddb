"""
The one clock. Made in `app.py`, handed to whatever needs the time.

`now()` is the time of the record: what is stored, when a row is due, when a rate gate opens. `real_now()` is for what
must not follow a moved clock: how long a lease lives. In `serve` both are the database's time, so that replicas agree.

Clocks are set, by people and by machines. Between two looks at the database's clock the time is carried on by a counter
that nobody can set, so what happens to this machine's own clock is not noticed at all. What happens to the database's
(with SQLite that is this machine's) is noticed at the next look; `engine/timekeeping` does what it takes.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

STEP = timedelta(seconds=2)
"""A clock that is further off than this was set. Less is drift, or a machine that answered slowly."""
HELD = timedelta(seconds=60)
"""How long after the clock was set ahead no lease runs out. Longer than replicas take to notice, and then a lease."""

IN_HAND = timedelta(milliseconds=200)
"""How long to rest before another look at what is due and in other hands."""


def machine_now() -> datetime:
    """What this machine's clock shows."""
    return datetime.now(UTC)


async def rest(length: timedelta, wake: asyncio.Event) -> None:
    """
    Return when so much real time has passed or `wake` is set, whichever is first. Does not clear `wake`.

    For what is due and in other hands at this moment: they let go of it without a word, also under a moved clock.
    """
    seconds = length.total_seconds()
    if seconds > 0 and not wake.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of the record, aware, in UTC."""

    def real_now(self) -> datetime:
        """The time outside, aware, in UTC: for lease lengths, and for how old a signature is."""

    def lapsed_before(self) -> datetime:
        """Leases that ended before this have run out. `real_now()`, but for a while after the clock was set ahead."""

    async def sleep_until(self, due: datetime, wake: asyncio.Event) -> None:
        """Return when `now()` has reached `due` or `wake` is set, whichever is first. Does not clear `wake`."""


class SystemClock:
    """The database's time. `counter` gives seconds that only ever grow, as fast as time passes."""

    def __init__(self, *, counter: Callable[[], float] = time.monotonic) -> None:
        self._counter = counter
        self._at_zero = machine_now() - timedelta(seconds=counter())
        self._set_ahead_by = timedelta()
        self._holds_until = self.now()
        self._is_following = False

    def follow(self, found: datetime, *, asked_at: datetime) -> timedelta:
        """
        Take over the database's time `found`, for which was asked at `asked_at` of this clock.

        Returns how far the clock was moved, back if less than zero. Zero while there is no contradiction: the answer's
        way takes time, and where in it the database looked at its clock nobody knows.
        """
        now = self.now()
        step = min(found - asked_at, timedelta()) or max(found - now, timedelta())
        if step >= STEP and self._is_following:
            self._set_ahead_by = step + (self._set_ahead_by if now < self._holds_until else timedelta())
            self._holds_until = now + step + HELD
        self._is_following = True
        self._at_zero += step
        return step

    def now(self) -> datetime:
        return self._at_zero + timedelta(seconds=self._counter())

    def real_now(self) -> datetime:
        return self.now()

    def lapsed_before(self) -> datetime:
        now = self.now()
        return now - self._set_ahead_by if now < self._holds_until else now

    async def sleep_until(self, due: datetime, wake: asyncio.Event) -> None:
        await rest(due - self.now(), wake)


class MovedClock:
    """A clock that stands still until somebody moves it: for replays and tests, shared by the bot and the sandbox."""

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
        """
        Set the time and wake those whose time has come.

        Raises ValueError for a moment before now: what happened cannot be undone by a clock that is moved by hand.
        """
        if moment < self._now:
            raise ValueError(f"the clock stands at {self._now.isoformat()}, later than {moment.isoformat()}")
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
