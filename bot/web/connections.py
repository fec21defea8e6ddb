"""
Limit of open connections, below the process's limit of file descriptors.

At the limit, the connection that has waited longest without a request gives way to a new one. The database, Slack and
the log keep descriptors of their own.
"""

import asyncio
import resource
import time
from typing import Any

from aiohttp import web
from structlog import get_logger

from bot.runtime import metrics
from bot.web.request_context import Handler

log = get_logger(__name__)

MAX_CONNECTIONS = 8192
RESERVED_DESCRIPTORS = 64
"""For everything but connections to the web server."""
MAX_BACKLOG = 128
"""
Connections that are accepted in one turn of the loop, before any of them can be counted.

Where descriptors are few, a quarter of them at most: asyncio logs each connection that it cannot accept.
"""
MIN_DESCRIPTORS = 16
"""For connections to the web server, however low the limit of the process is."""
LOG_INTERVAL = 60.0
"""Seconds between two log lines about closed connections."""


def find_connection_limit() -> int:
    free = _count_descriptors()
    return MAX_CONNECTIONS if free is None else min(MAX_CONNECTIONS, free - 2 * find_backlog())


def find_backlog() -> int:
    free = _count_descriptors()
    return MAX_BACKLOG if free is None else min(MAX_BACKLOG, free // 4)


def _count_descriptors() -> int | None:
    """Number that connections may use; None without a limit."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else max(MIN_DESCRIPTORS, soft - RESERVED_DESCRIPTORS)


class ConnectionLimit:
    """Knows which connections have a request in progress. `limit`: of open ones."""

    def __init__(self) -> None:
        self.limit = find_connection_limit()
        self._busy: set[asyncio.BaseProtocol] = set()
        self._accepted: set[asyncio.BaseProtocol] = set()
        self._closing: set[asyncio.BaseProtocol] = set()
        self._closed = 0
        self._logged_at: float | None = None

    @property
    def middleware(self) -> Any:
        """To be the outermost one."""

        @web.middleware
        async def track_request(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._busy.add(request.protocol)
            try:
                return await handler(request)
            finally:
                self._busy.discard(request.protocol)

        return track_request

    def accept(self, server: web.Server) -> asyncio.BaseProtocol:
        """Return the protocol of a new connection; one that closes it if every other is busy."""
        if len(server.connections) + len(self._accepted) >= self.limit and not self._make_room(server):
            return _ClosedConnection()
        protocol, loop = server(), asyncio.get_running_loop()
        self._accepted.add(protocol)  # until aiohttp counts it, in the next turn of the loop
        loop.call_soon(loop.call_soon, self._accepted.discard, protocol)
        return protocol

    def _make_room(self, server: web.Server) -> bool:
        """Close the oldest idle connection if there is no room. False if all are busy."""
        self._closing.intersection_update(server.connections)
        staying = [each for each in server.connections if each not in self._closing and each.transport is not None]
        if len(self._accepted.union(staying)) < self.limit:
            return True
        self._report()
        idle = next((each for each in staying if each not in self._busy), None)
        if idle is None or idle.transport is None:
            return False
        self._closing.add(idle)
        idle.transport.abort()
        return True

    def _report(self) -> None:
        metrics.INTAKE_REFUSED.labels("connections", "connections").inc()
        self._closed += 1
        now = time.monotonic()
        if self._logged_at is None or now - self._logged_at >= LOG_INTERVAL:
            log.warning("connections closed; limit reached", limit=self.limit, closed=self._closed)
            self._closed, self._logged_at = 0, now


class _ClosedConnection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class LimitedSite(web.BaseSite):
    """As `web.TCPSite`, with a limit of connections."""

    def __init__(self, runner: web.AppRunner, host: str, port: int, connections: ConnectionLimit) -> None:
        super().__init__(runner, backlog=find_backlog())
        self._host, self._port, self._connections = host, port, connections

    @property
    def name(self) -> str:
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        await super().start()
        server: Any = self._runner.server
        self._server = await asyncio.get_running_loop().create_server(
            lambda: self._connections.accept(server), self._host, self._port, backlog=self._backlog
        )
