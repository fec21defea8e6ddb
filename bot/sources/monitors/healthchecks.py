"""
healthchecks.io: the body of the guide, in a webhook integration for down and for up.

https://healthchecks.io/docs/configuring_notifications/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.report import Report

NAME = "healthchecks"
STATUSES = {"down": AlertStatus.FIRING, "up": AlertStatus.RESOLVED}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The token in a request header. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The check of one notification. Raises Malformed."""
    root = Fields.from_value(payload)
    status = root.choice("status", STATUSES)
    name = root.required_text("name", "`$NAME_JSON`, without quotation marks around it")
    noticed_at = root.time("now")
    check = root.part("check")
    is_firing = status is AlertStatus.FIRING
    report = Report(
        source=NAME,
        fingerprint=root.identity("code", "`$CODE`"),
        status=status,
        title=f"{name} is down" if is_firing else name,
        started_at=noticed_at if is_firing else None,
        ended_at=None if is_firing else noticed_at,
        stated_at=noticed_at,
        rule=name,
        labels={"tags": check.detail("tags"), "exitstatus": root.detail("exitstatus")},
        description=check.detail("desc"),
    )
    return Batch(NAME, (report.as_event(received_at),))
