"""Post and edit messages: building blocks of the effects."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlmodel import Session

from bot.services.outbox import hide_direct_messages
from bot.services.workspace.installation import forget_incidents_channel, save_direct_channel
from bot.slack.api.errors import SlackApiError
from bot.slack.blocks.message import Message
from bot.slack.delivery.effects.context import EffectContext, incident_id_of
from bot.store import outbox
from bot.store.incidents import incidents, slack_messages
from bot.store.outbox import Claim, Done, Outcome
from bot.store.shared import people

GONE_ERRORS = {"message_not_found", "cant_update_message", "edit_window_closed"}
"""The message to edit is gone, or may not be edited."""
SaveTs = Callable[[Session, str], None]


async def edit_message(context: EffectContext, channel: str, ts: str, message: Message) -> bool:
    """False if the message is gone."""
    try:
        await context.gateway.call("chat.update", channel=channel, ts=ts, **message.content())
    except SlackApiError as problem:
        if problem.error not in GONE_ERRORS:
            raise
        return False
    return True


async def edit_or_post(
    context: EffectContext,
    claim: Claim,
    channel: str,
    ts: str | None,
    message: Message,
    save_ts: SaveTs,
    *,
    on_post: Callable[[str], Awaitable[None]] | None = None,
) -> Outcome:
    """Edit the view's message in place, or post it: then `on_post`, later `save_ts`."""
    if ts is not None and await edit_message(context, channel, ts, message):
        return Done()
    posted = await context.post(claim, channel, message)
    if on_post is not None:
        await on_post(posted)

    def apply(session: Session) -> None:
        save_ts(session, posted)
        if claim.row.target is not None:
            outbox.mark_as_edit(session, claim.row.target)

    return Done(apply)


async def open_direct_channel(context: EffectContext, claim: Claim, user_id: str) -> str:
    """Channel id of the bot's direct messages to a person."""
    known = await context.database.read(people.find_direct_channel, claim.row.team_id, user_id)
    if known is not None:
        return known
    answer = await context.gateway.call("conversations.open", users=user_id)
    channel = str(answer["channel"]["id"])
    await context.database.run(save_direct_channel, claim.row.team_id, user_id, channel)
    return channel


async def post_directly(context: EffectContext, claim: Claim, user_id: str, message: Message) -> tuple[str, str]:
    """Post to one person. Returns channel and ts."""
    channel = await open_direct_channel(context, claim, user_id)
    return channel, await context.post(claim, channel, message)


async def post_words_directly(
    context: EffectContext, claim: Claim, user_id: str, message: Message, *, is_private: bool
) -> Outcome:
    """
    Post a message with words of the row's incident to one person.

    Its place is remembered: if the incident becomes private, others lose the words. `is_private`: it was when the
    message was made.
    """
    channel, ts = await post_directly(context, claim, user_id, message)

    def apply(session: Session) -> None:
        incident = incidents.get(session, incident_id_of(claim.row))
        slack_messages.save_direct(session, incident, channel, ts)
        if incident.is_private:  # since the message was made
            hide_direct_messages(session, incident, context.now(), [(channel, ts)])

    return Done(None if is_private else apply)


@asynccontextmanager
async def forget_channel_on_error(context: EffectContext) -> AsyncIterator[None]:
    """Around a post to the incidents channel: it is looked up again if it cannot be posted to."""
    try:
        yield
    except SlackApiError as problem:
        if problem.error in {"channel_not_found", "is_archived", "not_in_channel"}:
            await context.database.run(forget_incidents_channel)
        raise
