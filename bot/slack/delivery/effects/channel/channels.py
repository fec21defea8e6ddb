"""Effects on channels: create, invite, set the topic, pin, archive."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from html import unescape
from typing import Any

from sqlmodel import Session
from structlog import get_logger

from bot.domain.incidents.lifecycle import alternative_channel_name, channel_name
from bot.services.alerts import storms
from bot.services.channel.archive_timer import on_channel_archived_by_bot
from bot.services.channel.creation import on_channel_created, on_channel_refused, on_topic_set
from bot.services.outbox.payloads import InvitePayload
from bot.slack.api.errors import SlackApiError
from bot.slack.blocks.incidents.card import channel_topic
from bot.slack.delivery.effects.channel.lookup import list_channels
from bot.slack.delivery.effects.context import (
    PAGE_SIZE,
    SKEW,
    EffectContext,
    load_incident,
    require_channel,
    require_installation,
)
from bot.store import outbox
from bot.store.incidents import incident_lists, installations
from bot.store.incidents.incidents import Incident
from bot.store.incidents.installations import Installation
from bot.store.incidents.slack_messages import SlackView, find_digest, find_ts
from bot.store.outbox import Claim, Done, OutboxRow, Outcome

log = get_logger(__name__)

MAX_NAMES = 20
INVITE = "conversations.invite"
PIN = "pins.add"
PIN_SECONDS = 1.0
"""Longest time for which the card's next change waits for its pin."""
INVITED_AT_ONCE = 100
"""People in one call of `conversations.invite`."""
HARMLESS_INVITES = {"already_in_channel", "cant_invite_self"}


async def create_channel(context: EffectContext, claim: Claim, loaded: tuple[Incident, Installation | None]) -> Outcome:
    """
    Create the incident's channel under the first free name, and begin to invite people.

    After an attempt of unknown outcome, a channel that the bot created is used instead of another one.
    """
    incident, installation = loaded
    if incident.channel_id is not None:
        return Done()
    wanted = channel_name(incident.series, incident.number, incident.title_without_count)
    if claim.is_unknown or claim.row.attempts > 1:
        found = await _find_created_channel(context, claim, await context.read_installation(), wanted)
        if found is not None:
            return _created(incident, found, context.now())
    for attempt in range(1, MAX_NAMES + 1):
        name = wanted if attempt == 1 else alternative_channel_name(wanted, attempt)
        try:
            answer = await context.gateway.call("conversations.create", name=name, is_private=incident.is_private)
        except SlackApiError as problem:
            if problem.error == "name_taken":
                continue
            if problem.error.startswith("invalid_name") and wanted != f"{incident.series.lower()}-{incident.number}":
                wanted = f"{incident.series.lower()}-{incident.number}"
                continue
            return outbox.Rejected(
                problem.error, apply=partial(_on_refusal, incident.key, problem.error, context.now())
            )
        _begin_invite(context, claim, str(answer["channel"]["id"]), installation)
        return _created(incident, answer["channel"], context.now())
    return outbox.Rejected("name_taken", apply=partial(_on_refusal, incident.key, "name_taken", context.now()))


async def _find_created_channel(
    context: EffectContext, claim: Claim, installation: Installation, wanted: str
) -> dict[str, Any] | None:
    """
    Find an unused channel with a fitting name that the bot created since the first attempt.

    None, too, if channels may not be listed: then another one is created under the next name.
    """
    since = (claim.row.first_attempt_at or claim.row.created_at) - SKEW
    names = {wanted, *(alternative_channel_name(wanted, attempt) for attempt in range(2, MAX_NAMES + 1))}
    taken = await context.database.read(incident_lists.find_channels_in_use)
    try:
        async for channel in list_channels(context, search=f"row {claim.row.uuid}"):
            if (
                channel.get("name") in names
                and channel.get("creator") == installation.bot_user_id
                and datetime.fromtimestamp(channel.get("created", 0), UTC) >= since
                and channel["id"] not in taken
                and not channel.get("is_archived")
            ):
                return channel
    except SlackApiError as problem:
        log.warning("channel search after unknown outcome failed", problem=str(problem))
    return None


def _created(incident: Incident, channel: dict[str, Any], at: datetime) -> Done:
    def apply(session: Session) -> None:
        on_channel_created(session, incident.key, str(channel["id"]), str(channel.get("name") or ""), at)
        storms.link_storm_channels(session, incident.key, at)

    return Done(apply)


def _begin_invite(context: EffectContext, claim: Claim, channel: str, installation: Installation | None) -> None:
    """Invite people while the channel is being stored, unless others have to be looked up first."""
    payload = InvitePayload.from_json(claim.row.details)
    if installation is None or payload.usergroups or payload.from_channel:
        return
    if users := _invitees(payload.users, installation):
        context.early_calls.begin(context.gateway.call, INVITE, **_invitation(channel, users[:INVITED_AT_ONCE]))


def _invitees(users: Sequence[str], installation: Installation) -> list[str]:
    return [user for user in dict.fromkeys(users) if user != installation.bot_user_id]


def _on_refusal(incident_id: int, error: str, at: datetime, session: Session) -> None:
    on_channel_refused(session, incident_id, error, at)


def load_invite(context: EffectContext, session: Session, row: OutboxRow) -> tuple[Incident, Installation | None]:
    return load_incident(context, session, row), installations.get(session, row.team_id)


async def invite_people(context: EffectContext, claim: Claim, loaded: tuple[Incident, Installation | None]) -> Outcome:
    """Invite people, user groups and a channel's members. A refusal does not stop the others."""
    incident, found = loaded
    channel, installation = require_channel(incident), require_installation(found)
    payload = InvitePayload.from_json(claim.row.details)
    users = list(payload.users)
    if payload.usergroups:
        users += await list_group_members(context, payload.usergroups)
    if other := payload.from_channel:
        users += await _list_members(context, str(other))
    users = _invitees(users, installation)
    failed: list[str] = []
    for first in range(0, len(users), INVITED_AT_ONCE):
        try:
            failed += await _invite(context, channel, users[first : first + INVITED_AT_ONCE])
        except SlackApiError as problem:
            return outbox.Rejected(", ".join([*failed, problem.error]))
    return outbox.Rejected(", ".join(failed)) if failed else Done()


async def _invite(context: EffectContext, channel: str, users: Sequence[str]) -> list[str]:
    """
    Invite people in one call, and return who could not be invited.

    Raises the gateway's errors, also if Slack does not say whom it refuses.
    """
    try:
        answer: Mapping[str, Any] = await context.early_calls.call(
            context.gateway.call, INVITE, **_invitation(channel, users)
        )
    except SlackApiError as problem:
        if problem.error in HARMLESS_INVITES and len(users) == 1:
            return []
        if not problem.details.get("errors") or len(users) == 1:
            raise
        answer = problem.details
    refused = [each for each in answer.get("errors") or [] if each.get("error") not in HARMLESS_INVITES]
    return [f"<@{each.get('user')}> {each.get('error')}" for each in refused]


def _invitation(channel: str, users: Sequence[str]) -> dict[str, str]:
    """Arguments of an invitation. `force`: the others are invited, too, if one person cannot be."""
    return {"channel": channel, "users": ",".join(users), "force": "true"}


async def list_group_members(context: EffectContext, groups: Sequence[str]) -> list[str]:
    """Present members of the user groups; empty without user groups or their scope."""
    try:
        answer = await context.gateway.call("usergroups.list", include_users=True)
    except SlackApiError:
        return []
    return [
        user for group in answer.get("usergroups", []) if group.get("id") in groups for user in group.get("users", [])
    ]


async def _list_members(context: EffectContext, channel: str) -> list[str]:
    """Present members of a channel, bots included, as far as Slack lists them."""
    found: list[str] = []
    try:
        async for answer in context.pages("conversations.members", channel=channel, limit=PAGE_SIZE):
            found += answer.get("members", [])
    except SlackApiError as problem:
        log.warning("channel members lookup failed", channel=channel, problem=str(problem))
    return found


def load_topic(context: EffectContext, session: Session, row: OutboxRow) -> tuple[Incident, str, str | None]:
    """The incident, its topic, and the digest of the topic that was set."""
    incident = load_incident(context, session, row)
    topic = channel_topic(context.load_card(session, incident.key))
    return incident, topic, find_digest(session, incident.key, SlackView.TOPIC)


async def set_topic(context: EffectContext, claim: Claim, loaded: tuple[Incident, str, str | None]) -> Outcome:
    """Set the topic if its text has changed: Slack posts a line each time that it is set."""
    incident, wanted, known = loaded
    channel = require_channel(incident)
    fingerprint = sha256(wanted.encode()).hexdigest()
    if fingerprint == known:
        return Done()
    if not (claim.is_unknown and await _has_topic(context, channel, wanted)):
        await context.gateway.call("conversations.setTopic", channel=channel, topic=wanted)
    return Done(lambda session: on_topic_set(session, incident.key, fingerprint))


async def _has_topic(context: EffectContext, channel: str, topic: str) -> bool:
    """True if an earlier attempt set this topic: setting it again would post about it again."""
    try:
        answer = await context.gateway.call("conversations.info", channel=channel)
    except SlackApiError:
        return False
    present = str(answer["channel"].get("topic", {}).get("value", ""))
    return unescape(present) == unescape(topic)  # Slack escapes &, < and >


def load_pin(context: EffectContext, session: Session, row: OutboxRow) -> tuple[str | None, str | None]:
    """Channel and ts of the card."""
    incident = load_incident(context, session, row)
    return incident.channel_id, find_ts(session, incident.key, SlackView.CARD)


async def pin_posted_card(context: EffectContext, channel: str, card_ts: str) -> bool:
    """
    Pin the card that was just posted.

    False if Slack refused or did not answer soon: a row has to pin it, which shows what failed.
    """
    context.early_calls.begin(context.gateway.call, PIN, channel=channel, timestamp=card_ts)
    return await context.early_calls.succeeds(PIN_SECONDS, PIN, channel=channel, timestamp=card_ts)


async def pin_card(context: EffectContext, _claim: Claim, place: tuple[str | None, str | None]) -> Outcome:
    channel, card_ts = place
    try:
        await context.early_calls.call(context.gateway.call, PIN, channel=channel or "", timestamp=card_ts or "")
    except SlackApiError as problem:
        if problem.error != "already_pinned":
            return outbox.Rejected(problem.error)
    return Done()


async def archive_channel(context: EffectContext, _claim: Claim, incident: Incident) -> Outcome:
    """Archive the channel, unless the incident was reopened meanwhile."""
    if incident.is_open or incident.archived_at is not None:
        return Done()
    try:
        await context.gateway.call("conversations.archive", channel=require_channel(incident))
    except SlackApiError as problem:
        if problem.error != "already_archived":
            raise
    return Done(partial(on_channel_archived_by_bot, incident_id=incident.key, at=context.now()))
