"""Web API methods about files and views."""

from functools import partial

from bot.sandbox.web_api.call import Call, Deferred, ok
from bot.sandbox.web_api.chat import find_target
from bot.sandbox.workspace import canvases, files, serialize, views
from bot.sandbox.workspace.records import Channel, Json, Message, SlackError
from bot.sandbox.workspace.serialize_files import canvas_json, file_json


def get_upload_url(call: Call) -> Json:
    try:
        length = int(call.text("length"))
    except ValueError:
        raise SlackError("invalid_arguments", ["[ERROR] must be an integer [json-pointer:/length]"]) from None
    file = files.reserve(call.workspace, call.actor, call.text("filename"), length, call.text("alt_txt"), call.now)
    return ok(upload_url=f"{call.base_url}/upload/v1/{file.id}", file_id=file.id)


def complete_upload(call: Call) -> Json:
    """Complete an upload. Its message follows the answer, which cannot name it."""
    given = call.args.get("files")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise SlackError("invalid_arguments", ["[ERROR] must be an array of objects [json-pointer:/files]"])
    wanted = [each for each in [call.text("channel_id"), *call.text("channels").split(",")] if each]
    where: list[Channel] = []
    for name in wanted:
        call.args["channel"] = name
        where.append(find_target(call))
    call.args.pop("channel", None)
    done = files.complete(call.workspace, call.actor, given)
    for file in done:
        file.is_processed = False
    call.later.append(Deferred(partial(files.process, done)))
    for channel in where:
        call.later.append(Deferred(partial(_share, call, channel, [file.id for file in done])))
    return ok(files=[file_json(call.workspace, file) for file in done])


def _share(call: Call, channel: Channel, file_ids: list[str]) -> None:
    message = Message(
        call.workspace.new_ts(call.now),
        call.actor,
        call.text("initial_comment"),
        bot_id=call.workspace.app.bot_id if call.grant.kind == "bot" else None,
        thread_ts=call.text("thread_ts") or None,
    )
    kept = [call.workspace.files[each] for each in file_ids if each in call.workspace.files]
    if kept:  # else all were deleted before Slack came to it
        files.share(call.workspace, channel, kept, message)


def info(call: Call) -> Json:
    canvas = call.workspace.canvases.get(call.text("file"))
    if canvas is not None:
        if not canvases.has_access(call.workspace, canvas, call.actor, "read"):
            raise SlackError("file_not_found")
        shown = canvas_json(call.workspace, canvas)
        return ok(file=shown, comments=[], response_metadata={"next_cursor": ""})
    file = files.find_visible(call.workspace, call.text("file"), call.actor)
    return ok(file=file_json(call.workspace, file), comments=[], response_metadata={"next_cursor": ""})


def delete(call: Call) -> Json:
    files.delete(call.workspace, call.actor, call.text("file"))
    return ok()


def _view(call: Call) -> Json:
    given = call.args.get("view")
    if not isinstance(given, dict):
        raise SlackError("invalid_arguments", ["[ERROR] must be an object [json-pointer:/view]"])
    return given


def _trigger(call: Call) -> str:
    wanted = call.text("trigger_id") or call.text("interactivity_pointer")
    if not wanted:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: trigger_id"])
    return wanted


def views_open(call: Call) -> Json:
    given = _view(call)
    trigger = views.use_trigger(call.workspace, _trigger(call), call.real_now)
    return ok(view=serialize.view_json(call.workspace, views.open_modal(call.workspace, trigger, given)))


def views_push(call: Call) -> Json:
    given = _view(call)
    trigger = views.use_trigger(call.workspace, _trigger(call), call.real_now)
    return ok(view=serialize.view_json(call.workspace, views.push_for_trigger(call.workspace, trigger, given)))


def views_update(call: Call) -> Json:
    view = views.find_view(call.workspace, call.text("view_id"), call.text("external_id"))
    updated = views.update(call.workspace, view, _view(call), call.text("hash") or None)
    return ok(view=serialize.view_json(call.workspace, updated))


def views_publish(call: Call) -> Json:
    if call.text("user_id") not in call.workspace.users:
        raise SlackError("invalid_arguments", ["invalid `user_id`"])
    view = views.publish_home(call.workspace, call.text("user_id"), _view(call), call.text("hash") or None)
    return ok(view=serialize.view_json(call.workspace, view))
