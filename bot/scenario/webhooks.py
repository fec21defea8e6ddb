"""Webhooks that a monitor would send. Formats: `docs/alerts/reference.md`, `bot.sources`."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain.terms import AlertStatus
from bot.scenario.model import Alert, DeliveredChange

NEVER = "0001-01-01T00:00:00Z"
"""The end of an alert that goes on, for Alertmanager and Grafana."""


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return the alert's identity, the same for the same labels."""
    return hashlib.sha256(json.dumps(sorted(labels.items())).encode()).hexdigest()[:16]


def build_notification(alert: Alert, *, starts_at: datetime, ends_at: datetime | None, run: str = "") -> dict[str, Any]:
    """
    Build the body that `alert.source` posts for this alert alone.

    `run` names one replay of a scenario. Each run has its own alert groups, and so its own incident.
    """
    return FORMATS[alert.source](alert, _format_iso(starts_at), _format_iso(ends_at) if ends_at else None, run)


def build_change(change: DeliveredChange, at: datetime) -> dict[str, Any]:
    """Build the body of `POST /changes/generic`."""
    ends = change.status != "started"
    fields = {
        "title": change.title,
        "services": list(change.services),
        "id": change.name,
        "kind": change.change_kind,
        "status": change.status,
        "finished_at" if ends else "started_at": _format_iso(at),
        "version": change.version,
        "environment": change.environment,
        "author": change.author,
        "url": change.url,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _format_iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _alertmanager(alert: Alert, starts_at: str, ends_at: str | None, run: str) -> dict[str, Any]:
    labels = dict(alert.labels)
    grouped = {name: labels[name] for name in ("alertname", "service") if name in labels}
    by = ", ".join(f'{name}="{value}"' for name, value in grouped.items())
    return {
        "receiver": "dogwatch",
        "status": alert.status.value,
        "alerts": [
            {
                "status": alert.status.value,
                "labels": labels,
                "annotations": dict(alert.annotations),
                "startsAt": starts_at,
                "endsAt": ends_at or NEVER,
                "generatorURL": "",
                "fingerprint": fingerprint(alert.labels),
            }
        ],
        "groupLabels": grouped,
        "commonLabels": labels,
        "commonAnnotations": dict(alert.annotations),
        "externalURL": "",
        "version": "4",
        "groupKey": f"{{}}{run}:{{{by}}}",
        "truncatedAlerts": 0,
    }


def _grafana(alert: Alert, starts_at: str, ends_at: str | None, run: str) -> dict[str, Any]:
    body = _alertmanager(alert, starts_at, ends_at, run)
    is_firing = alert.status is AlertStatus.FIRING
    name = alert.labels["alertname"]
    body["alerts"][0] |= {"values": {}, "valueString": "", "dashboardURL": "", "panelURL": "", "silenceURL": ""}
    return body | {
        "version": "1",
        "orgId": 1,
        "title": f"[{alert.status.value.upper()}:1] {name}",
        "state": "alerting" if is_firing else "ok",
        "message": f"**{'Firing' if is_firing else 'Resolved'}**",
    }


def _generic(alert: Alert, starts_at: str, ends_at: str | None, run: str) -> dict[str, Any]:
    name, annotations = alert.labels["alertname"], alert.annotations
    body = {
        "title": annotations.get("summary", name),
        "status": alert.status.value,
        "labels": dict(alert.labels),
        "starts_at": starts_at,
        "fingerprint": fingerprint(alert.labels),
        "group": f"{alert.labels.get('service', '')}/{name}{run}",
    }
    if "description" in annotations:
        body["description"] = annotations["description"]
    return body | ({"ends_at": ends_at} if ends_at else {})


FORMATS: Mapping[str, Callable[[Alert, str, str | None, str], dict[str, Any]]] = {
    "alertmanager": _alertmanager,
    "grafana": _grafana,
    "generic": _generic,
}
