"""What is told to one person directly and is of no incident."""

from bot.slack.blocks import direct as words
from bot.slack.effects.posts import direct_channel
from bot.slack.effects.tools import Tools
from bot.store.outbox import Claim, Done, Outcome


async def told(tools: Tools, claim: Claim) -> Outcome:
    details = claim.row.details
    message = words.told(str(details["event"]), details.get("values", {}))
    channel = await direct_channel(tools, claim, str(details["user_id"]))
    await tools.post(claim, channel, message)
    return Done()
