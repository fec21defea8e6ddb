"""
The control API: `POST /control/<method>` with a JSON object of arguments.

A body that is not `application/json`, or an `Origin` other than the sandbox's own, is refused: pages of other sites
in the same browser must not act here.
"""

import base64
import inspect
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.sandbox.control.app_actions import Answer
from bot.sandbox.workspace.records import Json, SlackError

_READ, _WRITE = Path(__file__).with_name("methods.txt").read_text().split("[read]")[1].split("[write]")
READ_METHODS = tuple(_READ.split())
"""Methods for GET and POST."""
WRITE_METHODS = tuple(_WRITE.split())
"""Methods for POST."""


class Control:
    """`sandbox` has a method for each name."""

    def __init__(self, sandbox: object) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/control/{name}", self.handle_get), web.post("/control/{name}", self.handle_post)]

    async def handle_get(self, request: web.Request) -> web.Response:
        return await self._call_method(request.match_info["name"], READ_METHODS, dict(request.query))

    async def handle_post(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return error_response("invalid_content_type", "send application/json")
        if not is_same_origin(request):
            return error_response("forbidden_origin", "only the sandbox's own page may use this")
        try:
            args = await request.json()
        except ValueError:
            return error_response("invalid_json", "the body is not JSON")
        if not isinstance(args, dict):
            return error_response("json_not_object", "the body must be an object")
        return await self._call_method(request.match_info["name"], (*READ_METHODS, *WRITE_METHODS), args)

    async def _call_method(self, name: str, allowed: tuple[str, ...], args: Json) -> web.Response:
        if name not in allowed:
            return error_response("unknown_method", f"there is no method {name!r}")
        method: Callable[..., Any] = getattr(self.sandbox, name)
        args = decode_arguments(args)
        try:
            inspect.signature(method).bind(**args)
        except TypeError as problem:
            return error_response("invalid_arguments", str(problem))
        try:
            result = method(**args)
            if isinstance(result, Awaitable):
                result = await result
        except SlackError as problem:
            return error_response(problem.error, str(problem))
        except (TypeError, ValueError, TimeoutError) as problem:
            return error_response("failed", f"{type(problem).__name__}: {problem}")
        return web.json_response({"ok": True, "result": encode_result(result)})


def decode_arguments(args: Json) -> Json:
    """Decode `content_base64` to `content`, here and in `files`."""
    found = dict(args)
    if "content_base64" in found:
        found["content"] = base64.b64decode(found.pop("content_base64"))
    if isinstance(found.get("files"), list):
        found["files"] = [decode_arguments(each) if isinstance(each, dict) else each for each in found["files"]]
    return found


def encode_result(result: object) -> object:
    if isinstance(result, Answer):
        return result.as_dict()
    if isinstance(result, bytes):
        return base64.b64encode(result).decode()
    return result


def error_response(error: str, detail: str) -> web.Response:
    return web.json_response({"ok": False, "error": error, "detail": detail}, status=HTTPStatus.BAD_REQUEST)


def is_same_origin(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    return origin is None or origin == f"{request.scheme}://{request.host}"
