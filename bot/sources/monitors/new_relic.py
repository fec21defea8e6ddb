"""
New Relic's workflows: the default payload of a webhook destination.

https://docs.newrelic.com/docs/alerts/get-notified/notification-integrations/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.report import Report

NAME = "new-relic"
STATES = {
    "created": AlertStatus.FIRING,
    "activated": AlertStatus.FIRING,
    "acknowledged": AlertStatus.FIRING,
    "closed": AlertStatus.RESOLVED,
}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """Bearer or Basic. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The issue of one notification. Raises Malformed."""
    root = Fields.from_value(payload)
    status = root.choice("state", STATES)
    updated_at = root.unix_time("updatedAt", per_second=1000)
    ended_at = root.unix_time("closedAt", per_second=1000) or updated_at
    report = Report(
        source=NAME,
        fingerprint=root.identity("id", "the issue's id"),
        status=status,
        title=root.required_text("title", "the issue's title"),
        started_at=root.unix_time("createdAt", per_second=1000),
        ended_at=ended_at if status is AlertStatus.RESOLVED else None,
        stated_at=updated_at,
        rule=_first(root, "alertConditionNames"),
        service=_first(root, "impactedEntities"),
        severity=root.detail("priority"),
        labels={"policy": _first(root, "alertPolicyNames"), "workflow": root.detail("workflowName")},
        url=root.detail_link("issueUrl"),
        images=root.detail_links("violationChartUrl"),
    )
    return Batch(NAME, (report.as_event(received_at),))


def _first(root: Fields, name: str) -> str | None:
    value = root.values.get(name)
    return Fields({name: value[0]}).detail(name) if isinstance(value, list) and value else None
