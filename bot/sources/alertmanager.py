"""
Prometheus Alertmanager's webhook, version 4. Unknown keys are ignored.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import AlertEvent, Batch, Credentials, bound_key, credible_times, group_key
from bot.domain.alerts.links import DASHBOARD, IMAGE, PANEL, VALUE
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, quote_value

NAME = "alertmanager"


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """Bearer or Basic: Alertmanager signs nothing. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The alerts of one notification. Raises Malformed."""
    return parse_notification(Fields.from_value(payload), received_at, source=NAME)


def parse_notification(root: Fields, received_at: datetime, *, source: str, is_test: bool = False) -> Batch:
    """Parse a notification of Alertmanager's shape, which Grafana shares."""
    group = root.text("groupKey")
    events = tuple(_event(each, group, received_at, source, is_test) for each in root.objects("alerts"))
    return Batch(source, events, root.count("truncatedAlerts"), root.text("receiver"))


def _event(alert: Fields, group: str | None, received_at: datetime, source: str, is_test: bool) -> AlertEvent:
    labels = alert.texts("labels")
    status = _status(alert)
    stated_start = alert.time("startsAt")
    starts_at, precision, ends_at = credible_times(stated_start, alert.time("endsAt"), status, now=received_at)
    event_name = labels.get("alertname", "")
    return AlertEvent(
        source=source,
        fingerprint=bound_key(alert.text("fingerprint") or compute_fingerprint(labels)),
        status=status,
        labels=labels,
        annotations=_annotations(alert),
        starts_at=starts_at,
        starts_at_precision=precision,
        ends_at=ends_at,
        group=group_key(source, stated=group, service=labels.get("service"), name=event_name),
        occurrence=stated_start.isoformat() if stated_start else "",
        generator_url=alert.link("generatorURL", "panelURL", "dashboardURL"),
        is_test=is_test,
    )


def _annotations(alert: Fields) -> dict[str, str]:
    """The annotations, and Grafana's links and values as more of them; the rule's go before."""
    fields = {
        DASHBOARD: alert.link("dashboardURL"),
        PANEL: alert.link("panelURL"),
        IMAGE: alert.link("imageURL"),
        VALUE: alert.measured("values"),
    }
    return {name: text for name, text in fields.items() if text} | alert.texts("annotations")


def _status(alert: Fields) -> AlertStatus:
    text = alert.required_text("status", 'either "firing" or "resolved"')
    if text not in set(AlertStatus):
        raise Malformed(alert.at("status"), f'{quote_value(text)} is not a status. Send "firing" or "resolved".')
    return AlertStatus(text)


def compute_fingerprint(labels: Mapping[str, str]) -> str:
    """Alertmanager's fingerprint: 64-bit FNV-1a of sorted names and values, each ended by 0xFF."""
    value = 0xCBF29CE484222325
    for name in sorted(labels):
        for byte in b"\xff".join(part.encode("utf-8", "surrogatepass") for part in (name, labels[name], "")):
            value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"
