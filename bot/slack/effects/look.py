"""Reading a channel as it is, for what happened while nobody listened."""

from collections.abc import AsyncIterator
from typing import Any

from sqlmodel import Session

from bot.services import catching_up
from bot.services.catching_up import Mark, Seen, Snapshot
from bot.slack.effects.tools import PAGE_SIZE, Tools
from bot.slack.gateway import Refused
from bot.slack.payloads import QUIET, Whose, said_of
from bot.store import outbox
from bot.store.outbox import Claim, Done, Outcome

MOST_MESSAGES = 1_000
MOST_THREADS = 50


async def look(tools: Tools, claim: Claim) -> Outcome:
    """The channel's messages and threads, the newest thousand, into the transcript: read whole, or not at all."""
    channel = await tools.channel_of(claim.row.incident_id)
    installation = await tools.installation()
    whose = Whose(installation.bot_user_id, installation.bot_id)
    at = tools.now()
    found: list[dict[str, Any]] = []
    try:
        async for message in _pages(tools, "conversations.history", channel=channel):
            found.append(message)
            if len(found) >= MOST_MESSAGES:
                break
        parents = [str(each["ts"]) for each in found if each.get("reply_count")][:MOST_THREADS]
        for parent in parents:
            replies = [each async for each in _pages(tools, "conversations.replies", channel=channel, ts=parent)]
            found += [each for each in replies if each.get("ts") != parent]
    except Refused as problem:
        return outbox.Refused(f"{problem.method}: {problem.error}")
    told = [each for each in found if each.get("ts") and each.get("subtype") not in QUIET]
    snapshot = Snapshot(
        channel_id=channel,
        at=at,
        oldest=min((str(each["ts"]) for each in found if each.get("thread_ts") in {None, each.get("ts")}), default="0")
        if len(found) >= MOST_MESSAGES
        else "0",
        seen=tuple(_seen(each, channel, whose) for each in sorted(told, key=lambda each: str(each["ts"]))),
        threads=frozenset(parents),
    )
    settings, team_id = tools.settings(), claim.row.team_id

    def apply(session: Session) -> None:
        catching_up.reconcile(session, settings, team_id, snapshot, at)

    return Done(apply)


async def _pages(tools: Tools, method: str, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        answer = await tools.gateway.call(method, **arguments, limit=PAGE_SIZE, cursor=cursor)
        for message in answer.get("messages", []):
            yield message
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return


def _seen(message: dict[str, Any], channel: str, whose: Whose) -> Seen:
    marks, is_whole = [], True
    for reaction in message.get("reactions") or []:
        users = reaction.get("users") or []
        is_whole = is_whole and len(users) >= int(reaction.get("count") or 0)
        marks += [Mark(str(user), str(reaction["name"])) for user in users if user != whose.bot_user_id]
    return Seen(said_of(message, channel, whose), tuple(marks), is_whole)
