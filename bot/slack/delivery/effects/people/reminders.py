"""Effect of a reminder: its message is posted, edited, or moved to the end of the channel."""

from sqlmodel import Session

from bot.services.outbox.payloads import ReminderPayload
from bot.services.reminders.check import record_reminder_message
from bot.services.reminders.view import ReminderViewState, load_reminder_view
from bot.slack.api.errors import SlackApiError
from bot.slack.api.lookups import is_channel_member
from bot.slack.blocks.incidents.channel_lines import hidden_message
from bot.slack.blocks.incidents.reminders import reminder_message
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import GONE_ERRORS, edit_or_post, open_direct_channel
from bot.store.outbox import Claim, Done, Outcome

UNDELETABLE_ERRORS = GONE_ERRORS | {"cant_delete_message", "channel_not_found", "not_in_channel", "is_archived"}
"""The replaced message is gone, or cannot be deleted."""


async def show_reminder(context: EffectContext, claim: Claim) -> Outcome:
    """
    Show a reminder; one that is over before it was posted is left out.

    To one person it shows nothing of an incident that became private, unless they are in its channel.
    """
    payload, settings = ReminderPayload.from_json(claim.row.details), context.settings()
    view = await context.database.read(load_reminder_view, settings, payload.reminder_id)
    if view is None or (view.message_ts is None and view.state is not ReminderViewState.STANDS):
        return Done()
    user, message = payload.user_id, reminder_message(view)
    if user and view.is_private and not await is_channel_member(context.gateway, view.channel_id or "", user):
        if view.message_ts is None:
            return Done()
        message = hidden_message(view.reference)
    channel = (
        await open_direct_channel(context, claim, user) if user else await context.read_channel(claim.row.incident_id)
    )

    def save_ts(session: Session, ts: str) -> None:
        record_reminder_message(session, view.reminder_id, channel, ts)

    if view.message_ts is None and view.former is not None:
        await _delete(context, *view.former)  # before the post: deleting can be repeated
    return await edit_or_post(context, claim, channel, view.message_ts, message, save_ts)


async def _delete(context: EffectContext, channel: str, ts: str) -> None:
    try:
        await context.gateway.call("chat.delete", channel=channel, ts=ts)
    except SlackApiError as problem:
        if problem.error not in UNDELETABLE_ERRORS:
            raise
