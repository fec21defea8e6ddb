"""Effects of direct messages that belong to no incident."""

from functools import partial

from bot.services.outbox.payloads import EventPayload, PageTestPayload
from bot.services.paging.page_tests import load_page_test, record_test_message
from bot.slack.blocks.direct import direct_message
from bot.slack.blocks.escalation.contact_settings import page_test_message
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import edit_message, post_directly
from bot.store.outbox import Claim, Done, Outcome


async def send_direct_message(context: EffectContext, claim: Claim) -> Outcome:
    payload = EventPayload.from_json(claim.row.details)
    await post_directly(context, claim, payload.user_id or "", direct_message(payload.event, payload.values))
    return Done()


async def show_page_test(context: EffectContext, claim: Claim) -> Outcome:
    """Post the results of a page test, or edit them in place."""
    payload = PageTestPayload.from_json(claim.row.details)
    team_id, user_id, asked_at = claim.row.team_id, payload.user_id, payload.asked_at
    view = await context.database.read(load_page_test, context.settings(), team_id, user_id, asked_at)
    message = page_test_message(view)
    if view.message is not None:
        await edit_message(context, *view.message, message)
        return Done()
    posted = await post_directly(context, claim, user_id, message)
    record = partial(record_test_message, team_id=team_id, user_id=user_id, asked_at=asked_at)
    return Done(partial(record, message=posted, at=context.now()))
