"""Parts of the process that the pages for admins show, and the guard of these pages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web
from structlog import get_logger

from bot.config.reloading import Configuration
from bot.lazy_dataclass import dataclass
from bot.services.web_pages.sessions import Viewer
from bot.web.auth.page_guard import ViewerHandler, signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.pages.layout import render_problem
from bot.web.request_context import Handler
from bot.web.secret_usage import SecretUsage

NOT_ADMIN = "This page is for admins. An operator lists them in `dogwatch.toml`: `admins` under `[pages]`."
PAGES = (
    ("/admin", "Health"),
    ("/admin/outbox", "Outbox"),
    ("/admin/tokens", "Tokens"),
    ("/admin/settings", "Configuration"),
    ("/admin/audit", "Audit"),
)
"""Paths and titles of the pages, as their navigation shows them."""

RunChecks = Callable[[], Awaitable[Sequence[Mapping[str, str]]]]

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OperationDeps:
    """`run_checks`: the findings of `dogwatch doctor`, `check`, `state`, `found`, `remedy`."""

    configuration: Configuration
    usage: SecretUsage
    run_checks: RunChecks


def admins_only(sessions: PageSessions, handler: ViewerHandler) -> Handler:
    """The handler of a page for the admins of the configuration; everybody else gets 403."""

    async def handle(request: web.Request, viewer: Viewer) -> web.StreamResponse:
        if viewer.user_id not in sessions.settings.pages.admins:
            log.warning("page for admins refused", user=viewer.user_id, path=request.path)
            return render_problem(sessions, 403, NOT_ADMIN, viewer=viewer)
        return await handler(request, viewer)

    return signed_in(sessions, handle)
