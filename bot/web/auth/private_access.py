"""The private incidents of a signed-in person, as Slack names the members of their channels."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from structlog import get_logger

from bot.services.web_pages.sessions import Viewer
from bot.store.incidents.visibility import Visibility

KEPT_SECONDS = 60.0
LOOKUP_SECONDS = 3.0
MAX_KEPT = 1_000

log = get_logger(__name__)

FindPrivate = Callable[[str, str], Awaitable[frozenset[int]]]


class PrivateAccess:
    """
    Answers of `find_private(team_id, user_id)`, kept for a minute.

    While Slack does not answer, private incidents are hidden from everybody.
    """

    def __init__(self, find_private: FindPrivate, clock: Callable[[], float] = time.monotonic) -> None:
        self._find_private = find_private
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[float, frozenset[int]]] = {}

    async def find_visibility(self, viewer: Viewer) -> Visibility:
        key, now = (viewer.team_id, viewer.user_id), self._clock()
        kept = self._kept.get(key)
        if kept is None or now - kept[0] >= KEPT_SECONDS:
            kept = (now, await self._look_up(*key))
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[key] = kept
        return Visibility(viewer.team_id, among=kept[1])

    async def _look_up(self, team_id: str, user_id: str) -> frozenset[int]:
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                return await self._find_private(team_id, user_id)
        except Exception as problem:  # noqa: BLE001  whatever it is: without an answer nothing private is shown
            log.warning("members of private incidents unknown; hidden", problem=str(problem) or type(problem).__name__)
            return frozenset()
