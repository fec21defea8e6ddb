"""`/admin/outbox`: what waits for Slack and what failed, with retry and drop."""

import re
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bot.runtime.clock import Clock
from bot.services.views.outbox_operations import drop_rows, retry_all_rows, retry_rows
from bot.services.web_pages.operations import load_outbox_page
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import ViewerHandler
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.pages.layout import render_page, render_problem
from bot.web.pages.operations.operation_deps import PAGES, admins_only
from bot.web.pages.operations.outbox_link import parse_row_id, template_values

PATH = "/admin/outbox"
UNKNOWN_ROW = "There is no such row. Open the page again."
HIDDEN = "a private incident"


class AdminOutboxRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        show: ViewerHandler = self.show_page
        return [
            web.get(PATH, admins_only(self._sessions, show)),
            web.post(PATH, admins_only(self._sessions, self.submit_change)),
        ]

    async def show_page(self, _request: web.Request, viewer: Viewer) -> web.Response:
        visibility = await self._access.find_visibility(viewer)
        overview, hidden = await self._database.read(load_outbox_page, visibility, self._clock.now())
        values = hide_references(template_values(overview), hidden)
        return render_page(self._sessions, "operations/outbox", {**values, "pages": PAGES}, viewer=viewer, current=PATH)

    async def submit_change(self, request: web.Request, viewer: Viewer) -> web.Response:
        """`retry` or `drop` is the number of a row; `retry` may be `all`. Redirects back."""
        fields = await self._sessions.read_form(request, viewer)
        actor = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
        try:
            if fields.get("retry") == "all":
                await self._database.run(retry_all_rows, actor)
            elif "drop" in fields:
                await self._database.run(drop_rows, [parse_row_id(fields["drop"])], actor)
            else:
                await self._database.run(retry_rows, [parse_row_id(fields.get("retry"))], actor)
        except ValueError:
            return render_problem(self._sessions, 400, UNKNOWN_ROW, viewer=viewer)
        return web.Response(status=303, headers={"Location": f"{site_root(self._sessions.settings)}{PATH}"})


def hide_references(value: Any, hidden: Sequence[str]) -> Any:
    """The values without references of private incidents that the viewer does not see."""
    if not hidden:
        return value
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, hidden))})\b")

    def hide(each: Any) -> Any:
        match each:
            case str():
                return pattern.sub(HIDDEN, each)
            case dict():
                return {name: hide(inner) for name, inner in each.items()}
            case list():
                return [hide(inner) for inner in each]
            case _:
                return each

    return hide(value)
