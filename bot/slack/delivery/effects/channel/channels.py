"""Effects on channels: made, named, peopled, pinned."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from html import unescape
from typing import Any

from sqlmodel import Session
from structlog import get_logger

from bot.domain.incidents.lifecycle import channel_name, channel_name_again
from bot.domain.record.generated_sentences import without_count
from bot.domain.slack_app.scopes import MISSING_SCOPE
from bot.services.alerts import storms
from bot.services.incidents import lifecycle as course
from bot.services.views import messages as views
from bot.services.workspace import installation as workspace
from bot.slack.api.client import Refused
from bot.slack.blocks.incidents.card import topic as topic_of
from bot.slack.delivery.effects.context import PAGE_SIZE, SKEW, Tools, channel_of, known
from bot.store import outbox
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident, Installation
from bot.store.outbox import Claim, Done, Outcome

log = get_logger(__name__)

NAMES_TRIED = 20
PUBLIC = "public_channel"
PUBLIC_AND_PRIVATE = "public_channel,private_channel"
HARMLESS_INVITES = {"already_in_channel", "cant_invite_self"}


async def create_channel(tools: Tools, claim: Claim) -> Outcome:
    """
    The incident's channel, under the first name that is free.

    After a lost answer, and when a name is taken, a channel that is ours is taken over instead of making another.
    """
    incident = await tools.incident(claim.row.incident_id)
    if incident.channel_id is not None:
        return Done()
    wanted = channel_name(incident.series, incident.number, without_count(incident.title))
    if claim.is_unknown or claim.row.attempts > 1:
        found = await _find_ours(tools, claim, await tools.installation(), wanted)
        if found is not None:
            return _made(incident, found, tools.now())
    for attempt in range(1, NAMES_TRIED + 1):
        name = wanted if attempt == 1 else channel_name_again(wanted, attempt)
        try:
            answer = await tools.gateway.call("conversations.create", name=name, is_private=incident.is_private)
        except Refused as problem:
            if problem.error == "name_taken":
                continue
            if problem.error.startswith("invalid_name") and wanted != f"{incident.series.lower()}-{incident.number}":
                wanted = f"{incident.series.lower()}-{incident.number}"
                continue
            return outbox.Refused(problem.error, apply=partial(_not_made, incident.key, problem.error, tools.now()))
        return _made(incident, answer["channel"], tools.now())
    return outbox.Refused("name_taken", apply=partial(_not_made, incident.key, "name_taken", tools.now()))


async def _find_ours(tools: Tools, claim: Claim, installation: Installation, wanted: str) -> dict[str, Any] | None:
    """
    A channel of a fitting name that our bot created since the first attempt and that no other incident has.

    None too if channels may not be listed: then another is made, under the next name.
    """
    since = (claim.row.first_attempt_at or claim.row.created_at) - SKEW
    names = {wanted, *(channel_name_again(wanted, attempt) for attempt in range(2, NAMES_TRIED + 1))}
    taken = await tools.database.read(incidents.channels_in_use)
    try:
        async for channel in _channels(tools):
            if (
                channel.get("name") in names
                and channel.get("creator") == installation.bot_user_id
                and datetime.fromtimestamp(channel.get("created", 0), UTC) >= since
                and channel["id"] not in taken
                and not channel.get("is_archived")
            ):
                return channel
    except Refused as problem:
        log.warning("a half-made channel cannot be looked for", problem=str(problem))
    return None


def _made(incident: Incident, channel: dict[str, Any], at: datetime) -> Done:
    def apply(session: Session) -> None:
        course.channel_made(session, incident.key, str(channel["id"]), str(channel.get("name") or ""), at)
        storms.channel_made(session, incident.key, at)

    return Done(apply)


def _not_made(incident_id: int, error: str, at: datetime, session: Session) -> None:
    course.channel_refused(session, incident_id, error, at)


async def invite(tools: Tools, claim: Claim) -> Outcome:
    """People and the people of user groups. If Slack refuses one of them, the others are still invited."""
    incident, found = await tools.seen(
        claim.row.incident_id, lambda session, _incident_id: incidents.installation(session)
    )
    channel, installation = channel_of(incident), known(found)
    users = list(claim.row.details.get("users", []))
    if groups := claim.row.details.get("usergroups"):
        users += await _members_of(tools, groups)
    if other := claim.row.details.get("from_channel"):
        users += await _people_in(tools, str(other))
    users = [user for user in dict.fromkeys(users) if user != installation.bot_user_id]
    if not users:
        return Done()
    try:
        await tools.gateway.call("conversations.invite", channel=channel, users=",".join(users))
    except Refused as problem:
        if problem.error in HARMLESS_INVITES and len(users) == 1:
            return Done()
        if len(users) == 1 or problem.error in {"not_in_channel", "channel_not_found", "is_archived", "missing_scope"}:
            return outbox.Refused(problem.error)
    else:
        return Done()
    failed = []
    for user in users:
        try:
            await tools.gateway.call("conversations.invite", channel=channel, users=user)
        except Refused as problem:
            if problem.error not in HARMLESS_INVITES:
                failed.append(f"<@{user}> {problem.error}")
    return outbox.Refused(", ".join(failed)) if failed else Done()


async def _members_of(tools: Tools, groups: list[str]) -> list[str]:
    """Who is in these user groups now. Workspaces without user groups, or without the scope, have none."""
    try:
        answer = await tools.gateway.call("usergroups.list", include_users=True)
    except Refused:
        return []
    return [
        user for group in answer.get("usergroups", []) if group.get("id") in groups for user in group.get("users", [])
    ]


async def _people_in(tools: Tools, channel: str) -> list[str]:
    """Who is in a channel now, bots among them. Nobody where Slack does not say: then those who are named are asked."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        try:
            answer = await tools.gateway.call("conversations.members", channel=channel, limit=PAGE_SIZE, cursor=cursor)
        except Refused as problem:
            log.warning("who is in a channel is not known", channel=channel, problem=str(problem))
            return found
        found += answer.get("members", [])
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return found


async def topic(tools: Tools, claim: Claim) -> Outcome:
    settings = tools.settings()
    incident, view = await tools.seen(
        claim.row.incident_id, lambda session, incident_id: views.card(session, settings, incident_id)
    )
    channel, wanted = channel_of(incident), topic_of(view)
    if claim.is_unknown and await _stands(tools, channel, wanted):
        return Done()
    await tools.gateway.call("conversations.setTopic", channel=channel, topic=wanted)
    return Done()


async def _stands(tools: Tools, channel: str, topic: str) -> bool:
    """Whether an earlier attempt whose answer was lost set this topic: setting it again is told to everybody again."""
    try:
        answer = await tools.gateway.call("conversations.info", channel=channel)
    except Refused:
        return False
    return unescape(str(answer["channel"].get("topic", {}).get("value", ""))) == unescape(
        topic
    )  # Slack escapes &, < and >


async def pin_card(tools: Tools, claim: Claim) -> Outcome:
    incident = await tools.incident(claim.row.incident_id)
    try:
        await tools.gateway.call("pins.add", channel=incident.channel_id, timestamp=incident.card_ts)
    except Refused as problem:
        if problem.error != "already_pinned":
            return outbox.Refused(problem.error)
    return Done()


async def incidents_channel(tools: Tools, installation: Installation) -> str:
    """
    The channel for announcements, by the name or id of the configuration; made if there is none of that name.

    Raises Refused if it can be neither found nor made.
    """
    wanted = tools.settings().incidents.channel.removeprefix("#")
    if installation.incidents_channel_id and installation.incidents_channel == wanted:
        return installation.incidents_channel_id
    found = await _find_channel(tools, wanted)
    if found is None:
        try:
            found = (await tools.gateway.call("conversations.create", name=wanted))["channel"]
        except Refused as problem:
            if problem.error != "name_taken":
                raise
            found = await _find_channel(tools, wanted)
            if found is None:
                raise
    elif not found.get("is_member", True) and not found.get("is_private"):
        await tools.gateway.call("conversations.join", channel=found["id"])
    channel_id = str(found["id"])
    await tools.database.run(workspace.incidents_channel_found, installation.team_id, wanted, channel_id)
    return channel_id


async def find_channel(tools: Tools, wanted: str) -> str:
    """
    The id of a channel of the configuration, by name or id, which the bot is in from now on if it is open to all.

    Raises Refused for one that cannot be found.
    """
    found = await _find_channel(tools, wanted.removeprefix("#"))
    if found is None:
        raise Refused("conversations.list", "channel_not_found", {})
    if not found.get("is_member", True) and not found.get("is_private"):
        await tools.gateway.call("conversations.join", channel=found["id"])
    return str(found["id"])


async def _find_channel(tools: Tools, wanted: str) -> dict[str, Any] | None:
    async for channel in _channels(tools):
        if wanted in {channel.get("id"), channel.get("name")}:
            return channel
    return None


async def _channels(tools: Tools) -> AsyncIterator[dict[str, Any]]:
    """The workspace's channels that are not archived, as far as the bot sees and may see them, page by page."""
    types, cursor = PUBLIC_AND_PRIVATE, None
    while True:
        try:
            answer = await tools.gateway.call(
                "conversations.list", types=types, exclude_archived=True, limit=PAGE_SIZE, cursor=cursor
            )
        except Refused as problem:
            if problem.error != MISSING_SCOPE or types == PUBLIC:
                raise
            types, cursor = PUBLIC, None
            continue
        for channel in answer.get("channels", []):
            yield channel
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return
