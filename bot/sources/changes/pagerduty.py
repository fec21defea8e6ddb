"""
PagerDuty's change events, as a receiver.

https://developer.pagerduty.com/docs/send-change-event
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Credentials
from bot.domain.changes.events import ChangeBatch, ChangeEvent, ChangeKind, ChangeStatus
from bot.sources.authentication import Unauthorized
from bot.sources.json_fields import Fields
from bot.sources.receivers.pagerduty_events import check_routing_key, read_routing_key
from bot.sources.report import derive_fingerprint

NAME = "pagerduty"


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The routing key is a token. Raises Unauthorized."""
    key = read_routing_key(body)
    if key is None:
        raise Unauthorized("The body has no routing_key. Send the token as routing_key.")
    return check_routing_key(key, credentials)


def parse(payload: object, headers: Mapping[str, str], received_at: datetime) -> ChangeBatch:  # noqa: ARG001  the signature of `Parse`
    """The change of one event. Raises Malformed."""
    root = Fields.from_value(payload)
    change = root.inner("payload")
    title = change.required_text("summary", "a short text that says what changed")
    at = change.time("timestamp") or received_at.replace(second=0, microsecond=0)
    details, machine = change.details("custom_details"), change.detail("source")
    links = [link for each in root.parts("links") if (link := each.detail_link("href"))]
    event = ChangeEvent(
        source=NAME,
        key=derive_fingerprint(title, machine or "", at.isoformat()),
        kind=ChangeKind.OTHER,
        title=title,
        services=tuple(filter(None, (details.get("service"), machine))),
        status=ChangeStatus.SUCCEEDED,
        finished_at=at,
        environment=details.get("environment", ""),
        version=details.get("version", ""),
        author=details.get("author") or details.get("user", ""),
        link=next(iter(links), None),
    )
    return ChangeBatch(NAME, (event,))
