"""`POST /alerts/{source}`: what monitors send. A 2xx means that it is in the database."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter

from aiohttp import web
from structlog import get_logger

from bot import metrics
from bot.clock import Clock
from bot.config import Settings
from bot.domain.alerts import Batch
from bot.services import alerts
from bot.services.actor import Actor, Origin
from bot.sources import SOURCES, Malformed, Unauthorized, decode
from bot.store import incidents
from bot.store.session import Database, DatabaseUnavailable
from bot.web.bodies import TooLarge, TooSlow, Unreadable, read_body, refusal
from bot.web.proofs import Proofs

log = get_logger(__name__)

LARGEST = 5 * 1024 * 1024
"""Bytes. Alertmanager's `max_alerts` keeps a notification below it."""
PARSED_ASIDE = 100_000
"""Bytes from which a body is parsed in a thread, so that others are not kept waiting."""
AT_ONCE = 256
"""Requests under way; above that the sender is told to come back (503), which Alertmanager does within a second."""


class AlertIntake:
    """The handler of alert webhooks."""

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._proofs = Proofs()
        self._under_way = 0

    @property
    def is_idle(self) -> bool:
        return self._under_way == 0

    async def handle(self, request: web.Request) -> web.Response:
        source, began = request.match_info["source"], perf_counter()
        self._under_way += 1
        try:
            response = await self._answer(request, source)
        finally:
            self._under_way -= 1
        known = source if source in SOURCES else "unknown"
        metrics.REQUESTS.labels(f"alerts/{known}", str(response.status)).inc()
        metrics.ANSWER_SECONDS.labels("alerts").observe(perf_counter() - began)
        if response.status >= 400:
            log.warning("an alert webhook was refused", source=known, status=response.status, answer=response.text)
        return response

    async def _answer(self, request: web.Request, source: str) -> web.Response:
        if source not in SOURCES:
            return refusal(404, f"There is no alert source of that name. Known: {', '.join(SOURCES)}.")
        if self._under_way > AT_ONCE:
            return refusal(503, "Too many requests are under way. Send it again.")
        try:
            body = await read_body(request, LARGEST)
            self._verify(source, request, body)
            batch = await self._parse(source, body)
            receipt = await self._receive(batch)
        except TooLarge:
            return refusal(413, f"The body is larger than {LARGEST} bytes. Send fewer alerts at once (max_alerts).")
        except TooSlow:
            return refusal(408, "The body did not arrive in time.")
        except Unreadable:
            return refusal(400, "The body is not encoded as its Content-Encoding says.")
        except Unauthorized as problem:
            return refusal(401, problem.message)
        except Malformed as problem:
            return refusal(400, problem.message, field=problem.field)
        except DatabaseUnavailable as problem:
            log.error("an alert could not be kept", problem=str(problem))  # noqa: TRY400  an outage has no traceback
            return refusal(503, "The database does not answer. Nothing was kept; send it again.")
        if receipt is None:
            return refusal(503, "Slack has not told yet which workspace this is. Send it again.")
        return web.json_response(
            {
                "ok": True,
                "recorded": receipt.recorded,
                "ignored": receipt.ignored,
                "incidents": sorted(receipt.incidents),
            }
        )

    def _verify(self, source: str, request: web.Request, body: bytes) -> None:
        """Raises Unauthorized."""
        known = self._settings().credentials(source)
        place = SOURCES[source].verify(request.headers, body, known, now=datetime.now(UTC))
        self._proofs.note(source, place, of=len(known.secrets or known.tokens))

    async def _parse(self, source: str, body: bytes) -> Batch:
        at = self._clock.now()

        def parse() -> Batch:
            return SOURCES[source].parse(decode(body), at)

        return await asyncio.to_thread(parse) if len(body) > PARSED_ASIDE else parse()

    async def _receive(self, batch: Batch) -> alerts.Receipt | None:
        installation = await self._database.read(incidents.installation)
        if installation is None:
            return None
        actor = Actor(installation.team_id, None, self._clock.now(), Origin.ALERT)
        return await self._database.run(alerts.receive, self._settings(), batch, actor)
