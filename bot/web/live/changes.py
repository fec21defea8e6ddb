"""
Changes for the pages that are open: one query for all viewers of this process.

A commit of this process wakes it. What another replica committed is found within POLL_SECONDS.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic

from structlog import get_logger

from bot.lazy_dataclass import dataclass
from bot.runtime.clock import Clock
from bot.runtime.supervision import restart_on_failure
from bot.services.web_pages.live import LiveState, load_live_state
from bot.services.web_pages.sessions import Viewer
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.database.transaction_state import Wakeup

GATHER_SECONDS = 0.1
"""Changes within this time are told together."""
PAUSE_SECONDS = 1.0
PAUSE_EACH = 0.02
LONGEST_PAUSE = 5.0
"""The shortest time between two states grows with the number of open pages, which all fetch what changed."""
POLL_SECONDS = 1.0
ALONE_POLL_SECONDS = 30.0
"""The only process of a database learns of each change by its own commits."""
SESSION_SECONDS = 10.0
"""Longest time until the end of a session is noticed that another replica ended, or that became too old."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """An open page. `incident_id` None: the page Now."""

    viewer: Viewer
    token: str
    incident_id: int | None


class LiveChanges:
    """
    Keeps `state` new while pages are open. `start`, then `stop`.

    `generation` grows each time it is read. Without open pages nothing is read.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._watched: Counter[Watched] = Counter()
        self._wake = asyncio.Event()
        self._session_ended = asyncio.Event()
        self._loaded = asyncio.Event()
        self._sessions_checked_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self.state = LiveState()
        self.generation = 0
        self.is_stopped = False

    def start(self) -> None:
        self._task = asyncio.create_task(restart_on_failure("live pages", self._run), name="live pages")

    async def stop(self) -> None:
        """End all streams at once."""
        self.is_stopped = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._publish(self.state)

    def wake(self, due: Wakeup) -> None:
        if Wakeup.SESSIONS in due:
            self._sessions_checked_at = 0.0
            self._session_ended.set()
        if due & (Wakeup.PAGES | Wakeup.SESSIONS):
            self._wake.set()

    def refresh(self) -> None:
        """Read the state again soon."""
        self._wake.set()

    @property
    def pages(self) -> int:
        """Number of open pages."""
        return self._watched.total()

    @contextmanager
    def watch(self, page: Watched) -> Iterator[None]:
        """Keep the state of this page new."""
        self._watched[page] += 1
        self._wake.set()
        try:
            yield
        finally:
            self._watched[page] -= 1
            if not self._watched[page]:
                del self._watched[page]

    async def wait(self, generation: int, seconds: float) -> None:
        """Wait until the state is newer than `generation`, at most this long."""
        loaded = self._loaded
        if self.generation != generation:
            return
        try:
            async with asyncio.timeout(seconds):
                await loaded.wait()
        except TimeoutError:
            return

    async def _run(self) -> None:
        while True:
            await self._wait_for_wakeup()
            self._wake.clear()
            self._session_ended.clear()
            if not self._watched:
                continue
            try:
                self._publish(await self._load())
            except DatabaseUnavailable as problem:
                self._sessions_checked_at = 0.0
                log.warning("open pages not updated", problem=str(problem))
            await self._pause()

    async def _pause(self) -> None:
        """Until the next state may be read; the end of a session does not wait."""
        try:
            async with asyncio.timeout(min(max(PAUSE_SECONDS, PAUSE_EACH * self.pages), LONGEST_PAUSE)):
                await self._session_ended.wait()
        except TimeoutError:
            return

    async def _wait_for_wakeup(self) -> None:
        poll = ALONE_POLL_SECONDS if self._database.dialect == "sqlite" else POLL_SECONDS
        try:
            async with asyncio.timeout(min(poll, SESSION_SECONDS) if self._watched else None):
                await self._wake.wait()
            await asyncio.sleep(GATHER_SECONDS)
        except TimeoutError:
            return

    async def _load(self) -> LiveState:
        pages, now = list(self._watched), monotonic()
        tokens = {each.token for each in pages}
        are_sessions_due = now - self._sessions_checked_at >= SESSION_SECONDS
        if are_sessions_due:
            self._sessions_checked_at = now
        found = await self._database.read(
            load_live_state,
            {each.incident_id for each in pages if each.incident_id is not None},
            {each.viewer.team_id for each in pages},
            tokens if are_sessions_due else (),
            self._clock.now(),
        )
        return replace(found, ended=found.ended | (self.state.ended & tokens))

    def _publish(self, state: LiveState) -> None:
        """An equal state stays the same object, which knows its versions."""
        self.state = self.state if state == self.state else state
        self.generation += 1
        self._loaded.set()
        self._loaded = asyncio.Event()
