"""The HTTP server. It opens first, so that health checks are answered during start-up."""

import logging
from collections.abc import Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.config import Settings
from bot.domain.errors import UserError
from bot.store.database.session import UrgentTransactions
from bot.web.admission import retry_later
from bot.web.connections import ConnectionLimit, LimitedSite
from bot.web.headers import add_headers
from bot.web.request_context import PROBES, Handler, add_request_context, route_name
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
READER_WAITS = 0.05
"""Longest wait of a reader of the status page for transactions in progress, in seconds."""
READING = frozenset({"GET", "HEAD"})

SERVER_LOG = logging.getLogger("aiohttp.server")
FileFinder = Callable[[web.BaseRequest], web.StreamResponse | None]


def shorten_malformed(line: logging.LogRecord) -> bool:
    """Replace the traceback that aiohttp logs of a malformed request by one line, a warning."""
    problem = line.exc_info[1] if line.exc_info else None
    if isinstance(problem, HttpProcessingError):
        line.levelno, line.levelname, line.exc_info = logging.WARNING, "WARNING", None
        line.msg, line.args = "request malformed: %s", (type(problem).__name__,)
    return True


class Listener:
    """
    `open`, then `close`; both once. Add routes to `site` before `open`.

    Until `has_started()`, only health checks and the kept status page are served. `find_file` answers with a file of
    the status page before everything else, without a route, a request id and a log line, because readers come as often
    as they like. Such an answer lets the `urgent` transactions of responders and monitors pass, within a limit. If it
    returns None, the request takes the usual way.
    """

    def __init__(self, has_started: Callable[[], bool], find_file: FileFinder, urgent: UrgentTransactions) -> None:
        @web.middleware
        async def reject_while_starting(request: web.Request, handler: Handler) -> web.StreamResponse:
            if has_started() or route_name(request) in EARLY_ROUTES:
                return await handler(request)
            return retry_later(503, "Dogwatch is starting. Try again in a moment.")

        self._find_file = find_file
        self._urgent = urgent
        self._connections = ConnectionLimit()
        self.site = web.Application(
            client_max_size=MAX_BODY_BYTES,
            middlewares=[self._connections.middleware, add_request_context, reject_while_starting],
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
        SERVER_LOG.addFilter(shorten_malformed)
        await self._runner.setup()
        self._serve_files_first(self._runner)
        try:
            await LimitedSite(self._runner, settings.host, wanted, self._connections).start()
        except OSError as problem:
            raise UserError(
                f"Cannot listen on {settings.host}:{wanted} ({problem.strerror}). Set {variable} to a free port."
            ) from problem
        addresses = self._runner.addresses
        return int(addresses[0][1]) if addresses else wanted

    def _serve_files_first(self, runner: web.AppRunner) -> None:
        server, find_file, urgent = runner.server, self._find_file, self._urgent
        if server is None:
            raise RuntimeError("the server was not set up")
        follow_route = server.request_handler

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            found = find_file(request) if request.method in READING else None
            if found is None:
                return await follow_route(request)
            await urgent.let_pass(READER_WAITS)
            return found

        server.request_handler = handle

    async def close(self) -> None:
        """Stop accepting connections, and finish requests in progress."""
        if self._runner is not None:
            await self._runner.cleanup()
