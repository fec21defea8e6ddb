"""Web API methods about a channel's bookmarks."""

from bot.sandbox.web_api.call import Call, ok
from bot.sandbox.workspace import bookmarks, serialize
from bot.sandbox.workspace.records import Bookmark, Channel, Json, SlackError


def _channel(call: Call) -> Channel:
    """Return the channel. Slack documents the argument as optional, but requires it."""
    if not call.text("channel_id"):
        raise SlackError("channel_not_found")
    return call.channel("channel_id")


def _bookmark_answer(call: Call, channel: Channel, bookmark: Bookmark) -> Json:
    return ok(bookmark=serialize.bookmark_json(call.workspace, channel, bookmark))


def add(call: Call) -> Json:
    channel = _channel(call)
    made = bookmarks.add(
        call.workspace,
        call.actor,
        channel,
        call.text("title"),
        call.text("link"),
        call.now,
        kind=call.text("type"),
        emoji=call.text("emoji"),
    )
    return _bookmark_answer(call, channel, made)


def edit(call: Call) -> Json:
    channel = _channel(call)
    given = {name: call.text(name) for name in ("title", "link", "emoji") if name in call.args}
    edited = bookmarks.edit(call.workspace, call.actor, channel, call.text("bookmark_id"), call.now, **given)
    return _bookmark_answer(call, channel, edited)


def remove(call: Call) -> Json:
    bookmarks.remove(call.workspace, call.actor, _channel(call), call.text("bookmark_id"))
    return ok()


def list_bookmarks(call: Call) -> Json:
    channel = _channel(call)
    return ok(bookmarks=[serialize.bookmark_json(call.workspace, channel, each) for each in channel.bookmarks])
