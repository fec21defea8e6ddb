"""`POST /changes/{source}`: delivery tools. A 2xx means that the change is stored."""

from collections.abc import Callable
from functools import partial

from aiohttp import web
from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.changes.events import ChangeBatch
from bot.runtime import metrics
from bot.runtime.clock import Clock
from bot.services.changes import ChangeReceipt, record_changes
from bot.services.workspace.actor import Actor, Origin
from bot.sources import Malformed, Unauthorized, decode
from bot.sources.changes import CHANGE_SOURCES, pagerduty
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents import installations
from bot.web.admission import LimitExceeded, Limits, RequestLimiter, retry_later
from bot.web.body_limits import LargeBodies, TooLarge, TooSlow, Unreadable, error_response
from bot.web.secret_usage import SecretUsage
from bot.web.unproven import read_unproven_body
from bot.web.webhooks.errors import refusal_response

log = get_logger(__name__)

KIND = "changes"
MAX_BODY_BYTES = 1024 * 1024
NO_SOURCE = (
    f"There is no such source of changes. Use one of {', '.join(CHANGE_SOURCES)}. Other tools send to "
    "/changes/generic, with a title in the body."
)
PAGERDUTY_PATHS = ("/alerts/pagerduty/v2/change/enqueue", "/changes/pagerduty/v2/change/enqueue")
"""Where tools send that append PagerDuty's own path to a configured address."""


class ChangeIntake:
    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings], usage: SecretUsage) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._secret_usage = usage
        self._limiter = RequestLimiter(KIND, self._limits)
        self._parsing, self._unproven = LargeBodies(), LargeBodies()

    @property
    def is_idle(self) -> bool:
        return self._limiter.in_progress == 0

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/changes/{source}", self.handle), *(web.post(path, self.handle) for path in PAGERDUTY_PATHS)]

    def _limits(self) -> Limits:
        return Limits.of_webhooks(self._settings().intake)

    async def handle(self, request: web.Request) -> web.Response:
        source = request.match_info.get("source", pagerduty.NAME)
        sender = f"{KIND} {source if source in CHANGE_SOURCES else 'unknown'} {request.remote}"
        try:
            response = await self._answer(request, source, sender)
        except LimitExceeded as problem:
            response = self._limiter.reject(sender, problem)
        known = source if source in CHANGE_SOURCES else "unknown"
        metrics.REQUESTS.labels(f"{KIND}/{known}", str(response.status)).inc()
        if response.status >= 400:
            log.warning("change webhook refused", source=known, status=response.status, answer=response.text)
        return response

    async def _answer(self, request: web.Request, source: str, sender: str) -> web.Response:
        kind = CHANGE_SOURCES.get(source)
        if kind is None:
            return error_response(404, NO_SOURCE)
        credentials = self._settings().change_credentials(source)
        try:
            body = await read_unproven_body(request, MAX_BODY_BYTES)
            now = self._clock.real_now()
            used = await self._unproven.run(body, partial(kind.verify, request.headers, body, credentials, now=now))
            self._secret_usage.record(KIND, used, of=max(1, len(credentials.secrets or credentials.tokens)))
            with self._limiter.acquire(sender) as slot:
                slot.reserve(len(body))
                at = self._clock.now()
                batch = await self._parsing.run(body, lambda: kind.parse(decode(body), request.headers, at))
                receipt = await self._database.run(self._store, batch)
        except (TooLarge, TooSlow, Unreadable, Unauthorized, Malformed) as problem:
            return refusal_response(problem, MAX_BODY_BYTES, "Send one change at a time.")
        except DatabaseUnavailable as problem:
            log.error("change not stored; database unavailable", problem=str(problem))  # noqa: TRY400  an outage needs no traceback
            return retry_later(503, "The database does not answer. Nothing was stored. Send it again.")
        if receipt is None:
            return retry_later(503, "Dogwatch is not connected to Slack yet. Send it again.")
        answer = {"ok": True, "recorded": receipt.recorded, "known": receipt.known}
        return web.json_response(
            {**answer, **({"note": batch.note} if batch.note else {})}, status=202 if source == pagerduty.NAME else 200
        )

    def _store(self, session: Session, batch: ChangeBatch) -> ChangeReceipt | None:
        """None while the workspace is unknown."""
        installation = installations.find_installation(session)
        if installation is None:
            return None
        actor = Actor(installation.team_id, None, self._clock.now(), Origin.ALERT)
        return record_changes(session, self._settings(), batch, actor)
