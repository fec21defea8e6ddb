"""The private incidents of a signed-in person, as Slack names the members of their channels."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from structlog import get_logger

from bot.lazy_dataclass import dataclass
from bot.services.web_pages.sessions import Viewer
from bot.store.incidents.visibility import Visibility

KEPT_SECONDS = 30.0
LOOKUP_SECONDS = 3.0
MAX_KEPT = 1_000

log = get_logger(__name__)

FindPrivate = Callable[[str, str], Awaitable[frozenset[int]]]


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """Slack's answer at a time; `own` are the person's incidents that had no channel then."""

    at: float
    member_of: frozenset[int]
    own: frozenset[int]


class PrivateAccess:
    """
    Answers of `find_private(team_id, user_id)`, kept for half a minute.

    While Slack does not answer, private incidents are hidden from everybody, except those without a channel yet:
    `find_own` names those of a person.
    """

    def __init__(
        self, find_private: FindPrivate, find_own: FindPrivate, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._find_private = find_private
        self._find_own = find_own
        self._clock = clock
        self._kept: dict[tuple[str, str], KeptAnswer] = {}

    async def find_visibility(self, viewer: Viewer) -> Visibility:
        """Raises DatabaseUnavailable."""
        key, now = (viewer.team_id, viewer.user_id), self._clock()
        own, kept = await self._find_own(*key), self._kept.get(key)
        if kept is None or now - kept.at >= KEPT_SECONDS or not kept.own <= own:  # a channel was opened
            kept = KeptAnswer(now, await self._look_up(*key), own)
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[key] = replace(kept, own=own)
        return Visibility(viewer.team_id, among=kept.member_of | own)

    async def _look_up(self, team_id: str, user_id: str) -> frozenset[int]:
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                return await self._find_private(team_id, user_id)
        except Exception as problem:  # noqa: BLE001  whatever it is: without an answer nothing private is shown
            log.warning("members of private incidents unknown; hidden", problem=str(problem) or type(problem).__name__)
            return frozenset()
