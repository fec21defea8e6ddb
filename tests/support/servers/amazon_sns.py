"""Amazon SNS as a server: its certificate, and the address that confirms a subscription."""

from typing import Self

from aiohttp import web


class AmazonSns:
    """`asked` has the path and query of each request. `fails`: answer 500."""

    def __init__(self, certificate: bytes) -> None:
        self.asked: list[str] = []
        self.fails = False
        self._certificate = certificate
        self.url = ""

    async def __aenter__(self) -> Self:
        site = web.Application()
        site.router.add_get("/{tail:.*}", self._answer)
        self._runner = web.AppRunner(site)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        if self.fails:
            return web.Response(status=500)
        return web.Response(body=self._certificate)
