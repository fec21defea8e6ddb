"""
Azure Monitor's action groups, with the common alert schema.

https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, quote_value
from bot.sources.report import Report

NAME = "azure-monitor"
SCHEMA = "azureMonitorCommonAlertSchema"
CONDITIONS = {"fired": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}
SEVERITIES = {"sev0": "critical", "sev1": "error", "sev2": "warning", "sev3": "info", "sev4": "info"}
"""Azure's own meanings: its Sev1 is not the workspace's SEV1."""


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The token in the address, or Basic. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The alert of one notification. Raises Malformed."""
    root = Fields.from_value(payload)
    schema = root.detail("schemaId")
    if schema != SCHEMA:
        found = f"{quote_value(schema)} is not known." if schema else "This is missing."
        raise Malformed("schemaId", f"{found} Switch the common alert schema on in the action of the action group.")
    data = root.inner("data")
    essentials, own = data.inner("essentials"), data.details("customProperties")
    severity = essentials.detail("severity") or ""
    rule = essentials.required_text("alertRule", "the name of the alert rule")
    report = Report(
        source=NAME,
        fingerprint=essentials.identity("alertId", "the id of the alert"),
        status=essentials.choice("monitorCondition", CONDITIONS),
        title=essentials.detail("description") or rule,
        started_at=essentials.time("firedDateTime"),
        ended_at=essentials.time("resolvedDateTime"),
        stated_at=essentials.time("firedDateTime"),
        rule=rule,
        service=own.pop("service", None) or _first_item(essentials),
        severity=SEVERITIES.get(severity.casefold(), severity),
        labels={
            **own,
            **data.part("alertContext").details("properties"),
            "azure_severity": severity,
            "signal": essentials.detail("signalType"),
            "monitoring_tool": essentials.detail("monitoringService"),
        },
        value=_measured(data),
        url=essentials.detail_link("investigationLink"),
    )
    return Batch(NAME, (report.as_event(received_at),))


def _first_item(essentials: Fields) -> str | None:
    items = essentials.values.get("configurationItems")
    return Fields({"item": items[0]}).detail("item") if isinstance(items, list) and items else None


def _measured(data: Fields) -> str:
    """Metric names and values of the condition: `Http5xx=121`."""
    conditions = data.part("alertContext").part("condition").parts("allOf")
    pairs = ((each.detail("metricName"), each.detail("metricValue")) for each in conditions)
    return ", ".join(f"{name}={value}" for name, value in pairs if name and value)
