"""Effects around the log: the confirming emoji, messages that have to be asked for, and who people are."""

from sqlmodel import Session

from bot.domain.slack_app.scopes import is_lack
from bot.services.channel import transcript as hearing
from bot.services.workspace import people as knowing
from bot.slack.api import payloads
from bot.slack.api.client import Refused
from bot.slack.delivery.effects.context import Tools
from bot.store import outbox
from bot.store.incidents import timeline as store_timeline
from bot.store.outbox import Claim, Done, Outcome

SETTLED_ADD = {"already_reacted", "message_not_found"}
SETTLED_REMOVE = {"no_reaction", "message_not_found"}


async def confirm(tools: Tools, claim: Claim) -> Outcome:
    """The bot's own emoji is on a message exactly while the message is on the timeline."""
    channel, ts = claim.row.details["channel_id"], claim.row.details["message_ts"]
    entry = await tools.database.read(store_timeline.of_message, claim.row.incident_id or 0, channel, ts)
    stands = entry is not None and entry.withdrawn_at is None and entry.deleted_at is None
    method, settled = ("reactions.add", SETTLED_ADD) if stands else ("reactions.remove", SETTLED_REMOVE)
    emoji = tools.settings().incidents.confirm_emoji
    try:
        await tools.gateway.call(method, channel=channel, timestamp=ts, name=emoji)
    except Refused as problem:
        if problem.error not in settled and not is_lack(problem.error):
            return outbox.Refused(problem.error)
    return Done()


async def fetch_message(tools: Tools, claim: Claim) -> Outcome:
    """
    A message that somebody marked and that was never heard: asked for, kept, and marked.

    History holds what stands in the channel itself; a reply is only found among its thread's.
    """
    channel, ts = claim.row.details["channel_id"], claim.row.details["message_ts"]
    arguments = {"channel": channel, "oldest": ts, "inclusive": True, "limit": 1}
    answer = await tools.gateway.call("conversations.history", latest=ts, **arguments)
    found = [each for each in answer.get("messages", []) if each.get("ts") == ts]
    if not found:
        try:
            answer = await tools.gateway.call("conversations.replies", ts=ts, **arguments)
        except Refused as problem:
            if problem.error not in {"thread_not_found", "message_not_found"}:
                raise
            answer = {}
        found = [each for each in answer.get("messages", []) if each.get("ts") == ts]
    if not found:
        return outbox.Refused("message_not_found")
    installation = await tools.installation()
    whose = payloads.Whose(installation.bot_user_id, installation.bot_id)
    said = payloads.said_of(found[0], channel, whose)
    settings, at, team_id = tools.settings(), tools.now(), claim.row.team_id

    def apply(session: Session) -> None:
        hearing.heard(session, settings, team_id, said, at)

    return Done(apply)


async def learn_person(tools: Tools, claim: Claim) -> Outcome:
    """Without the scope for it people are shown by their ids, and there is nothing to try again for each of them."""
    try:
        answer = await tools.gateway.call("users.info", user=claim.row.details["user_id"])
    except Refused as problem:
        if not is_lack(problem.error):
            raise
        return Done()
    known, at, team_id = payloads.person_of(answer["user"]), tools.now(), claim.row.team_id

    def apply(session: Session) -> None:
        knowing.learned(session, team_id, known, at)

    return Done(apply)
