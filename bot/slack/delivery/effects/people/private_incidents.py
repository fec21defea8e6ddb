"""The private incidents that a person may see: Slack names the members of their channels."""

import asyncio
import time
from collections.abc import Callable

from bot.slack.api.errors import SlackApiError
from bot.slack.delivery.effects.context import EffectContext
from bot.store.incidents import incident_lists

MAX_PRIVATE = 20
"""Private incidents whose members are looked up, open ones first; others are not shown."""
PAGE_SIZE = 1_000
KEPT_SECONDS = 30.0
"""Time for which the members of a channel are known."""


class ChannelMembers:
    """Members of private incidents' channels, asked once for everybody."""

    def __init__(self, context: EffectContext, clock: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._clock = clock
        self._kept: dict[str, tuple[float, asyncio.Task[frozenset[str]]]] = {}

    async def find_private(self, team_id: str, user_id: str) -> frozenset[int]:
        """As `find_private_incidents`, for many people."""
        private = await self._context.database.read(incident_lists.find_private, team_id, MAX_PRIVATE)
        return frozenset([each.key for each in private if user_id in await self._find_members(each.channel_id or "")])

    async def _find_members(self, channel_id: str) -> frozenset[str]:
        now = self._clock()
        self._kept = {channel: kept for channel, kept in self._kept.items() if now - kept[0] < KEPT_SECONDS}
        asked_at, task = self._kept.get(channel_id, (now, None))
        if task is None:
            task = asyncio.create_task(_find_members(self._context, channel_id))
            self._kept[channel_id] = (asked_at, task)
        try:
            return await asyncio.shield(task)
        except Exception:
            self._kept.pop(channel_id, None)
            raise


async def find_private_incidents(context: EffectContext, team_id: str, user_id: str) -> frozenset[int]:
    """
    Ids of the private incidents whose channel has the person as a member.

    Raises the gateway's errors, except refusals.
    """
    return await ChannelMembers(context).find_private(team_id, user_id)


async def _find_members(context: EffectContext, channel_id: str) -> frozenset[str]:
    found: set[str] = set()
    try:
        async for answer in context.pages("conversations.members", channel=channel_id, limit=PAGE_SIZE):
            found.update(answer.get("members", []))
    except SlackApiError:
        return frozenset()
    return frozenset(found)
