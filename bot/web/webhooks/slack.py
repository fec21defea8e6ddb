"""
`POST /slack/events`: all requests of Slack over HTTP.

They are verified before anything reads them.
"""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from structlog import get_logger

from bot.config import Settings
from bot.runtime import metrics
from bot.sources.authentication import encode_header, hex_signature, match_index
from bot.web.admission import LimitExceeded, Limits, RequestLimiter
from bot.web.body_limits import TooLarge, TooSlow, UnknownEncoding, Unreadable, error_response
from bot.web.request_context import ROUTINE
from bot.web.secret_usage import SecretUsage
from bot.web.unproven import read_unproven_body

log = get_logger(__name__)

MAX_BODY_BYTES = 1024 * 1024
"""Slack's largest payloads, views of 250 kB, stay well below."""
MAX_REQUESTS = 512
"""Concurrent requests. Slack waits three seconds: more would be answered too late anyway."""
EVENTS_SHARE = 0.75
"""Share of the slots for events; the rest is reserved for commands and interactions."""
MAX_AGE_SECONDS = 300
"""Source: docs.slack.dev/authentication/verifying-requests-from-slack."""
EVENT_ENVELOPE = "event_callback"
"""`type` of a payload that holds an event. Source: docs.slack.dev/apis/events-api."""
UNREADABLE = "The body is neither a JSON object nor a form with a JSON payload."


class SlackIntake:
    """
    Handles Slack's requests. Signatures are checked by real time.

    Secrets are looked up for each request: there are two during a rotation.
    """

    def __init__(
        self,
        app: AsyncApp,
        handle_event: Callable[[Mapping[str, Any]], Awaitable[BoltResponse]],
        settings: Callable[[], Settings],
        usage: SecretUsage,
    ) -> None:
        self._app = app
        self._handle_event = handle_event
        self._settings = settings
        self._secret_usage = usage
        self._limiter = RequestLimiter("slack", self._limits)

    @property
    def is_idle(self) -> bool:
        return self._limiter.in_progress == 0

    def _limits(self) -> Limits:
        intake = self._settings().intake
        requests = min(intake.requests, MAX_REQUESTS)
        return Limits(requests, requests, intake.megabytes)

    async def handle(self, request: web.Request) -> web.Response:
        """Slack redelivers a rejected event, but not a command: so events may not take all slots."""
        is_event = request[ROUTINE] = request.content_type == "application/json"
        sender, limit = ("events", int(self._limits().requests * EVENTS_SHARE)) if is_event else ("people", None)
        try:
            body = await self._read_signed(request)
            if isinstance(body, web.Response):
                return body
            with self._limiter.acquire(sender, per_sender=limit) as slot:
                slot.reserve(len(body))
                return await self._answer(request, body)
        except LimitExceeded as problem:
            metrics.REQUESTS.labels("slack", "503").inc()
            return self._limiter.reject(sender, problem)

    async def _read_signed(self, request: web.Request) -> bytes | web.Response:
        """The body, or the refusal. An unsigned request takes none of the slots."""
        problem = self._header_problem(request)
        if problem is not None:
            return _refusal_response(401, problem)
        try:
            body = await read_unproven_body(request, MAX_BODY_BYTES)
        except TooLarge:
            return _refusal_response(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
        except TooSlow:
            return _refusal_response(408, "The body did not arrive in time.")
        except UnknownEncoding as unknown:
            return _refusal_response(415, unknown.message)
        except Unreadable:
            return _refusal_response(400, "The body does not match its Content-Encoding.")
        problem = self._signature_problem(request, body)
        return body if problem is None else _refusal_response(401, problem)

    async def _answer(self, request: web.Request, body: bytes) -> web.Response:
        text = body.decode()
        payload = _read_payload(text, is_json=request.content_type == "application/json")
        if payload is None:
            return _refusal_response(400, UNREADABLE)
        if payload.get("type") == EVENT_ENVELOPE:
            response = await self._handle_event(payload)
            return web.Response() if response.status == 200 else await to_aiohttp_response(response)
        try:
            bolt_request = AsyncBoltRequest(body=text, query=request.query_string, headers=dict(request.headers))
            response = await self._app.async_dispatch(bolt_request)
        except Exception as problem:  # noqa: BLE001  `app.error` handles ours; Bolt raises anything for odd payloads
            log.warning(
                "slack request unreadable for bolt", problem=type(problem).__name__
            )  # its text may quote the request
            return _refusal_response(400, UNREADABLE)
        return await to_aiohttp_response(response)

    def _header_problem(self, request: web.Request) -> str | None:
        """Why no body can make this request valid; None if one could."""
        timestamps = request.headers.getall("X-Slack-Request-Timestamp", [])
        signatures = request.headers.getall("X-Slack-Signature", [])
        if len(timestamps) != 1 or len(signatures) != 1:
            return "X-Slack-Request-Timestamp or X-Slack-Signature is missing or repeated."
        if not (timestamps[0].isascii() and timestamps[0].isdecimal() and len(timestamps[0]) < 16):
            return "X-Slack-Request-Timestamp is not a number of seconds."
        if abs(time.time() - int(timestamps[0])) > MAX_AGE_SECONDS:
            return "The request is older than five minutes, or from the future. Check this machine's clock."
        return None

    def _signature_problem(self, request: web.Request, body: bytes) -> str | None:
        """Why the signature is not valid; None if it is."""
        try:
            body.decode()
        except UnicodeDecodeError:
            return "The body is not UTF-8."
        signed = f"v0:{request.headers['X-Slack-Request-Timestamp']}:".encode() + body
        secrets = self._settings().signing_secrets
        sent = encode_header(request.headers["X-Slack-Signature"])
        index = match_index(sent, (b"v0=" + hex_signature(each, signed) for each in secrets))
        if index is None:
            return "The signature is wrong. Check SLACK_SIGNING_SECRET."
        self._secret_usage.record("slack", index, of=len(secrets))
        return None


def _read_payload(text: str, *, is_json: bool) -> Mapping[str, Any] | None:
    """
    Read the body: JSON for events, a form for commands, a form with JSON for interactions.

    None for anything else. A command's fields are not read.
    """
    if not is_json and not text.lstrip().startswith(("{", "[")):
        fields = parse_qs(text, keep_blank_values=True)
        if "payload" not in fields:
            return {} if fields else None
        text = fields["payload"][-1]
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) and _has_known_shape(payload) else None


def _has_known_shape(payload: Mapping[str, Any]) -> bool:
    """
    Return whether the parts are there by which a payload finds its listener.

    Bolt reads them unchecked.
    """
    if payload.get("type") == EVENT_ENVELOPE or "event" in payload:
        return isinstance(payload.get("event"), dict)
    if payload.get("type") == "block_actions":
        actions = payload.get("actions")
        return isinstance(actions, list) and bool(actions) and all(map(_is_named, actions))
    view = payload.get("view", {})
    return isinstance(view, dict) and all(isinstance(each.get("callback_id", ""), str) for each in (payload, view))


def _is_named(action: object) -> bool:
    return isinstance(action, dict) and isinstance(action.get("action_id"), str)


def _refusal_response(status: int, message: str) -> web.Response:
    metrics.REQUESTS.labels("slack", str(status)).inc()
    log.warning("slack request refused", status=status, problem=message)
    return error_response(status, message)
