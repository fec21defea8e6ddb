"""Stylesheet and script of the pages, at addresses with a fingerprint."""

import hashlib
from functools import cache

from aiohttp import web

from bot.config import Settings
from bot.domain.resources import resource_path
from bot.export.plot.style import PLOT_STYLE
from bot.web.auth.local_paths import site_root

KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
FINGERPRINT = "v"
SCRIPTS = ("idiomorph.min.js", "live.js", "autosave.js", "blocks.js")


def routes() -> list[web.RouteDef]:
    return [web.get("/style.css", serve_stylesheet), web.get("/script.js", serve_script)]


def head_values(settings: Settings) -> dict[str, object]:
    """Values of `web/layouts/head.html.j2`."""
    return {"root": site_root(settings), "style": read_stylesheet()[1], "script": read_script()[1]}


@cache
def read_stylesheet() -> tuple[str, str]:
    """The stylesheet, with that of an incident's picture, and its fingerprint."""
    return _with_fingerprint(_read("style.css") + PLOT_STYLE)


@cache
def read_script() -> tuple[str, str]:
    """The library and what uses it, and their fingerprint."""
    return _with_fingerprint("\n".join(_read(f"scripts/{name}") for name in SCRIPTS))


async def serve_stylesheet(request: web.Request) -> web.Response:
    return _serve(request, read_stylesheet(), "text/css")


async def serve_script(request: web.Request) -> web.Response:
    return _serve(request, read_script(), "text/javascript")


def _read(name: str) -> str:
    return (resource_path("templates") / "web" / name).read_text()


def _with_fingerprint(text: str) -> tuple[str, str]:
    return text, hashlib.sha256(text.encode()).hexdigest()[:12]


def _serve(request: web.Request, found: tuple[str, str], content_type: str) -> web.Response:
    """A browser keeps it under its own fingerprint only: a replica may have another version."""
    text, fingerprint = found
    headers = KEPT if request.query.get(FINGERPRINT) == fingerprint else {}
    return web.Response(text=text, content_type=content_type, headers=headers)
