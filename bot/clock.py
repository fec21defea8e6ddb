"""
The one clock. Made in `app.py`, handed to whatever needs the time.

`now()` is the time of the record: what is stored, when a row is due, when a rate gate opens. `real_now()` is for what
must not follow a moved clock: how long a lease lives. In `serve` both are the database's time, so that replicas agree.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of the record, aware, in UTC."""

    def real_now(self) -> datetime:
        """The time outside, aware, in UTC: for lease lengths only."""

    async def sleep_until(self, due: datetime, wake: asyncio.Event) -> None:
        """Return when `now()` has reached `due` or `wake` is set, whichever is first. Does not clear `wake`."""


class SystemClock:
    """This machine's clock, corrected by how far the database's is ahead of it."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def follow(self, database_now: datetime) -> None:
        """Take over the database's time. Called at start and every minute, because machines drift."""
        self.offset = database_now - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def real_now(self) -> datetime:
        return self.now()

    async def sleep_until(self, due: datetime, wake: asyncio.Event) -> None:
        seconds = (due - self.now()).total_seconds()
        if seconds <= 0 or wake.is_set():
            return
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            return


class MovedClock:
    """A clock that stands still until somebody moves it: for replays and tests, shared by the bot and the sandbox."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []
        self._watchers: list[Callable[[datetime], None]] = []

    def now(self) -> datetime:
        return self._now

    def real_now(self) -> datetime:
        return datetime.now(UTC)

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
