"""
Better Stack's incident webhooks.

https://betterstack.com/docs/uptime/webhooks/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.report import Report

NAME = "better-stack"
EVENTS = {
    "started": AlertStatus.FIRING,
    "acknowledged": AlertStatus.FIRING,
    "reopened": AlertStatus.FIRING,
    "resolved": AlertStatus.RESOLVED,
}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The token in the address, or Basic. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The incident of one webhook. Raises Malformed."""
    root = Fields.from_value(payload)
    data = root.inner("data")
    kind = data.detail("type") or "incident"
    if kind != "incident":
        return Batch(NAME, (), note=f"Ignored: this is about a {kind}, not an incident.")
    status = root.choice("event", EVENTS)
    is_reopened = root.text("event") == "reopened"
    attributes = data.inner("attributes")
    name = attributes.required_text("name", "the monitor's name")
    cause = attributes.detail("cause")
    report = Report(
        source=NAME,
        fingerprint=data.identity("id", "the incident's id"),
        status=status,
        title=f"{name}: {cause}" if cause else name,
        started_at=attributes.time("started_at"),
        ended_at=attributes.time("resolved_at"),
        stated_at=None if is_reopened else attributes.time("started_at"),
        rule=name,
        labels={"monitor": data.part("relationships").part("monitor").part("data").detail("id")},
        url=attributes.detail_link("url"),
        images=attributes.detail_links("screenshot_url"),
    )
    return Batch(NAME, (report.as_event(received_at),))
