"""The frame of the pages for responders: navigation, security headers."""

from collections.abc import Mapping

from aiohttp import web

from bot.services.web_pages.sessions import Viewer
from bot.templating.render import render_template
from bot.web.auth.page_sessions import PageSessions
from bot.web.headers import FORM_POLICY
from bot.web.pages.resources import head_values

PAGE_HEADERS = {
    "Content-Security-Policy": f"{FORM_POLICY}; script-src 'self'; connect-src 'self'",
    # With `no-referrer` a browser sends forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
}


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
        **head_values(sessions.settings),
        "viewer": viewer,
        "is_admin": viewer is not None and viewer.user_id in sessions.settings.pages.admins,
        "form_token": sessions.form_token(viewer) if viewer else "",
        "current": current,
    }


def render_problem(sessions: PageSessions, status: int, problem: str, *, viewer: Viewer | None = None) -> web.Response:
    """A page that says what is wrong and what to do."""
    return render_page(sessions, "problem", {"problem": problem}, viewer=viewer, status=status)
