"""Message on an incident's alerts, and one alert as a line."""

from bot.services.views.alert_lines import AlertLine
from bot.services.views.lists import AlertsView
from bot.slack.blocks.alerts.help import inline_links
from bot.slack.blocks.incidents.card import RESOLVE, incident_link
from bot.slack.blocks.limits import (
    Block,
    actions,
    button,
    join_lines,
    link,
    literal,
    one_line,
    section,
    slack_datetime,
    slack_time,
)
from bot.slack.blocks.message import Message, plain_message


def alert_line(one: AlertLine, *, longest: int = 300, with_links: bool = True) -> str:
    """Linked name, summary of at most `longest` characters, firing time, and links of an alert."""
    name = literal(one.name, limit=200)
    label = link(one.link, name) if one.link else f"*{name}*"
    summary = f": {literal(one_line(one.summary, longest))}" if one.summary and one.summary != one.name else ""
    show = slack_datetime if one.is_old else slack_time
    began = show(one.starts_at)
    span = f"{began} to {show(one.ended_at)}" if one.ended_at else f"since {began}"
    links = inline_links(one) if with_links else ""
    return f"• {label}{_service_suffix(one)}{summary}, {span}{_flapping_mark(one)}{links}"


def _service_suffix(one: AlertLine) -> str:
    return f" of {literal(one.service, limit=100)}" if one.service else ""


def _flapping_mark(one: AlertLine) -> str:
    return " _(flapping)_" if one.is_flapping else ""


def alerts_message(view: AlertsView) -> Message:
    """State of the alerts; once all have ended, a button to resolve."""
    if view.moved_to is not None:
        return plain_message(f":white_circle: The alerts went along to {incident_link(view.moved_to)}.")
    if view.firing:
        text = f":rotating_light: {_firing_text(view)}"
        names = [alert_line(one, longest=100) for one in view.named]
        return Message(text, [section(join_lines([text, *names, *_rest_count(view.firing - len(names))]))])
    ended = f", the last at {slack_time(view.last_end)}" if view.last_end else ""
    noun = "The alert has ended" if view.alerts == 1 else f"All {view.alerts:,} alerts have ended{ended}"
    lines = [
        f"• {_alert_label(one.name, one.link)}{_service_suffix(one)}, ended {slack_time(at)}{_flapping_mark(one)}"
        for one in view.ended
        if (at := one.ended_at)
    ]
    text = f":white_circle: {noun}."
    body = section(join_lines([text, *lines, *_rest_count(view.alerts - len(lines)), *_foreseen_resolution(view)]))
    if not view.is_open:
        return Message(text, [body])
    return Message(f"{text} Resolve the incident?", [body, resolve_offer(view.incident_id)])


def resolve_offer(incident_id: object) -> Block:
    return actions(button("Resolve the incident", RESOLVE, str(incident_id), style="primary"))


def _foreseen_resolution(view: AlertsView) -> list[str]:
    if view.resolves_at is None:
        return []
    return [
        f"Dogwatch resolves the incident {slack_time(view.resolves_at)}, unless an alert fires or somebody takes over."
    ]


def _firing_text(view: AlertsView) -> str:
    over = view.alerts - view.firing
    if view.alerts == 1:
        return "The alert is firing"
    return f"{view.firing:,} of {view.alerts:,} alerts firing{f', {over:,} resolved. Still firing:' if over else ''}"


def _rest_count(count: int) -> list[str]:
    return [f"and {count:,} more"] if count > 0 else []


def _alert_label(name: str, url: str | None) -> str:
    label = literal(name, limit=200)
    return link(url, label) if url else label
