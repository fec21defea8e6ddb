"""
Checkly's webhook alert channel, with its default body or the one of the guide.

https://www.checklyhq.com/docs/integrations/alerts/webhooks/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_body_signature
from bot.sources.json_fields import Fields
from bot.sources.report import Report

NAME = "checkly"
SIGNATURE_HEADER = "x-checkly-signature"
STARTING = ("alert_failure", "alert_degraded", "alert_ssl")
"""Types whose time is the start of the outage; that of a reminder is the latest run's."""
ALERT_TYPES = {
    **dict.fromkeys(STARTING, AlertStatus.FIRING),
    "alert_failure_remain": AlertStatus.FIRING,
    "alert_failure_degraded": AlertStatus.FIRING,
    "alert_degraded_remain": AlertStatus.FIRING,
    "alert_degraded_failure": AlertStatus.FIRING,
    "alert_recovery": AlertStatus.RESOLVED,
    "alert_degraded_recovery": AlertStatus.RESOLVED,
    "no_alert": None,
}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The signature over the body if a secret is set, else the token. Raises Unauthorized."""
    return check_body_signature(headers, body, credentials, header=SIGNATURE_HEADER)


def parse(payload: object, received_at: datetime) -> Batch:
    """The check of one alert. Raises Malformed."""
    root = Fields.from_value(payload)
    alert_type = root.required_text("alert_type", "`{{ALERT_TYPE}}`").strip().casefold()
    status = root.choice("alert_type", ALERT_TYPES)
    if status is None:
        return Batch(NAME, (), note="Ignored: this run of the check changes nothing.")
    name = root.required_text("check_name", "`{{CHECK_NAME}}`")
    ran_at = root.time("started_at")
    error = root.detail("check_error_message")
    report = Report(
        source=NAME,
        fingerprint=root.identity("check_id", "`{{CHECK_ID}}`"),
        status=status,
        title=f"{name}: {error}" if error else name,
        started_at=ran_at if alert_type in STARTING else None,
        ended_at=ran_at if status is AlertStatus.RESOLVED else None,
        stated_at=ran_at,
        rule=name,
        labels={
            "check_group": root.detail("group_name"),
            "location": root.detail("run_location"),
            "tags": root.detail("tags"),
        },
        value=root.detail("api_check_response_status_code"),
        url=root.detail_link("link"),
    )
    return Batch(NAME, (report.as_event(received_at),))
