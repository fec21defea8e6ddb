"""`POST /slack/events`: everything Slack sends over HTTP. Forged, stale and oversized requests go no further."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from structlog import get_logger

from bot.config import Settings
from bot.runtime import metrics
from bot.sources.signature import hex_signature, matching
from bot.web.admission import Door, Full, Place, Room
from bot.web.body_limits import TooLarge, TooSlow, UnknownEncoding, Unreadable, read_body, refusal
from bot.web.request_context import ROUTINE
from bot.web.secret_usage import Proofs

log = get_logger(__name__)

LARGEST = 1024 * 1024
"""Bytes. Slack's largest payloads, views of 250 kB, stay well below."""
AT_ONCE = 512
"""Requests under way. Slack waits three seconds for an answer: more would only be answered too late."""
EVENTS_SHARE = 0.75
"""The share of the places that events may take: the rest is kept for what people type and press."""
OLDEST = 300
"""Seconds. Source: docs.slack.dev/authentication/verifying-requests-from-slack."""
UNREADABLE = "The body is neither a JSON object nor a form with one as its payload."


class SlackIntake:
    """
    The handler of Slack's requests. Signatures are checked by real time, whatever the record's clock says.

    The secrets are those that are right now: two of them while Slack's is renewed.
    """

    def __init__(self, app: AsyncApp, settings: Callable[[], Settings]) -> None:
        self._app = app
        self._settings = settings
        self._proofs = Proofs()
        self._door = Door("slack", self._room)

    @property
    def is_idle(self) -> bool:
        return self._door.under_way == 0

    def _room(self) -> Room:
        told = self._settings().intake
        most = min(told.requests, AT_ONCE)
        return Room(most, most, told.megabytes)

    async def handle(self, request: web.Request) -> web.Response:
        """Events that find no room are delivered again; commands are not, so some places are for people only."""
        is_event = request[ROUTINE] = request.content_type == "application/json"
        sender, most = ("events", int(self._room().requests * EVENTS_SHARE)) if is_event else ("people", None)
        try:
            with self._door.entered(sender, per_sender=most) as place:
                return await self._answer(request, place)
        except Full as full:
            metrics.REQUESTS.labels("slack", "503").inc()
            return self._door.turn_away(sender, full)

    async def _answer(self, request: web.Request, place: Place) -> web.Response:
        try:
            body = await read_body(request, LARGEST, place.hold)
        except TooLarge:
            return _refused(413, f"The body is larger than {LARGEST} bytes.")
        except TooSlow:
            return _refused(408, "The body did not arrive in time.")
        except UnknownEncoding as unknown:
            return _refused(415, unknown.message)
        except Unreadable:
            return _refused(400, "The body is not encoded as its Content-Encoding says.")
        problem = self._problem(request, body)
        if problem is not None:
            return _refused(401, problem)
        text = body.decode()
        if not _holds_an_object(text, is_json=request.content_type == "application/json"):
            return _refused(400, UNREADABLE)
        try:
            asked = AsyncBoltRequest(body=text, query=request.query_string, headers=dict(request.headers))
            response = await self._app.async_dispatch(asked)
        except Exception as odd:  # noqa: BLE001  ours are answered in `app.error`; Bolt raises what it likes at odd objects
            log.warning("Bolt cannot read a request", problem=type(odd).__name__)  # its message may quote the request
            return _refused(400, UNREADABLE)
        return await to_aiohttp_response(response)

    def _problem(self, request: web.Request, body: bytes) -> str | None:
        """What is wrong with the request's signature, if anything."""
        stamps = request.headers.getall("X-Slack-Request-Timestamp", [])
        signatures = request.headers.getall("X-Slack-Signature", [])
        if len(stamps) != 1 or len(signatures) != 1:
            return "A request from Slack has one X-Slack-Request-Timestamp and one X-Slack-Signature."
        if not (stamps[0].isascii() and stamps[0].isdecimal() and len(stamps[0]) < 16):
            return "X-Slack-Request-Timestamp is not a number of seconds."
        if abs(datetime.now(UTC).timestamp() - int(stamps[0])) > OLDEST:
            return "The request is older than five minutes, or from the future. Check this machine's clock."
        try:
            body.decode()
        except UnicodeDecodeError:
            return "The body is not UTF-8."
        signed, secrets = f"v0:{stamps[0]}:".encode() + body, self._settings().signing_secrets
        sent = signatures[0].encode("utf-8", "surrogatepass")
        place = matching(sent, (b"v0=" + hex_signature(each, signed) for each in secrets))
        if place is None:
            return "The signature does not fit. Check SLACK_SIGNING_SECRET."
        self._proofs.note("slack", place, of=len(secrets))
        return None


def _holds_an_object(text: str, *, is_json: bool) -> bool:
    """Whether Bolt can read the body: JSON for events, a form for commands, a form with JSON for interactions."""
    if not is_json and not text.lstrip().startswith(("{", "[")):
        fields = parse_qs(text, keep_blank_values=True)
        if "payload" not in fields:
            return bool(fields)
        text = fields["payload"][-1]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and isinstance(found.get("event", {}), dict)


def _refused(status: int, message: str) -> web.Response:
    metrics.REQUESTS.labels("slack", str(status)).inc()
    log.warning("a request to /slack/events was refused", status=status, problem=message)
    return refusal(status, message)
