"""What is told to one person directly and is of no incident."""

from datetime import datetime
from functools import partial

from bot.services.paging import test_pages as page_tests
from bot.slack.api.client import Refused
from bot.slack.blocks import direct as words
from bot.slack.blocks.escalation import contact_settings as pages
from bot.slack.delivery.effects.context import Tools
from bot.slack.delivery.effects.messages import GONE, direct_channel
from bot.store.outbox import Claim, Done, Outcome


async def told(tools: Tools, claim: Claim) -> Outcome:
    details = claim.row.details
    message = words.told(str(details["event"]), details.get("values", {}))
    channel = await direct_channel(tools, claim, str(details["user_id"]))
    await tools.post(claim, channel, message)
    return Done()


async def page_test(tools: Tools, claim: Claim) -> Outcome:
    """The results of a test of somebody's pages: posted once, edited as they become known."""
    team_id, user_id = claim.row.team_id, str(claim.row.details["user_id"])
    asked_at = datetime.fromisoformat(str(claim.row.details["asked_at"]))
    view = await tools.database.read(page_tests.view, tools.settings(), team_id, user_id, asked_at)
    message = pages.tested(view)
    if view.place is not None:
        try:
            await tools.gateway.call("chat.update", channel=view.place[0], ts=view.place[1], **message.content())
        except Refused as problem:
            if problem.error not in GONE:
                raise
        return Done()
    channel = await direct_channel(tools, claim, user_id)
    ts = await tools.post(claim, channel, message)
    return Done(
        partial(
            page_tests.posted, team_id=team_id, user_id=user_id, asked_at=asked_at, place=(channel, ts), at=tools.now()
        )
    )
