"""JSON of users, channels, messages, files and views in Slack's answers and events."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.sandbox.workspace.records import Bookmark, Channel, Json, Message, User, Usergroup, View
from bot.sandbox.workspace.serialize_files import file_json
from bot.sandbox.workspace.workspace import Workspace

USER_DEFAULTS: Json = {"color": "4a7d8c", "is_owner": False, "is_primary_owner": False, "is_app_user": False}
PROFILE_DEFAULTS: Json = {"status_text": "", "status_emoji": "", "avatar_hash": ""}
USERGROUP_DEFAULTS: Json = {
    "is_usergroup": True,
    "is_subteam": True,
    "description": "",
    "is_external": False,
    "auto_type": None,
    "deleted_by": None,
}
CHANNEL_DEFAULTS: Json = {
    "is_im": False,
    "unlinked": 0,
    "is_shared": False,
    "is_org_shared": False,
    "is_ext_shared": False,
    "is_pending_ext_shared": False,
}


def user_json(workspace: Workspace, user: User, *, with_email: bool = True, at: datetime | None = None) -> Json:
    local = (at or datetime.now(UTC)).astimezone(timezone_or_utc(user.tz))
    offset = local.utcoffset()
    return USER_DEFAULTS | {
        "id": user.id,
        "team_id": user.team_id or workspace.team.id,
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": local.tzname() or user.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": _profile_json(workspace, user, with_email=with_email),
        "is_admin": user.is_admin,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_bot": user.is_bot,
        "updated": user.updated,
        **_enterprise_json(workspace, user),
    }


def _enterprise_json(workspace: Workspace, user: User) -> Json:
    """The organisation that a person belongs to; nothing without one."""
    organisation = user.enterprise_id or (None if user.team_id else workspace.organisation)
    if organisation is None:
        return {}
    teams = [user.team_id or workspace.team.id]
    return {"enterprise_user": {"id": user.id, "enterprise_id": organisation, "teams": teams}, "is_stranger": False}


def _profile_json(workspace: Workspace, user: User, *, with_email: bool) -> Json:
    profile = PROFILE_DEFAULTS | {
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        **{f"image_{size}": avatar_url(workspace, user) for size in (24, 48, 72)},
        "team": user.team_id or workspace.team.id,
    }
    if user.email and with_email:
        profile["email"] = user.email
    if user.bot_id:
        profile |= {"bot_id": user.bot_id, "api_app_id": workspace.app.id}
    return profile


def timezone_or_utc(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def avatar_url(workspace: Workspace, user: User) -> str:
    return f"{workspace.site_url}/avatar/{user.id}.svg"


def usergroup_json(workspace: Workspace, group: Usergroup, *, with_users: bool, with_count: bool) -> Json:
    answer: Json = USERGROUP_DEFAULTS | {
        "id": group.id,
        "team_id": workspace.team.id,
        "name": group.name,
        "handle": group.handle,
        "date_create": group.created,
        "date_update": group.created,
        "date_delete": group.created if group.is_disabled else 0,
        "created_by": workspace.app.bot_user_id,
        "updated_by": workspace.app.bot_user_id,
        "prefs": {"channels": [], "groups": []},
    }
    if with_users:
        answer["users"] = list(group.users)
    if with_count:
        answer["user_count"] = len(group.users)
    return answer


def channel_json(workspace: Workspace, channel: Channel, viewer: str) -> Json:
    if channel.is_im:
        return _direct_message_json(workspace, channel, viewer)
    return CHANNEL_DEFAULTS | {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private and not channel.is_mpim,
        "is_group": channel.is_private and not channel.is_mpim,
        "is_mpim": channel.is_mpim,
        "is_private": channel.is_private or channel.is_mpim,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_general": channel.is_general,
        "name_normalized": channel.name,
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "shared_team_ids": [workspace.team.id],
        "context_team_id": workspace.team.id,
        "updated": channel.updated,
        "creator": channel.creator,
        "is_member": viewer in channel.members,
        "topic": channel.topic.as_json(),
        "purpose": channel.purpose.as_json(),
        "previous_names": list(channel.previous_names),
        **_canvas_properties(workspace, channel),
    }


def _direct_message_json(workspace: Workspace, channel: Channel, viewer: str) -> Json:
    other = next((member for member in channel.members if member != viewer), viewer)
    return {
        "id": channel.id,
        "created": channel.created,
        "is_archived": False,
        "is_im": True,
        "is_org_shared": False,
        "user": other,
        "is_user_deleted": workspace.users[other].deleted,
        "priority": 0,
    }


def _canvas_properties(workspace: Workspace, channel: Channel) -> Json:
    """Return the canvases that are the channel's tabs, and the channel canvas."""
    canvases = [canvas for canvas in workspace.canvases.values() if canvas.channel == channel.id]
    if not canvases:
        return {}
    tabs = [
        {"id": f"Ct{canvas.id[1:]}", "type": "canvas", "label": canvas.title, "data": {"file_id": canvas.id}}
        for canvas in canvases
    ]
    properties: Json = {"tabs": tabs}
    for canvas in canvases:
        if canvas.is_channel_canvas:
            properties["canvas"] = {"file_id": canvas.id, "is_empty": not canvas.sections, "quip_thread_id": ""}
    return {"properties": properties}


def bookmark_json(workspace: Workspace, channel: Channel, bookmark: Bookmark) -> Json:
    rank = channel.bookmarks.index(bookmark)
    return {
        "id": bookmark.id,
        "channel_id": channel.id,
        "title": bookmark.title,
        "link": bookmark.link,
        "emoji": bookmark.emoji,
        "icon_url": "",
        "type": bookmark.type,
        "entity_id": bookmark.entity_id,
        "date_created": bookmark.created,
        "date_updated": bookmark.updated,
        "rank": f"{rank:04d}",
        "last_updated_by_user_id": bookmark.updated_by or bookmark.creator,
        "last_updated_by_team_id": workspace.team.id,
        "shortcut_id": None,
        "app_id": None,
    }


def bot_profile(workspace: Workspace) -> Json:
    bot = workspace.bot
    icon = avatar_url(workspace, bot)
    return {
        "id": workspace.app.bot_id,
        "deleted": False,
        "name": workspace.app.name,
        "updated": bot.updated,
        "app_id": workspace.app.id,
        "icons": {"image_36": icon, "image_48": icon, "image_72": icon},
        "team_id": workspace.team.id,
    }


def message_json(workspace: Workspace, channel: Channel, message: Message, *, with_metadata: bool = True) -> Json:
    answer: Json = {"type": "message"}
    if message.subtype:
        answer["subtype"] = message.subtype
    if message.subtype != "bot_message":
        answer["user"] = message.user
    answer |= {"text": message.text, "ts": message.ts, "team": workspace.team.id}
    if message.bot_id:
        answer["bot_id"] = message.bot_id
        answer["app_id"] = workspace.app.id
        if message.subtype != "bot_message":
            answer["bot_profile"] = bot_profile(workspace)
    for key in ("client_msg_id", "username", "icons", "edited", "blocks", "attachments"):
        if value := getattr(message, key):
            answer[key] = value
    if message.files:
        files = [file_json(workspace, workspace.files[file_id]) for file_id in message.files]
        answer |= {"files": files, "upload": False, "display_as_bot": False}
    answer |= reactions_and_pin(channel, message)
    if message.metadata and with_metadata:
        answer["metadata"] = message.metadata
    answer |= message.extra
    answer |= thread_keys(workspace, channel, message)
    return answer


def reactions_and_pin(channel: Channel, message: Message) -> Json:
    found: Json = {}
    if message.reactions:
        found["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ]
    if message.pinned:
        found["pinned_to"] = [channel.id]
    return found


def thread_keys(workspace: Workspace, channel: Channel, message: Message) -> Json:
    """Return the keys of a reply, or of a parent with replies."""
    if message.thread_ts:
        parent = channel.messages.get(message.thread_ts)
        keys: Json = {"thread_ts": message.thread_ts}
        if parent:
            keys["parent_user_id"] = parent.user
            if message.is_broadcast:
                keys["root"] = message_json(workspace, channel, parent, with_metadata=False)
        return keys
    replies = channel.threads.get(message.ts)
    if not replies:
        return {}
    users: list[str] = []
    for ts in replies:
        user = channel.messages[ts].user
        if user not in users:
            users.append(user)
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": replies[-1],
        "reply_users": users[:5],
        "is_locked": False,
        "subscribed": False,
    }


def view_json(workspace: Workspace, view: View) -> Json:
    given = view.payload
    answer: Json = {
        "id": view.id,
        "team_id": workspace.team.id,
        "type": view.type,
        "blocks": given.get("blocks", []),
        "private_metadata": given.get("private_metadata", ""),
        "callback_id": given.get("callback_id", ""),
        "external_id": given.get("external_id", ""),
        "state": {"values": view.state},
        "hash": view.hash,
        "clear_on_close": bool(given.get("clear_on_close", False)),
        "notify_on_close": bool(given.get("notify_on_close", False)),
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "app_id": workspace.app.id,
        "app_installed_team_id": workspace.team.id,
        "bot_id": workspace.app.bot_id,
    }
    if view.type == "modal":
        answer |= {"title": given["title"], "submit": given.get("submit"), "close": given.get("close")}
        answer["submit_disabled"] = bool(given.get("submit_disabled", False))
    return answer
