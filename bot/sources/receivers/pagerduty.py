"""
PagerDuty: its webhooks (version 3), and its Events API (version 2) as a receiver.

https://developer.pagerduty.com/docs/webhooks-overview
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import AlertEvent, Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_body_signature, get_header
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed
from bot.sources.receivers.pagerduty_events import answer_event, check_routing_key, parse_event, read_routing_key
from bot.sources.report import Report
from bot.sources.request import Answer

NAME = "pagerduty"
SIGNATURE_HEADER = "X-PagerDuty-Signature"
MAX_BYTES = 512 * 1024
"""An event of PagerDuty's has up to 512 KB, a webhook less."""
INCIDENT_TYPES = frozenset({"incident", "incident_reference"})
STATUSES = {"triggered": AlertStatus.FIRING, "acknowledged": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The signature of a webhook, or the routing key of an event. Raises Unauthorized."""
    if get_header(headers, SIGNATURE_HEADER) is None and (key := read_routing_key(body)) is not None:
        return check_routing_key(key, credentials)
    return check_body_signature(headers, body, credentials, header=SIGNATURE_HEADER, prefix="v1=")


def parse(payload: object, received_at: datetime) -> Batch:
    """The incident of one webhook, or the alert of one event. Raises Malformed."""
    root = Fields.from_value(payload)
    if root.has("routing_key") or root.has("event_action"):
        return parse_event(root, received_at, source=NAME)
    if root.has("service_key"):
        raise Malformed("service_key", "This is PagerDuty's Events API version 1. Set the sender to version 2.")
    if root.has("messages"):
        raise Malformed("messages", "This is PagerDuty's webhook version 2. Create a webhook of version 3.")
    event = root.inner("event")
    event_type = event.required_text("event_type", "the type of the event")
    data = event.inner("data")
    if data.detail("type") not in INCIDENT_TYPES:
        return Batch(NAME, (), note=f"Ignored: {event_type} changes no incident.")
    return Batch(NAME, (_incident(event, event_type, data, received_at),))


def answer(batch: Batch, payload: object) -> Answer | None:
    """PagerDuty's own answer to an event; None for a webhook."""
    root = Fields.from_value(payload)
    return answer_event(batch) if root.has("routing_key") else None


def _incident(event: Fields, event_type: str, data: Fields, received_at: datetime) -> AlertEvent:
    status = data.choice("status", STATUSES)
    occurred_at = event.time("occurred_at")
    started_at = data.time("created_at") or (occurred_at if event_type == "incident.triggered" else None)
    report = Report(
        source=NAME,
        fingerprint=data.identity("id", "the incident's id"),
        status=status,
        title=data.required_text("title", "the incident's title"),
        started_at=started_at,
        ended_at=occurred_at if status is AlertStatus.RESOLVED else None,
        stated_at=occurred_at,
        service=data.part("service").detail("summary"),
        severity=data.part("priority").detail("summary") or data.detail("urgency"),
        labels={
            "incident_key": data.detail("incident_key"),
            "policy": data.part("escalation_policy").detail("summary"),
        },
        url=data.detail_link("html_url"),
    )
    return report.as_event(received_at)
