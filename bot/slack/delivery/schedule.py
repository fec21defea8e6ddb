"""When the worker looks for due lanes again, without a query after each commit."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.store.outbox import ClaimResult


class Schedule:
    """
    The earliest time at which a free lane is due, as far as this process knows.

    The database is asked for it at least once per `poll`: other replicas queue rows, too.
    """

    def __init__(self, now: Callable[[], datetime], poll: timedelta) -> None:
        self._now = now
        self._poll = poll
        self._next_due: datetime | None = None
        self._asked_at: datetime | None = None
        """None: to be asked at the next look."""
        self._is_asking = False
        self._added: datetime | None = None
        """Earliest time that was added during the present look."""
        self.has_changed = asyncio.Event()

    @property
    def next_look(self) -> datetime:
        poll_at = (self._asked_at or self._now()) + self._poll
        return poll_at if self._next_due is None else min(self._next_due, poll_at)

    def forget(self) -> None:
        """Ask the database at the next look."""
        self._asked_at = None

    def add(self, due_at: datetime) -> None:
        """Note when a lane is due that this process released."""
        self._added = due_at if self._added is None else min(self._added, due_at)
        self._next_due = due_at if self._next_due is None else min(self._next_due, due_at)
        self.has_changed.set()

    def begin_look(self) -> bool:
        """Return whether this look asks the database for the next time."""
        now = self._now()
        is_old = self._asked_at is None or now < self._asked_at or now - self._asked_at >= self._poll
        self._is_asking = is_old or (self._next_due is not None and self._next_due <= now)
        if self._is_asking:
            self._asked_at, self._next_due = now, None
        self._added = None
        return self._is_asking

    def end_look(self, found: ClaimResult) -> None:
        """Take over what a look found. One that left due lanes did not ask."""
        if self._is_asking and not found.is_all:
            self.forget()
        times = [each for each in (found.next_due, self._added, self._next_due) if each is not None]
        self._next_due = min(times, default=None)
