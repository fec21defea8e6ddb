"""`POST /slack/events`: everything Slack sends over HTTP. Forged, stale and oversized requests go no further."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from structlog import get_logger

from bot import metrics
from bot.sources.proof import hex_signature, matching
from bot.web.bodies import TooLarge, TooSlow, Unreadable, read_body, refusal
from bot.web.proofs import Proofs

log = get_logger(__name__)

LARGEST = 1024 * 1024
"""Bytes. Slack's largest payloads, views of 250 kB, stay well below."""
OLDEST = 300
"""Seconds. Source: docs.slack.dev/authentication/verifying-requests-from-slack."""
UNREADABLE = "The body is neither a JSON object nor a form with one as its payload."


class SlackIntake:
    """
    The handler of Slack's requests. Signatures are checked by real time, whatever the record's clock says.

    `secrets` are those that are right now: two of them while Slack's is renewed.
    """

    def __init__(self, app: AsyncApp, secrets: Callable[[], Sequence[str]]) -> None:
        self._app = app
        self._secrets = secrets
        self._proofs = Proofs()
        self._under_way = 0

    @property
    def is_idle(self) -> bool:
        return self._under_way == 0

    async def handle(self, request: web.Request) -> web.Response:
        self._under_way += 1
        try:
            return await self._answer(request)
        finally:
            self._under_way -= 1

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            body = await read_body(request, LARGEST)
        except TooLarge:
            return _refused(413, f"The body is larger than {LARGEST} bytes.")
        except TooSlow:
            return _refused(408, "The body did not arrive in time.")
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
        except Exception:  # noqa: BLE001  Bolt looks into the object, and raises what it likes where it is an odd one
            return _refused(400, UNREADABLE)
        return await to_aiohttp_response(await self._app.async_dispatch(asked))

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
        signed, secrets = f"v0:{stamps[0]}:".encode() + body, self._secrets()
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
