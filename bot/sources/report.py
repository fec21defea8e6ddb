"""One alert as a sender reports it, before its times are checked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from bot.domain.alerts.events import AlertEvent, bound_key, credible_times, group_key
from bot.domain.alerts.links import DASHBOARD, IMAGE, RUNBOOK, VALUE
from bot.domain.terms import AlertStatus
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """
    Fields that most senders have. Labels and texts that are None are left out.

    `rule` names what fired, if the sender has such a name. `group` joins alerts; without one they are joined by service
    and rule. `stated_at` is when the sender saw this state. `is_start_constant` is False if the sender states another
    start in each message of one firing.
    """

    source: str
    fingerprint: str
    status: AlertStatus
    title: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    rule: str | None = None
    service: str | None = None
    severity: str | None = None
    labels: Mapping[str, str | None] = field(default_factory=dict)
    description: str | None = None
    runbook: str | None = None
    dashboard: str | None = None
    images: tuple[str, ...] = ()
    """Addresses of graphs."""
    value: str | None = None
    url: str | None = None
    group: str | None = None
    is_start_constant: bool = True
    stated_at: datetime | None = None
    is_test: bool = False

    def as_event(self, received_at: datetime) -> AlertEvent:
        starts_at, precision, ends_at = credible_times(self.started_at, self.ended_at, self.status, now=received_at)
        labels = {**self.labels, "alertname": self.rule, "service": self.service, "severity": self.severity}
        annotations = {
            "summary": self.title,
            "description": self.description,
            RUNBOOK: self.runbook,
            DASHBOARD: self.dashboard,
            VALUE: self.value,
            IMAGE: " ".join(self.images),
        }
        occurrence = self.started_at.isoformat() if self.started_at and self.is_start_constant else ""
        return AlertEvent(
            source=self.source,
            fingerprint=bound_key(self.fingerprint),
            status=self.status,
            labels={name: text for name, text in labels.items() if text},
            annotations={name: text for name, text in annotations.items() if text},
            starts_at=starts_at,
            starts_at_precision=precision,
            ends_at=ends_at,
            group=group_key(self.source, stated=self.group, service=self.service, name=self.rule or self.title),
            occurrence=occurrence,
            generator_url=self.url,
            is_test=self.is_test,
            stated_at=self.stated_at,
        )


def derive_fingerprint(*stable: str) -> str:
    """Hash of texts that stay the same between firing and resolved."""
    return hashlib.sha256(json.dumps(stable).encode("utf-8", "surrogatepass")).hexdigest()[:32]
