"""How users, channels, messages, files and views look in Slack's answers and events."""

import mimetypes
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.sandbox.workspace.records import Bookmark, Canvas, Channel, File, Json, Message, User, Usergroup, View
from bot.sandbox.workspace.workspace import Workspace

PRETTY = {
    "md": "Markdown",
    "txt": "Plain Text",
    "csv": "CSV",
    "json": "JSON",
    "png": "PNG",
    "jpg": "JPEG",
    "html": "HTML",
}
TEXTUAL = {"md", "txt", "csv", "json", "html", "log", "yaml", "yml", "toml", "py"}


def user_json(workspace: Workspace, user: User, *, with_email: bool = True, at: datetime | None = None) -> Json:
    zone = zone_of(user.tz)
    local = (at or datetime.now(UTC)).astimezone(zone)
    offset = local.utcoffset()
    profile: Json = {
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "status_text": "",
        "status_emoji": "",
        "avatar_hash": "",
        "image_24": avatar(workspace, user),
        "image_48": avatar(workspace, user),
        "image_72": avatar(workspace, user),
        "team": user.team_id or workspace.team.id,
    }
    if user.email and with_email:
        profile["email"] = user.email
    if user.bot_id:
        profile["bot_id"] = user.bot_id
        profile["api_app_id"] = workspace.app.id
    return {
        "id": user.id,
        "team_id": user.team_id or workspace.team.id,
        "name": user.name,
        "deleted": user.deleted,
        "color": "4a7d8c",
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": local.tzname() or user.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": profile,
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": user.updated,
    }


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def avatar(workspace: Workspace, user: User) -> str:
    return f"{workspace.site_url}/avatar/{user.id}.svg"


def usergroup_json(workspace: Workspace, group: Usergroup, *, with_users: bool, with_count: bool) -> Json:
    answer: Json = {
        "id": group.id,
        "team_id": workspace.team.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": group.created,
        "date_update": group.created,
        "date_delete": group.created if group.is_disabled else 0,
        "auto_type": None,
        "created_by": workspace.app.bot_user_id,
        "updated_by": workspace.app.bot_user_id,
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
    }
    if with_users:
        answer["users"] = list(group.users)
    if with_count:
        answer["user_count"] = len(group.users)
    return answer


def channel_json(workspace: Workspace, channel: Channel, viewer: str) -> Json:
    if channel.is_im:
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
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private and not channel.is_mpim,
        "is_group": channel.is_private and not channel.is_mpim,
        "is_im": False,
        "is_mpim": channel.is_mpim,
        "is_private": channel.is_private or channel.is_mpim,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_general": channel.is_general,
        "unlinked": 0,
        "name_normalized": channel.name,
        "is_shared": False,
        "is_org_shared": False,
        "is_ext_shared": False,
        "is_pending_ext_shared": False,
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
        **_properties(workspace, channel),
    }


def _properties(workspace: Workspace, channel: Channel) -> Json:
    """The canvases that are the channel's tabs; its own one by a key of its own as well."""
    shown = [canvas for canvas in workspace.canvases.values() if canvas.channel == channel.id]
    if not shown:
        return {}
    tabs = [
        {"id": f"Ct{canvas.id[1:]}", "type": "canvas", "label": canvas.title, "data": {"file_id": canvas.id}}
        for canvas in shown
    ]
    properties: Json = {"tabs": tabs}
    for canvas in shown:
        if canvas.is_channel_canvas:
            properties["canvas"] = {"file_id": canvas.id, "is_empty": not canvas.sections, "quip_thread_id": ""}
    return {"properties": properties}


def bookmark_json(workspace: Workspace, channel: Channel, bookmark: Bookmark) -> Json:
    place = channel.bookmarks.index(bookmark)
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
        "rank": f"{place:04d}",
        "last_updated_by_user_id": bookmark.updated_by or bookmark.creator,
        "last_updated_by_team_id": workspace.team.id,
        "shortcut_id": None,
        "app_id": None,
    }


def canvas_json(workspace: Workspace, canvas: Canvas) -> Json:
    """A canvas is a file to Slack, of a kind of its own."""
    channel = workspace.channels.get(canvas.channel or "")
    address = f"{workspace.site_url}/docs/{workspace.team.id}/{canvas.id}"
    places: Json = {"channels": [], "groups": [], "ims": []}
    if channel:
        places["channels" if channel.type == "channel" else "groups"] = [channel.id]
    return {
        "id": canvas.id,
        "created": canvas.created,
        "timestamp": canvas.created,
        "name": canvas.title,
        "title": canvas.title,
        "mimetype": "application/vnd.slack-docs",
        "filetype": "quip",
        "pretty_type": "Canvas",
        "user": canvas.creator,
        "user_team": workspace.team.id,
        "editable": True,
        "size": sum(len(text.encode()) for _, text in canvas.sections),
        "mode": "quip",
        "is_external": False,
        "external_type": "",
        "is_public": bool(channel and channel.type == "channel"),
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": address,
        "url_private_download": address,
        "permalink": address,
        "shares": {},
        "has_rich_preview": False,
        **places,
    }


def bot_profile(workspace: Workspace) -> Json:
    bot = workspace.bot
    icon = avatar(workspace, bot)
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
    answer |= marks(channel, message)
    if message.metadata and with_metadata:
        answer["metadata"] = message.metadata
    answer |= message.extra
    answer |= thread_keys(workspace, channel, message)
    return answer


def marks(channel: Channel, message: Message) -> Json:
    """Reactions and the pin."""
    found: Json = {}
    if message.reactions:
        found["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ]
    if message.pinned:
        found["pinned_to"] = [channel.id]
    return found


def thread_keys(workspace: Workspace, channel: Channel, message: Message) -> Json:
    """The keys of a reply, or of a parent that has replies."""
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


def file_json(workspace: Workspace, file: File) -> Json:
    ending = file.name.rpartition(".")[2].lower() if "." in file.name else "txt"
    address = f"{workspace.site_url}/files-pri/{workspace.team.id}-{file.id}"
    shares: Json = {}
    for share in file.shares:
        channel = workspace.channels[share["channel"]]
        kind = "private" if channel.is_private or channel.is_direct else "public"
        entry = {
            "reply_users": [],
            "reply_users_count": 0,
            "reply_count": 0,
            "ts": share["ts"],
            "channel_name": channel.name,
            "team_id": workspace.team.id,
            "share_user_id": file.user,
        }
        if share.get("thread_ts"):
            entry["thread_ts"] = share["thread_ts"]
        shares.setdefault(kind, {}).setdefault(channel.id, []).append(entry)
    shared_in = [workspace.channels[share["channel"]] for share in file.shares]
    answer: Json = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": (mimetypes.guess_type(file.name)[0] or ("text/markdown" if ending == "md" else "text/plain"))
        if file.is_processed
        else "",
        "filetype": ("markdown" if ending == "md" else ending) if file.is_processed else "",
        "pretty_type": PRETTY.get(ending, ending.upper()) if file.is_processed else "",
        "user": file.user,
        "user_team": workspace.team.id,
        "editable": False,
        "size": file.size,
        "mode": "snippet" if ending in TEXTUAL else "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": any(channel.type == "channel" for channel in shared_in),
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{address}/{quote(file.name)}",
        "url_private_download": f"{address}/download/{quote(file.name)}",
        "permalink": f"{workspace.site_url}/files/{file.user}/{file.id}/{quote(file.name)}",
        "channels": sorted({channel.id for channel in shared_in if channel.type == "channel"}),
        "groups": sorted({channel.id for channel in shared_in if channel.type in ("group", "mpim")}),
        "ims": sorted({channel.id for channel in shared_in if channel.type == "im"}),
        "shares": shares,
        "has_rich_preview": False,
    }
    if file.alt_txt:
        answer["alt_txt"] = file.alt_txt
    return answer


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
