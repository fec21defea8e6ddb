"""The frame of the pages for responders: stylesheet, navigation, security headers."""

import hashlib
from collections.abc import Mapping
from functools import cache

from aiohttp import web

from bot.domain.resources import resource_path
from bot.export.plot.style import PLOT_STYLE
from bot.services.web_pages.sessions import Viewer
from bot.templating.render import render_template
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_sessions import PageSessions

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # With `no-referrer` a browser sends forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
}
STYLE_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}
"""The address of the stylesheet changes with its content."""


@cache
def read_stylesheet() -> tuple[str, str]:
    """The stylesheet, with that of an incident's picture, and its fingerprint."""
    text = (resource_path("templates") / "web" / "style.css").read_text() + PLOT_STYLE
    return text, hashlib.sha256(text.encode()).hexdigest()[:12]


async def serve_stylesheet(_request: web.Request) -> web.Response:
    return web.Response(text=read_stylesheet()[0], content_type="text/css", headers=STYLE_HEADERS)


def render_page(
    sessions: PageSessions,
    template: str,
    values: Mapping[str, object],
    *,
    viewer: Viewer | None = None,
    current: str = "",
    status: int = 200,
) -> web.Response:
    """
    A page inside the frame.

    `current`: its path, for the navigation; `viewer` None: nobody is signed in.
    """
    text = render_template(f"web/{template}.html.j2", {**frame_values(sessions, viewer, current), **values})
    return web.Response(status=status, text=text, content_type="text/html", headers=PAGE_HEADERS)


def frame_values(sessions: PageSessions, viewer: Viewer | None, current: str = "") -> dict[str, object]:
    """Values of `web/layout.html.j2`."""
    return {
        "root": site_root(sessions.settings),
        "style": read_stylesheet()[1],
        "viewer": viewer,
        "form_token": sessions.form_token(viewer) if viewer else "",
        "current": current,
    }


def render_problem(sessions: PageSessions, status: int, problem: str, *, viewer: Viewer | None = None) -> web.Response:
    """A page that says what is wrong and what to do."""
    return render_page(sessions, "problem", {"problem": problem}, viewer=viewer, status=status)
