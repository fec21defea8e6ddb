"""`GET` or `POST /heartbeat/{name}/{token}`: a job reports that it ran."""

from collections.abc import Callable

from aiohttp import web
from structlog import get_logger

from bot.config import Settings
from bot.config.environment_settings import secret_alternatives
from bot.runtime import metrics
from bot.runtime.clock import Clock
from bot.services.alerts.heartbeats import record_beat
from bot.sources.authentication import encode_header, match_index
from bot.store.database.session import Database, DatabaseUnavailable
from bot.web.admission import LimitExceeded, Limits, RequestLimiter, retry_later
from bot.web.body_limits import error_response
from bot.web.secret_usage import SecretUsage

log = get_logger(__name__)

KIND = "heartbeat"


class HeartbeatIntake:
    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings], usage: SecretUsage) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._secret_usage = usage
        self._limiter = RequestLimiter(KIND, self._limits)

    def routes(self) -> list[web.RouteDef]:
        path = "/heartbeat/{name}/{token}"
        return [web.get(path, self.handle, allow_head=False), web.post(path, self.handle)]

    def _limits(self) -> Limits:
        return Limits.of_webhooks(self._settings().intake)

    async def handle(self, request: web.Request) -> web.Response:
        sender = f"{KIND} {request.remote}"
        try:
            response = await self._answer(request, sender)
        except LimitExceeded as problem:
            response = self._limiter.reject(sender, problem)
        metrics.REQUESTS.labels(KIND, str(response.status)).inc()
        return response

    async def _answer(self, request: web.Request, sender: str) -> web.Response:
        settings, name = self._settings(), request.match_info["name"]
        tokens = secret_alternatives(settings.heartbeat_token)
        if not tokens:
            return _refusal(401, "Heartbeats are refused without a token. Set DOGWATCH_HEARTBEAT_TOKEN.")
        used = match_index(encode_header(request.match_info["token"]), map(encode_header, tokens))
        if used is None:
            return _refusal(401, "The token is wrong. Compare it with DOGWATCH_HEARTBEAT_TOKEN.")
        self._secret_usage.record(KIND, used, of=len(tokens))
        if name not in settings.heartbeats:
            return _refusal(404, "dogwatch.toml has no heartbeat of this name. Add [heartbeats.NAME].")
        try:
            with self._limiter.acquire(sender):
                next_by = await self._database.run(record_beat, settings, name, self._clock.now())
        except DatabaseUnavailable as problem:
            log.error("heartbeat not stored; database unavailable", problem=str(problem))  # noqa: TRY400  an outage needs no traceback
            return retry_later(503, "The database does not answer. Nothing was stored. Send it again.")
        if next_by is None:
            return retry_later(503, "Dogwatch is not connected to Slack yet. Send it again.")
        return web.json_response({"ok": True, "next_by": next_by.isoformat()})


def _refusal(status: int, why: str) -> web.Response:
    log.warning("heartbeat refused", status=status, why=why)
    return error_response(status, why)
