"""The rules of channels: names, membership, topic, archiving. Each function is one thing a person or the app does."""

import re
from datetime import datetime

from bot.sandbox.workspace import messages
from bot.sandbox.workspace import serialize as wire
from bot.sandbox.workspace.records import Channel, Json, Note, SlackError, User
from bot.sandbox.workspace.workspace import Workspace, micros, seconds

NAME_MAX = 80
NOTE_MAX = 250
INVITE_MAX = 100
DIRECT_MAX = 8


def check_name(workspace: Workspace, name: str, *, keeps: Channel | None = None) -> None:
    """Names of archived channels stay taken until those are renamed."""
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
    workspace.change("channels", channel.id)


def create(workspace: Workspace, actor: str, name: str, now: datetime, *, is_private: bool = False) -> Channel:
    check_name(workspace, name)
    channel = Channel(
        workspace.new_id("C"), name, actor, seconds(now), is_private=is_private, updated=micros(now) // 1000
    )
    add(workspace, channel)
    if not is_private:
        shown = wire.channel_json(workspace, channel, actor)
        del shown["is_member"]  # it is told to all, whoever is in it
        body = {"type": "channel_created", "channel": shown}
        workspace.emit(body | {"event_ts": workspace.new_ts(now)})
    let_in(workspace, channel, workspace.users[actor], now)
    return channel


def let_in(workspace: Workspace, channel: Channel, user: User, now: datetime, inviter: str | None = None) -> None:
    channel.members.append(user.id)
    extra = {"inviter": inviter} if inviter else {}
    name = "group" if channel.is_private else "channel"
    messages.system(workspace, channel, user.id, f"{name}_join", f"<@{user.id}> has joined the channel", now, **extra)
    body: Json = {
        "type": "member_joined_channel",
        "user": user.id,
        "channel": channel.id,
        "channel_type": "G" if channel.is_private else "C",
        "team": user.team_id or workspace.team.id,
        "event_ts": workspace.new_ts(now),
    }
    workspace.emit(body | extra, channel)
    workspace.change("channels", channel.id)


def let_go(workspace: Workspace, channel: Channel, user: User, now: datetime) -> None:
    name = "group" if channel.is_private else "channel"
    messages.system(workspace, channel, user.id, f"{name}_leave", f"<@{user.id}> has left the channel", now)
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
    workspace.change("channels", channel.id)


def join(workspace: Workspace, actor: str, channel: Channel, now: datetime) -> bool:
    """False if the person was in it already."""
    if channel.is_private or channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if actor in channel.members:
        return False
    let_in(workspace, channel, workspace.users[actor], now)
    return True


def invite(
    workspace: Workspace, actor: str, channel: Channel, user_ids: list[str], now: datetime, *, force: bool = False
) -> list[Json]:
    """
    Without `force` one wrong id refuses the whole call; with it the right ones are let in.

    Returns the refusals of a forced call, each `{"user", "ok": False, "error"}`.
    """
    must_be_in(channel, actor)
    if channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if not user_ids:
        raise SlackError("no_user")
    if len(user_ids) > INVITE_MAX:
        raise SlackError("too_many_users")
    refusals = {user_id: error for user_id in user_ids if (error := _refusal(workspace, actor, channel, user_id))}
    errors: list[Json] = [{"user": user_id, "ok": False, "error": error} for user_id, error in refusals.items()]
    welcome = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in refusals]
    if errors and not (force and welcome):
        raise SlackError(errors[0]["error"], errors=errors)
    for user_id in welcome:
        let_in(workspace, channel, workspace.users[user_id], now, inviter=actor)
    return errors


def _refusal(workspace: Workspace, actor: str, channel: Channel, user_id: str) -> str | None:
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
    must_be_in(channel, actor)
    if user_id == actor:
        raise SlackError("cant_kick_self")
    if channel.is_general:
        raise SlackError("cant_kick_from_general")
    user = workspace.users.get(user_id)
    if user is None:
        raise SlackError("user_not_found")
    if user_id not in channel.members:
        raise SlackError("not_in_channel")
    let_go(workspace, channel, user, now)


def set_note(workspace: Workspace, actor: str, channel: Channel, kind: str, value: str, now: datetime) -> None:
    """`kind`: `topic` or `purpose`."""
    must_be_in(channel, actor)
    if channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if len(value) > NOTE_MAX:
        raise SlackError("too_long")
    note = Note(value, actor, seconds(now))
    channel.updated = micros(now) // 1000
    if kind == "topic":
        channel.topic = note
    else:
        channel.purpose = note
    said = f"<@{actor}> set the channel {kind}: {value}" if value else f"<@{actor}> cleared the channel {kind}"
    name = "group" if channel.is_private else "channel"
    messages.system(workspace, channel, actor, f"{name}_{kind}", said, now, **{kind: value})


def rename(workspace: Workspace, actor: str, channel: Channel, name: str, now: datetime) -> None:
    if channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    must_be_in(channel, actor)
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
    channel.updated = micros(now) // 1000
    add(workspace, channel)
    kind = "group" if channel.is_private else "channel"
    said = f'<@{actor}> has renamed the channel from "{old}" to "{name}"'
    messages.system(workspace, channel, actor, f"{kind}_name", said, now, old_name=old, name=name)
    brief = {"id": channel.id, "name": name, "name_normalized": name, "created": channel.created, "is_channel": True}
    body = {"type": f"{kind}_rename", "channel": brief, "event_ts": workspace.new_ts(now)}
    workspace.emit(body, channel, for_app=None if channel.is_private else True)


def archive(workspace: Workspace, actor: str, channel: Channel, now: datetime) -> None:
    """A bot loses its membership with the archiving, whoever archives."""
    if channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_general:
        raise SlackError("cant_archive_general")
    if channel.is_archived:
        raise SlackError("already_archived")
    must_be_in(channel, actor)
    kind = "group" if channel.is_private else "channel"
    messages.system(workspace, channel, actor, f"{kind}_archive", f"<@{actor}> archived the channel", now)
    body = {"type": f"{kind}_archive", "channel": channel.id, "user": actor, "event_ts": workspace.new_ts(now)}
    workspace.emit(body, channel, for_app=None if channel.is_private else True)
    channel.is_archived = True
    channel.updated = micros(now) // 1000
    stays = channel.is_private
    channel.members = [who for who in channel.members if stays and not workspace.users[who].is_bot]
    workspace.change("channels", channel.id)


def unarchive(workspace: Workspace, actor: str, channel: Channel, now: datetime) -> None:
    """Who brings a channel back is in it; the others of a public channel have to join again. A bot cannot do it."""
    if channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    if not channel.is_archived:
        raise SlackError("not_archived")
    if workspace.users[actor].is_bot:
        raise SlackError("not_in_channel")
    channel.is_archived = False
    channel.updated = micros(now) // 1000
    if actor not in channel.members:
        channel.members.append(actor)
    kind = "group" if channel.is_private else "channel"
    messages.system(workspace, channel, actor, f"{kind}_unarchive", f"<@{actor}> un-archived the channel", now)
    body = {"type": f"{kind}_unarchive", "channel": channel.id, "user": actor, "event_ts": workspace.new_ts(now)}
    workspace.emit(body, channel, for_app=None if channel.is_private else True)
    workspace.change("channels", channel.id)


def open_direct(workspace: Workspace, actor: str, user_ids: list[str], now: datetime) -> tuple[Channel, bool]:
    """The direct conversation of these people and the actor, and whether it was there before."""
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
        seconds(now),
        is_im=is_im,
        is_mpim=not is_im,
        members=people,
    )
    workspace.directs[key] = channel.id
    add(workspace, channel)
    return channel, False


def must_be_in(channel: Channel, actor: str) -> None:
    if actor not in channel.members:
        raise SlackError("channel_not_found" if channel.is_private or channel.is_direct else "not_in_channel")
