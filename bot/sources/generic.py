"""
Any other sender: one alert as a JSON object, or several in a list.

Format: `docs/alerts/reference.md`.

Field names of GitLab's alert endpoint (`start_time`, `end_time`, `hosts`, …) are accepted, too:
https://docs.gitlab.com/operations/incident_management/integrations/
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.alerts.events import AlertEvent, Batch, Credentials, bound_key, credible_times, group_key
from bot.domain.alerts.links import DASHBOARD, IMAGE, RUNBOOK, VALUE
from bot.domain.errors import did_you_mean
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, quote_value

NAME = "generic"

FIRING_WORDS = (
    *("firing", "alerting", "triggered", "open", "problem", "down", "failure", "warn", "warning", "no data"),
    *("re-triggered", "re-warn", "re-no data", "renotify", "acknowledged"),
    *("alert_failure", "alert_failure_remain", "alert_degraded", "alert_degraded_remain", "alert_failure_degraded"),
)
RESOLVED_WORDS = (
    "resolved",
    "ok",
    "closed",
    "recovered",
    "recovery",
    "up",
    "alert_recovery",
    "alert_degraded_recovery",
)
"""Words of Datadog ($ALERT_TRANSITION), Zabbix, Icinga, Checkly, healthchecks.io and PagerDuty."""
STATUS_WORDS = dict.fromkeys(FIRING_WORDS, AlertStatus.FIRING) | dict.fromkeys(RESOLVED_WORDS, AlertStatus.RESOLVED)
LABEL_FIELDS = {
    "service": "service",
    "severity": "severity",
    "monitoring_tool": "monitoring_tool",
    "gitlab_environment_name": "environment",
}
"""Fields beside `labels` that become labels, so that routes can match them."""


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """Bearer, or Basic with the token as its password. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The alerts of one request. Raises Malformed."""
    return parse_alerts(payload, received_at, source=NAME)


def parse_alerts(payload: object, received_at: datetime, *, source: str) -> Batch:
    """Alerts of the generic shape, which other sources share. Raises Malformed."""
    return Batch(source, tuple(parse_alert(each, received_at, source=source) for each in _alerts(payload)))


def _alerts(payload: object) -> Sequence[Fields]:
    if isinstance(payload, list):
        return [Fields.from_value(each, f"[{index}]") for index, each in enumerate(payload)]
    root = Fields.from_value(payload)
    if root.has("groupKey"):
        raise Malformed("groupKey", "This is Alertmanager's body. Send it to /alerts/alertmanager or /alerts/grafana.")
    return root.objects("alerts") if root.has("alerts") else [root]


def parse_alert(alert: Fields, received_at: datetime, *, source: str) -> AlertEvent:
    """One alert of the generic shape. Raises Malformed."""
    title = alert.required_text("title", "a short text that says what is wrong")
    labels = _labels(alert)
    group = alert.text("group")
    stated_start = _first_time(alert, "starts_at", "start_time")
    stated_end = _first_time(alert, "ends_at", "end_time")
    status = _status(alert, ended=stated_end is not None)
    starts_at, precision, ends_at = credible_times(stated_start, stated_end, status, now=received_at)
    return AlertEvent(
        source=source,
        fingerprint=_stated_fingerprint(alert) or _derived_fingerprint(title, labels, group),
        status=status,
        labels={**labels, **_hosts(alert)},
        annotations=_annotations(alert, title),
        starts_at=starts_at,
        starts_at_precision=precision,
        ends_at=ends_at,
        group=group_key(source, stated=group, service=labels.get("service"), name=labels.get("alertname", title)),
        occurrence=stated_start.isoformat() if stated_start else "",
        generator_url=alert.link("url"),
    )


def _annotations(alert: Fields, title: str) -> dict[str, str]:
    texts = {
        "summary": title,
        "description": alert.text("description"),
        RUNBOOK: alert.link(RUNBOOK),
        DASHBOARD: alert.link(DASHBOARD),
        IMAGE: alert.link(IMAGE),
        VALUE: alert.measured(VALUE),
    }
    return {name: text for name, text in texts.items() if text}


def _status(alert: Fields, *, ended: bool) -> AlertStatus:
    """By `status`, else by a `state` (New Relic), else by whether the alert has an end."""
    text = alert.text("status")
    if text is None:
        state = alert.values.get("state")
        if isinstance(state, str) and (status := STATUS_WORDS.get(state.strip().casefold())):
            return status
        return AlertStatus.RESOLVED if ended else AlertStatus.FIRING
    status = STATUS_WORDS.get(text.strip().casefold())
    if status is None:
        problem = (
            f'{quote_value(text)} is not a status.{did_you_mean(text, list(STATUS_WORDS))} Send "firing" or "resolved".'
        )
        raise Malformed(alert.at("status"), problem)
    return status


def _first_time(alert: Fields, *names: str) -> datetime | None:
    times = [alert.time(name) for name in names]
    return next((each for each in times if each is not None), None)


def _labels(alert: Fields) -> dict[str, str]:
    labels: dict[str, str] = {}
    if alert.has("labels"):
        inner = Fields.from_value(alert.values["labels"], alert.at("labels"))
        labels = {name: _scalar(value, inner.at(name)) for name, value in inner.values.items() if value is not None}
    for field, label in LABEL_FIELDS.items():
        if text := alert.text(field):
            labels[label] = text
    return labels


def _scalar(value: object, field: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise Malformed(field, f"{quote_value(value)} is not a text.")


def _hosts(alert: Fields) -> dict[str, str]:
    """
    GitLab's `hosts`, a text or a list.

    Not in the fingerprint: they change while the alert fires.
    """
    value = alert.values.get("hosts")
    if value is None:
        return {}
    hosts = value if isinstance(value, list) else [value]
    return {"hosts": ", ".join(_scalar(each, alert.at("hosts")) for each in hosts)}


def _stated_fingerprint(alert: Fields) -> str | None:
    """The sender's own: a text, a number, or a list of them as GitLab accepts."""
    for name in ("fingerprint", "id"):
        value = alert.values.get(name)
        parts = value if isinstance(value, list) else [] if value is None else [value]
        if text := "/".join(_scalar(each, alert.at(name)) for each in parts):
            return bound_key(text)
    return None


def _derived_fingerprint(title: str, labels: Mapping[str, str], group: str | None) -> str:
    """Hash of what stays the same between firing and resolved: no times, status or description."""
    stable = json.dumps([title, sorted(labels.items()), group])
    return hashlib.sha256(stable.encode()).hexdigest()[:32]
