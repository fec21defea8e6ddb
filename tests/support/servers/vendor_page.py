"""A vendor's status page on this machine, and a world that watches it."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from tests.support.servers.requirements import conformance_data
from tests.support.worlds.world import World, rendered

CONFIG = """
[services.checkout]
vendors = ["payplug"]
[services.search]

[vendors.payplug]
name = "PayPlug"
feed = "{address}"
allow_http = true
allow_private = true
"""


class VendorPage:
    """
    Answers every path with `body`, over HTTPS as `localhost` if it has a certificate.

    `requests` holds what was asked; `hangs` answers nothing until the end.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.body: bytes = b""
        self.status = 200
        self.headers: dict[str, str] = {"Content-Type": "application/json; charset=utf-8"}
        self.requests: list[web.Request] = []
        self.hangs = False
        self.is_cut_off = False
        self._over = asyncio.Event()

    async def start(self) -> None:
        site = web.Application()
        site.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(site)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls).start()
        origin = "https://localhost" if self._tls else "http://127.0.0.1"
        self.host = f"{origin}:{self._runner.addresses[0][1]}"
        self.url = f"{self.host}/api/v2/incidents.json"

    async def stop(self) -> None:
        self._over.set()
        await self._runner.cleanup()

    def shows(self, body: bytes | Any, headers: Mapping[str, str] | None = None, status: int = 200) -> None:
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status = status
        self.headers = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}

    def shows_file(self, name: str) -> None:
        """A file of the reference data, with its digest as validator."""
        body = vendor_file(name)
        self.shows(body, {"ETag": f'W/"{hash(body)}"'})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if self.hangs:
            await self._over.wait()
        if self.is_cut_off:
            return await self._answer_half(request)
        etag = self.headers.get("ETag")
        if etag is not None and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(status=self.status, body=self.body, headers=self.headers)

    async def _answer_half(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"{")
        assert request.transport is not None
        request.transport.close()
        return answer


def vendor_folder() -> Path:
    return conformance_data() / "vendor-status"


def vendor_file(name: str) -> bytes:
    return (vendor_folder() / name).read_bytes()


class VendorWorld(World):
    """A world whose service `checkout` needs PayPlug, with PayPlug's page on this machine."""

    page: VendorPage

    async def __aenter__(self) -> Self:
        self.page = VendorPage()
        await self.page.start()
        self._config = (self._config or CONFIG).replace("{address}", self.page.url)
        return await super().__aenter__()

    async def __aexit__(self, *problem: object) -> None:
        await super().__aexit__(*problem)
        await self.page.stop()

    async def looks(self) -> None:
        """Read the page if it is due, and deliver what comes of it."""
        await self.bot.engine.vendors.run()
        await self.finish()

    async def home(self, user: str) -> str:
        """App Home as this person sees it."""
        await self.sandbox.open_home(user)
        await self.finish()
        return rendered(self.sandbox.home(user))

    def told(self) -> list[str]:
        """Messages about vendors in the incidents channel; it is created with the first message."""
        names = {each.get("name") for each in self.sandbox.channels()}
        return [text for text in self.texts("incidents") if "PayPlug" in text] if "incidents" in names else []
