"""Conversion of the app's answers to messages, at once or by a response URL."""

from datetime import datetime
from typing import Any

from bot.sandbox.workspace import files, messages
from bot.sandbox.workspace.block_kit.state import fill_in_ids
from bot.sandbox.workspace.block_kit.validation import find_message_problems
from bot.sandbox.workspace.records import Channel, Json, Message, ResponseUrl, SlackError
from bot.sandbox.workspace.workspace import Workspace

USES = 5
SECONDS = 30 * 60


def create_response_url(
    workspace: Workspace, channel: Channel, user: str, now: datetime, message: Message | None = None
) -> ResponseUrl:
    right = ResponseUrl(workspace.new_secret(), channel.id, user, now.timestamp())
    if message:
        right.message_ts = message.ts
        right.is_ephemeral = message.ephemeral_to is not None
    workspace.response_urls[right.id] = right
    while len(workspace.response_urls) > 5000:
        del workspace.response_urls[next(iter(workspace.response_urls))]
    return right


def use_response_url(workspace: Workspace, right_id: str, given: Any, now: datetime) -> Message | None:
    right = workspace.response_urls.get(right_id)
    if right is None or now.timestamp() - right.issued > SECONDS:
        raise SlackError("expired_url")
    if right.uses >= USES:
        raise SlackError("used_url")
    if not isinstance(given, dict):
        raise SlackError("invalid_payload")
    message = post_answer(workspace, right, given, now)
    right.uses += 1
    return message


def post_answer(workspace: Workspace, right: ResponseUrl, given: Json, now: datetime) -> Message | None:
    """
    Post, replace or delete the message as `given` asks.

    Returns the message; None if it was deleted or there is none. An ephemeral message stays ephemeral.
    """
    channel = workspace.channels[right.channel]
    if given.get("delete_original"):
        _delete_original(workspace, channel, right, now)
        return None
    contents = validate_content(workspace, given)
    if given.get("replace_original") and right.message_ts:
        return _replace(workspace, channel, right, contents, now)
    in_channel = given.get("response_type") == "in_channel" and not right.is_ephemeral
    message = Message(
        workspace.new_ts(now),
        workspace.app.bot_user_id,
        bot_id=workspace.app.bot_id,
        thread_ts=given.get("thread_ts"),
        **contents,
    )
    if in_channel:
        return messages.post(workspace, channel, message)
    message.ephemeral_to = right.user
    return messages.post_ephemeral(workspace, channel, message)


def validate_content(workspace: Workspace, given: Json) -> Json:
    found = given.get("blocks") or []
    pictures = files.find_image_problems(workspace, workspace.app.bot_user_id, found, "/blocks")
    if found and (problems := find_message_problems(found) or pictures):
        raise SlackError("invalid_blocks", problems)
    if not given.get("text") and not found and not given.get("attachments"):
        raise SlackError("no_text")
    return {
        "text": str(given.get("text") or ""),
        "blocks": fill_in_ids({"blocks": found})["blocks"],
        "attachments": given.get("attachments") or [],
        "metadata": given.get("metadata"),
    }


def _replace(
    workspace: Workspace, channel: Channel, right: ResponseUrl, contents: Json, now: datetime
) -> Message | None:
    ts = right.message_ts or ""
    if right.is_ephemeral:
        note = messages.find_ephemeral(workspace, channel.id, ts)
        if note is None:
            raise SlackError("message_not_found")
        for key, value in contents.items():
            setattr(note, key, value)
        workspace.mark_changed("channel", channel.id)
        return note
    message = messages.find_message(channel, ts)
    if contents["metadata"] is None:
        contents["metadata"] = message.metadata
    messages.edit_message(workspace, channel, message, workspace.app.bot_user_id, now, **contents)
    return message


def _delete_original(workspace: Workspace, channel: Channel, right: ResponseUrl, now: datetime) -> None:
    if right.message_ts is None:
        raise SlackError("message_not_found")
    if right.is_ephemeral:
        messages.remove_ephemeral(workspace, channel.id, right.message_ts)
    else:
        messages.delete_message(workspace, channel, messages.find_message(channel, right.message_ts), now)
