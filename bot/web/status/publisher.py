"""
Keeps the rendered status page of this process new.

A commit of this process wakes it; what another replica committed, and the begin and end of a maintenance, are found
within POLL_SECONDS. While the database is away it keeps what was last true, and soon says since when.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from structlog import get_logger

from bot.config import Settings
from bot.domain.status_page.state import PublicState
from bot.runtime.clock import Clock
from bot.runtime.supervision import restart_on_failure
from bot.services.status_page.load_state import load_public_state
from bot.store import status_page
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.database.transaction_state import Wakeup
from bot.web.status.folder import FolderCopy, read_folder
from bot.web.status.site import Site, build_site

POLL_SECONDS = 1.0
STALE_SECONDS = 20.0
"""How long the database is away until the page says so."""
RENDER_INTERVAL = timedelta(minutes=5)
"""Minutes of an impact that continues, and the time of the page, are at most this old."""

log = get_logger(__name__)


class StatusPublisher:
    """`start`, then `stop`. `site` is None until it was rendered, and without a page."""

    def __init__(
        self,
        database: Database,
        settings: Callable[[], Settings],
        clock: Clock,
        *,
        stale_seconds: float = STALE_SECONDS,
    ) -> None:
        self._stale_seconds = stale_seconds
        self._database = database
        self._settings = settings
        self._clock = clock
        self._wake = asyncio.Event()
        self._refreshing = asyncio.Lock()
        self._copy = FolderCopy()
        self._tasks: list[asyncio.Task[None]] = []
        self._rendered: tuple[object, ...] = ()
        self._state: PublicState | None = None
        self._read_at: datetime | None = None
        self._away_since: float | None = None
        self.site: Site | None = self._read_kept()

    def _read_kept(self) -> Site | None:
        """The files of the last run, until the database answers."""
        page = self._settings().status
        if page is None or page.folder is None:
            return None
        try:
            return read_folder(self._settings().status_path(page.folder), page.languages)
        except OSError as problem:
            log.warning("status page folder not read", problem=str(problem))
            return None

    def start(self) -> None:
        for name, run in (("status page", self._run), ("status page folder", self._copy.run_forever)):
            self._tasks.append(asyncio.create_task(restart_on_failure(name, run), name=name))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def wake(self, due: Wakeup) -> None:
        if Wakeup.PUBLIC in due:
            self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            await self.refresh()
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def refresh(self) -> None:
        """Render the page again if anything that it shows has changed; return when that is served."""
        async with self._refreshing:
            await self._refresh()

    async def _refresh(self) -> None:
        settings, now = self._settings(), self._clock.now()
        if settings.status is None:
            self.site, self._rendered = None, ()
            return
        try:
            revision = await self._database.read(status_page.find_revision)
            wanted = (revision, settings, _slot(now))
            if wanted != self._rendered or self._is_edge_due(now):
                state = await self._database.read_large(load_public_state, settings, now)
                await self._render(settings, state, None)
                self._rendered, self._state = wanted, state
            self._read_at, self._away_since = now, None
        except DatabaseUnavailable as problem:
            await self._on_outage(settings, problem)

    def _is_edge_due(self, now: datetime) -> bool:
        """True if a maintenance has begun or ended since the page was rendered."""
        edge = self._state.next_edge if self._state is not None else None
        return edge is not None and edge <= now

    async def _on_outage(self, settings: Settings, problem: DatabaseUnavailable) -> None:
        """Say on the page since when it may be wrong, once."""
        if self._away_since is None:
            self._away_since = monotonic()
            log.warning("status page not refreshed", problem=str(problem))
        is_long = monotonic() - self._away_since >= self._stale_seconds
        if is_long and self._rendered and self._state is not None:
            self._rendered = ()
            await self._render(settings, self._state, self._read_at)

    async def _render(self, settings: Settings, state: PublicState, stale_since: datetime | None) -> None:
        site = await asyncio.to_thread(build_site, settings, state, stale_since=stale_since)
        self.site = site
        if settings.status is not None and settings.status.folder is not None:
            self._copy.offer(site, settings.status_path(settings.status.folder))


def _slot(now: datetime) -> int:
    return int(now.timestamp() // RENDER_INTERVAL.total_seconds())
