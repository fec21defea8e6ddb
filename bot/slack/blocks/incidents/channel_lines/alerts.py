"""Lines on alerts, alert storms and maintenance."""

from dataclasses import replace
from datetime import datetime

from bot.domain.alerts.announcements import still_firing_sentence
from bot.services.views.event import EventView
from bot.slack.blocks.alerts.card import reopen_button
from bot.slack.blocks.alerts.help import alert_help_blocks
from bot.slack.blocks.incidents.alerts import alert_line, resolve_offer
from bot.slack.blocks.incidents.channel_lines.parts import int_value, with_text
from bot.slack.blocks.limits import join_lines, literal, section, slack_datetime
from bot.slack.blocks.message import Message, plain_message


def with_firing_alerts(message: Message, view: EventView) -> Message:
    """Add the alerts that still fired when the incident ended, and a button to reopen it."""
    if not view.values.get("firing"):
        return message
    sentence = _still_firing(view)
    reopen = section(f":rotating_light: {sentence}", accessory=reopen_button(view.incident_id))
    return Message(f"{message.text} {sentence}", [*message.blocks, reopen])


def repeated_alerts_line(view: EventView) -> Message:
    """Alerts that fire on after the end, for the incident's channel and the incidents channel."""
    text = f":rotating_light: *{view.reference}* is resolved, but {_still_firing(view)}"
    return Message(text, [section(text, accessory=reopen_button(view.incident_id))])


def _still_firing(view: EventView) -> str:
    names = [one.name for one in view.alerts]
    return literal(still_firing_sentence(names, int_value(view.values.get("firing"))), limit=600)


def alerts_line(view: EventView) -> Message:
    reported, truncated = (int_value(view.values.get(key)) for key in ("alerts", "truncated"))
    count = max(reported, len(view.alerts))
    head = ":rotating_light: *Alert*" if count == 1 else f":rotating_light: *{count:,} alerts*"
    is_single = count == 1 and len(view.alerts) == 1
    lines = [alert_line(one, with_links=not is_single) for one in view.alerts]
    if count > len(lines):
        lines.append(f"and {count - len(lines):,} more")
    if truncated:
        lines.append(f"_The monitor left out {truncated:,} more of this group._")
    first = view.alerts[0] if view.alerts else None
    text = f"Alert: {literal(first.name, limit=300) if first else ''}"
    help_ = alert_help_blocks(view.alerts[0], view.incident_id) if is_single else []
    return Message(text, [section(join_lines([head, *lines])), *help_])


def more_alerts_line(view: EventView) -> Message:
    return plain_message(f":rotating_light: {literal(view.text, limit=1_000)}")


def flapping_line(view: EventView) -> Message:
    return plain_message(f":arrows_counterclockwise: {literal(view.text, limit=1_000)}")


def quiet_alerts_line(view: EventView) -> Message:
    """Flapping alerts that have not changed for a while, with their state."""
    count = max(int_value(view.values.get("alerts")), len(view.alerts))
    head = f":white_circle: {'An alert is' if count == 1 else f'{count:,} alerts are'} no longer flapping."
    more = [f"and {count - len(view.alerts):,} more"] if count > len(view.alerts) else []
    return Message(head, [section(join_lines([head, *(alert_line(one) for one in view.alerts), *more]))])


def alerts_over_line(view: EventView) -> Message:
    """Suggestion to resolve, where people work on an incident that would resolve by itself."""
    text = (
        f":white_circle: No alert has fired for {int_value(view.values.get('minutes'))} min. People work on "
        f"*{view.reference}*, so it is not resolved automatically."
    )
    return Message(text, [section(text), resolve_offer(view.incident_id)])


def storm_line(view: EventView) -> Message:
    return plain_message(f":thunder_cloud_and_rain: {literal(view.text, limit=2_000)}")


def storm_elsewhere_line(view: EventView) -> Message:
    channel = view.values.get("channel_id")
    where = f"<#{channel}> ({view.values['reference']})" if channel else str(view.values["reference"])
    begins = "The alert storm continues" if view.values.get("goes_on") else "An alert storm began"
    return plain_message(
        f":thunder_cloud_and_rain: {begins}. This incident continues. New alerts are collected in {where}."
    )


def maintenance_line(view: EventView) -> Message:
    """Notice after a manual declaration for a service under maintenance."""
    until = slack_datetime(datetime.fromisoformat(str(view.values["until"])))
    line = (
        f":construction: *{literal(str(view.values['service']), limit=100)}* is under maintenance until {until}. Its "
        "alerts are recorded meanwhile and open nothing. This incident pages as usual."
    )
    return with_text(line, replace(view, text=str(view.values.get("text") or "")))
