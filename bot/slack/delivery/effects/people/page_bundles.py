"""Effect of pages that one person gets in one message."""

from dataclasses import replace
from functools import partial

from bot.services.escalation.page_bundles import BundleView, prepare_bundle, record_bundle_outcome
from bot.services.outbox.payloads import PageBundlePayload
from bot.services.paging.pages import NO_ANSWER
from bot.slack.api.errors import SlackApiError, TokenRejected, Unreachable
from bot.slack.api.lookups import is_channel_member
from bot.slack.blocks.escalation.page_bundle import page_bundle_message
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import edit_message, post_directly
from bot.store import outbox
from bot.store.escalation.pages import SENT
from bot.store.outbox import Claim, Done, Outcome


async def show_page_bundle(context: EffectContext, claim: Claim) -> Outcome:
    """Edit the messages that were sent, then send the rest in a new one."""
    payload = PageBundlePayload.from_json(claim.row.details)
    views = await context.database.run(prepare_bundle, context.settings(), payload.bundle_key, context.now())
    for view in views:
        if view.message is not None:
            shown = await _view_for(context, view, payload.user_id)
            await edit_message(context, *view.message, page_bundle_message(shown))
    unsent = next((view for view in views if view.message is None), None)
    return await _send_bundle(context, claim, unsent) if unsent else Done()


async def _view_for(context: EffectContext, view: BundleView, reader: str) -> BundleView:
    """A sent bundle without the words of incidents that the reader may not see."""
    lines = [
        line.without_words()
        if line.is_private and not await is_channel_member(context.gateway, line.channel_id or "", reader)
        else line
        for line in view.lines
    ]
    return replace(view, lines=lines)


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
