"""The effect of a reminder: its message is posted, edited, or moved to the end of the channel."""

from sqlmodel import Session

from bot.services.reminders import reminders as nudges
from bot.services.reminders import view as nudge_views
from bot.services.reminders.view import State
from bot.slack.api.client import Refused
from bot.slack.blocks.escalation import reminders as blocks
from bot.slack.delivery.effects.context import Tools
from bot.slack.delivery.effects.messages import GONE, direct_channel, show
from bot.store.outbox import Claim, Done, Outcome

LEFT = GONE | {"cant_delete_message", "channel_not_found", "not_in_channel", "is_archived"}
"""The message that another takes the place of is not there any more, or stays where it is."""


async def nudge(tools: Tools, claim: Claim) -> Outcome:
    """What is so no longer, and was never said, is not said. What comes up again stands where people look."""
    details, settings = claim.row.details, tools.settings()
    view = await tools.database.read(nudge_views.view, settings, int(details["nudge_id"]))
    if view is None or (view.message_ts is None and view.state is not State.STANDS):
        return Done()
    user = details.get("user_id")
    channel = await direct_channel(tools, claim, str(user)) if user else await tools.channel_of(claim.row.incident_id)

    def saving(session: Session, ts: str) -> None:
        nudges.stands(session, view.nudge_id, channel, ts)

    if view.message_ts is None and view.former is not None:
        await _delete(tools, *view.former)  # before the other is posted: it can be tried again without harm
    return await show(tools, claim, channel, view.message_ts, blocks.nudge(view), saving)


async def _delete(tools: Tools, channel: str, ts: str) -> None:
    try:
        await tools.gateway.call("chat.delete", channel=channel, ts=ts)
    except Refused as problem:
        if problem.error not in LEFT:
            raise
