"""Effects of reactions: the confirming emoji, fetched messages, looked-up people."""

from typing import Any

from sqlmodel import Session

from bot.domain.slack_app.missing_permissions import is_missing_permission
from bot.services.channel.transcript import record_message
from bot.services.outbox.payloads import MessagePayload, UserPayload
from bot.services.workspace.people import save_profile
from bot.slack.api import payloads
from bot.slack.api.errors import SlackApiError
from bot.slack.delivery.effects.context import EffectContext
from bot.store import outbox
from bot.store.incidents.timeline import find_by_message
from bot.store.outbox import Claim, Done, OutboxRow, Outcome

SETTLED_ADD = {"already_reacted", "message_not_found"}
SETTLED_REMOVE = {"no_reaction", "message_not_found"}


def load_is_on_timeline(_context: EffectContext, session: Session, row: OutboxRow) -> bool:
    message = MessagePayload.from_json(row.details)
    entry = find_by_message(session, row.incident_id or 0, message.channel_id, message.message_ts)
    return entry is not None and entry.withdrawn_at is None and entry.deleted_at is None


async def update_confirmation(context: EffectContext, claim: Claim, is_on_timeline: bool) -> Outcome:
    """Add or remove the bot's emoji: it marks messages that are on the timeline."""
    message = MessagePayload.from_json(claim.row.details)
    channel, ts = message.channel_id, message.message_ts
    method, settled = ("reactions.add", SETTLED_ADD) if is_on_timeline else ("reactions.remove", SETTLED_REMOVE)
    emoji = context.settings().incidents.confirm_emoji
    try:
        await context.gateway.call(method, channel=channel, timestamp=ts, name=emoji)
    except SlackApiError as problem:
        if problem.error not in settled and not is_missing_permission(problem.error):
            return outbox.Rejected(problem.error)
    return Done()


async def fetch_message(context: EffectContext, claim: Claim) -> Outcome:
    """Fetch a marked message that the bot never received. If it was deleted, nothing is missing."""
    message = MessagePayload.from_json(claim.row.details)
    found = await find_message(context, message.channel_id, message.message_ts)
    if found is None:
        return Done()
    installation = await context.read_installation()
    identity = payloads.BotIdentity(installation.bot_user_id, installation.bot_id)
    fetched = payloads.parse_message(found, message.channel_id, identity)
    settings, at, team_id = context.settings(), context.now(), claim.row.team_id

    def apply(session: Session) -> None:
        record_message(session, settings, team_id, fetched, at)

    return Done(apply)


async def find_message(context: EffectContext, channel: str, ts: str) -> dict[str, Any] | None:
    """
    Read a message as Slack has it; None if it is gone.

    The channel's history holds no replies: those are found in their thread. Raises the gateway's errors.
    """
    arguments = {"channel": channel, "oldest": ts, "inclusive": True, "limit": 1}
    answer = await context.gateway.call("conversations.history", latest=ts, **arguments)
    found = [each for each in answer.get("messages", []) if each.get("ts") == ts]
    if not found:
        try:
            answer = await context.gateway.call("conversations.replies", ts=ts, **arguments)
        except SlackApiError as problem:
            if problem.error not in {"thread_not_found", "message_not_found"}:
                raise
            answer = {}
        found = [each for each in answer.get("messages", []) if each.get("ts") == ts]
    return found[0] if found else None


async def look_up_person(context: EffectContext, claim: Claim) -> Outcome:
    """Save a person's profile. Without the scope their id is shown, and the row is done."""
    try:
        answer = await context.gateway.call("users.info", user=UserPayload.from_json(claim.row.details).user_id)
    except SlackApiError as problem:
        if not is_missing_permission(problem.error):
            raise
        return Done()
    profile, at, team_id = payloads.parse_user(answer["user"]), context.now(), claim.row.team_id

    def apply(session: Session) -> None:
        save_profile(session, team_id, profile, at)

    return Done(apply)
