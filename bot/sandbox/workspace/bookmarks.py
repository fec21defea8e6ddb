"""Bookmarks: links in the bar under a channel's name, in order of creation."""

import re
from datetime import datetime

from bot.sandbox.workspace.records import Bookmark, Channel, SlackError
from bot.sandbox.workspace.workspace import Workspace, to_seconds

MOST = 100
TITLE_MAX = 256
LINK_MAX = 2048
TYPES = {"link", "folder"}
"""The types that the API can create alone; people create those of files and messages."""
EMOJI = re.compile(r":[a-z0-9_+'-]+:(:skin-tone-[2-6]:)?")


def add(
    workspace: Workspace, actor: str, channel: Channel, title: str, link: str, now: datetime, *, kind: str, emoji: str
) -> Bookmark:
    _require_writer(channel, actor)
    if kind not in TYPES:
        raise SlackError("invalid_bookmark_type")
    if kind == "folder" and link:
        raise SlackError("parent_with_link")
    _validate_bookmark(title, link if kind == "link" else None, emoji)
    if len(channel.bookmarks) >= MOST:
        raise SlackError("too_many_bookmarks")
    made = Bookmark(workspace.new_id("Bk"), title, link, actor, to_seconds(now), type=kind, emoji=emoji)
    channel.bookmarks.append(made)
    workspace.mark_changed("channel", channel.id)
    return made


def edit(
    workspace: Workspace,
    actor: str,
    channel: Channel,
    bookmark_id: str,
    now: datetime,
    *,
    title: str | None = None,
    link: str | None = None,
    emoji: str | None = None,
) -> Bookmark:
    """Change a bookmark; None: no change."""
    _require_writer(channel, actor)
    found = find_bookmark(channel, bookmark_id)
    wanted = (found.title if title is None else title, found.link if link is None else link)
    _validate_bookmark(wanted[0], wanted[1] if found.type == "link" else None, emoji or "")
    found.title, found.link = wanted
    found.emoji = found.emoji if emoji is None else emoji
    found.updated, found.updated_by = to_seconds(now), actor
    workspace.mark_changed("channel", channel.id)
    return found


def remove(workspace: Workspace, actor: str, channel: Channel, bookmark_id: str) -> None:
    _require_writer(channel, actor)
    channel.bookmarks.remove(find_bookmark(channel, bookmark_id))
    workspace.mark_changed("channel", channel.id)


def find_bookmark(channel: Channel, bookmark_id: str) -> Bookmark:
    for bookmark in channel.bookmarks:
        if bookmark.id == bookmark_id:
            return bookmark
    raise SlackError("not_found")


def _require_writer(channel: Channel, actor: str) -> None:
    if channel.is_archived:
        raise SlackError("permission_denied")
    if actor not in channel.members:
        raise SlackError("channel_not_found")


def _validate_bookmark(title: str, link: str | None, emoji: str) -> None:
    if not title or len(title) > TITLE_MAX:
        raise SlackError("invalid_arguments", [f"[ERROR] must be 1 to {TITLE_MAX} characters [json-pointer:/title]"])
    if link is not None and not link.startswith(("http://", "https://")):
        raise SlackError("invalid_link")
    if len(link or "") > LINK_MAX:
        raise SlackError("invalid_arguments", [f"[ERROR] must be less than {LINK_MAX + 1} characters"])
    if emoji and not EMOJI.fullmatch(emoji):
        raise SlackError("invalid_emoji")
