"""
The sandbox's own methods over HTTP: `POST /control/<method>` with a JSON object of arguments.

A body that is not `application/json`, or an `Origin` other than the sandbox's own, is refused: a page of another site
that is open in the same browser must not be able to act here.
"""

import base64
import inspect
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.sandbox.control.app_actions import Answer
from bot.sandbox.workspace.records import Json, SlackError

LOOKS = (
    "info",
    "channels",
    "channel",
    "members",
    "messages",
    "message",
    "thread",
    "ephemerals",
    "pins",
    "files",
    "file_content",
    "views",
    "home",
    "users",
    "user",
    "usergroups",
    "calls",
    "deliveries",
    "pending",
    "settled",
    "sockets",
    "connections",
    "list_faults",
    "unread",
    "bookmarks",
    "canvases",
    "canvas_content",
)
ACTS = (
    "command",
    "say",
    "upload",
    "edit",
    "delete",
    "react",
    "unreact",
    "pin",
    "unpin",
    "create_channel",
    "join",
    "leave",
    "invite",
    "kick",
    "archive",
    "unarchive",
    "rename",
    "set_topic",
    "set_purpose",
    "open_dm",
    "click",
    "click_view",
    "suggest",
    "submit_view",
    "close_view",
    "shortcut",
    "global_shortcut",
    "open_home",
    "add_user",
    "change_user",
    "add_usergroup",
    "add_channel",
    "reset",
    "deliver_by_http",
    "deliver_by_socket",
    "verify_url",
    "disconnect",
    "drop_sockets",
    "silence",
    "socket_mode",
    "socket_limit",
    "connection_lives",
    "subscribe",
    "retry_now",
    "fault",
    "delivery_fault",
    "clear_fault",
    "clear_faults",
    "rate_limits",
    "set_scopes",
    "organisation",
    "add_token",
    "revoke_token",
    "set_down",
    "upload_seconds",
    "edit_window",
    "clear_calls",
    "clear_deliveries",
    "wait_settled",
    "run_action",
    "run_play",
    "dismiss",
    "save",
    "add_bookmark",
    "edit_bookmark",
    "remove_bookmark",
    "create_canvas",
    "edit_canvas",
    "delete_canvas",
    "plan",
)


class Control:
    """`sandbox` has a method for each name in `LOOKS` and `ACTS`."""

    def __init__(self, sandbox: object) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/control/{name}", self.look), web.post("/control/{name}", self.act)]

    async def look(self, request: web.Request) -> web.Response:
        return await self._run(request.match_info["name"], LOOKS, dict(request.query))

    async def act(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return refusal("invalid_content_type", "send application/json")
        if not is_from_here(request):
            return refusal("forbidden_origin", "only the sandbox's own page may do this")
        try:
            args = await request.json()
        except ValueError:
            return refusal("invalid_json", "the body is not JSON")
        if not isinstance(args, dict):
            return refusal("json_not_object", "the body has to be an object")
        return await self._run(request.match_info["name"], (*LOOKS, *ACTS), args)

    async def _run(self, name: str, allowed: tuple[str, ...], args: Json) -> web.Response:
        if name not in allowed:
            return refusal("unknown_method", f"there is no {name!r} here")
        method: Callable[..., Any] = getattr(self.sandbox, name)
        args = decoded(args)
        try:
            inspect.signature(method).bind(**args)
        except TypeError as problem:
            return refusal("invalid_arguments", str(problem))
        try:
            result = method(**args)
            if isinstance(result, Awaitable):
                result = await result
        except SlackError as problem:
            return refusal(problem.error, str(problem))
        except (TypeError, ValueError, TimeoutError) as problem:
            return refusal("failed", f"{type(problem).__name__}: {problem}")
        return web.json_response({"ok": True, "result": as_json(result)})


def decoded(args: Json) -> Json:
    """`content_base64` becomes `content`, here and in `files`."""
    found = dict(args)
    if "content_base64" in found:
        found["content"] = base64.b64decode(found.pop("content_base64"))
    if isinstance(found.get("files"), list):
        found["files"] = [decoded(each) if isinstance(each, dict) else each for each in found["files"]]
    return found


def as_json(result: object) -> object:
    if isinstance(result, Answer):
        return result.as_dict()
    if isinstance(result, bytes):
        return base64.b64encode(result).decode()
    return result


def refusal(error: str, detail: str) -> web.Response:
    return web.json_response({"ok": False, "error": error, "detail": detail}, status=HTTPStatus.BAD_REQUEST)


def is_from_here(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    return origin is None or origin == f"{request.scheme}://{request.host}"
