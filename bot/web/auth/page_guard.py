"""Guard of the pages behind the sign-in: session, refused forms, what is missing."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted
from bot.store.database.session import DatabaseUnavailable
from bot.store.incidents.incidents import IncidentNotFound
from bot.web.auth.local_paths import sign_in_path
from bot.web.auth.page_sessions import FormRefused, PageSessions
from bot.web.body_limits import DATABASE_UNAVAILABLE
from bot.web.pages.layout import render_problem
from bot.web.request_context import Handler

NOT_FOUND = "There is no such incident. Check the reference, or look on the page Now."

ViewerHandler = Callable[[web.Request, Viewer], Awaitable[web.StreamResponse]]


def signed_in(
    sessions: PageSessions, handler: ViewerHandler, following: Callable[[web.Request], str] | None = None
) -> Handler:
    """
    The handler of a page for people who are signed in; others are sent to the sign-in.

    `following` is where the sign-in leads afterwards; by default to the same page. A form of another site and a person
    without permission get 403, a form that is too large 413, a missing or invisible incident 404, a request without the
    database 503.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        viewer: Viewer | None = None
        try:
            viewer = await sessions.find_viewer(request)
            if viewer is None:
                own = request.path_qs if request.method == "GET" else request.path
                path = sign_in_path(sessions.settings, following(request) if following else own)
                return web.Response(status=303, headers={"Location": path})
            return await handler(request, viewer)
        except IncidentNotFound:
            return render_problem(sessions, 404, NOT_FOUND, viewer=viewer)
        except FormRefused as problem:
            return render_problem(sessions, problem.status, problem.message, viewer=viewer)
        except NotPermitted as problem:
            return render_problem(sessions, 403, problem.message, viewer=viewer)
        except DatabaseUnavailable:
            return render_problem(sessions, 503, DATABASE_UNAVAILABLE, viewer=viewer)

    return handle
