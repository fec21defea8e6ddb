"""
`/ack/{token}`: the page behind the link in a page, which acknowledges without Slack.

Opening the link changes nothing, because mail scanners open links, too. The button on its page acknowledges, by a POST.
"""

from functools import partial

from aiohttp import web
from structlog import get_logger

from bot.config.crypto import verify_acknowledge_token
from bot.config.reloading import Configuration
from bot.domain.errors import InvalidField, UserError
from bot.runtime.clock import Clock
from bot.services.escalation.responses.page_link import (
    MAX_NAME,
    NAME,
    LinkAnswer,
    PageLinkView,
    answer_by_link,
    load_page_link,
)
from bot.store.database.session import Database, DatabaseUnavailable
from bot.templating.render import render_template
from bot.web.admission import LimitExceeded
from bot.web.auth.page_sessions import parse_form
from bot.web.body_limits import DATABASE_UNAVAILABLE, MAX_FORM_BYTES, TooLarge, TooSlow, Unreadable
from bot.web.headers import FORM_HEADERS
from bot.web.pages.resources import head_values
from bot.web.unproven import read_unproven_body

log = get_logger(__name__)

NO_LINK = "This link is wrong, or more than a day old. Use the buttons in the incident's channel in Slack."
DONE = "done"
"""Query of the page to which a button leads back."""
ANSWER = "answer"
"""Field of the page: the button that was pressed."""


class AcknowledgementPage:
    """Links expire by the bot's clock, by which they are dated."""

    def __init__(self, database: Database, configuration: Configuration, clock: Clock) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ack/{token}", self.show_page), web.post("/ack/{token}", self.acknowledge)]

    async def show_page(self, request: web.Request) -> web.Response:
        """The page, with a button while somebody is still needed."""
        settings = self._configuration.current
        page_id = verify_acknowledge_token(settings, request.match_info["token"], self._clock.now())
        if page_id is None:
            return self._render_page(404, problem=NO_LINK)
        return await self._render_link(request, page_id, has_answered=DONE in request.query)

    async def _render_link(
        self, request: web.Request, page_id: int, *, has_answered: bool = False, name: str = "", problem: str = ""
    ) -> web.Response:
        """The page behind a link. `problem`: what is wrong with the typed name."""
        settings = self._configuration.current
        try:
            view = await self._database.read(partial(load_page_link, has_answered=has_answered), settings, page_id)
        except DatabaseUnavailable:
            return self._render_page(503, problem=DATABASE_UNAVAILABLE)
        if view is None:
            return self._render_page(404, problem=NO_LINK)
        return self._render_page(400 if problem else 200, view, request.path, name=name, name_problem=problem)

    async def acknowledge(self, request: web.Request) -> web.Response:
        """
        A button of the page. Redirects back to the page; 400 without a name where one is needed.

        The button of a notification gets JSON, with 409 if it came too late.
        """
        settings = self._configuration.current
        page_id = verify_acknowledge_token(settings, request.match_info["token"], self._clock.now())
        if page_id is None:
            return self._render_page(404, problem=NO_LINK)
        try:
            answer, name = _read_answer(await read_unproven_body(request, MAX_FORM_BYTES))
        except (LimitExceeded, TooLarge, TooSlow, Unreadable, ValueError):
            return self._render_page(400, problem="The form cannot be read. Open the link again.")
        done = f"?{DONE}"
        try:
            await self._database.run(partial(answer_by_link, name=name), settings, page_id, answer, self._clock.now())
        except DatabaseUnavailable:
            return self._render_page(503, problem=DATABASE_UNAVAILABLE)
        except InvalidField as problem:
            return await self._render_link(request, page_id, name=name, problem=problem.message)
        except UserError as problem:
            log.info("page link changed nothing", why=problem.message)
            if _is_for_program(request):
                return web.json_response({"ok": False, "error": problem.message}, status=409)
            done = ""
        if _is_for_program(request):
            return web.json_response({"ok": True})
        return web.Response(status=303, headers={"Location": f"{request.path}{done}"})

    def _render_page(
        self,
        status: int,
        view: PageLinkView | None = None,
        path: str = "",
        *,
        problem: str | None = None,
        name: str = "",
        name_problem: str = "",
    ) -> web.Response:
        values = {
            **head_values(self._configuration.current),
            "found": view,
            "path": path,
            "problem": problem,
            "name": name,
            "name_problem": name_problem,
            "max_name": MAX_NAME,
        }
        text = render_template("web/acknowledge.html.j2", values)
        return web.Response(status=status, text=text, content_type="text/html", headers=FORM_HEADERS)


def _read_answer(body: bytes) -> tuple[LinkAnswer, str]:
    """The pressed button and the typed name. Raises ValueError for any other body."""
    fields = parse_form(body.decode(), 10)
    return LinkAnswer(fields.get(ANSWER, LinkAnswer.ACKNOWLEDGE)), fields.get(NAME, "")


def _is_for_program(request: web.Request) -> bool:
    """True for the button of a notification, which shows the response's status."""
    return request.headers.get("Accept", "") == "application/json"
