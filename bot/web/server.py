"""Where the bot listens: opened before all else, so that whoever asks how it is gets an answer while it starts."""

from collections.abc import Callable

from aiohttp import web

from bot.config import Settings
from bot.domain.errors import UserError
from bot.web.admission import come_back
from bot.web.headers import add_headers
from bot.web.request_context import PROBES, Handler, as_unit, route_of

IDLE_SECONDS = 75.0
"""How long a connection may be open without a whole request's head: a sender that dawdles holds it no longer."""
LINGERING_SECONDS = 2.0
"""How long the rest of a body is still taken and thrown away after its refusal, so that the answer can be read."""
LARGEST = 1024 * 1024
"""Bytes of a body that nobody has set another limit for."""


class Listener:
    """
    `open`, then `close`; both once. `has_begun` is asked at each request: before that only health is told.

    `site` takes the routes, until it is open.
    """

    def __init__(self, has_begun: Callable[[], bool]) -> None:
        @web.middleware
        async def not_yet(request: web.Request, handler: Handler) -> web.StreamResponse:
            """Who wants something of a bot that is starting has to come again."""
            if has_begun() or route_of(request) in PROBES:
                return await handler(request)
            return come_back(503, "Dogwatch is starting. Send it again in a moment.")

        self.site = web.Application(client_max_size=LARGEST, middlewares=[as_unit, not_yet])
        self.site.on_response_prepare.append(add_headers)
        self._runner: web.AppRunner | None = None

    async def open(self, settings: Settings, answering_seconds: float) -> int:
        """
        The port. `answering_seconds`: how long `close` waits for requests that are under way.

        Raises UserError if somebody else listens there.
        """
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
            await web.TCPSite(self._runner, settings.host, settings.port).start()
        except OSError as problem:
            raise UserError(
                f"Cannot listen on {settings.host}:{settings.port} ({problem.strerror}). "
                "Set DOGWATCH_PORT to a free port."
            ) from problem
        addresses = self._runner.addresses
        return int(addresses[0][1]) if addresses else settings.port

    async def close(self) -> None:
        """Take nothing new, and finish what is under way."""
        if self._runner is not None:
            await self._runner.cleanup()
