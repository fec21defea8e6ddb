"""The private incidents that a person may see: Slack names the members of their channels."""

from bot.slack.api.errors import SlackApiError
from bot.slack.delivery.effects.context import EffectContext
from bot.store.incidents import incident_lists

MAX_PRIVATE = 20
"""Private incidents whose members are looked up, open ones first; others are not shown."""
PAGE_SIZE = 1_000


async def find_private_incidents(context: EffectContext, team_id: str, user_id: str) -> frozenset[int]:
    """
    Ids of the private incidents whose channel has the person as a member.

    Raises the gateway's errors, except refusals.
    """
    private = await context.database.read(incident_lists.find_private, team_id, MAX_PRIVATE)
    found = [each.key for each in private if await _is_member(context, each.channel_id or "", user_id)]
    return frozenset(found)


async def _is_member(context: EffectContext, channel_id: str, user_id: str) -> bool:
    try:
        async for answer in context.pages("conversations.members", channel=channel_id, limit=PAGE_SIZE):
            if user_id in answer.get("members", []):
                return True
    except SlackApiError:
        pass
    return False
