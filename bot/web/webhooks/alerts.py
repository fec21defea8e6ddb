"""`POST /alerts/{source}`: webhooks of monitors. A 2xx means that the alerts are stored."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from time import perf_counter

from aiohttp import web
from structlog import get_logger

from bot.config import Settings
from bot.domain.alerts.events import Batch
from bot.runtime import metrics
from bot.runtime.clock import Clock
from bot.services.alerts import ingest
from bot.services.workspace.actor import Actor, Origin
from bot.sources import SOURCES, Answer, Malformed, Source, Unauthorized, find_source
from bot.sources.request import AlertRequest
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents import installations
from bot.web.admission import LimitExceeded, Limits, RequestLimiter, retry_later
from bot.web.body_limits import LargeBodies, TooLarge, TooSlow, Unreadable, error_response, read_body
from bot.web.secret_usage import SecretUsage
from bot.web.unproven import read_unproven_body
from bot.web.webhooks.batching import WebhookBatcher
from bot.web.webhooks.errors import refusal_response
from bot.web.webhooks.sns_client import SnsClient, SnsUnreachable

log = get_logger(__name__)

MAX_BODY_BYTES = 5 * 1024 * 1024
"""Alertmanager's `max_alerts` keeps a notification below it."""
FEWER = "Send fewer alerts at once: `max_alerts` in Alertmanager, *Max alerts* in Grafana."
LARGE_BATCH = 50
"""A transaction with more alerts yields to more urgent ones."""

NO_SOURCE = (
    f"There is no such alert source. Use one of {', '.join(SOURCES)}, or a name that dogwatch.toml describes. Other "
    "tools send to /alerts/generic, with a title in the body."
)
REPEATED = "Ignored: a request with this token was stored before."
CALLS = ("pagerduty/v2/enqueue", "opsgenie/v2/alerts")
"""Paths of the interfaces of other services, below `/alerts`."""
OPSGENIE_ACTION = "opsgenie/v2/alerts/{alias}/{action}"


class AlertIntake:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Callable[[], Settings],
        usage: SecretUsage,
        sns: SnsClient | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._secret_usage = usage
        self._limiter = RequestLimiter("alerts", self._limits)
        self._batcher = WebhookBatcher(self._store)
        self._team_id: str | None = None
        """The workspace; None until it was reached."""
        self._parsing, self._unproven = LargeBodies(), LargeBodies()
        self._sns = sns or SnsClient()

    @property
    def is_idle(self) -> bool:
        return self._limiter.in_progress == 0

    def _limits(self) -> Limits:
        return Limits.of_webhooks(self._settings().intake)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/alerts/{source}", self.handle),
            web.put("/alerts/{source}", self.handle),
            *(
                web.options(f"/alerts/{name}", partial(_answer_handshake, ask=each.handshake))
                for name, each in SOURCES.items()
                if each.handshake
            ),
            *(
                web.post(f"/alerts/{path}", partial(self.handle, source=path.partition("/")[0]))
                for path in (*CALLS, OPSGENIE_ACTION)
            ),
        ]

    async def handle(self, request: web.Request, *, source: str = "") -> web.Response:
        """Take the alerts of `source`, or of the source that the path names."""
        source, path, began = source or request.match_info["source"], _rest_of_path(request), perf_counter()
        kind = find_source(source, self._settings().alerts)
        known = source if kind else "unknown"
        sender = f"{known} {request.remote}"
        try:
            response = await self._answer(request, source, kind, path, sender)
            was_rejected = False
        except LimitExceeded as problem:
            response, was_rejected = self._limiter.reject(sender, problem), True
        metrics.REQUESTS.labels(f"alerts/{known}", str(response.status)).inc()
        metrics.ANSWER_SECONDS.labels("alerts").observe(perf_counter() - began)
        if response.status >= 400 and not was_rejected:
            log.warning("alert webhook refused", source=known, status=response.status, answer=response.text)
        return response

    async def _answer(
        self, request: web.Request, source: str, kind: Source | None, path: str, sender: str
    ) -> web.Response:
        if kind is None:
            return error_response(404, NO_SOURCE)
        try:
            async with self._admit(source, kind, request, sender) as body:
                batch, answer = await self._parse(kind, AlertRequest(request.headers, body, path, dict(request.query)))
                if batch.confirmation is not None:
                    await self._sns.confirm_subscription(batch.confirmation)
                receipt = await self._batcher.submit(sender, batch)
        except (TooLarge, TooSlow, Unreadable, Unauthorized, Malformed) as problem:
            return refusal_response(problem, _largest_body(kind), FEWER)
        except DatabaseUnavailable as problem:
            log.error("alerts not stored; database unavailable", problem=str(problem))  # noqa: TRY400  an outage needs no traceback
            return retry_later(503, "The database does not answer. Nothing was stored. Send it again.")
        except SnsUnreachable as problem:
            log.warning("amazon sns unreachable", problem=str(problem))
            return retry_later(503, f"Amazon SNS cannot be reached: {problem}. Send it again.")
        except (LimitExceeded, ConnectionError):
            raise
        except Exception:
            log.exception("alert webhook failed", source=source)
            return retry_later(503, "Internal error: see the log of Dogwatch. Send it again.")
        if receipt is None:
            return retry_later(503, "Dogwatch is not connected to Slack yet. Send it again.")
        if answer is not None:
            return web.json_response(answer.body, status=answer.status)
        return web.json_response(
            {
                "ok": True,
                "recorded": receipt.recorded,
                "ignored": receipt.ignored,
                "incidents": sorted(receipt.incidents),
                **({"in_maintenance": receipt.held} if receipt.held else {}),
                **({"note": note} if (note := REPEATED if receipt.is_repeated else batch.note) else {}),
            }
        )

    @asynccontextmanager
    async def _admit(self, source: str, kind: Source, request: web.Request, sender: str) -> AsyncIterator[bytes]:
        """
        The body of an authenticated sender, in a slot that nobody else can take.

        A token is checked before the body is read, a signature after it. Raises Unauthorized, LimitExceeded, and the
        errors of `read_body`.
        """
        now, credentials, body = self._clock.real_now(), self._settings().credentials(source), b""
        needs_body = kind.is_proven_by_body or bool(credentials.secrets)
        if needs_body:
            body = await read_unproven_body(request, _largest_body(kind))
        if kind.certificate_address is not None:
            address = await self._unproven.run(body, partial(kind.certificate_address, body, credentials, now))
            certificate = await self._sns.fetch_certificate(address, self._settings().sns_certificate_folder)
            credentials = replace(credentials, certificates={address: certificate})
        headers = _headers_with_token(request, kind.query_token)
        used = await self._unproven.run(body, partial(kind.verify, headers, body, credentials, now=now))
        self._secret_usage.record(source, used, of=max(1, len(credentials.secrets or credentials.tokens)))
        with self._limiter.acquire(sender) as slot:
            if needs_body:
                slot.reserve(len(body))
            else:
                body = await read_body(request, MAX_BODY_BYTES, slot.reserve)
            yield body

    async def _parse(self, kind: Source, request: AlertRequest) -> tuple[Batch, Answer | None]:
        """The alerts, and the answer in the sender's own shape if it has one."""
        at = self._clock.now()

        def parse() -> tuple[Batch, Answer | None]:
            payload = kind.read(request)
            batch = kind.parse(payload, at)
            return batch, kind.answer(batch, payload) if kind.answer else None

        return await self._parsing.run(request.body, parse)

    async def _store(self, batches: Sequence[Batch]) -> Sequence[ingest.Receipt | None]:
        count = sum(len(batch.events) for batch in batches)
        run = self._database.run_low_priority if count > LARGE_BATCH else self._database.run
        if self._team_id is None:  # it never changes: another workspace has another token, and so another process
            installation = await self._database.read(installations.find_installation)
            if installation is None:
                return [None] * len(batches)
            self._team_id = installation.team_id
        actor = Actor(self._team_id, None, self._clock.now(), Origin.ALERT)
        return await run(ingest.receive_notifications, self._settings(), batches, actor)


async def _answer_handshake(
    request: web.Request, *, ask: Callable[[Mapping[str, str]], Mapping[str, str]]
) -> web.Response:
    """A sender's question whether it may send here."""
    headers = ask(request.headers)
    if not headers:
        return error_response(400, "The question has no WebHook-Request-Origin. Send it, or the alert with POST.")
    return web.Response(headers={**headers, "Allow": "POST"})


def _rest_of_path(request: web.Request) -> str:
    """The part after `/alerts/{source}/`, percent-encoded."""
    return "/".join(request.rel_url.raw_path.split("/")[3:])


def _headers_with_token(request: web.Request, parameter: str | None) -> Mapping[str, str]:
    """The headers, with the token of the address if the sender can set no header."""
    token = request.query.get(parameter) if parameter else None
    if token is None or "Authorization" in request.headers:
        return request.headers
    return {**request.headers, "Authorization": f"Bearer {token}"}


def _largest_body(kind: Source) -> int:
    return kind.largest_body or MAX_BODY_BYTES
