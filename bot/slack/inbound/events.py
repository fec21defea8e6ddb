"""Events, from their payload to the record, in one transaction each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.timeline.marks import normalise_emoji
from bot.services.channel import archiving as channels
from bot.services.channel import transcript
from bot.services.views import app_home as homes
from bot.services.workspace import installation as workspace
from bot.services.workspace import people
from bot.slack.api.payloads import Deleted, Whose, message_event, person_of, team_of
from bot.store.incidents import incidents
from bot.store.incidents.transcript import Reaction
from bot.store.shared import idempotency as deliveries


def hear(session: Session, settings: Settings, body: Mapping[str, Any], at: datetime) -> bool:
    """
    Take in one event. False for one that was taken in before.

    Events of other kinds than those below say nothing that is kept.
    """
    event, team_id = body["event"], team_of(body)
    event_id = body.get("event_id")
    if event_id and not deliveries.is_first(session, f"{team_id}:event:{event_id}", at):
        return False
    match event.get("type"):
        case "message":
            _message(session, settings, team_id, event, at)
        case "reaction_added" | "reaction_removed":
            _reaction(session, settings, team_id, event, at)
        case "user_change":
            people.changed(session, team_id, person_of(event["user"]), at)
        case "app_home_opened":
            if event.get("tab", "home") == "home":
                homes.opened(session, team_id, str(event["user"]), at)
        case "channel_archive" | "group_archive":
            channels.archived(session, team_id, str(event["channel"]), at)
        case "channel_unarchive" | "group_unarchive":
            channels.opened_again(session, team_id, str(event["channel"]), at)
        case "channel_rename" | "group_rename":
            workspace.channel_renamed(session, team_id, event["channel"]["id"], event["channel"]["name"])
        case "channel_id_changed":
            workspace.channel_moved(session, team_id, event["old_channel_id"], event["new_channel_id"])
    return True


def who_may_answer(settings: Settings, body: Mapping[str, Any]) -> tuple[str, str] | None:
    """Whoever reacts with what can answer an escalation, as team and user: whether they may has to be known first."""
    event = body["event"]
    if event.get("type") != "reaction_added":
        return None
    emoji = normalise_emoji(str(event["reaction"]))
    return (team_of(body), str(event["user"])) if emoji in settings.escalation.acknowledge_emoji else None


def check_shape(body: Mapping[str, Any]) -> None:
    """Read an event without keeping anything. Raises what `payloads.reading` turns into Malformed."""
    team_of(body)
    event = body["event"]
    match event.get("type"):
        case "message":
            message_event(event, Whose("", ""))
        case "reaction_added" | "reaction_removed":
            _ = (event.get("item") or {}).get("type"), event["user"], event["reaction"]
        case "user_change":
            person_of(event["user"])
        case "app_home_opened":
            _ = event["user"]
        case "channel_archive" | "group_archive" | "channel_unarchive" | "group_unarchive":
            _ = event["channel"]
        case "channel_rename" | "group_rename":
            _ = event["channel"]["id"], event["channel"]["name"]


def _message(session: Session, settings: Settings, team_id: str, event: Mapping[str, Any], at: datetime) -> None:
    match event.get("subtype"):
        case "channel_archive" | "group_archive":
            channels.archived(session, team_id, str(event.get("channel") or ""), at)
        case "channel_unarchive" | "group_unarchive":
            channels.opened_again(session, team_id, str(event.get("channel") or ""), at)
        case "channel_convert_to_private":
            channels.made_private(session, team_id, str(event.get("channel") or ""), at)
    told = message_event(event, _whose(session))
    if isinstance(told, Deleted):
        transcript.deleted(session, team_id, told.channel_id, told.ts, at)
    elif told is not None:
        transcript.heard(session, settings, team_id, told, at)


def _reaction(session: Session, settings: Settings, team_id: str, event: Mapping[str, Any], at: datetime) -> None:
    item, whose = event.get("item") or {}, _whose(session)
    if item.get("type", "message") != "message" or event.get("user") == whose.bot_user_id:
        return
    reaction = Reaction(
        team_id=team_id,
        channel_id=str(item["channel"]),
        message_ts=str(item["ts"]),
        user_id=str(event["user"]),
        emoji=str(event["reaction"]),
        is_present=event["type"] == "reaction_added",
        event_ts=str(event.get("event_ts") or f"{at.timestamp():.6f}"),
        user_team_id=event.get("user_team"),
    )
    is_ours = bool(event.get("item_user")) and event.get("item_user") == whose.bot_user_id
    transcript.reacted(session, settings, reaction, at, is_on_own_message=is_ours)


def _whose(session: Session) -> Whose:
    installation = incidents.installation(session)
    return Whose(installation.bot_user_id, installation.bot_id) if installation else Whose("", "")
