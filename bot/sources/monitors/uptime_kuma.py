"""
Uptime Kuma's webhook, as JSON or as form data.

https://github.com/louislam/uptime-kuma/wiki/Notification-Methods
"""

import re
from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token, get_header
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, decode, quote_value
from bot.sources.mail.form import read_form
from bot.sources.report import Report, derive_fingerprint
from bot.sources.request import AlertRequest

NAME = "uptime-kuma"
STATUSES = {0: AlertStatus.FIRING, 1: AlertStatus.RESOLVED, 2: None, 3: None}
"""Down and up; pending and maintenance change nothing."""
_TEST = re.compile(r".* Testing", re.DOTALL)
_DAYS = re.compile(r"in -?\d+ days?")


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The token in an additional header. Raises Unauthorized."""
    return check_token(headers, credentials)


def read(request: AlertRequest) -> object:
    """The JSON body, or the JSON in the field `data` of a form. Raises Malformed."""
    content_type = get_header(request.headers, "Content-Type") or ""
    if not content_type.casefold().startswith("multipart/form-data"):
        return decode(request.body)
    text = read_form(request).get("data")
    if text is None:
        raise Malformed("data", "This is missing. Send the JSON in a form field of this name.")
    return decode(text.encode("utf-8", "surrogatepass"))


def parse(payload: object, received_at: datetime) -> Batch:
    """The monitor of one notification. Raises Malformed."""
    root = Fields.from_value(payload)
    if not root.has("heartbeat"):
        return _message_without_heartbeat(root, received_at)
    heartbeat, monitor = root.inner("heartbeat"), root.inner("monitor")
    status = _status(heartbeat)
    if status is None:
        return Batch(NAME, (), note="Ignored: the monitor is pending or in maintenance.")
    name, beat_at = monitor.required_text("name", "the monitor's name"), _time(heartbeat)
    cause = heartbeat.detail("msg")
    is_firing = status is AlertStatus.FIRING
    report = Report(
        source=NAME,
        fingerprint=monitor.identity("id", "the monitor's id"),
        status=status,
        title=f"{name}: {cause}" if cause else name,
        started_at=beat_at if is_firing and heartbeat.values.get("important") is not False else None,
        ended_at=None if is_firing else beat_at,
        stated_at=beat_at,
        rule=name,
        labels=_tags(monitor) | {"type": monitor.detail("type")},
        description=monitor.detail("description"),
        url=monitor.detail_link("url"),
    )
    return Batch(NAME, (report.as_event(received_at),))


def _status(heartbeat: Fields) -> AlertStatus | None:
    value = heartbeat.values.get("status")
    if isinstance(value, bool) or not isinstance(value, int) or value not in STATUSES:
        raise Malformed(heartbeat.at("status"), f"{quote_value(value)} is not a status. Send 0 to 3.")
    return STATUSES[value]


def _time(heartbeat: Fields) -> datetime | None:
    """UTC, without a zone."""
    has_zone = re.search(r"Z|[+-]\d\d:?\d\d$", heartbeat.text("time") or "") is not None
    return heartbeat.time("time", zone="" if has_zone else "Z")


def _tags(monitor: Fields) -> dict[str, str | None]:
    return {name: each.detail("value") for each in monitor.parts("tags") if (name := each.detail("name"))}


def _message_without_heartbeat(root: Fields, received_at: datetime) -> Batch:
    """The Test button, or a warning of a certificate or domain: only the text tells them apart."""
    text = root.required_text("msg", "the notification's text")
    if _TEST.fullmatch(text.strip()):
        return Batch(NAME, (), note="Test received.")
    fingerprint = derive_fingerprint(_DAYS.sub("", text))
    report = Report(source=NAME, fingerprint=fingerprint, status=AlertStatus.FIRING, title=text, rule="Expiry")
    return Batch(NAME, (report.as_event(received_at),))
