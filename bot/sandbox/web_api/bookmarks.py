"""Web API methods about a channel's bookmarks."""

from bot.sandbox.web_api.call import Call, ok
from bot.sandbox.workspace import bookmarks
from bot.sandbox.workspace import serialize as wire
from bot.sandbox.workspace.records import Bookmark, Channel, Json, SlackError


def _channel(call: Call) -> Channel:
    """Slack's reference calls the argument optional; without it there is no channel."""
    if not call.text("channel_id"):
        raise SlackError("channel_not_found")
    return call.channel("channel_id")


def _shown(call: Call, channel: Channel, bookmark: Bookmark) -> Json:
    return ok(bookmark=wire.bookmark_json(call.workspace, channel, bookmark))


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
    return _shown(call, channel, made)


def edit(call: Call) -> Json:
    channel = _channel(call)
    given = {name: call.text(name) for name in ("title", "link", "emoji") if name in call.args}
    edited = bookmarks.edit(call.workspace, call.actor, channel, call.text("bookmark_id"), call.now, **given)
    return _shown(call, channel, edited)


def remove(call: Call) -> Json:
    bookmarks.remove(call.workspace, call.actor, _channel(call), call.text("bookmark_id"))
    return ok()


def listing(call: Call) -> Json:
    channel = _channel(call)
    return ok(bookmarks=[wire.bookmark_json(call.workspace, channel, each) for each in channel.bookmarks])
