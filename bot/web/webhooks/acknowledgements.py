"""
Answers from outside Slack: `/ack/…`, the link in a page, and the webhooks of PagerDuty and Opsgenie.

A link that is only opened changes nothing: programs that look through mail open links, too. Only the button on its page
acknowledges, by a POST.
"""

import json
from typing import Any

from aiohttp import web
from structlog import get_logger

from bot.config import Settings
from bot.config.reloading import Configuration
from bot.config.settings import values_of
from bot.crypto.signed_links import page_to_acknowledge
from bot.domain.errors import UserError
from bot.domain.paging.channels import Kind
from bot.domain.text.normalize import one_line
from bot.runtime import metrics
from bot.runtime.clock import Clock
from bot.services.escalation import external_responses as outside
from bot.services.escalation.external_responses import Answerable
from bot.sources.signature import hex_signature, matching
from bot.store.database.session import Database, DatabaseUnavailable
from bot.templating.render import render_template
from bot.web.body_limits import AWAY, LARGEST_FORM, TooLarge, TooSlow, Unreadable, read_body, refusal
from bot.web.headers import WITH_A_FORM

log = get_logger(__name__)

LARGEST_EVENT = 512 * 1024
"""Bytes of a webhook. Both services send a few thousand."""
NO_LINK = "This link is not right, or it is more than a day old. The incident's channel in Slack has the buttons."
LONGEST_NAME = 80
ANSWERED = frozenset({"incident.acknowledged"})


class Answers:
    """The routes. Links run out by the record's clock, as they are dated by it."""

    def __init__(self, database: Database, configuration: Configuration, clock: Clock) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/ack/{token}", self.show),
            web.post("/ack/{token}", self.press),
            web.post("/paging/pagerduty", self.pagerduty),
            web.post("/paging/opsgenie", self.opsgenie),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """What it is about, and a button as long as somebody is needed."""
        settings = self._configuration.current
        page_id = page_to_acknowledge(settings, request.match_info["token"], self._clock.now())
        if page_id is None:
            return _page(404, problem=NO_LINK)
        try:
            found = await self._database.read(outside.look, settings, page_id)
        except DatabaseUnavailable:
            return _page(503, problem=AWAY)
        return _page(404, problem=NO_LINK) if found is None else _page(200, found, request.path)

    async def press(self, request: web.Request) -> web.Response:
        """The button. Back to the page, which says who has it."""
        settings = self._configuration.current
        page_id = page_to_acknowledge(settings, request.match_info["token"], self._clock.now())
        if page_id is None:
            return _page(404, problem=NO_LINK)
        try:
            await read_body(request, LARGEST_FORM)
        except (TooLarge, TooSlow, Unreadable):
            return _page(400, problem="The form cannot be read. Open the link anew.")
        try:
            await self._database.run(outside.by_link, settings, page_id, self._clock.now())
        except DatabaseUnavailable:
            return _page(503, problem=AWAY)
        except UserError as problem:
            log.info("a link in a page answered nothing", why=problem.message)
        return web.Response(status=303, headers={"Location": request.path})

    async def pagerduty(self, request: web.Request) -> web.Response:
        """PagerDuty's webhooks, version 3: signed over the bytes of the body, perhaps with several secrets."""
        settings = self._configuration.with_secrets()
        secrets = values_of(settings.pagerduty_webhook_secret)
        if not secrets:
            return self._refused("pagerduty", 401, "DOGWATCH_PAGERDUTY_WEBHOOK_SECRET is not set.")
        body = await self._body(request)
        if isinstance(body, web.Response):
            return body
        sent = [each.strip() for each in request.headers.get("X-PagerDuty-Signature", "").split(",")]
        right = [b"v1=" + hex_signature(secret, body) for secret in secrets]
        if not any(matching(_bytes(each), right) is not None for each in sent):
            return self._refused("pagerduty", 401, "The signature does not fit the body.")
        event = _object(body).get("event")
        if not isinstance(event, dict) or not isinstance(event.get("event_type"), str):
            return self._refused("pagerduty", 400, "This is no event of PagerDuty's webhooks, version 3.")
        data = event.get("data")
        key = data.get("incident_key") if isinstance(data, dict) else None
        if event["event_type"] not in ANSWERED or not isinstance(key, str):
            return self._taken("pagerduty", 0)
        return await self._answer(settings, Kind.PAGERDUTY, key, _name_in(event.get("agent"), "summary"))

    async def opsgenie(self, request: web.Request) -> web.Response:
        """Opsgenie's webhooks are not signed: they show the secret that was typed into the integration's headers."""
        settings = self._configuration.with_secrets()
        secrets = values_of(settings.opsgenie_webhook_secret)
        if not secrets:
            return self._refused("opsgenie", 401, "DOGWATCH_OPSGENIE_WEBHOOK_SECRET is not set.")
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or matching(_bytes(shown.strip()), map(_bytes, secrets)) is None:
            return self._refused("opsgenie", 401, "Send `Authorization: Bearer` and the secret.")
        body = await self._body(request)
        if isinstance(body, web.Response):
            return body
        told = _object(body)
        alert = told.get("alert")
        if not isinstance(told.get("action"), str) or not isinstance(alert, dict):
            return self._refused("opsgenie", 400, "This is no event of Opsgenie's webhooks.")
        key = alert.get("alias")
        if told["action"] != "Acknowledge" or not isinstance(key, str):
            return self._taken("opsgenie", 0)
        return await self._answer(settings, Kind.OPSGENIE, key, _name_in(alert, "username"))

    async def _body(self, request: web.Request) -> bytes | web.Response:
        """The bytes of a webhook, or why they are not taken."""
        kind = request.path.rpartition("/")[2]
        try:
            return await read_body(request, LARGEST_EVENT)
        except TooLarge:
            return self._refused(kind, 413, f"It is over {LARGEST_EVENT // 1024} KiB.")
        except TooSlow:
            return self._refused(kind, 408, "It did not arrive in time.")
        except Unreadable:
            return self._refused(kind, 400, "It cannot be read.")

    async def _answer(self, settings: Settings, kind: Kind, key: str, name: str) -> web.Response:
        """Told twice, or after somebody else, it answers nothing, and that is no mistake."""
        try:
            answered = await self._database.run(outside.by_service, settings, kind, key, name, self._clock.now())
        except DatabaseUnavailable:
            return self._refused(kind, 503, "The database does not answer. Send it again.")
        return self._taken(kind, answered)

    def _taken(self, kind: str, answered: int) -> web.Response:
        metrics.REQUESTS.labels(f"paging/{kind}", "200").inc()
        return web.json_response({"ok": True, "answered": answered})

    def _refused(self, kind: str, status: int, why: str) -> web.Response:
        metrics.REQUESTS.labels(f"paging/{kind}", str(status)).inc()
        log.warning("a paging service's webhook was refused", service=kind, status=status, why=why)
        return refusal(status, why)


def _page(status: int, found: Answerable | None = None, path: str = "", *, problem: str | None = None) -> web.Response:
    values = {"found": found, "path": path, "problem": problem}
    text = render_template("web/acknowledge.html.j2", values)
    return web.Response(status=status, text=text, content_type="text/html", headers=WITH_A_FORM)


def _bytes(text: str) -> bytes:
    # What is no UTF-8 in a header arrives as lone surrogates: it has to compare, not to raise.
    return text.encode("utf-8", "surrogatepass")


def _object(body: bytes) -> dict[str, Any]:
    """Empty for what is no JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _name_in(value: object, key: str) -> str:
    """Who it was, as the service calls them; empty where it does not say."""
    name = value.get(key) if isinstance(value, dict) else None
    return one_line(name, LONGEST_NAME) if isinstance(name, str) else ""
