"""Messages: posting, threads, editing, deletion, reactions, pins, ephemeral messages."""

import re
from bisect import insort
from datetime import datetime

from bot.sandbox.workspace import serialize
from bot.sandbox.workspace.records import EVERYONE, Channel, Json, Message, SlackError
from bot.sandbox.workspace.workspace import Workspace, to_micros, to_seconds

TEXT_CUT = 40_000
"""Longer text is cut silently."""
TEXT_SPLIT = 4_040
"""Longer text is sent as several messages."""
UPDATE_MAX = 4_000
PINS_MAX = 100
MAX_EPHEMERALS = 2_000
"""Number of kept ephemeral messages; Slack shows them until the client restarts."""
TS = re.compile(r"^\d{10}\.\d{6}$")
REACTION = re.compile(r"^[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?$")
DELETED = "This message was deleted."


def insert_message(workspace: Workspace, channel: Channel, message: Message) -> None:
    """Insert a message into its channel and thread."""
    channel.messages[message.ts] = message
    if not channel.order or message.ts > channel.order[-1]:
        channel.order.append(message.ts)
    else:
        insort(channel.order, message.ts)
    if message.thread_ts:
        insort(channel.threads.setdefault(message.thread_ts, []), message.ts)
    workspace.mark_changed("channel", channel.id)


def announce_message(workspace: Workspace, channel: Channel, message: Message) -> None:
    body = serialize.message_json(workspace, channel, message, with_metadata=False)
    workspace.emit(body | {"channel": channel.id, "event_ts": message.ts, "channel_type": channel.type}, channel)


def post_system_message(
    workspace: Workspace, channel: Channel, user: str, subtype: str, text: str, now: datetime, **extra: str
) -> Message:
    """Post a message of Slack itself, such as a join."""
    message = Message(workspace.new_ts(now), user, text, subtype=subtype, extra=dict(extra))
    insert_message(workspace, channel, message)
    announce_message(workspace, channel, message)
    return message


def post(workspace: Workspace, channel: Channel, message: Message) -> Message:
    """Post a message; a reply to a reply goes to the thread's parent."""
    if channel.is_archived:
        raise SlackError("is_archived")
    if message.thread_ts:
        if not TS.match(message.thread_ts):
            raise SlackError("cannot_reply_to_message", ["thread_ts is not a message's time"])
        parent = channel.messages.get(message.thread_ts)
        if parent and parent.thread_ts:
            message.thread_ts = parent.thread_ts
        if message.is_broadcast:
            message.subtype = "thread_broadcast"
    insert_message(workspace, channel, message)
    announce_message(workspace, channel, message)
    for file_id in message.files:
        _record_share(workspace, channel, message, file_id)
    if f"<@{workspace.app.bot_user_id}" in message.text and not message.bot_id and not channel.is_im:
        mention = {"type": "app_mention", "user": message.user, "text": message.text, "ts": message.ts}
        if message.thread_ts:
            mention["thread_ts"] = message.thread_ts
        workspace.emit(mention | {"channel": channel.id, "event_ts": message.ts}, channel)
    return message


def _record_share(workspace: Workspace, channel: Channel, message: Message, file_id: str) -> None:
    file = workspace.files[file_id]
    file.shares.append({"channel": channel.id, "ts": message.ts, "thread_ts": message.thread_ts})
    body = {"type": "file_shared", "file_id": file_id, "user_id": file.user, "file": {"id": file_id}}
    workspace.emit(body | {"channel_id": channel.id, "event_ts": message.ts}, channel)


def split_long_text(text: str) -> list[str]:
    """Split long text into messages as Slack does, at a line end or blank if there is one."""
    text, parts = text[:TEXT_CUT], []
    while len(text) > TEXT_SPLIT:
        head = text[:TEXT_SPLIT]
        at = max(head.rfind("\n"), head.rfind(" "))
        at = at if at > TEXT_SPLIT // 2 else TEXT_SPLIT
        parts.append(text[:at])
        text = text[at:].lstrip()
    return [*parts, text]


def find_message(channel: Channel, ts: str) -> Message:
    message = channel.messages.get(ts)
    if message is None or message.subtype == "tombstone":
        raise SlackError("message_not_found")
    return message


def edit_message(
    workspace: Workspace, channel: Channel, message: Message, actor: str, now: datetime, **new: object
) -> None:
    """Change a message. An app's message with blocks is not marked as edited."""
    if workspace.edit_window is not None:
        age = to_seconds(now) - float(message.ts)
        if age > workspace.edit_window:
            raise SlackError("edit_window_closed")
    before = serialize.message_json(workspace, channel, message, with_metadata=False)
    changed_at = workspace.new_ts(now)
    for key, value in new.items():
        setattr(message, key, value)
    if not (message.bot_id and message.blocks):
        message.edited = {"user": actor, "ts": changed_at}
    after = serialize.message_json(workspace, channel, message, with_metadata=False)
    _emit_change(workspace, channel, before, after, changed_at)


def _emit_change(workspace: Workspace, channel: Channel, before: Json, after: Json, at: str) -> None:
    body = {
        "type": "message",
        "subtype": "message_changed",
        "message": after,
        "previous_message": before,
        "channel": channel.id,
        "hidden": True,
        "ts": at,
        "event_ts": at,
        "channel_type": channel.type,
    }
    workspace.emit(body, channel)


def delete_message(workspace: Workspace, channel: Channel, message: Message, now: datetime) -> None:
    """Delete a message; one with replies becomes a tombstone, which is a change."""
    before = serialize.message_json(workspace, channel, message, with_metadata=False)
    at = workspace.new_ts(now)
    for file_id in message.files:
        file = workspace.files[file_id]
        file.shares = [share for share in file.shares if share["ts"] != message.ts]
    if channel.threads.get(message.ts):
        tomb = Message(message.ts, EVERYONE, DELETED, subtype="tombstone", extra={"hidden": True})
        channel.messages[message.ts] = tomb
        _emit_change(workspace, channel, before, serialize.message_json(workspace, channel, tomb), at)
        return
    del channel.messages[message.ts]
    channel.order.remove(message.ts)
    if message.thread_ts:
        channel.threads[message.thread_ts].remove(message.ts)
    body = {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": before,
        "channel": channel.id,
        "hidden": True,
        "deleted_ts": message.ts,
        "ts": at,
        "event_ts": at,
        "channel_type": channel.type,
    }
    workspace.emit(body, channel)


def channel_history(channel: Channel, oldest: str, latest: str, *, inclusive: bool) -> list[Message]:
    """Return the messages of the channel, oldest first, without replies but broadcasts."""
    chosen = []
    for ts in channel.order:
        if ts < oldest or (ts == oldest and not inclusive):
            continue
        if latest and (ts > latest or (ts == latest and not inclusive)):
            break
        message = channel.messages[ts]
        if not message.thread_ts or message.is_broadcast:
            chosen.append(message)
    return chosen


# --- reactions


def add_reaction(
    workspace: Workspace, channel: Channel, message: Message, actor: str, name: str, now: datetime
) -> None:
    check_reaction(name)
    if channel.is_archived:
        raise SlackError("is_archived")
    users = message.reactions.get(name, [])
    if actor in users:
        raise SlackError("already_reacted")
    message.reactions[name] = [*users, actor]
    _emit_reaction(workspace, "reaction_added", channel, message, actor, name, now)


def remove_reaction(
    workspace: Workspace, channel: Channel, message: Message, actor: str, name: str, now: datetime
) -> None:
    check_reaction(name)
    users = message.reactions.get(name, [])
    if actor not in users:
        raise SlackError("no_reaction")
    users.remove(actor)
    if not users:
        del message.reactions[name]
    _emit_reaction(workspace, "reaction_removed", channel, message, actor, name, now)


def check_reaction(name: str) -> None:
    if not REACTION.match(name):
        raise SlackError("invalid_name")


def _emit_reaction(
    workspace: Workspace, kind: str, channel: Channel, message: Message, actor: str, name: str, now: datetime
) -> None:
    body = {
        "type": kind,
        "user": actor,
        "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message.ts},
        "item_user": message.user,
        "event_ts": workspace.new_ts(now),
    }
    workspace.emit(body, channel)


# --- pins


def pinned_messages(channel: Channel) -> list[Message]:
    """Return the pinned messages, the newest pin first."""
    found = [message for message in channel.messages.values() if message.pinned]
    return sorted(found, key=lambda message: (message.pinned or {})["at"], reverse=True)


def pin(workspace: Workspace, channel: Channel, message: Message, actor: str, now: datetime) -> None:
    if message.pinned:
        raise SlackError("already_pinned")
    if len(pinned_messages(channel)) >= PINS_MAX:
        raise SlackError("too_many_pins")
    message.pinned = {"by": actor, "at": to_micros(now) // 1_000_000}
    _emit_pin(workspace, "pin_added", channel, message, actor, now)


def unpin(workspace: Workspace, channel: Channel, message: Message, actor: str, now: datetime) -> None:
    if not message.pinned:
        raise SlackError("no_pin")
    message.pinned = None
    _emit_pin(workspace, "pin_removed", channel, message, actor, now)


def pin_json(workspace: Workspace, channel: Channel, message: Message) -> Json:
    content = serialize.message_json(workspace, channel, message, with_metadata=False)
    made = message.pinned or {"by": message.user, "at": 0}
    return {
        "type": "message",
        "channel": channel.id,
        "created": made["at"],
        "created_by": made["by"],
        "message": content | {"permalink": workspace.permalink(channel, message)},
    }


def _emit_pin(workspace: Workspace, kind: str, channel: Channel, message: Message, actor: str, now: datetime) -> None:
    body = {
        "type": kind,
        "user": actor,
        "channel_id": channel.id,
        "item": pin_json(workspace, channel, message),
        "item_user": message.user,
        "pin_count": len(pinned_messages(channel)),
        "pinned_info": {"channel": channel.id, "pinned_by": actor, "pinned_ts": to_seconds(now)},
        "event_ts": workspace.new_ts(now),
    }
    workspace.emit(body, channel)


# --- for one person's eyes


def post_ephemeral(workspace: Workspace, channel: Channel, message: Message) -> Message:
    """Post a message for `message.ephemeral_to` alone, without history or event."""
    workspace.ephemerals.append((channel.id, message))
    del workspace.ephemerals[:-MAX_EPHEMERALS]
    workspace.mark_changed("channel", channel.id)
    return message


def find_ephemeral(workspace: Workspace, channel_id: str, ts: str) -> Message | None:
    return next((note for where, note in workspace.ephemerals if where == channel_id and note.ts == ts), None)


def remove_ephemeral(workspace: Workspace, channel_id: str, ts: str) -> None:
    workspace.ephemerals = [pair for pair in workspace.ephemerals if pair[0] != channel_id or pair[1].ts != ts]
    workspace.mark_changed("channel", channel_id)
