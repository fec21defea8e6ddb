"""Effect of a request to review a postmortem."""

from sqlmodel import Session

from bot.services.outbox import post_review_request
from bot.services.outbox.payloads import ReviewRequestPayload
from bot.services.postmortem.document.review import load_review_request
from bot.services.workspace.people import USER_ID_PREFIXES
from bot.slack.api.lookups import is_channel_member
from bot.slack.blocks.postmortem.review import review_request_message
from bot.slack.delivery.effects.channel.channels import list_group_members
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import post_words_directly
from bot.store.incidents import incidents
from bot.store.outbox import Claim, Done, Outcome, Rejected


async def send_review_request(context: EffectContext, claim: Claim) -> Outcome:
    """
    Ask one person; for a user group queue a request to each of its present members.

    Of a private incident only the members of its channel are asked.
    """
    payload = ReviewRequestPayload.from_json(claim.row.details)
    if not payload.user_id.startswith(USER_ID_PREFIXES):
        return await _ask_group(context, claim, payload)
    view = await context.database.read(load_review_request, context.settings(), payload.review_id)
    if view.is_private and not await is_channel_member(context.gateway, view.channel_id or "", payload.user_id):
        return Rejected("not a member of the private incident's channel")
    message = review_request_message(view)
    return await post_words_directly(context, claim, payload.user_id, message, is_private=view.is_private)


async def _ask_group(context: EffectContext, claim: Claim, payload: ReviewRequestPayload) -> Outcome:
    members = await list_group_members(context, [payload.user_id])
    if not members:
        return Rejected("the user group has no members, or they cannot be listed")
    at = context.now()

    def apply(session: Session) -> None:
        incident = incidents.get(session, claim.row.incident_id or 0)
        for user_id in members:
            post_review_request(session, incident, at, ReviewRequestPayload(payload.review_id, user_id))

    return Done(apply)
