"""
The Web API over HTTP: `/api/<method>`, uploads, downloads, response URLs.

Arguments come as query, form or JSON and are merged; the token as a bearer or as `token=`. Every call is recorded.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.sandbox.clock import Clock
from bot.sandbox.web_api import response_url
from bot.sandbox.web_api.call import Call, Grant
from bot.sandbox.web_api.dispatch import run_method
from bot.sandbox.web_api.faults import Fault, Faults, RateLimits, fault_param, first_fault
from bot.sandbox.web_api.methods import ALL_SCOPES
from bot.sandbox.workspace import files
from bot.sandbox.workspace.records import Json, SlackError
from bot.sandbox.workspace.workspace import Workspace

RECORDED = 100_000
LOGIN_PAGE = "<!DOCTYPE html><title>Sign in</title><p>You need to sign in to see this file.</p>"
FAILED = {"ok": False, "error": "internal_error"}


class WebApi:
    """
    The HTTP endpoints.

    `grants`: rights by token. `later(seconds, act)` schedules an effect after the answer. `changed` is called at the
    end of each request.
    """

    def __init__(self, workspace: Workspace, clock: Clock, faults: Faults, later: Callable[..., None]) -> None:
        self.workspace = workspace
        self.clock = clock
        self.faults = faults
        self.limits = RateLimits()
        self.later = later
        self.grants: dict[str, Grant] = {}
        self.base_url = ""
        self.upload_seconds = 0.02
        self.open_requests = 0
        self.calls: deque[Json] = deque(maxlen=RECORDED)
        self.count = 0
        self.changed: Callable[[], None] = lambda: None
        self.new_ticket: Callable[[], str] = str

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.route("*", "/api/{method}", self.serve),
            web.route("*", "/upload/v1/{file}", self.upload),
            web.get("/files-pri/{file}/{name}", self.download),
            web.get("/files-pri/{file}/download/{name}", self.download),
            web.post("/hooks/respond/{id}", self.respond),
        ]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.open_requests += 1
        try:
            answer = await self._serve(request, request.match_info["method"])
            answer.headers.setdefault("Date", format_datetime(self.clock.now(), usegmt=True))
            return answer
        finally:
            self.open_requests -= 1
            self.changed()

    async def _serve(self, request: web.Request, method: str) -> web.StreamResponse:
        began = time.perf_counter()
        try:
            args = await read_arguments(request)
            refusal = None
        except SlackError as error:
            args, refusal = dict(request.query), error
        token = read_token(request, args)
        grant = self.grants.get(token)
        self.count += 1
        record: Json = {"n": self.count, "method": method, "args": args, "status": None, "ok": False, "error": None}
        record |= {"at": self.clock.now().isoformat(), "token": grant.kind if grant else None}
        self.calls.append(record)
        try:
            if self.faults.is_down:
                return abort_connection(request, record, "cut_before")
            if refusal:
                return answer_response(record, refusal.as_answer(), grant)
            active = self.faults.take_for_call(method, channel_names(self.workspace, args))
            return await self._answer(request, method, args, grant, token, record, active)
        finally:
            record["seconds"] = time.perf_counter() - began

    async def _answer(
        self,
        request: web.Request,
        method: str,
        args: Json,
        grant: Grant | None,
        token: str,
        record: Json,
        active: list[Fault],
    ) -> web.StreamResponse:
        for fault in active:
            if fault.kind in ("latency", "hang"):
                await asyncio.sleep(float(fault_param(fault, "seconds")))
        if first_fault(active, "cut_before") or first_fault(active, "hang"):
            return abort_connection(request, record, "cut_before")
        if status := first_fault(active, "status"):
            return error_status_response(record, status)
        limited = first_fault(active, "ratelimited")
        wait = int(fault_param(limited, "retry_after")) if limited else None
        if wait is None:
            wait = self.limits.retry_after(method, str(args.get("channel") or ""), self.clock.now())
        if wait is not None:
            return rate_limit_response(record, wait)
        if refusal := first_fault(active, "error"):
            return answer_response(record, SlackError(str(fault_param(refusal, "error"))).as_answer(), grant)
        answer = self.call(method, args, grant, token)
        if mute := first_fault(active, "mute"):
            await asyncio.sleep(float(fault_param(mute, "seconds")))
        if mute or first_fault(active, "cut_after"):
            return abort_connection(request, record, "cut_after")
        if first_fault(active, "truncated"):
            return await send_truncated(request, record, answer)
        return answer_response(record, answer, grant)

    def call(self, method: str, args: Json, grant: Grant | None, token: str) -> Json:
        """Return a method's answer, refusals included."""
        if grant is None:
            return SlackError("invalid_auth" if token else "not_authed").as_answer()
        try:
            call = Call(self.workspace, grant, args, self.clock.now(), time.monotonic(), self.base_url)
            call.new_ticket = self.new_ticket
            answer = run_method(method, call)
        except SlackError as error:
            return error.as_answer()
        for later in call.later:
            self.later(self.upload_seconds, later.act)
        if call.warnings:
            answer["warning"] = ",".join(call.warnings)
            answer.setdefault("response_metadata", {})["warnings"] = call.warnings
        return answer

    # --- files

    async def upload(self, request: web.Request) -> web.Response:
        """Receive a file as the body, or as the first file of a form."""
        if request.content_type == "multipart/form-data":
            form = await request.post()
            parts = [part.file.read() for part in form.values() if isinstance(part, web.FileField)]
            content = parts[0] if parts else b""
        else:
            content = await request.read()
        try:
            files.receive(self.workspace, request.match_info["file"], content)
        except SlackError as error:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text=str(error))
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.Response:
        """Return a file, or Slack's sign-in page (status 200) without a token that may see it."""
        file_id = request.match_info["file"].rpartition("-")[2]
        grant = self.grants.get(read_token(request, dict(request.query)))
        page = web.Response(text=LOGIN_PAGE, content_type="text/html")
        if grant is None or not grant.has("files:read"):
            return page
        try:
            file = files.find_visible(self.workspace, file_id, grant.user)
        except SlackError:
            return page
        return web.Response(body=file.content or b"", headers={"Content-Type": "application/octet-stream"})

    async def respond(self, request: web.Request) -> web.Response:
        self.open_requests += 1
        try:
            if self.faults.is_down:
                return abort_connection(request, {}, "cut_before")
            given = await request.json()
            response_url.use_response_url(self.workspace, request.match_info["id"], given, self.clock.now())
        except SlackError as error:
            gone = error.error in ("used_url", "expired_url")
            status = HTTPStatus.NOT_FOUND if gone else HTTPStatus.BAD_REQUEST
            return web.json_response(error.as_answer(), status=status)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=HTTPStatus.BAD_REQUEST)
        else:
            return web.Response(text="ok")
        finally:
            self.open_requests -= 1
            self.changed()


def read_token(request: web.Request, args: Json) -> str:
    header = request.headers.get("Authorization", "")
    given = args.pop("token", "")
    return header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else str(given)


async def read_arguments(request: web.Request) -> Json:
    """Return the arguments of the query, overridden by form or JSON."""
    args: Json = dict(request.query)
    if not request.can_read_body:
        return args
    kind = request.content_type
    if kind == "application/json":
        try:
            given = json.loads(await request.read() or b"{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(given, dict):
            raise SlackError("json_not_object")
        return args | given
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return args | {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    if await request.read():
        raise SlackError("invalid_post_type" if request.headers.get("Content-Type") else "missing_post_type")
    return args


def channel_names(workspace: Workspace, args: Json) -> tuple[str, ...]:
    """Return the call's channel by id and by name, for the comparison with faults."""
    wanted = str(args.get("channel") or args.get("channel_id") or "").removeprefix("#")
    found = workspace.channels.get(wanted) or workspace.channels.get(workspace.names.get(wanted, ""))
    return (found.id, found.name) if found else (wanted,)


def answer_response(record: Json, answer: Json, grant: Grant | None) -> web.Response:
    record |= {"status": 200, "ok": answer["ok"], "error": answer.get("error")}
    scopes = grant.scopes if grant and grant.scopes is not None else ALL_SCOPES
    headers = {"x-oauth-scopes": ",".join(scopes)} if grant else {}
    body = json.dumps(answer, separators=(",", ":")).encode()
    return web.Response(body=body, headers={"Content-Type": "application/json; charset=utf-8", **headers})


def error_status_response(record: Json, fault: Fault) -> web.Response:
    status = int(fault_param(fault, "status"))
    record |= {"status": status, "error": f"status {status}"}
    given: Any = fault_param(fault, "body", "<html><body>Server Error</body></html>")
    body = given if isinstance(given, str) else json.dumps(given)
    kind = fault_param(fault, "content_type", "text/html" if isinstance(given, str) else "application/json")
    return web.Response(status=status, text=body, content_type=kind)


def rate_limit_response(record: Json, seconds: int) -> web.Response:
    record |= {"status": 429, "error": "ratelimited"}
    answer = {"ok": False, "error": "ratelimited"}
    return web.json_response(answer, status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": str(seconds)})


def abort_connection(request: web.Request, record: Json, how: str) -> web.Response:
    """Close the connection; the returned response is never sent."""
    record |= {"status": None, "error": how}
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)


async def send_truncated(request: web.Request, record: Json, answer: Json) -> web.StreamResponse:
    """Send half of the answer, then close the connection."""
    record |= {"status": 200, "ok": answer["ok"], "error": "truncated"}
    body = json.dumps(answer).encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
