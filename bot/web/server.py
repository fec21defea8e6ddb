"""The HTTP server. It opens first, so that health checks are answered during start-up."""

from collections.abc import Callable

from aiohttp import web

from bot.config import Settings
from bot.domain.errors import UserError
from bot.web.admission import retry_later
from bot.web.connections import ConnectionLimit, LimitedSite
from bot.web.headers import add_headers
from bot.web.request_context import PROBES, Handler, add_request_context, route_name, serve_status_files
from bot.web.status.serving import STATUS_ROUTES
from bot.web.unproven import UNPROVEN, UnprovenBodies

IDLE_SECONDS = 75.0
"""Keep-alive, and limit for a complete request head."""
LINGERING_SECONDS = 2.0
"""Time to drain the rest of a refused body, so that the client can read the response."""
EARLY_ROUTES = PROBES | STATUS_ROUTES
"""Served also while the process starts."""
MAX_BODY_BYTES = 1024 * 1024
"""Default limit of a request body."""


class Listener:
    """
    `open`, then `close`; both once. Add routes to `site` before `open`.

    Until `has_started()`, only health checks and the kept status page are served.
    """

    def __init__(self, has_started: Callable[[], bool]) -> None:
        @web.middleware
        async def reject_while_starting(request: web.Request, handler: Handler) -> web.StreamResponse:
            if has_started() or route_name(request) in EARLY_ROUTES:
                return await handler(request)
            return retry_later(503, "Dogwatch is starting. Try again in a moment.")

        self._connections = ConnectionLimit()
        self.site = web.Application(
            client_max_size=MAX_BODY_BYTES,
            middlewares=[serve_status_files, self._connections.middleware, add_request_context, reject_while_starting],
        )
        self.site[UNPROVEN] = UnprovenBodies()
        self.site.on_response_prepare.append(add_headers)
        self._runner: web.AppRunner | None = None

    async def open(self, settings: Settings, answering_seconds: float, *, port: int | None = None) -> int:
        """
        Listen, and return the port: `port`, or that of the settings.

        `answering_seconds`: how long `close` waits for requests in progress.

        Raises UserError if the port is taken.
        """
        wanted = settings.port if port is None else port
        variable = "DOGWATCH_PORT" if port is None else "DOGWATCH_PUBLIC_PORT"
        self._runner = web.AppRunner(
            self.site,
            access_log=None,
            shutdown_timeout=answering_seconds,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=LINGERING_SECONDS,
            auto_decompress=False,
        )
        await self._runner.setup()
        try:
            await LimitedSite(self._runner, settings.host, wanted, self._connections).start()
        except OSError as problem:
            raise UserError(
                f"Cannot listen on {settings.host}:{wanted} ({problem.strerror}). Set {variable} to a free port."
            ) from problem
        addresses = self._runner.addresses
        return int(addresses[0][1]) if addresses else wanted

    async def close(self) -> None:
        """Stop accepting connections, and finish requests in progress."""
        if self._runner is not None:
            await self._runner.cleanup()
