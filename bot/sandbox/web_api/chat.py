"""Web API methods about messages, reactions and pins."""

from typing import Any

from bot.sandbox.web_api.call import Call, ok
from bot.sandbox.workspace import channels, files, messages, serialize
from bot.sandbox.workspace.block_kit.state import fill_in_ids
from bot.sandbox.workspace.block_kit.validation import MAX_MESSAGE_TEXT, find_message_problems, text_size
from bot.sandbox.workspace.records import Channel, Json, Message, SlackError

METADATA_BYTES = 16_000
ATTACHMENTS_MAX = 100


def read_content(call: Call, *, kept: Message | None = None) -> dict[str, Any]:
    """
    Return the validated text, blocks, attachments and metadata.

    `kept`: the message to update. A new text removes old blocks and attachments, new blocks alone keep the text; a call
    with neither changes only its other arguments.
    """
    if call.text("markdown_text") and (call.text("text") or call.args.get("blocks")):
        raise SlackError("markdown_text_conflict")
    text = call.text("text") or call.text("markdown_text")
    given = validate_blocks(call.args.get("blocks") or [])
    if problems := files.find_image_problems(call.workspace, call.actor, given, "/blocks"):
        raise SlackError("invalid_blocks", problems)
    attachments = call.args.get("attachments") or []
    if len(attachments) > ATTACHMENTS_MAX:
        raise SlackError("too_many_attachments")
    if kept is None or text or given or attachments or "blocks" in call.args:
        if not text and not given and not attachments:
            raise SlackError("no_text")
        found = {"text": text, "blocks": given, "attachments": attachments, "metadata": _metadata(call)}
    else:
        found = {key: getattr(kept, key) for key in ("text", "blocks", "attachments")} | {"metadata": _metadata(call)}
    if kept:
        found["metadata"] = found["metadata"] if "metadata" in call.args else kept.metadata
        found["text"] = found["text"] or kept.text
        found["attachments"] = attachments if "attachments" in call.args else kept.attachments
    return found


def validate_blocks(given: Any) -> list[Json]:
    problems = find_message_problems(given)
    if problems:
        raise SlackError("invalid_blocks", problems)
    if text_size(given) > MAX_MESSAGE_TEXT:
        raise SlackError("msg_blocks_too_long")
    filled: list[Json] = fill_in_ids({"blocks": given})["blocks"]
    return filled


def _metadata(call: Call) -> Json | None:
    given = call.args.get("metadata")
    if not given:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    if not isinstance(given.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    if len(str(given)) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return given


def _custom_author(call: Call) -> dict[str, Any]:
    """Return the custom name and icon, which need a scope."""
    emoji, url = call.text("icon_emoji"), call.text("icon_url")
    icons = {"emoji": emoji} if emoji else {"image_64": url} if url else None
    if (icons or call.text("username")) and not call.grant.has("chat:write.customize"):
        raise missing_scope(call, "chat:write.customize")
    return {"username": call.text("username") or None, "icons": icons}


def missing_scope(call: Call, needed: str) -> SlackError:
    return SlackError("missing_scope", needed=needed, provided=",".join(call.grant.scopes or ()))


def find_target(call: Call) -> Channel:
    """Return the channel to post in; for a person, their conversation with the app."""
    wanted = call.text("channel")
    if wanted in call.workspace.users:
        channel, _ = channels.open_conversation(call.workspace, call.actor, [wanted], call.now)
        return channel
    channel = call.channel()
    if channel.is_archived:
        raise SlackError("is_archived")
    is_open = channel.type == "channel" and call.grant.has("chat:write.public") and call.grant.kind == "bot"
    if not is_open:
        channels.require_member(channel, call.actor)
    return channel


def _author(call: Call) -> dict[str, Any]:
    return {"user": call.actor, "bot_id": call.workspace.app.bot_id if call.grant.kind == "bot" else None}


def post_message(call: Call) -> Json:
    """Post a message. Long text without blocks becomes several; the answer names the first."""
    channel = find_target(call)
    given = read_content(call) | _custom_author(call)
    parts = messages.split_long_text(given["text"]) if not given["blocks"] else [given["text"][: messages.TEXT_CUT]]
    posted = []
    for part in parts:
        message = Message(
            call.workspace.new_ts(call.now),
            **_author(call),
            **given | {"text": part},
            thread_ts=call.text("thread_ts") or None,
            is_broadcast=bool(call.text("thread_ts")) and call.flag("reply_broadcast"),
        )
        posted.append(messages.post(call.workspace, channel, message))
    first = posted[0]
    return ok(channel=channel.id, ts=first.ts, message=serialize.message_json(call.workspace, channel, first))


def own_message(call: Call, refusal: str) -> tuple[Channel, Message]:
    channel = call.channel()
    message = messages.find_message(channel, call.text("ts"))
    if message.user != call.actor or (message.subtype and message.subtype.partition("_")[0] in ("channel", "group")):
        raise SlackError(refusal)
    return channel, message


def update(call: Call) -> Json:
    channel, message = own_message(call, "cant_update_message")
    if channel.is_archived:
        raise SlackError("is_inactive")
    given = read_content(call, kept=message)
    if len(given["text"]) > messages.UPDATE_MAX:
        raise SlackError("msg_too_long")
    messages.edit_message(call.workspace, channel, message, call.actor, call.now, **given)
    shown = serialize.message_json(call.workspace, channel, message)
    return ok(channel=channel.id, ts=message.ts, text=message.text, message=shown)


def delete(call: Call) -> Json:
    channel, message = own_message(call, "cant_delete_message")
    messages.delete_message(call.workspace, channel, message, call.now)
    return ok(channel=channel.id, ts=message.ts)


def post_ephemeral(call: Call) -> Json:
    channel = call.channel()
    if channel.is_archived:
        raise SlackError("is_archived")
    channels.require_member(channel, call.actor)
    if call.text("user") not in channel.members:
        raise SlackError("user_not_in_channel")
    given = read_content(call) | _custom_author(call)
    if len(given["text"]) > messages.TEXT_CUT:
        raise SlackError("msg_too_long")
    message = Message(
        call.workspace.new_ts(call.now),
        **_author(call),
        **given,
        thread_ts=call.text("thread_ts") or None,
        ephemeral_to=call.text("user"),
    )
    messages.post_ephemeral(call.workspace, channel, message)
    return ok(message_ts=message.ts)


def permalink(call: Call) -> Json:
    channel = call.channel()
    message = messages.find_message(channel, call.text("message_ts"))
    return ok(channel=channel.id, permalink=call.workspace.permalink(channel, message))


def _find_item(call: Call) -> tuple[Channel, Message]:
    if not call.text("channel") or not call.text("timestamp"):
        raise SlackError("no_item_specified")
    channel = call.channel()
    if not messages.TS.match(call.text("timestamp")):
        raise SlackError("bad_timestamp")
    return channel, messages.find_message(channel, call.text("timestamp"))


def reactions_add(call: Call) -> Json:
    channel, message = _find_item(call)
    channels.require_member(channel, call.actor)
    messages.add_reaction(call.workspace, channel, message, call.actor, call.text("name").strip(":"), call.now)
    return ok()


def reactions_remove(call: Call) -> Json:
    channel, message = _find_item(call)
    messages.remove_reaction(call.workspace, channel, message, call.actor, call.text("name").strip(":"), call.now)
    return ok()


def reactions_get(call: Call) -> Json:
    channel, message = _find_item(call)
    shown = serialize.message_json(call.workspace, channel, message, with_metadata=False)
    shown["permalink"] = call.workspace.permalink(channel, message)
    return ok(type="message", channel=channel.id, message=shown)


def pins_add(call: Call) -> Json:
    channel, message = _find_item(call)
    channels.require_member(channel, call.actor)
    if channel.is_archived:
        raise SlackError("restricted_action")
    messages.pin(call.workspace, channel, message, call.actor, call.now)
    return ok()


def pins_remove(call: Call) -> Json:
    channel, message = _find_item(call)
    messages.unpin(call.workspace, channel, message, call.actor, call.now)
    return ok()


def pins_list(call: Call) -> Json:
    channel = call.channel()
    return ok(items=[messages.pin_json(call.workspace, channel, each) for each in messages.pinned_messages(channel)])
