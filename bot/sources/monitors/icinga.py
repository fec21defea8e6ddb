"""
Icinga and Nagios: the body of the guide's notification script.

https://icinga.com/docs/icinga-2/latest/doc/03-monitoring-basics/#notifications
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.report import Report

NAME = "icinga"
TYPES = {"problem": AlertStatus.FIRING, "acknowledgement": AlertStatus.FIRING, "recovery": AlertStatus.RESOLVED}
QUIET_TYPES = frozenset(
    {
        *("custom", "downtimestart", "downtimeend", "downtimeremoved", "downtimecancelled"),
        *("flappingstart", "flappingend", "flappingstop", "flappingdisabled"),
    }
)


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The token that the script sends. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The host or service of one notification. Raises Malformed."""
    root = Fields.from_value(payload)
    kind = root.required_text("notification_type", "$notification.type$").strip().casefold()
    if kind in QUIET_TYPES:
        return Batch(NAME, (), note=f"Ignored: {kind} changes no state.")
    status = root.choice("notification_type", TYPES)
    host = root.required_text("host_name", "$host.name$")
    service = root.detail("service_name")
    display = root.detail("service_display_name") or service
    host_display = root.detail("host_display_name") or host
    sent_at = root.unix_time("timestamp") or root.time("long_date_time")
    report = Report(
        source=NAME,
        fingerprint=f"{host}!{service}" if service else host,
        status=status,
        title=f"{display} on {host_display}" if display else host_display,
        started_at=sent_at if kind == "problem" else None,
        ended_at=sent_at if status is AlertStatus.RESOLVED else None,
        stated_at=sent_at,
        rule=display or "host",
        severity=_severity(root) if status is AlertStatus.FIRING else None,
        labels={"host": host, "address": root.detail("host_address")},
        description=root.detail("service_output", "host_output"),
        url=root.detail_link("url"),
        group=f"{host}!{service}" if service else host,
        is_start_constant=False,
    )
    return Batch(NAME, (report.as_event(received_at),))


def _severity(root: Fields) -> str | None:
    state = root.detail("service_state", "host_state")
    return state.casefold() if state else None
