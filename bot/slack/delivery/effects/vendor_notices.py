"""Effects of a vendor's incident: its message, and the news in the thread of that."""

from sqlmodel import Session

from bot.services.outbox.payloads import VendorNoticePayload, VendorReplyPayload
from bot.services.vendors.notice_view import VendorNoticeView, load_notice_view
from bot.services.vendors.notices import record_notice_message
from bot.slack.blocks.escalation.vendor_notices import vendor_notice_message, vendor_reply_message
from bot.slack.delivery.effects.channel.lookup import incidents_channel
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import edit_or_post, forget_channel_on_error
from bot.store.outbox import Claim, Done, OutboxRow, Outcome


def load_notice(context: EffectContext, session: Session, row: OutboxRow) -> VendorNoticeView | None:
    """None if there is no such message."""
    return load_notice_view(session, context.settings(), VendorNoticePayload.from_json(row.details).notice_id)


def load_reply(context: EffectContext, session: Session, row: OutboxRow) -> VendorNoticeView | None:
    """The message in whose thread the reply belongs."""
    return load_notice_view(session, context.settings(), VendorReplyPayload.from_json(row.details).notice_id)


async def show_vendor_notice(context: EffectContext, claim: Claim, view: VendorNoticeView | None) -> Outcome:
    """Edit the message, or post it."""
    if view is None:
        return Done()
    channel = await _find_channel(context, view)

    def save_ts(session: Session, ts: str) -> None:
        record_notice_message(session, view.notice_id, channel, ts)

    async with forget_channel_on_error(context):
        return await edit_or_post(context, claim, channel, view.ts, vendor_notice_message(view), save_ts)


async def post_vendor_reply(context: EffectContext, claim: Claim, view: VendorNoticeView | None) -> Outcome:
    """Post a reply; without a message to reply to, it stands alone."""
    if view is None:
        return Done()
    channel = await _find_channel(context, view)
    message = vendor_reply_message(VendorReplyPayload.from_json(claim.row.details))
    async with forget_channel_on_error(context):
        await context.post(claim, channel, message, thread_ts=view.ts)
    return Done()


async def _find_channel(context: EffectContext, view: VendorNoticeView) -> str:
    if view.incident_reference is None:
        return view.channel_id or await incidents_channel(context, await context.read_installation())
    if view.channel_id is None:
        raise ValueError(f"{view.incident_reference} has no channel")
    return view.channel_id
