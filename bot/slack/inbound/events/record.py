"""Record events of the Events API: each in one transaction, marks also together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.timeline.emoji import emoji_with_tone, normalise_emoji
from bot.services.channel import channel_changes, transcript
from bot.services.channel.marks import record_marks, record_reaction
from bot.services.channel.messages import format_ts, parse_ts
from bot.services.postmortem.document.canvas_edits import on_canvas_changed
from bot.services.views.app_home import on_home_opened
from bot.services.workspace.installation import save_channel_name
from bot.services.workspace.people import update_profile
from bot.slack.api.payloads import (
    SYSTEM_SUBTYPES,
    BotIdentity,
    DeletedMessage,
    find_id,
    find_ts,
    is_ts,
    parse_message_event,
    parse_team_id,
    parse_user,
    read_id,
    read_ts,
)
from bot.slack.handlers.commands.mentions import BotMention
from bot.store.incidents.transcript import Reaction
from bot.store.shared import idempotency

EVENTS = frozenset(
    {
        "message",
        "reaction_added",
        "reaction_removed",
        "user_change",
        "channel_rename",
        "group_rename",
        "channel_archive",
        "group_archive",
        "channel_unarchive",
        "group_unarchive",
        "channel_id_changed",
        "channel_deleted",
        "group_deleted",
        "group_left",
        "app_home_opened",
        "app_mention",
        "file_change",
    }
)
"""Event types that are recorded, and to which the manifest subscribes."""

CHANNEL_STATES = {
    "channel_archive": channel_changes.on_channel_archived,
    "group_archive": channel_changes.on_channel_archived,
    "channel_unarchive": channel_changes.on_channel_unarchived,
    "group_unarchive": channel_changes.on_channel_unarchived,
    "channel_deleted": channel_changes.on_channel_lost,
    "group_deleted": channel_changes.on_channel_lost,
    "group_left": channel_changes.on_channel_lost,
}
"""Event types after which a channel takes messages, or takes none. The bot can write in a public one that it left."""

RECORDED_SUBTYPES = frozenset(
    {
        "channel_archive",
        "group_archive",
        "channel_unarchive",
        "group_unarchive",
        "channel_convert_to_private",
        "tombstone",
    }
)
IGNORED_SUBTYPES = SYSTEM_SUBTYPES - RECORDED_SUBTYPES
"""Lines of Slack that change nothing here, such as joins and topics: they need no transaction."""


def record_event(session: Session, settings: Settings, body: Mapping[str, Any], at: datetime, bot: BotIdentity) -> bool:
    """Record an event. Returns False for a redelivered one."""
    event, team_id = body["event"], parse_team_id(body)
    key = _delivery_key(body)
    if key and not idempotency.register_delivery(session, key, at):
        return False
    match event.get("type"):
        case "message":
            _record_message(session, settings, team_id, event, at, bot)
        case "reaction_added" | "reaction_removed":
            _record_reaction(session, settings, team_id, event, at, bot)
        case "user_change":
            changed_at = parse_ts(_happened_at(event, at))
            update_profile(session, team_id, parse_user(event["user"]), at, changed_at=changed_at)
        case "app_home_opened":
            if event.get("tab", "home") == "home":
                on_home_opened(session, team_id, read_id(event, "user"), at)
        case kind if kind in CHANNEL_STATES:
            CHANNEL_STATES[kind](session, team_id, read_id(event, "channel"), _happened_at(event, at), at)
        case "channel_rename" | "group_rename":
            save_channel_name(session, team_id, read_id(event["channel"], "id"), read_id(event["channel"], "name"))
        case "file_change":
            on_canvas_changed(session, read_id(event, "file_id"), at)
        case "channel_id_changed":
            old_id, new_id = read_id(event, "old_channel_id"), read_id(event, "new_channel_id")
            transcript.on_channel_id_changed(session, team_id, old_id, new_id, at)
    return True


def record_marks_together(
    session: Session, settings: Settings, bodies: Sequence[Mapping[str, Any]], at: datetime
) -> list[bool]:
    """
    Record marks of one channel, each on a message of its own, as `find_marked_message` says.

    Returns False for each redelivered one.
    """
    keys = [_delivery_key(body) for body in bodies]
    new_keys = idempotency.register_deliveries(session, [key for key in keys if key], at)
    are_new, marks = [], []
    for body, key in zip(bodies, keys, strict=True):
        are_new.append(key is None or key in new_keys)
        new_keys.discard(key or "")
        mark = _parse_reaction(parse_team_id(body), body["event"], format_ts(at))
        if are_new[-1] and mark is not None:
            mark.emoji = emoji_with_tone(mark.emoji)
            marks.append(mark)
    if marks:
        record_marks(session, settings, marks, at)
    return are_new


def find_marked_message(settings: Settings, body: Mapping[str, Any], bot: BotIdentity) -> tuple[str, str] | None:
    """
    Return channel and message of a reaction that marks a person's message.

    None for every other event.
    """
    event = body["event"]
    if event.get("type") not in {"reaction_added", "reaction_removed"}:
        return None
    mark = _parse_reaction(parse_team_id(body), event, "0.0")
    if mark is None or normalise_emoji(mark.emoji) not in settings.reactions:
        return None
    if bot.bot_user_id in (mark.user_id, event.get("item_user")):
        return None
    return mark.channel_id, mark.message_ts


def _delivery_key(body: Mapping[str, Any]) -> str | None:
    event_id = find_id(body, "event_id")
    return f"{parse_team_id(body)}:event:{event_id}" if event_id else None


def _happened_at(event: Mapping[str, Any], at: datetime) -> str:
    """Slack's time of an event; `at` where it names none, or in another form."""
    return next((ts for name in ("event_ts", "ts") if is_ts(ts := event.get(name))), format_ts(at))


def is_ignored(event: Mapping[str, Any]) -> bool:
    return event.get("type") == "message" and event.get("subtype") in IGNORED_SUBTYPES


def find_actor(settings: Settings, body: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return team and user of an event that needs access: App Home, an acknowledgement."""
    event = body["event"]
    match event.get("type"):
        case "app_home_opened":
            needs_access = event.get("tab", "home") == "home"
        case "reaction_added":
            needs_access = normalise_emoji(read_id(event, "reaction")) in settings.escalation.acknowledge_emoji
        case _:
            return None
    return (parse_team_id(body), read_id(event, "user")) if needs_access else None


def check_shape(body: Mapping[str, Any]) -> None:
    """Read the fields of an event, with the errors that `parsing_payload` translates."""
    team_id, event = parse_team_id(body), body["event"]
    find_id(body, "event_id")
    match event.get("type"):
        case "message":
            parse_message_event(event, BotIdentity("", ""))
        case "reaction_added" | "reaction_removed":
            _parse_reaction(team_id, event, "0.0")
        case "user_change":
            parse_user(event["user"])
        case "app_home_opened":
            read_id(event, "user")
        case "file_change":
            read_id(event, "file_id")
        case "app_mention":
            BotMention.from_payload(body)
        case kind if kind in CHANNEL_STATES:
            read_id(event, "channel")
        case "channel_rename" | "group_rename":
            read_id(event["channel"], "id"), read_id(event["channel"], "name")
        case "channel_id_changed":
            read_id(event, "old_channel_id"), read_id(event, "new_channel_id")


def _record_message(
    session: Session, settings: Settings, team_id: str, event: Mapping[str, Any], at: datetime, bot: BotIdentity
) -> None:
    channel_id = find_id(event, "channel") or ""
    match event.get("subtype"):
        case "channel_archive" | "group_archive":
            channel_changes.on_channel_archived(session, team_id, channel_id, _happened_at(event, at), at)
        case "channel_unarchive" | "group_unarchive":
            channel_changes.on_channel_unarchived(session, team_id, channel_id, _happened_at(event, at), at)
        case "channel_convert_to_private":
            channel_changes.on_channel_made_private(session, settings, team_id, channel_id, at)
    message = parse_message_event(event, bot)
    if isinstance(message, DeletedMessage):
        transcript.record_deletion(session, team_id, message.channel_id, message.ts, at)
    elif message is not None:
        transcript.record_message(session, settings, team_id, message, at)


def _record_reaction(
    session: Session, settings: Settings, team_id: str, event: Mapping[str, Any], at: datetime, bot: BotIdentity
) -> None:
    reaction = _parse_reaction(team_id, event, format_ts(at))
    if reaction is None or reaction.user_id == bot.bot_user_id:
        return
    is_own = bool(event.get("item_user")) and event.get("item_user") == bot.bot_user_id
    record_reaction(session, settings, reaction, at, is_on_own_message=is_own)


def _parse_reaction(team_id: str, event: Mapping[str, Any], at: str) -> Reaction | None:
    """
    Parse a reaction to a message; None for one to a file.

    `at`: its `ts` where the event names none.
    """
    user_id, emoji, item = read_id(event, "user"), read_id(event, "reaction"), event.get("item") or {}
    if item.get("type", "message") != "message":
        return None
    return Reaction(
        team_id=team_id,
        channel_id=read_id(item, "channel"),
        message_ts=read_ts(item, "ts"),
        user_id=user_id,
        emoji=emoji,
        is_present=event["type"] == "reaction_added",
        event_ts=find_ts(event, "event_ts") or at,
        user_team_id=find_id(event, "user_team"),
    )
