"""Web API methods about channels and their messages."""

from bot.sandbox.web_api.call import Call, ok, read_cursor, write_cursor
from bot.sandbox.workspace import channels, messages, serialize
from bot.sandbox.workspace.records import Channel, Json, Message, SlackError

TYPES = {"public_channel": "channel", "private_channel": "group", "mpim": "mpim", "im": "im"}


def _channel(call: Call, channel: Channel, **keys: object) -> Json:
    return ok(channel=serialize.channel_json(call.workspace, channel, call.actor), **keys)


def create(call: Call) -> Json:
    made = channels.create(call.workspace, call.actor, call.text("name"), call.now, is_private=call.flag("is_private"))
    return _channel(call, made)


def list_conversations(call: Call) -> Json:
    asked = [part.strip() for part in (call.text("types") or "public_channel").split(",")]
    if not set(asked) <= TYPES.keys():
        raise SlackError("invalid_types")
    wanted = {TYPES[each] for each in asked}
    found = [
        channel
        for channel in call.workspace.channels.values()
        if channel.type in wanted
        and call.workspace.can_see(channel, call.actor)
        and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    page, metadata = call.page(found, default=100)
    shown = [
        serialize.channel_json(call.workspace, channel, call.actor) | {"num_members": len(channel.members)}
        for channel in page
    ]
    return ok(channels=shown, response_metadata=metadata)


def info(call: Call) -> Json:
    channel = call.channel()
    answer = _channel(call, channel)
    if call.flag("include_num_members"):
        answer["channel"]["num_members"] = len(channel.members)
    return answer


def members(call: Call) -> Json:
    page, metadata = call.page(call.channel().members, default=100)
    return ok(members=page, response_metadata=metadata)


def _read_bounds(call: Call) -> tuple[str, str, bool]:
    """Return `oldest`, `latest` and `inclusive`, comparable with message times."""
    bounds = []
    for name, error in (("oldest", "invalid_ts_oldest"), ("latest", "invalid_ts_latest")):
        value = call.text(name)
        if value in ("", "0"):
            bounds.append("")
            continue
        whole, _, part = value.partition(".")
        if not whole.isdigit() or (part and not part.isdigit()):
            raise SlackError(error)
        bounds.append(f"{whole.zfill(10)}.{part.ljust(6, '0')[:6]}")
    return bounds[0], bounds[1], call.flag("inclusive")


def _messages_json(call: Call, channel: Channel, found: list[Message]) -> list[Json]:
    with_metadata = call.flag("include_all_metadata")
    return [serialize.message_json(call.workspace, channel, each, with_metadata=with_metadata) for each in found]


def history(call: Call) -> Json:
    """Return messages, newest first, also with `oldest` alone."""
    channel = call.channel()
    channels.require_member(channel, call.actor)
    oldest, latest, inclusive = _read_bounds(call)
    found = messages.channel_history(channel, oldest, latest, inclusive=inclusive)[::-1]
    size, start = call.limit(100, 999), read_cursor(call.text("cursor"))
    has_more = start + size < len(found)
    answer = ok(
        messages=_messages_json(call, channel, found[start : start + size]),
        has_more=has_more,
        pin_count=len(messages.pinned_messages(channel)),
    )
    if latest:
        answer["latest"] = latest
    if has_more:
        answer["response_metadata"] = {"next_cursor": write_cursor(start + size)}
    return answer


def replies(call: Call) -> Json:
    """Return the parent, then its replies, oldest first; for a reply, that reply alone."""
    channel = call.channel()
    channels.require_member(channel, call.actor)
    oldest, latest, inclusive = _read_bounds(call)
    ts = call.text("ts")
    root = channel.messages.get(ts)
    if root is None and ts not in channel.threads:
        raise SlackError("thread_not_found")
    if root is not None and root.thread_ts:
        found = [root]
    else:
        found = [
            channel.messages[each] for each in channel.threads.get(ts, []) if _within(each, oldest, latest, inclusive)
        ]
        found = [root, *found] if root else found
    page, metadata = call.page(found, default=1000)
    answer = ok(messages=_messages_json(call, channel, page), has_more=bool(metadata["next_cursor"]))
    if metadata["next_cursor"]:
        answer["response_metadata"] = metadata
    return answer


def _within(ts: str, oldest: str, latest: str, inclusive: bool) -> bool:
    if inclusive and ts in (oldest, latest):
        return True
    return oldest < ts and (not latest or ts < latest)


def invite(call: Call) -> Json:
    channel = call.channel()
    wanted = [part.strip() for part in call.text("users").split(",") if part.strip()]
    errors = channels.invite(call.workspace, call.actor, channel, wanted, call.now, force=call.flag("force"))
    answer = _channel(call, channel)
    return answer | {"errors": errors} if errors else answer


def join(call: Call) -> Json:
    channel = call.channel()
    if not channels.join(call.workspace, call.actor, channel, call.now):
        call.warnings.append("already_in_channel")
    return _channel(call, channel)


def open_conversation(call: Call) -> Json:
    if call.text("channel"):
        channel = call.channel()
        if not channel.is_direct:
            raise SlackError("method_not_supported_for_channel_type")
        already = True
    else:
        wanted = [part.strip() for part in call.text("users").split(",") if part.strip()]
        channel, already = channels.open_conversation(call.workspace, call.actor, wanted, call.now)
    shown: Json = {"id": channel.id}
    if call.flag("return_im"):
        shown = serialize.channel_json(call.workspace, channel, call.actor)
    return ok(channel=shown, no_op=True, already_open=True) if already else ok(channel=shown)


def set_topic(call: Call) -> Json:
    channel = call.channel()
    channels.set_topic_or_purpose(call.workspace, call.actor, channel, "topic", call.text("topic"), call.now)
    return _channel(call, channel)


def set_purpose(call: Call) -> Json:
    channel = call.channel()
    channels.set_topic_or_purpose(call.workspace, call.actor, channel, "purpose", call.text("purpose"), call.now)
    return _channel(call, channel)


def archive(call: Call) -> Json:
    channels.archive(call.workspace, call.actor, call.channel(), call.now)
    return ok()


def unarchive(call: Call) -> Json:
    channels.unarchive(call.workspace, call.actor, call.channel(), call.now)
    return ok()


def rename(call: Call) -> Json:
    channel = call.channel()
    channels.rename(call.workspace, call.actor, channel, call.text("name"), call.now)
    return _channel(call, channel)


def kick(call: Call) -> Json:
    channels.kick(call.workspace, call.actor, call.channel(), call.text("user"), call.now)
    return ok()
