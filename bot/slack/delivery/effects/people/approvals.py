"""Effect of a request to approve a public update."""

from bot.services.outbox.payloads import ApprovalRequestPayload
from bot.services.status_page.approval_view import load_approval_request
from bot.slack.blocks.status_page.approval import approval_request_message
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import post_words_directly
from bot.store.outbox import Claim, Done, Outcome, Rejected


async def send_approval_request(context: EffectContext, claim: Claim) -> Outcome:
    """
    Ask one person, or the incident's channel.

    Nothing of an incident that became private leaves its channel.
    """
    payload = ApprovalRequestPayload.from_json(claim.row.details)
    view = await context.database.read(load_approval_request, context.settings(), payload.request_id)
    if view.is_private:
        return Rejected("the incident is private now")
    message = approval_request_message(view)
    if payload.user_id:
        return await post_words_directly(context, claim, payload.user_id, message, is_private=view.is_private)
    await context.post(claim, await context.read_channel(claim.row.incident_id), message)
    return Done()
