"""
Parse Slack's payloads.

Shapes: docs.slack.dev/reference/events and docs.slack.dev/reference/interaction-payloads.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeGuard

from bot.domain.text.normalize import make_storable, parse_id
from bot.lazy_dataclass import dataclass
from bot.services.channel.messages import SlackMessage
from bot.services.workspace.people import SlackProfile
from bot.slack.api.plain_text import message_text

SYSTEM_SUBTYPES = frozenset(
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
"""Message subtypes that Slack itself posts."""


@dataclass(frozen=True, slots=True)
class DeletedMessage:
    """A deleted message. `ts`: the message's, not the event's."""

    channel_id: str
    ts: str


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The bot's own ids, to recognise its messages."""

    bot_user_id: str
    bot_id: str


_WRITTEN_UNSTORABLE = re.compile(r"[\ud800-\udfff]|\\u0000")
"""Unstorable characters in JSON, which writes NUL as an escape."""


def replace_unstorable(value: Any) -> Any:
    """
    Replace characters that no database stores by U+FFFD in all strings of a JSON value.

    A value without them is returned as it is: writing it takes a tenth of the time of a walk through it.
    """
    if not _WRITTEN_UNSTORABLE.search(json.dumps(value, ensure_ascii=False)):
        return value
    return _replace_in(value)


def _replace_in(value: Any) -> Any:
    match value:
        case str():
            return make_storable(value)
        case dict():
            return {_replace_in(key): _replace_in(each) for key, each in value.items()}
        case list():
            return [_replace_in(each) for each in value]
        case _:
            return value


MAX_ID_CHARACTERS = 255
"""Of ids and names. Slack's are shorter; PostgreSQL indexes no text of more than 2,700 bytes."""
FIRST_YEAR, LAST_YEAR = 1970, 2100
_TS = re.compile(r"[0-9]{1,10}\.[0-9]{1,6}")


def read_id(fields: Mapping[str, Any], key: str) -> str:
    """
    Return an id or a short name.

    Raises KeyError without one, ValueError for anything else.
    """
    return check_id(key, fields[key])


def find_id(fields: Mapping[str, Any], key: str) -> str | None:
    """
    Return an id or a short name; None for an empty or missing one.

    Raises ValueError for anything else.
    """
    return check_id(key, found) if (found := fields.get(key)) else None


def check_id(key: str, value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= MAX_ID_CHARACTERS:
        return value
    raise ValueError(f"{key} is not a text of at most {MAX_ID_CHARACTERS} characters")


def read_ts(fields: Mapping[str, Any], key: str) -> str:
    """
    Return a `ts`: seconds since 1970 with a fraction.

    Raises KeyError without one, ValueError for anything else.
    """
    found = fields[key]
    if is_ts(found):
        return found
    raise ValueError(f"{key} is not a time of Slack")


def is_ts(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _TS.fullmatch(value) is not None


def find_ts(fields: Mapping[str, Any], key: str) -> str | None:
    """
    Return a `ts`; None for an empty or missing one.

    Raises ValueError for anything else.
    """
    return read_ts(fields, key) if fields.get(key) else None


def read_moment(text: str) -> datetime:
    """
    Return the time that a button carries, in UTC.

    Raises ValueError for a text that is none, and for a time without a zone or of another century.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError("not a time that a button carries")
    return at.astimezone(UTC)


def is_row_id(text: str) -> bool:
    """Return True if the text can be the id of a row."""
    return parse_id(text) is not None


class MalformedPayload(Exception):
    """A payload with a valid signature that does not have Slack's shape. Nothing was changed."""


@contextmanager
def parsing_payload() -> Iterator[None]:
    """Turn the errors of reading a payload of another shape into MalformedPayload."""
    try:
        yield
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError) as problem:
        raise MalformedPayload(f"{type(problem).__name__}: {problem}") from problem


def parse_team_id(body: Mapping[str, Any]) -> str:
    """
    Return the id of the installation: an Enterprise organisation or a workspace.

    It equals the id that `auth.test` answers. Raises ValueError if the payload names none.
    """
    if organisation := _parse_organisation_id(body):
        return organisation
    # In a channel that two workspaces share, `team` may be the other one; these two name the receiving one.
    authorization: Mapping[str, Any] = next(iter(body.get("authorizations") or []), {})
    view = body.get("view") or {}
    team = body.get("team")
    inner = team.get("id") if isinstance(team, Mapping) else None
    receiver = authorization.get("team_id") or view.get("app_installed_team_id")
    found = receiver or body.get("team_id") or inner or (body.get("user") or {}).get("team_id")
    if not found:
        raise ValueError("a payload without a team")
    return check_id("team", found)


def _parse_organisation_id(body: Mapping[str, Any]) -> str | None:
    """Return the organisation that installed the app; None where a workspace did."""
    authorization = next(iter(body.get("authorizations") or []), body)
    if str(authorization.get("is_enterprise_install")).lower() != "true":
        return None
    inner = body.get("enterprise")
    found = authorization.get("enterprise_id") or body.get("enterprise_id") or (inner or {}).get("id")
    return check_id("enterprise", found) if found else None


def parse_private_metadata(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Return the values in a view's `private_metadata`; empty if it holds no JSON object.

    Its numbers are ids of rows. One that no row can have is left out, and so are True and False.
    """
    try:
        found = json.loads(view.get("private_metadata") or "{}")
    except (TypeError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    found = replace_unstorable(found)
    return {name: value for name, value in found.items() if not isinstance(value, int) or is_row_id(str(value))}


def parse_message(message: Mapping[str, Any], channel_id: str, bot: BotIdentity) -> SlackMessage:
    """Parse a message of an event or of `conversations.history`."""
    message = replace_unstorable(message)
    bot_id, author = find_id(message, "bot_id"), find_id(message, "user")
    is_own = author == bot.bot_user_id or (bool(bot_id) and bot_id == bot.bot_id)
    author_name = None
    if not author and bot_id:
        profile = message.get("bot_profile") or {}
        author, author_name = bot_id, message.get("username") or profile.get("name")
    return SlackMessage(
        channel_id=channel_id,
        ts=read_ts(message, "ts"),
        text=message_text(message),
        author=author,
        author_name=str(author_name) if author_name else None,
        is_own=is_own,
        thread_ts=find_ts(message, "thread_ts"),
        files=tuple(file_name(each) for each in message.get("files") or []),
        edited_ts=find_ts(message.get("edited") or {}, "ts"),
    )


def file_name(file: Mapping[str, Any]) -> str:
    """Title or name of a file; its id where Slack gives neither."""
    return str(file.get("title") or file.get("name") or file.get("id") or "file")


def parse_message_event(event: Mapping[str, Any], bot: BotIdentity) -> SlackMessage | DeletedMessage | None:
    """Parse a `message` event; None for system messages (joins, topics) and without `ts`."""
    channel_id, subtype = find_id(event, "channel") or "", event.get("subtype")
    if subtype == "message_deleted":
        ts = find_ts(event, "deleted_ts") or find_ts(event.get("previous_message") or {}, "ts")
        return DeletedMessage(channel_id, ts) if ts else None
    message = event.get("message") if subtype in {"message_changed", "message_replied"} else event
    if not isinstance(message, Mapping) or not message.get("ts"):
        return None
    if message.get("subtype") == "tombstone":  # a deleted message that has replies
        return DeletedMessage(channel_id, read_ts(message, "ts"))
    if message.get("subtype") in SYSTEM_SUBTYPES or message.get("hidden"):
        return None
    return parse_message(message, channel_id, bot)


def parse_user(user: Mapping[str, Any]) -> SlackProfile:
    """Parse a user object of `users.info` or `user_change`."""
    user = replace_unstorable(user)
    profile = user.get("profile") or {}
    name = profile.get("display_name") or user.get("real_name") or profile.get("real_name") or user.get("name") or ""
    return SlackProfile(
        user_id=read_id(user, "id"),
        name=str(name),
        handle=str(user.get("name") or ""),
        home_team_id=find_id(user, "team_id"),
        organisation_id=find_id(user.get("enterprise_user") or {}, "enterprise_id") or find_id(user, "enterprise_id"),
        is_bot=bool(user.get("is_bot")),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_deleted=bool(user.get("deleted")),
        zone=find_id(user, "tz"),
    )
