"""Liveness, readiness and metrics."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.runtime.metrics import REGISTRY

Readiness = Callable[[], Awaitable[dict[str, str]]]
"""Problems by name; empty if ready."""


def routes(readiness: Readiness, fingerprint: Callable[[], str]) -> list[web.RouteDef]:
    """`/livez`, `/readyz`, `/metrics`. `fingerprint`: of the configuration, to compare replicas."""

    async def livez(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_request: web.Request) -> web.Response:
        problems = await readiness()
        status = {"ok": not problems, "problems": problems, "configuration": fingerprint()}
        return web.json_response(status, status=503 if problems else 200)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)]
