"""Lines on alerts, alert storms and maintenance."""

from dataclasses import replace
from datetime import datetime

from bot.services.views.event import EventView
from bot.slack.blocks.incidents.alerts import alert_line
from bot.slack.blocks.incidents.channel_lines.parts import int_value, with_text
from bot.slack.blocks.limits import join_lines, literal, section, slack_datetime
from bot.slack.blocks.message import Message, plain_message


def alerts_line(view: EventView) -> Message:
    reported, truncated = (int_value(view.values.get(key)) for key in ("alerts", "truncated"))
    count = max(reported, len(view.alerts))
    head = ":rotating_light: *Alert*" if count == 1 else f":rotating_light: *{count:,} alerts*"
    lines = [alert_line(one) for one in view.alerts]
    if count > len(lines):
        lines.append(f"and {count - len(lines):,} more")
    if truncated:
        lines.append(f"_The monitor left out {truncated:,} more of this group._")
    first = view.alerts[0] if view.alerts else None
    text = f"Alert: {literal(first.name, limit=300) if first else ''}"
    return Message(text, [section(join_lines([head, *lines]))])


def more_alerts_line(view: EventView) -> Message:
    return plain_message(f":rotating_light: {literal(view.text, limit=1_000)}")


def storm_line(view: EventView) -> Message:
    return plain_message(f":thunder_cloud_and_rain: {literal(view.text, limit=2_000)}")


def storm_elsewhere_line(view: EventView) -> Message:
    channel = view.values.get("channel_id")
    where = f"<#{channel}> ({view.values['reference']})" if channel else str(view.values["reference"])
    begins = "The alert storm goes on" if view.values.get("goes_on") else "An alert storm began"
    return plain_message(
        f":thunder_cloud_and_rain: {begins}. This incident stays as it is; what else fires is collected in {where}."
    )


def maintenance_line(view: EventView) -> Message:
    """Notice after a manual declaration for a service under maintenance."""
    until = slack_datetime(datetime.fromisoformat(str(view.values["until"])))
    line = (
        f":construction: *{literal(str(view.values['service']), limit=100)}* is under maintenance until {until}. Its "
        "alerts are recorded meanwhile and open nothing; this incident pages as any other."
    )
    return with_text(line, replace(view, text=str(view.values.get("text") or "")))
