"""The alerts section of a draft."""

from collections import Counter
from collections.abc import Sequence

from bot.domain.drafting.annotations import alert_summary, format_labels
from bot.domain.drafting.context import DraftContext
from bot.domain.drafting.escalations import RecordText
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.record.model import Alert, newest_firings
from bot.domain.terms import Kind

SECTION = "alerts"
MAX_ALERTS = 50
"""Alerts that are listed one by one. More, as of a storm, are counted by service: the record has each of them."""
MAX_SERVICES = 40
"""Services that are listed one by one then."""
MAX_NAMES = 5
"""Names of alerts that the line of a service lists with their counts."""


def alerts_section(context: DraftContext) -> tuple[Block, ...]:
    """
    Every alert in full, except for a summary that is in the timeline.

    Very many are counted by service, the one with the most first.
    """
    if len(context.record.alerts) > MAX_ALERTS:
        return _blocks_by_service(context)
    detections = {entry.text for entry in context.entries_of_kinds(Kind.DETECTION)}
    return tuple(_alert_block(context.builder, alert, detections) for alert in context.record.alerts)


def _blocks_by_service(context: DraftContext) -> tuple[Block, ...]:
    by_service: dict[str, list[Alert]] = {}
    for alert in context.record.alerts:
        by_service.setdefault(alert.service or alert.labels.get("service", ""), []).append(alert)
    ordered = sorted(by_service.items(), key=lambda each: (not each[0], -len(each[1]), each[0]))
    rest = [alert for _, alerts in ordered[MAX_SERVICES:] for alert in alerts]
    groups = [*ordered[:MAX_SERVICES], *([("", rest)] if rest else [])]
    return tuple(_service_block(context.builder, service, alerts) for service, alerts in groups)


def _alert_block(text: RecordText, alert: Alert, detections: set[str]) -> Block:
    """Start and end, sender, labels and annotations of an alert."""
    message = text.format_message
    start = text.times.format_short_phrase(alert.starts_at, alert.starts_at_precision)
    end = text.times.format_short_phrase(alert.ended_at) if alert.ended_at else ""
    notes = [message("alert_fired", start=start, end=end) if end else message("alert_fires", start=start)]
    if alert.count > 1:
        notes.append(message("alert_times_seen", count=alert.count))
    notes.append(message("alert_sent_by", origin=alert.origin))
    summary = alert_summary(alert)
    labels = {key: value for key, value in alert.labels.items() if key != "alertname"}
    annotations = {key: value for key, value in alert.annotations.items() if value and value != summary}
    notes += [text.resolve_mentions(format_labels(values)) for values in (labels, annotations) if values]
    is_in_timeline = f"{alert.name}: {summary}" in detections or summary in detections
    return Block(
        SECTION,
        alert.source.ref,
        text.language.code,
        BlockKind.ALERT,
        "" if is_in_timeline else text.resolve_mentions(summary),
        (alert.source,),
        label=text.resolve_mentions(alert.name),
        notes=tuple(notes),
    )


def _service_block(text: RecordText, service: str, alerts: Sequence[Alert]) -> Block:
    """The alerts of one service in one line: counts by name, first start and last end."""
    message = text.format_message
    newest = newest_firings(alerts)
    names = Counter(alert.name for alert in newest).most_common()
    shown = ", ".join(f"{text.resolve_mentions(name)} {count:,}" for name, count in names[:MAX_NAMES])
    first = min(alerts, key=lambda alert: alert.starts_at)
    ends = [each.ended_at for each in alerts if each.ended_at]
    endless = sum(each.ended_at is None for each in newest)
    start = text.times.format_short_phrase(first.starts_at, first.starts_at_precision)
    if ends:
        notes = [message("alert_fired", start=start, end=text.times.format_short_phrase(max(ends)))]
        notes += [text.language.format_count("alerts_endless", endless)] if endless else []
    else:
        notes = [message("alert_fires", start=start)]
    count = text.language.format_count("alerts_counted", len(newest))
    return Block(
        SECTION,
        f"{first.source.ref}-and-more",
        text.language.code,
        BlockKind.ALERT,
        f"{count}: {shown}{', …' if names[MAX_NAMES:] else ''}",
        (first.source,),
        label=text.resolve_mentions(service) or message("other_services"),
        notes=tuple(notes),
    )
