"""`POST /alerts/{source}`: webhooks of monitors. A 2xx means that the alerts are stored."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import perf_counter

from aiohttp import web
from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.alerts.events import Batch
from bot.runtime import metrics
from bot.runtime.clock import Clock
from bot.services.alerts import ingest
from bot.services.workspace.actor import Actor, Origin
from bot.sources import SOURCES, Malformed, Unauthorized, decode
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents import installations
from bot.web.admission import LimitExceeded, Limits, RequestLimiter, retry_later
from bot.web.body_limits import TooLarge, TooSlow, UnknownEncoding, Unreadable, error_response, read_body
from bot.web.secret_usage import SecretUsage
from bot.web.unproven import read_unproven_body
from bot.web.webhooks.batching import WebhookBatcher

log = get_logger(__name__)

MAX_BODY_BYTES = 5 * 1024 * 1024
"""Alertmanager's `max_alerts` keeps a notification below it."""
FEWER = "Send fewer alerts at once: `max_alerts` in Alertmanager, *Max alerts* in Grafana."
THREAD_PARSE_BYTES = 100_000
"""Larger bodies are parsed in a thread, so that they do not block the event loop."""
MAX_CONCURRENT_PARSES = 1
"""Large bodies parsed concurrently: the result takes several times their size."""

LARGE_BATCH = 50
"""A transaction with more alerts yields to more urgent ones."""

NO_SOURCE = (
    f"There is no such alert source. Use one of {', '.join(SOURCES)}. Other tools send to "
    "/alerts/generic, with a title in the body."
)


class AlertIntake:
    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._secret_usage = SecretUsage()
        self._limiter = RequestLimiter("alerts", self._limits)
        self._batcher = WebhookBatcher(self._store)
        self._parsing = asyncio.Semaphore(MAX_CONCURRENT_PARSES)

    @property
    def is_idle(self) -> bool:
        return self._limiter.in_progress == 0

    def _limits(self) -> Limits:
        intake = self._settings().intake
        return Limits(intake.requests, intake.requests_per_sender, intake.megabytes, intake.per_second_and_sender)

    async def handle(self, request: web.Request) -> web.Response:
        source, began = request.match_info["source"], perf_counter()
        sender = f"{source if source in SOURCES else 'unknown'} {request.remote}"
        try:
            response = await self._answer(request, source, sender)
            was_rejected = False
        except LimitExceeded as problem:
            response, was_rejected = self._limiter.reject(sender, problem), True
        known = source if source in SOURCES else "unknown"
        metrics.REQUESTS.labels(f"alerts/{known}", str(response.status)).inc()
        metrics.ANSWER_SECONDS.labels("alerts").observe(perf_counter() - began)
        if response.status >= 400 and not was_rejected:
            log.warning("alert webhook refused", source=known, status=response.status, answer=response.text)
        return response

    async def _answer(self, request: web.Request, source: str, sender: str) -> web.Response:
        if source not in SOURCES:
            return error_response(404, NO_SOURCE)
        try:
            async with self._admit(source, request, sender) as body:
                batch = await self._parse(source, body)
                receipt = await self._batcher.submit(sender, batch)
        except (TooLarge, TooSlow, Unreadable, Unauthorized, Malformed) as problem:
            return _refusal_response(problem)
        except DatabaseUnavailable as problem:
            log.error("alerts not stored; database unavailable", problem=str(problem))  # noqa: TRY400  an outage needs no traceback
            return retry_later(503, "The database does not answer. Nothing was stored. Send it again.")
        except (LimitExceeded, ConnectionError):
            raise
        except Exception:
            log.exception("alert webhook failed", source=source)
            return retry_later(503, "Internal error: see the log of Dogwatch. Send it again.")
        if receipt is None:
            return retry_later(503, "Dogwatch is not connected to Slack yet. Send it again.")
        return web.json_response(
            {
                "ok": True,
                "recorded": receipt.recorded,
                "ignored": receipt.ignored,
                "incidents": sorted(receipt.incidents),
                **({"in_maintenance": receipt.held} if receipt.held else {}),
            }
        )

    @asynccontextmanager
    async def _admit(self, source: str, request: web.Request, sender: str) -> AsyncIterator[bytes]:
        """
        The body of an authenticated sender, in a slot that nobody else can take.

        A token is checked before the body is read, a signature after it. Raises Unauthorized, LimitExceeded, and the
        errors of `read_body`.
        """
        credentials, body = self._settings().credentials(source), b""
        if credentials.secrets:
            body = await read_unproven_body(request, MAX_BODY_BYTES)
        used = SOURCES[source].verify(request.headers, body, credentials, now=datetime.now(UTC))
        self._secret_usage.record(source, used, of=len(credentials.secrets or credentials.tokens))
        with self._limiter.acquire(sender) as slot:
            if credentials.secrets:
                slot.reserve(len(body))
            else:
                body = await read_body(request, MAX_BODY_BYTES, slot.reserve)
            yield body

    async def _parse(self, source: str, body: bytes) -> Batch:
        at = self._clock.now()

        def parse() -> Batch:
            return SOURCES[source].parse(decode(body), at)

        if len(body) <= THREAD_PARSE_BYTES:
            return parse()
        async with self._parsing:
            return await asyncio.to_thread(parse)

    async def _store(self, batches: Sequence[Batch]) -> Sequence[ingest.Receipt | None]:
        count = sum(len(batch.events) for batch in batches)
        run = self._database.run_low_priority if count > LARGE_BATCH else self._database.run
        return await run(_store_notifications, self._settings(), batches, self._clock.now())


def _refusal_response(problem: Exception) -> web.Response:
    """Response to a request that would be refused again if it were repeated."""
    match problem:
        case TooLarge():
            return error_response(413, f"The body is larger than {MAX_BODY_BYTES // 1024**2} MB. {FEWER}")
        case TooSlow():
            return error_response(408, "The body did not arrive in time.")
        case UnknownEncoding():
            return error_response(415, problem.message)
        case Unauthorized():
            return error_response(401, problem.message)
        case Malformed():
            return error_response(400, problem.message, **({"field": problem.field} if problem.field else {}))
        case _:
            return error_response(400, "The body does not match its Content-Encoding.")


def _store_notifications(
    session: Session, settings: Settings, batches: Sequence[Batch], at: datetime
) -> Sequence[ingest.Receipt | None]:
    """None for each while the workspace is unknown."""
    installation = installations.find_installation(session)
    if installation is None:
        return [None] * len(batches)
    return ingest.receive_notifications(session, settings, batches, Actor(installation.team_id, None, at, Origin.ALERT))
