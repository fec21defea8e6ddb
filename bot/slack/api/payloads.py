"""Slack's payloads as typed values. Shapes: docs.slack.dev/reference/events and /reference/interaction-payloads."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.services.channel.transcript import Said
from bot.services.workspace.people import Known
from bot.slack.api.plain_text import message_text

QUIET = frozenset(
    {
        "channel_join",
        "channel_leave",
        "channel_topic",
        "channel_purpose",
        "channel_name",
        "channel_archive",
        "channel_unarchive",
        "channel_convert_to_private",
        "channel_posting_permissions",
        "group_join",
        "group_leave",
        "group_topic",
        "group_purpose",
        "group_name",
        "group_archive",
        "group_unarchive",
        "pinned_item",
        "unpinned_item",
        "bot_add",
        "bot_remove",
        "reminder_add",
        "tombstone",
        "ekm_access_denied",
        "document_mention",
        "assistant_app_thread",
        "huddle_thread",
        "sh_room_created",
    }
)
"""Message subtypes by which Slack itself speaks: nobody said anything."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message is gone. `ts` is the message's, not the event's."""

    channel_id: str
    ts: str


@dataclass(frozen=True, slots=True)
class Whose:
    """Who the bot is, to know its own messages."""

    bot_user_id: str
    bot_id: str


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL keeps in no text, and halves of surrogate pairs, which are no characters."""


def storable(value: Any) -> Any:
    """The value with "\ufffd" in place of what no database holds. Monitors are told of it; Slack could mend nothing."""
    match value:
        case str():
            return _UNSTORABLE.sub("\ufffd", value) if _UNSTORABLE.search(value) else value
        case dict():
            return {storable(key): storable(each) for key, each in value.items()}
        case list():
            return [storable(each) for each in value]
        case _:
            return value


def is_row(text: str) -> bool:
    """Whether it can be a row's number: more digits than these no database counts."""
    return text.isascii() and text.isdecimal() and len(text) <= 18


class Malformed(Exception):
    """A payload that is validly signed and not of Slack's shape. Nothing was changed."""


@contextmanager
def reading() -> Iterator[None]:
    """Whatever a payload of a wrong shape makes its reader stumble over becomes Malformed."""
    try:
        yield
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError) as problem:
        raise Malformed(f"{type(problem).__name__}: {problem}") from problem


def team_of(body: Mapping[str, Any]) -> str:
    """
    The workspace or Enterprise organisation that a payload belongs to, the same for all payloads of one installation.

    Where a whole organisation installed the app it is the organisation, as `auth.test` says too. Raises ValueError if
    the payload names none.
    """
    if organisation := _organisation_of(body):
        return organisation
    # In a channel that two workspaces share, `team` may be the other one; these two say through whom it came to us.
    told: Mapping[str, Any] = next(iter(body.get("authorizations") or []), {})
    view = body.get("view") or {}
    team = body.get("team")
    inner = team.get("id") if isinstance(team, Mapping) else None
    through = told.get("team_id") or view.get("app_installed_team_id")
    found = through or body.get("team_id") or inner or (body.get("user") or {}).get("team_id")
    if not found:
        raise ValueError("a payload without a team")
    return str(found)


def _organisation_of(body: Mapping[str, Any]) -> str | None:
    """The organisation that installed the app; None where a workspace did. Events say so in their authorizations."""
    told = next(iter(body.get("authorizations") or []), body)
    if str(told.get("is_enterprise_install")).lower() != "true":
        return None
    inner = body.get("enterprise")
    found = told.get("enterprise_id") or body.get("enterprise_id") or (inner or {}).get("id")
    return str(found) if found else None


def carried_in(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a window carries for us; nothing for one of Slack's or of another version."""
    try:
        found = json.loads(view.get("private_metadata") or "{}")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def said_of(message: Mapping[str, Any], channel_id: str, whose: Whose) -> Said:
    """A message, from an event or from history."""
    message = storable(message)
    bot_id = message.get("bot_id")
    is_own = message.get("user") == whose.bot_user_id or (bool(bot_id) and bot_id == whose.bot_id)
    author = message.get("user")
    author_name = None
    if not author and bot_id:
        profile = message.get("bot_profile") or {}
        author, author_name = bot_id, message.get("username") or profile.get("name")
    return Said(
        channel_id=channel_id,
        ts=str(message["ts"]),
        text=message_text(message),
        author=str(author) if author else None,
        author_name=str(author_name) if author_name else None,
        is_own=is_own,
        thread_ts=message.get("thread_ts"),
        files=tuple(_file(each) for each in message.get("files") or []),
        edited_ts=(message.get("edited") or {}).get("ts"),
    )


def _file(file: Mapping[str, Any]) -> str:
    return str(file.get("title") or file.get("name") or file.get("id") or "file")


def message_event(event: Mapping[str, Any], whose: Whose) -> Said | Deleted | None:
    """What a `message` event says. None where nobody said anything: joins, topics, unknown forms without a ts."""
    channel_id, subtype = str(event.get("channel") or ""), event.get("subtype")
    if subtype == "message_deleted":
        ts = event.get("deleted_ts") or (event.get("previous_message") or {}).get("ts")
        return Deleted(channel_id, str(ts)) if ts else None
    message = event.get("message") if subtype in {"message_changed", "message_replied"} else event
    if not isinstance(message, Mapping) or not message.get("ts"):
        return None
    if message.get("subtype") == "tombstone":  # a deleted message that has replies
        return Deleted(channel_id, str(message["ts"]))
    if message.get("subtype") in QUIET or message.get("hidden"):
        return None
    return said_of(message, channel_id, whose)


def person_of(user: Mapping[str, Any]) -> Known:
    """A user object, of `users.info` or `user_change`."""
    user = storable(user)
    profile = user.get("profile") or {}
    name = profile.get("display_name") or user.get("real_name") or profile.get("real_name") or user.get("name") or ""
    return Known(
        user_id=str(user["id"]),
        name=str(name),
        handle=str(user.get("name") or ""),
        home_team_id=user.get("team_id"),
        is_bot=bool(user.get("is_bot")),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_deleted=bool(user.get("deleted")),
        zone=user.get("tz"),
    )
