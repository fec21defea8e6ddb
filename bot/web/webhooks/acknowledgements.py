"""Acknowledgements in PagerDuty and Opsgenie, by their webhooks."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from structlog import get_logger

from bot.config import Settings
from bot.config.environment_settings import secret_alternatives
from bot.config.reloading import Configuration
from bot.domain.paging.contact_methods import ContactMethodKind
from bot.domain.text.normalize import to_one_line
from bot.runtime import metrics
from bot.runtime.clock import Clock
from bot.services.escalation.responses.external import acknowledge_by_service
from bot.services.escalation.responses.page_link import MAX_NAME
from bot.sources.authentication import encode_header, hex_signature, match_index
from bot.store.database.session import Database, DatabaseUnavailable
from bot.web.admission import LimitExceeded
from bot.web.body_limits import TooLarge, TooSlow, Unreadable, error_response, read_body
from bot.web.unproven import read_unproven_body

log = get_logger(__name__)

MAX_EVENT_BYTES = 512 * 1024
"""Both services send a few thousand bytes."""
BodyReader = Callable[[web.Request, int], Awaitable[bytes]]
ACKNOWLEDGED_EVENTS = frozenset({"incident.acknowledged"})


class PagingWebhooks:
    """`/paging/pagerduty` and `/paging/opsgenie`."""

    def __init__(self, database: Database, configuration: Configuration, clock: Clock) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/paging/pagerduty", self.handle_pagerduty),
            web.post("/paging/opsgenie", self.handle_opsgenie),
        ]

    async def handle_pagerduty(self, request: web.Request) -> web.Response:
        """PagerDuty's webhooks, version 3: the body is signed, perhaps with several secrets."""
        settings = self._configuration.refresh_secrets()
        secrets = secret_alternatives(settings.pagerduty_webhook_secret)
        if not secrets:
            return self._refuse(
                "pagerduty", 401, "DOGWATCH_PAGERDUTY_WEBHOOK_SECRET is not set. Set it to the webhook's secret."
            )
        body = await self._read_body(request, read_unproven_body)
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
        body = await self._read_body(request, read_body)
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

    async def _read_body(self, request: web.Request, read: BodyReader) -> bytes | web.Response:
        """The body of a webhook, or the refusal."""
        kind = request.path.rpartition("/")[2]
        try:
            return await read(request, MAX_EVENT_BYTES)
        except LimitExceeded as problem:
            return self._refuse(kind, 503, str(problem))
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
