"""
Google Cloud Monitoring's webhook notification channel, version 1.

https://cloud.google.com/monitoring/support/notification-options#webhooks
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, quote_value
from bot.sources.report import Report

NAME = "gcp-monitoring"
STATES = {"open": AlertStatus.FIRING, "closed": AlertStatus.RESOLVED}
TEST = "test"
NO_SEVERITY = "no severity"


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """Basic, or the token in the address. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The incident of one notification. Raises Malformed."""
    root = Fields.from_value(payload)
    version = root.required_text("version", "1.2, as Google Cloud does")
    if version != TEST and not version.startswith("1."):
        raise Malformed("version", f"{quote_value(version)} is not known. Dogwatch reads versions 1.0 to 1.2.")
    incident = root.inner("incident")
    policy = incident.required_text("policy_name", "the name of the alerting policy")
    resource, severity = incident.part("resource"), incident.detail("severity") or ""
    user_labels, resource_labels = incident.details("policy_user_labels"), resource.details("labels")
    report = Report(
        source=NAME,
        fingerprint=incident.identity("incident_id", "the incident's id"),
        status=incident.choice("state", STATES),
        title=incident.detail("summary") or policy,
        started_at=incident.unix_time("started_at"),
        ended_at=incident.unix_time("ended_at"),
        stated_at=incident.unix_time("started_at"),
        rule=policy,
        service=user_labels.get("service") or resource_labels.get("service_name"),
        severity=None if severity.casefold() == NO_SEVERITY else severity,
        labels={
            **resource_labels,
            **incident.part("metric").details("labels"),
            **user_labels,
            "condition": incident.detail("condition_name"),
            "project": incident.detail("scoping_project_id"),
        },
        description=incident.part("documentation").detail("content") or incident.detail("documentation"),
        runbook=_runbook(incident),
        value=incident.detail("observed_value"),
        url=incident.detail_link("url"),
        is_test=version == TEST,
    )
    return Batch(NAME, (report.as_event(received_at),))


def _runbook(incident: Fields) -> str | None:
    links = (each.detail_link("url") for each in incident.part("documentation").parts("links"))
    return next((link for link in links if link), None)
