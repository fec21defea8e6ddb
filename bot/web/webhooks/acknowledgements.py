"""
Acknowledgements from outside Slack: page links, and webhooks of PagerDuty and Opsgenie.

Opening the link changes nothing, because mail scanners open links, too. The button on its page acknowledges, by a POST.
"""

import json
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from structlog import get_logger

from bot.config import Settings
from bot.config.crypto import verify_acknowledge_token
from bot.config.environment_settings import secret_alternatives
from bot.config.reloading import Configuration
from bot.domain.errors import InvalidField, UserError
from bot.domain.paging.contact_methods import ContactMethodKind
from bot.domain.text.normalize import to_one_line
from bot.runtime import metrics
from bot.runtime.clock import Clock
from bot.services.escalation.responses.external import acknowledge_by_service
from bot.services.escalation.responses.page_link import (
    MAX_NAME,
    NAME,
    LinkAnswer,
    PageLinkView,
    answer_by_link,
    load_page_link,
)
from bot.sources.signature import encode_header, hex_signature, match_index
from bot.store.database.session import Database, DatabaseUnavailable
from bot.templating.render import render_template
from bot.web.body_limits import (
    DATABASE_UNAVAILABLE,
    MAX_FORM_BYTES,
    TooLarge,
    TooSlow,
    Unreadable,
    error_response,
    read_body,
)
from bot.web.headers import FORM_HEADERS

log = get_logger(__name__)

MAX_EVENT_BYTES = 512 * 1024
"""Both services send a few thousand bytes."""
NO_LINK = "This link is wrong, or more than a day old. Use the buttons in the incident's channel in Slack."
DONE = "done"
"""Query of the page to which a button leads back."""
ANSWER = "answer"
"""Field of the page: the button that was pressed."""
ACKNOWLEDGED_EVENTS = frozenset({"incident.acknowledged"})


class AcknowledgementRoutes:
    """Links expire by the bot's clock, by which they are dated."""

    def __init__(self, database: Database, configuration: Configuration, clock: Clock) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/ack/{token}", self.show_page),
            web.post("/ack/{token}", self.acknowledge),
            web.post("/paging/pagerduty", self.handle_pagerduty),
            web.post("/paging/opsgenie", self.handle_opsgenie),
        ]

    async def show_page(self, request: web.Request) -> web.Response:
        """The page, with a button while somebody is still needed."""
        settings = self._configuration.current
        page_id = verify_acknowledge_token(settings, request.match_info["token"], self._clock.now())
        if page_id is None:
            return _render_page(404, problem=NO_LINK)
        return await self._render_link(request, page_id, has_answered=DONE in request.query)

    async def _render_link(
        self, request: web.Request, page_id: int, *, has_answered: bool = False, name: str = "", problem: str = ""
    ) -> web.Response:
        """The page behind a link. `problem`: what is wrong with the typed name."""
        settings = self._configuration.current
        try:
            view = await self._database.read(partial(load_page_link, has_answered=has_answered), settings, page_id)
        except DatabaseUnavailable:
            return _render_page(503, problem=DATABASE_UNAVAILABLE)
        if view is None:
            return _render_page(404, problem=NO_LINK)
        return _render_page(400 if problem else 200, view, request.path, name=name, name_problem=problem)

    async def acknowledge(self, request: web.Request) -> web.Response:
        """
        A button of the page. Redirects back to the page; 400 without a name where one is needed.

        The button of a notification gets JSON, with 409 if it came too late.
        """
        settings = self._configuration.current
        page_id = verify_acknowledge_token(settings, request.match_info["token"], self._clock.now())
        if page_id is None:
            return _render_page(404, problem=NO_LINK)
        try:
            answer, name = _read_answer(await read_body(request, MAX_FORM_BYTES))
        except (TooLarge, TooSlow, Unreadable, ValueError):
            return _render_page(400, problem="The form cannot be read. Open the link again.")
        done = f"?{DONE}"
        try:
            await self._database.run(partial(answer_by_link, name=name), settings, page_id, answer, self._clock.now())
        except DatabaseUnavailable:
            return _render_page(503, problem=DATABASE_UNAVAILABLE)
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

    async def handle_pagerduty(self, request: web.Request) -> web.Response:
        """PagerDuty's webhooks, version 3: the body is signed, perhaps with several secrets."""
        settings = self._configuration.refresh_secrets()
        secrets = secret_alternatives(settings.pagerduty_webhook_secret)
        if not secrets:
            return self._refuse(
                "pagerduty", 401, "DOGWATCH_PAGERDUTY_WEBHOOK_SECRET is not set. Set it to the webhook's secret."
            )
        body = await self._read_body(request)
        if isinstance(body, web.Response):
            return body
        sent = [each.strip() for each in request.headers.get("X-PagerDuty-Signature", "").split(",")]
        expected = [b"v1=" + hex_signature(secret, body) for secret in secrets]
        if not any(match_index(encode_header(each), expected) is not None for each in sent):
            return self._refuse(
                "pagerduty", 401, "The signature is wrong. Compare the secret with the one in PagerDuty."
            )
        event = _parse_object(body).get("event")
        if not isinstance(event, dict) or not isinstance(event.get("event_type"), str):
            return self._refuse("pagerduty", 400, "This is not an event of PagerDuty's webhooks, version 3.")
        data = event.get("data")
        key = data.get("incident_key") if isinstance(data, dict) else None
        if event["event_type"] not in ACKNOWLEDGED_EVENTS or not isinstance(key, str):
            return self._accept("pagerduty", 0)
        return await self._acknowledge(
            settings, ContactMethodKind.PAGERDUTY, key, _name_from(event.get("agent"), "summary")
        )

    async def handle_opsgenie(self, request: web.Request) -> web.Response:
        """Opsgenie's webhooks: not signed, they carry the secret set in the integration's headers."""
        settings = self._configuration.refresh_secrets()
        secrets = secret_alternatives(settings.opsgenie_webhook_secret)
        if not secrets:
            return self._refuse(
                "opsgenie",
                401,
                "DOGWATCH_OPSGENIE_WEBHOOK_SECRET is not set. Set it to the secret in the integration's headers.",
            )
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if (
            scheme.casefold() != "bearer"
            or match_index(encode_header(token.strip()), map(encode_header, secrets)) is None
        ):
            return self._refuse("opsgenie", 401, "The secret is wrong. Send `Authorization: Bearer` and the secret.")
        body = await self._read_body(request)
        if isinstance(body, web.Response):
            return body
        event = _parse_object(body)
        alert = event.get("alert")
        if not isinstance(event.get("action"), str) or not isinstance(alert, dict):
            return self._refuse("opsgenie", 400, "This is not an event of Opsgenie's webhooks.")
        key = alert.get("alias")
        if event["action"] != "Acknowledge" or not isinstance(key, str):
            return self._accept("opsgenie", 0)
        return await self._acknowledge(settings, ContactMethodKind.OPSGENIE, key, _name_from(alert, "username"))

    async def _read_body(self, request: web.Request) -> bytes | web.Response:
        """The body of a webhook, or the refusal."""
        kind = request.path.rpartition("/")[2]
        try:
            return await read_body(request, MAX_EVENT_BYTES)
        except TooLarge:
            return self._refuse(kind, 413, f"The body is larger than {MAX_EVENT_BYTES // 1024} KiB.")
        except TooSlow:
            return self._refuse(kind, 408, "The body did not arrive in time.")
        except Unreadable:
            return self._refuse(kind, 400, "The body cannot be read.")

    async def _acknowledge(self, settings: Settings, kind: ContactMethodKind, key: str, name: str) -> web.Response:
        """
        Acknowledge what is open.

        A repeated or late event acknowledges nothing, which is no error.
        """
        try:
            answered = await self._database.run(acknowledge_by_service, settings, kind, key, name, self._clock.now())
        except DatabaseUnavailable:
            return self._refuse(kind, 503, "The database does not answer. Send it again.")
        return self._accept(kind, answered)

    def _accept(self, kind: str, answered: int) -> web.Response:
        metrics.REQUESTS.labels(f"paging/{kind}", "200").inc()
        return web.json_response({"ok": True, "answered": answered})

    def _refuse(self, kind: str, status: int, why: str) -> web.Response:
        metrics.REQUESTS.labels(f"paging/{kind}", str(status)).inc()
        log.warning("paging webhook refused", service=kind, status=status, why=why)
        return error_response(status, why)


def _read_answer(body: bytes) -> tuple[LinkAnswer, str]:
    """The pressed button and the typed name. Raises ValueError for any other body."""
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10))
    return LinkAnswer(fields.get(ANSWER, LinkAnswer.ACKNOWLEDGE)), fields.get(NAME, "")


def _is_for_program(request: web.Request) -> bool:
    """True for the button of a notification, which shows the response's status."""
    return request.headers.get("Accept", "") == "application/json"


def _render_page(
    status: int,
    view: PageLinkView | None = None,
    path: str = "",
    *,
    problem: str | None = None,
    name: str = "",
    name_problem: str = "",
) -> web.Response:
    values = {
        "found": view,
        "path": path,
        "problem": problem,
        "name": name,
        "name_problem": name_problem,
        "max_name": MAX_NAME,
    }
    text = render_template("web/acknowledge.html.j2", values)
    return web.Response(status=status, text=text, content_type="text/html", headers=FORM_HEADERS)


def _parse_object(body: bytes) -> dict[str, Any]:
    """Empty if the body is not a JSON object."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _name_from(value: object, key: str) -> str:
    """The person's name in the service; empty if absent."""
    name = value.get(key) if isinstance(value, dict) else None
    return to_one_line(name, MAX_NAME) if isinstance(name, str) else ""
