"""The Socket Mode connection: held, made anew when it is lost, and let go of once what came over it is answered."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest
from structlog import get_logger

from bot.slack.gateway import Client

log = get_logger(__name__)

PING_SECONDS = 5.0
"""Seconds between signs of life: so soon a connection that was cut without a word is missed."""
CONNECT_SECONDS = 20.0
WATCHDOG_SECONDS = 15.0
"""Seconds that the SDK has to mend a lost connection by itself before it is replaced."""
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts; the last stays. `apps.connections.open` is a rated method."""
GRACE_SECONDS = 5.0


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler, which counts what is under way. What comes after `refuse` is left to Slack to deliver again."""

    def __init__(self, app: AsyncApp, token: str, client: Client) -> None:
        super().__init__(app, token, web_client=client, ping_interval=PING_SECONDS)
        self.under_way = 0
        self.is_refusing = False
        self.went_quiet = asyncio.Event()

    async def handle(self, client: Any, req: SocketModeRequest) -> None:
        if self.is_refusing:
            return
        self.under_way += 1
        self.went_quiet.clear()
        try:
            await super().handle(client, req)
        finally:
            self.under_way -= 1
            if not self.under_way:
                self.went_quiet.set()

    async def finish(self) -> None:
        """Take nothing new, and wait for what is under way, but not for ever."""
        self.is_refusing = True
        if not self.under_way:
            return
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await self.went_quiet.wait()
        except TimeoutError:
            log.warning("stopped before everything was answered", under_way=self.under_way)


class SocketLink:
    """
    `start`, then `stop`. `on_connected` is awaited after each new connection, because things may have been missed.

    The SDK mends most losses by itself; what it cannot mend within a while is replaced.
    """

    def __init__(self, app: AsyncApp, token: str, client: Client, on_connected: Callable[[], Awaitable[None]]) -> None:
        self._app, self._token, self._client = app, token, client
        self._on_connected = on_connected
        self._handler: _Handler | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._hold(), name="socket mode")

    @property
    def is_idle(self) -> bool:
        return self._handler is None or not self._handler.under_way

    async def is_connected(self) -> bool:
        return self._handler is not None and bool(await self._handler.client.is_connected())

    async def stop(self) -> None:
        if self._handler is not None:
            await self._handler.finish()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _hold(self) -> None:
        failures = 0
        while True:
            handler = _Handler(self._app, self._token, self._client)
            handler.client.message_listeners.append(self._hear)
            try:
                await self._connect(handler)
                failures, self._handler = 0, handler
                await self._watch(handler)
            except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as problem:
                log.warning("Socket Mode did not connect", problem=str(problem) or type(problem).__name__)
                await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
            finally:
                self._handler = None
                await handler.close_async()  # type: ignore[no-untyped-call]

    async def _connect(self, handler: _Handler) -> None:
        """The address is asked for here, because the SDK's `connect` never gives up on one that was used up."""
        async with asyncio.timeout(CONNECT_SECONDS):
            handler.client.wss_uri = await handler.client.issue_new_wss_url()
            await handler.connect_async()  # type: ignore[no-untyped-call]

    async def _watch(self, handler: _Handler) -> None:
        """Return once the connection is lost and stays lost."""
        is_lost = False
        while True:
            await asyncio.sleep(WATCHDOG_SECONDS)
            was_lost, is_lost = is_lost, not await handler.client.is_connected()
            if is_lost and was_lost:
                log.warning("the Socket Mode connection is gone, connecting anew")
                return

    async def _hear(self, _client: Any, message: dict[str, Any], _raw: str | None) -> None:
        """Each connection begins with a `hello`. Source: docs.slack.dev/apis/events-api/using-socket-mode."""
        if message.get("type") == "hello":
            log.info("connected to Slack by Socket Mode")
            await self._on_connected()
