"""
Opsgenie: its webhooks, and its alert API for tools that would page Opsgenie.

https://support.atlassian.com/opsgenie/docs/integrate-opsgenie-with-webhook/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.receivers.opsgenie_api import CALL, answer_call, parse_call, read_call
from bot.sources.report import Report
from bot.sources.request import AlertRequest, Answer, read_json

NAME = "opsgenie"
ACTIONS = {
    "create": AlertStatus.FIRING,
    "acknowledge": AlertStatus.FIRING,
    "unacknowledge": AlertStatus.FIRING,
    "close": AlertStatus.RESOLVED,
    "delete": AlertStatus.RESOLVED,
}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """Bearer, Basic, or the key of an API integration (`GenieKey`). Raises Unauthorized."""
    return check_token(headers, credentials, scheme_name="geniekey")


def read(request: AlertRequest) -> object:
    """The body of a webhook, or a call of the API. Raises Malformed."""
    return read_call(request) if request.path else read_json(request)


def parse(payload: object, received_at: datetime) -> Batch:
    """The alert of one webhook or call. Raises Malformed."""
    root = Fields.from_value(payload)
    if root.has(CALL) or (root.has("message") and not root.has("alert")):
        return parse_call(root, received_at, source=NAME)
    alert, action = root.inner("alert"), root.required_text("action", "the action of the webhook").strip()
    status = ACTIONS.get(action.casefold())
    if status is None:
        return Batch(NAME, (), note=f"Ignored: {action} does not change the alert's state.")
    details, updated_at = alert.details("details"), alert.unix_time("updatedAt", per_second=1_000_000_000)
    alert_id = alert.identity("alertId", "the id of the alert")
    report = Report(
        source=NAME,
        fingerprint=alert_id,
        status=status,
        title=alert.required_text("message", "the message of the alert"),
        started_at=alert.unix_time("createdAt", per_second=1000),
        ended_at=updated_at if status is AlertStatus.RESOLVED else None,
        stated_at=updated_at,
        service=details.pop("service", None) or alert.detail("entity"),
        severity=alert.detail("priority"),
        labels={**details, "alias": alert.detail("alias"), "origin": alert.detail("source")},
        description=alert.detail("description"),
    )
    return Batch(NAME, (report.as_event(received_at),))


def answer(batch: Batch, payload: object) -> Answer | None:
    """Opsgenie's own answer to a call; None for a webhook."""
    root = Fields.from_value(payload)
    return None if root.has("alert") else answer_call(batch)
