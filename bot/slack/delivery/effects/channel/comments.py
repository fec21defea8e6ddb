"""Effects that mirror comments on a postmortem's blocks: a thread for each block."""

from bot.services.outbox.payloads import CommentPayload, CommentThreadPayload
from bot.services.postmortem.document.comments import (
    load_comment_view,
    load_thread_view,
    on_comment_posted,
    on_thread_posted,
)
from bot.slack.blocks.postmortem.comments import comment_message, comment_thread_message
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import edit_message
from bot.store.outbox import Claim, Done, Outcome


async def begin_comment_thread(context: EffectContext, claim: Claim) -> Outcome:
    """Post the first message of a block's thread, unless it was."""
    thread_id = CommentThreadPayload.from_json(claim.row.details).thread_id
    view = await context.database.read(load_thread_view, context.settings(), thread_id)
    if view.ts is not None:
        return Done()
    ts = await context.post(claim, view.channel_id, comment_thread_message(view))
    return Done(lambda session: on_thread_posted(session, thread_id, view.channel_id, ts))


async def show_comment(context: EffectContext, claim: Claim) -> Outcome:
    """Post a comment in its thread, or edit its message, unless people deleted it."""
    comment_id = CommentPayload.from_json(claim.row.details).comment_id
    view = await context.database.read(load_comment_view, comment_id)
    ts = view.ts
    if ts is None:
        ts = await context.post(claim, view.channel_id, comment_message(view), thread_ts=view.thread_ts)
    else:
        await edit_message(context, view.channel_id, ts, comment_message(view))
    posted = ts
    return Done(
        lambda session: on_comment_posted(session, comment_id, view.channel_id, posted, view.text, context.now())
    )
