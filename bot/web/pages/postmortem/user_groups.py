"""User groups that forms offer, as Slack names them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from structlog import get_logger

from bot.services.workspace.user_groups import UserGroup

KEPT_SECONDS, RETRY_SECONDS = 300.0, 30.0
LOOKUP_SECONDS = 2.0

log = get_logger(__name__)

ListUserGroups = Callable[[], Awaitable[Sequence[UserGroup]]]


class UserGroupList:
    """
    Answers of `list_user_groups()`, kept for five minutes.

    While Slack does not answer, which is asked again after half a minute, the last ones are offered, or none: people
    can be named all the same.
    """

    def __init__(self, list_user_groups: ListUserGroups, clock: Callable[[], float] = time.monotonic) -> None:
        self._list_user_groups = list_user_groups
        self._clock = clock
        self._kept: Sequence[UserGroup] = ()
        self._ask_at = float("-inf")

    async def find_groups(self) -> Sequence[UserGroup]:
        now = self._clock()
        if now < self._ask_at:
            return self._kept
        self._ask_at = now + RETRY_SECONDS  # others do not wait for the answer, too
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                self._kept = await self._list_user_groups()
            self._ask_at = now + KEPT_SECONDS
        except Exception as problem:  # noqa: BLE001  whatever it is: the page works without user groups
            log.warning("user groups unknown; not offered", problem=str(problem) or type(problem).__name__)
        return self._kept
