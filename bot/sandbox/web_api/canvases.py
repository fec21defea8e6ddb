"""Web API methods about canvases."""

from bot.sandbox.web_api.call import Call, ok
from bot.sandbox.workspace import canvases
from bot.sandbox.workspace.records import Canvas, Json, SlackError


def _markdown(call: Call) -> str:
    given = call.args.get("document_content")
    return "" if given is None else canvases.read_markdown(given, "canvas_creation_failed")


def _canvas(call: Call, level: str = "read") -> Canvas:
    return canvases.find_canvas(call.workspace, call.text("canvas_id"), call.actor, level)


def create(call: Call) -> Json:
    channel = call.channel("channel_id") if call.text("channel_id") else None
    made = canvases.create(call.workspace, call.actor, call.text("title"), _markdown(call), call.now, channel)
    return ok(canvas_id=made.id)


def create_channel_canvas(call: Call) -> Json:
    channel = call.channel("channel_id")
    made = canvases.create_channel_canvas(
        call.workspace, call.actor, channel, call.text("title"), _markdown(call), call.now
    )
    return ok(canvas_id=made.id)


def edit(call: Call) -> Json:
    canvases.edit(call.workspace, call.actor, _canvas(call, "write"), call.args["changes"], call.now)
    return ok()


def delete(call: Call) -> Json:
    canvases.delete(call.workspace, call.actor, _canvas(call))
    return ok()


def get_content(call: Call) -> Json:
    if call.text("content_type") not in ("", "markdown"):
        raise SlackError("invalid_arguments", ["[ERROR] the sandbox gives Markdown only [json-pointer:/content_type]"])
    return ok(content=canvases.canvas_markdown(_canvas(call)))


def lookup_sections(call: Call) -> Json:
    criteria = call.args["criteria"]
    if not isinstance(criteria, dict):
        raise SlackError("invalid_arguments", ["[ERROR] must be an object [json-pointer:/criteria]"])
    return ok(sections=[{"id": section} for section in canvases.find_sections(_canvas(call), criteria)])


def set_access(call: Call) -> Json:
    level = call.text("access_level")
    if level not in canvases.LEVELS:
        raise SlackError("invalid_arguments", ["[ERROR] must be read, write or owner [json-pointer:/access_level]"])
    canvas = _canvas(call, "write")
    for holder in _holders(call):
        canvas.levels[holder] = level
    return ok()


def delete_access(call: Call) -> Json:
    canvas = _canvas(call, "write")
    for holder in _holders(call):
        if holder != canvas.creator:
            canvas.levels.pop(holder, None)
    return ok()


def _holders(call: Call) -> list[str]:
    """Return the users or the channels of the call; only one of both may be given."""
    users, places = call.args.get("user_ids") or [], call.args.get("channel_ids") or []
    if bool(users) == bool(places):
        raise SlackError("invalid_parameters")
    for user in users:
        if user not in call.workspace.users:
            raise SlackError("user_not_found")
    for place in places:
        channel = call.workspace.channels.get(place)
        if channel is None or not call.workspace.can_see(channel, call.actor):
            raise SlackError("channel_not_found")
    return [*users, *places]
