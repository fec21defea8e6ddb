"""What ended before it began."""

from collections.abc import Iterator

from bot.domain.findings.common import existing, minute, refs_of
from bot.domain.findings.finding import Finding, Quote, Value
from bot.domain.record.model import Record

CODE = "end-before-start"


def end_before_start(record: Record) -> Iterator[Finding]:
    """An impact or an alert whose recorded end is before its start. Silent within one printed minute."""
    incident = record.incident
    start, end = incident.started, incident.ended
    if end is not None and minute(end.at) < minute(start.at):
        known = refs_of(record)
        refs = existing(known, (end.source.ref, start.source.ref)) or existing(known, (incident.declared.source.ref,))
        if refs:
            yield Finding(CODE, refs, {"start": start.at, "end": end.at})
    for alert in record.alerts:
        if alert.ended_at is not None and minute(alert.ended_at) < minute(alert.starts_at):
            values: dict[str, Value] = {"name": Quote(alert.name), "start": alert.starts_at, "end": alert.ended_at}
            yield Finding(CODE, (alert.source.ref,), values, variant="alert")
