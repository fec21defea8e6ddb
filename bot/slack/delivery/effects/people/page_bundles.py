"""Effect of pages that one person gets in one message."""

from functools import partial

from bot.services.escalation.page_bundles import BundleView, prepare_bundle, record_bundle_outcome
from bot.services.outbox.payloads import PageBundlePayload
from bot.services.paging.pages import NO_ANSWER
from bot.slack.api.errors import SlackApiError, TokenRejected, Unreachable
from bot.slack.blocks.escalation.page_bundle import page_bundle_message
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import edit_message, post_directly
from bot.store import outbox
from bot.store.escalation.pages import SENT
from bot.store.outbox import Claim, Done, Outcome


async def show_page_bundle(context: EffectContext, claim: Claim) -> Outcome:
    """Edit the messages that were sent, then send the rest in a new one."""
    key = PageBundlePayload.from_json(claim.row.details).bundle_key
    views = await context.database.run(prepare_bundle, context.settings(), key, context.now())
    for view in views:
        if view.message is not None:
            await edit_message(context, *view.message, page_bundle_message(view))
    unsent = next((view for view in views if view.message is None), None)
    return await _send_bundle(context, claim, unsent) if unsent else Done()


async def _send_bundle(context: EffectContext, claim: Claim, view: BundleView) -> Outcome:
    page_ids = [line.page_id for line in view.waiting]
    try:
        user_id = PageBundlePayload.from_json(claim.row.details).user_id
        posted = await post_directly(context, claim, user_id, page_bundle_message(view))
    except (Unreachable, TokenRejected):
        await context.database.run(record_bundle_outcome, page_ids, NO_ANSWER, context.now())
        raise
    except SlackApiError as problem:
        apply = partial(record_bundle_outcome, page_ids=page_ids, outcome=problem.error, at=context.now())
        return outbox.Rejected(problem.error, apply=apply)
    sent = partial(record_bundle_outcome, page_ids=page_ids, outcome=SENT, at=context.now(), message=posted)
    return Done(sent)
