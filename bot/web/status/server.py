"""The status page of one process: its publisher, its routes, and its port."""

from collections.abc import Callable

from aiohttp import web

from bot.config import Settings
from bot.runtime.clock import Clock
from bot.store.database.session import Database
from bot.web.server import Listener
from bot.web.status.publisher import StatusPublisher
from bot.web.status.serving import StatusFiles
from bot.web.status.subscriptions import SubscriptionPages, find_form_target


class StatusPageServer:
    """`routes` for the main port; `open`, `close` the public one. `publisher` is started apart."""

    def __init__(self, database: Database, settings: Callable[[], Settings], clock: Clock) -> None:
        self._settings = settings
        self.publisher = StatusPublisher(database, settings, clock)
        self._files = StatusFiles(
            lambda: self.publisher.site, lambda: settings().status is not None, lambda: find_form_target(settings())
        )
        self._listener = Listener(lambda: True, self._files.find_public_file, database.urgent)
        self.find_file = self._files.find_file
        self._subscriptions = SubscriptionPages(database, settings, clock)
        self.port: int | None = None
        """That of the page alone; None if it has none."""

    def routes(self) -> list[web.RouteDef]:
        return [*self._subscriptions.routes("/status"), *self._files.routes()]

    async def open(self, answering_seconds: float) -> None:
        """Listen on the public port, if there is one. Raises UserError if it is taken."""
        settings = self._settings()
        if settings.public_port is not None:
            own = [*self._subscriptions.routes("/status"), *self._subscriptions.routes("")]
            self._listener.site.add_routes([*own, *self._files.public_routes()])
            self.port = await self._listener.open(settings, answering_seconds, port=settings.public_port)

    async def close(self) -> None:
        await self.publisher.stop()
        await self._listener.close()
