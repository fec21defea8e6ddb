"""Channels: names, membership, topic, archiving."""

import re
from datetime import datetime

from bot.sandbox.workspace import messages, serialize
from bot.sandbox.workspace.records import Channel, Json, Note, SlackError, User
from bot.sandbox.workspace.workspace import Workspace, to_micros, to_seconds

NAME_MAX = 80
NOTE_MAX = 250
INVITE_MAX = 100
DIRECT_MAX = 8


def check_name(workspace: Workspace, name: str, *, keeps: Channel | None = None) -> None:
    """Validate a name. Archived channels keep theirs until they are renamed."""
    if not name:
        raise SlackError("invalid_name_required")
    if len(name) > NAME_MAX:
        raise SlackError("invalid_name_maxlength")
    if re.search(r"[^a-z0-9_-]", name):
        raise SlackError("invalid_name_specials")
    if not re.search(r"[a-z0-9]", name):
        raise SlackError("invalid_name_punctuation")
    if name in workspace.names and (keeps is None or workspace.names[name] != keeps.id):
        raise SlackError("name_taken")


def add(workspace: Workspace, channel: Channel) -> None:
    workspace.channels[channel.id] = channel
    if not channel.is_direct:
        workspace.names[channel.name] = channel.id
    workspace.mark_changed("channels", channel.id)


def create(workspace: Workspace, actor: str, name: str, now: datetime, *, is_private: bool = False) -> Channel:
    check_name(workspace, name)
    channel = Channel(
        workspace.new_id("C"), name, actor, to_seconds(now), is_private=is_private, updated=to_micros(now) // 1000
    )
    add(workspace, channel)
    if not is_private:
        shown = serialize.channel_json(workspace, channel, actor)
        del shown["is_member"]  # the event goes to members and others
        body = {"type": "channel_created", "channel": shown}
        workspace.emit(body | {"event_ts": workspace.new_ts(now)})
    add_member(workspace, channel, workspace.users[actor], now)
    return channel


def add_member(workspace: Workspace, channel: Channel, user: User, now: datetime, inviter: str | None = None) -> None:
    channel.members.append(user.id)
    extra = {"inviter": inviter} if inviter else {}
    name = "group" if channel.is_private else "channel"
    messages.post_system_message(
        workspace, channel, user.id, f"{name}_join", f"<@{user.id}> has joined the channel", now, **extra
    )
    body: Json = {
        "type": "member_joined_channel",
        "user": user.id,
        "channel": channel.id,
        "channel_type": "G" if channel.is_private else "C",
        "team": user.team_id or workspace.team.id,
        "event_ts": workspace.new_ts(now),
    }
    workspace.emit(body | extra, channel)
    workspace.mark_changed("channels", channel.id)


def remove_member(workspace: Workspace, channel: Channel, user: User, now: datetime) -> None:
    name = "group" if channel.is_private else "channel"
    messages.post_system_message(
        workspace, channel, user.id, f"{name}_leave", f"<@{user.id}> has left the channel", now
    )
    body = {
        "type": "member_left_channel",
        "user": user.id,
        "channel": channel.id,
        "channel_type": "G" if channel.is_private else "C",
        "team": user.team_id or workspace.team.id,
        "event_ts": workspace.new_ts(now),
    }
    workspace.emit(body, channel)
    channel.members.remove(user.id)
    workspace.mark_changed("channels", channel.id)


def join(workspace: Workspace, actor: str, channel: Channel, now: datetime) -> bool:
    """Join a channel; False for a member."""
    if channel.is_private or channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if actor in channel.members:
        return False
    add_member(workspace, channel, workspace.users[actor], now)
    return True


def invite(
    workspace: Workspace, actor: str, channel: Channel, user_ids: list[str], now: datetime, *, force: bool = False
) -> list[Json]:
    """
    Invite people. Without `force` one invalid id refuses the whole call.

    Returns the errors of a forced call, each `{"user", "ok": False, "error"}`.
    """
    require_member(channel, actor)
    if channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if not user_ids:
        raise SlackError("no_user")
    if len(user_ids) > INVITE_MAX:
        raise SlackError("too_many_users")
    refusals = {user_id: error for user_id in user_ids if (error := _invite_error(workspace, actor, channel, user_id))}
    errors: list[Json] = [{"user": user_id, "ok": False, "error": error} for user_id, error in refusals.items()]
    welcome = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in refusals]
    if errors and not (force and welcome):
        raise SlackError(errors[0]["error"], errors=errors)
    for user_id in welcome:
        add_member(workspace, channel, workspace.users[user_id], now, inviter=actor)
    return errors


def _invite_error(workspace: Workspace, actor: str, channel: Channel, user_id: str) -> str | None:
    user = workspace.users.get(user_id)
    if user is None or user.deleted:
        return "user_not_found"
    if user_id == actor:
        return "cant_invite_self"
    if user_id in channel.members:
        return "already_in_channel"
    if user.is_ultra_restricted and any(user_id in other.members for other in workspace.channels.values()):
        return "ura_max_channels"
    return None


def kick(workspace: Workspace, actor: str, channel: Channel, user_id: str, now: datetime) -> None:
    if channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    require_member(channel, actor)
    if user_id == actor:
        raise SlackError("cant_kick_self")
    if channel.is_general:
        raise SlackError("cant_kick_from_general")
    user = workspace.users.get(user_id)
    if user is None:
        raise SlackError("user_not_found")
    if user_id not in channel.members:
        raise SlackError("not_in_channel")
    remove_member(workspace, channel, user, now)


def set_topic_or_purpose(
    workspace: Workspace, actor: str, channel: Channel, kind: str, value: str, now: datetime
) -> None:
    """Set the `topic` or `purpose` (`kind`)."""
    require_member(channel, actor)
    if channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if len(value) > NOTE_MAX:
        raise SlackError("too_long")
    note = Note(value, actor, to_seconds(now))
    channel.updated = to_micros(now) // 1000
    if kind == "topic":
        channel.topic = note
    else:
        channel.purpose = note
    said = f"<@{actor}> set the channel {kind}: {value}" if value else f"<@{actor}> cleared the channel {kind}"
    name = "group" if channel.is_private else "channel"
    messages.post_system_message(workspace, channel, actor, f"{name}_{kind}", said, now, **{kind: value})


def rename(workspace: Workspace, actor: str, channel: Channel, name: str, now: datetime) -> None:
    if channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    require_member(channel, actor)
    if channel.is_archived:
        raise SlackError("is_archived")
    user = workspace.users[actor]
    if channel.creator != actor and not user.is_admin and user.is_bot:
        raise SlackError("not_authorized")
    check_name(workspace, name, keeps=channel)
    old = channel.name
    del workspace.names[old]
    channel.previous_names.insert(0, old)
    channel.name = name
    channel.updated = to_micros(now) // 1000
    add(workspace, channel)
    kind = "group" if channel.is_private else "channel"
    said = f'<@{actor}> has renamed the channel from "{old}" to "{name}"'
    messages.post_system_message(workspace, channel, actor, f"{kind}_name", said, now, old_name=old, name=name)
    brief = {"id": channel.id, "name": name, "name_normalized": name, "created": channel.created, "is_channel": True}
    body = {"type": f"{kind}_rename", "channel": brief, "event_ts": workspace.new_ts(now)}
    workspace.emit(body, channel, for_app=None if channel.is_private else True)


def archive(workspace: Workspace, actor: str, channel: Channel, now: datetime) -> None:
    """Archive a channel, which ends the membership of bots."""
    if channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_general:
        raise SlackError("cant_archive_general")
    if channel.is_archived:
        raise SlackError("already_archived")
    require_member(channel, actor)
    kind = "group" if channel.is_private else "channel"
    messages.post_system_message(workspace, channel, actor, f"{kind}_archive", f"<@{actor}> archived the channel", now)
    body = {"type": f"{kind}_archive", "channel": channel.id, "user": actor, "event_ts": workspace.new_ts(now)}
    workspace.emit(body, channel, for_app=None if channel.is_private else True)
    channel.is_archived = True
    channel.updated = to_micros(now) // 1000
    stays = channel.is_private
    channel.members = [who for who in channel.members if stays and not workspace.users[who].is_bot]
    workspace.mark_changed("channels", channel.id)


def unarchive(workspace: Workspace, actor: str, channel: Channel, now: datetime) -> None:
    """Unarchive a channel. Only the actor is a member of a public one; bots cannot do it."""
    if channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    if not channel.is_archived:
        raise SlackError("not_archived")
    if workspace.users[actor].is_bot:
        raise SlackError("not_in_channel")
    channel.is_archived = False
    channel.updated = to_micros(now) // 1000
    if actor not in channel.members:
        channel.members.append(actor)
    kind = "group" if channel.is_private else "channel"
    messages.post_system_message(
        workspace, channel, actor, f"{kind}_unarchive", f"<@{actor}> un-archived the channel", now
    )
    body = {"type": f"{kind}_unarchive", "channel": channel.id, "user": actor, "event_ts": workspace.new_ts(now)}
    workspace.emit(body, channel, for_app=None if channel.is_private else True)
    workspace.mark_changed("channels", channel.id)


def open_conversation(workspace: Workspace, actor: str, user_ids: list[str], now: datetime) -> tuple[Channel, bool]:
    """Return the direct conversation of these people and the actor, and whether it existed."""
    if not user_ids:
        raise SlackError("users_list_not_supplied")
    if len(user_ids) > DIRECT_MAX:
        raise SlackError("too_many_users")
    for user_id in user_ids:
        user = workspace.users.get(user_id)
        if user is None:
            raise SlackError("user_not_found")
        if user.deleted:
            raise SlackError("user_disabled")
    people = list(dict.fromkeys([actor, *user_ids]))
    key = ",".join(sorted(people))
    if key in workspace.directs:
        return workspace.channels[workspace.directs[key]], True
    is_im = len(people) <= 2
    handles = "--".join(workspace.users[who].name for who in people)
    channel = Channel(
        workspace.new_id("D" if is_im else "G"),
        "" if is_im else f"mpdm-{handles}-1",
        actor,
        to_seconds(now),
        is_im=is_im,
        is_mpim=not is_im,
        members=people,
    )
    workspace.directs[key] = channel.id
    add(workspace, channel)
    return channel, False


def require_member(channel: Channel, actor: str) -> None:
    if actor not in channel.members:
        raise SlackError("channel_not_found" if channel.is_private or channel.is_direct else "not_in_channel")
