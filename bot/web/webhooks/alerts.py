"""`POST /alerts/{source}`: what monitors send. A 2xx means that it is in the database."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from time import perf_counter

from aiohttp import web
from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.alerts.routing import Batch
from bot.runtime import metrics
from bot.runtime.clock import Clock
from bot.services.alerts import ingest as alerts
from bot.services.workspace.actor import Actor, Origin
from bot.sources import SOURCES, Malformed, Unauthorized, decode
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents import incidents
from bot.web.admission import Door, Full, Place, Room, come_back
from bot.web.body_limits import TooLarge, TooSlow, UnknownEncoding, Unreadable, read_body, refusal
from bot.web.secret_usage import Proofs
from bot.web.webhooks.batching import Gathering

log = get_logger(__name__)

LARGEST = 5 * 1024 * 1024
"""Bytes. Alertmanager's `max_alerts` keeps a notification below it."""
FEWER = "Send fewer alerts at once: `max_alerts` in Alertmanager, *Max alerts* in Grafana."
PARSED_ASIDE = 100_000
"""Bytes from which a body is parsed in a thread, so that others are not kept waiting."""
PARSED_AT_ONCE = 1
"""Large bodies that are parsed at one time: what is made of one is several times its size."""

LARGE = 50
"""Alerts in one transaction from which it goes behind what people wait for."""

NO_SOURCE = (
    f"There is no alert source of that name. There are: {', '.join(SOURCES)}. Every other tool sends to "
    "/alerts/generic, with a body that has a title."
)


class AlertIntake:
    """The handler of alert webhooks."""

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._proofs = Proofs()
        self._door = Door("alerts", self._room)
        self._gathering = Gathering(self._keep)
        self._parsing = asyncio.Semaphore(PARSED_AT_ONCE)

    @property
    def is_idle(self) -> bool:
        return self._door.under_way == 0

    def _room(self) -> Room:
        told = self._settings().intake
        return Room(told.requests, told.requests_per_sender, told.megabytes, told.per_second_and_sender)

    async def handle(self, request: web.Request) -> web.Response:
        source, began = request.match_info["source"], perf_counter()
        sender = f"{source if source in SOURCES else 'unknown'} {request.remote}"
        try:
            with self._door.entered(sender) as place:
                response = await self._answer(request, source, sender, place)
            was_turned_away = False
        except Full as full:
            response, was_turned_away = self._door.turn_away(sender, full), True
        known = source if source in SOURCES else "unknown"
        metrics.REQUESTS.labels(f"alerts/{known}", str(response.status)).inc()
        metrics.ANSWER_SECONDS.labels("alerts").observe(perf_counter() - began)
        if response.status >= 400 and not was_turned_away:
            log.warning("an alert webhook was refused", source=known, status=response.status, answer=response.text)
        return response

    async def _answer(self, request: web.Request, source: str, sender: str, place: Place) -> web.Response:
        if source not in SOURCES:
            return refusal(404, NO_SOURCE)
        try:
            body = await self._proved_body(source, request, place)
            batch = await self._parse(source, body)
            receipt = await self._gathering.put(sender, batch)
        except (TooLarge, TooSlow, Unreadable, Unauthorized, Malformed) as problem:
            return _refused(problem)
        except DatabaseUnavailable as problem:
            log.error("an alert could not be kept", problem=str(problem))  # noqa: TRY400  an outage has no traceback
            return come_back(503, "The database does not answer. Nothing was kept; send it again.")
        except (Full, ConnectionError):
            raise
        except Exception:
            log.exception("an alert webhook broke off", source=source)
            return come_back(503, "Something went wrong here; the log of Dogwatch says what. Send it again.")
        if receipt is None:
            return come_back(503, "Slack has not told yet which workspace this is. Send it again.")
        return web.json_response(
            {
                "ok": True,
                "recorded": receipt.recorded,
                "ignored": receipt.ignored,
                "incidents": sorted(receipt.incidents),
                **({"in_maintenance": receipt.held} if receipt.held else {}),
            }
        )

    async def _proved_body(self, source: str, request: web.Request, place: Place) -> bytes:
        """
        The body, of somebody who may send it: who shows no token takes no room for one.

        Raises Unauthorized, and what `read_body` does.
        """
        known, verify = self._settings().credentials(source), SOURCES[source].verify
        used, body = 0, b""
        if not known.secrets:
            used = verify(request.headers, body, known, now=datetime.now(UTC))
        body = await read_body(request, LARGEST, place.hold)
        if known.secrets:  # a signature is one of the body
            used = verify(request.headers, body, known, now=datetime.now(UTC))
        self._proofs.note(source, used, of=len(known.secrets or known.tokens))
        return body

    async def _parse(self, source: str, body: bytes) -> Batch:
        at = self._clock.now()

        def parse() -> Batch:
            return SOURCES[source].parse(decode(body), at)

        if len(body) <= PARSED_ASIDE:
            return parse()
        async with self._parsing:
            return await asyncio.to_thread(parse)

    async def _keep(self, batches: Sequence[Batch]) -> Sequence[alerts.Receipt | None]:
        alerts_told = sum(len(batch.events) for batch in batches)
        run = self._database.run_behind if alerts_told > LARGE else self._database.run
        return await run(_receive, self._settings(), batches, self._clock.now())


def _refused(problem: Exception) -> web.Response:
    """What would be refused the next time, too."""
    match problem:
        case TooLarge():
            return refusal(413, f"The body is larger than {LARGEST // 1024**2} MB. {FEWER}")
        case TooSlow():
            return refusal(408, "The body did not arrive in time.")
        case UnknownEncoding():
            return refusal(415, problem.message)
        case Unauthorized():
            return refusal(401, problem.message)
        case Malformed():
            return refusal(400, problem.message, **({"field": problem.field} if problem.field else {}))
        case _:
            return refusal(400, "The body is not encoded as its Content-Encoding says.")


def _receive(
    session: Session, settings: Settings, batches: Sequence[Batch], at: datetime
) -> Sequence[alerts.Receipt | None]:
    """None for each, as long as nobody knows which workspace this is."""
    installation = incidents.installation(session)
    if installation is None:
        return [None] * len(batches)
    return alerts.receive_all(session, settings, batches, Actor(installation.team_id, None, at, Origin.ALERT))
