"""The alerts' part of an incident's card and announcement."""

from bot.domain.alerts.announcements import still_firing_sentence
from bot.domain.terms import Status
from bot.services.views.alert_lines import AlertLine
from bot.services.views.card import CardView
from bot.slack.blocks.alerts.help import inline_links, link_buttons
from bot.slack.blocks.limits import Block, Blocks, button, join_lines, link, literal, one_line, section

REOPEN, SET_SEVERITY = "incident_reopen", "alert_severity"
DESCRIPTION = 250
"""Characters of an alert's description on the card."""
VALUE = 100
HELP = 900
"""Characters of the descriptions and values of all alerts: the card as a whole has a limit."""


def alerts_field(view: CardView) -> list[str]:
    """The number of alerts, for the card's fields; empty without alerts."""
    if not view.alerts.total:
        return []
    flapping = f", {view.alerts.flapping:,} flapping" if view.alerts.flapping else ""
    return [f"*Alerts:* {view.alerts.firing:,} of {view.alerts.total:,} firing{flapping}"]


def alert_blocks(view: CardView) -> Blocks:
    """Help for open alerts and an unmapped severity, or alerts that fire after the end."""
    if view.state.is_open:
        return [*_unmapped_severity(view), *_help_blocks(view)]
    return [section(still_firing_line(view))] if still_fires(view) else []


def still_fires(view: CardView) -> bool:
    """True if an alert fires after the end of the incident."""
    return bool(view.alerts.firing) and not view.state.is_open and view.state.status is not Status.MERGED


def still_firing_line(view: CardView) -> str:
    sentence = still_firing_sentence([each.name for each in view.alerts.shown], view.alerts.firing)
    return f":rotating_light: {literal(sentence, limit=600)}"


def reopen_button(incident_id: object) -> Block:
    return button("Reopen", REOPEN, str(incident_id))


def _unmapped_severity(view: CardView) -> Blocks:
    """Why the severity is a default, and a button that changes it."""
    label = view.alerts.unmapped_severity
    if label is None:
        return []
    text = f":vertical_traffic_light: `severity={_code(label)}` is not mapped: *{literal(view.state.severity)}*."
    return [section(text, accessory=button("Set the severity", SET_SEVERITY, str(view.incident_id)))]


def _code(text: str) -> str:
    """A label's value between backticks."""
    return literal(one_line(text.replace("`", "'"), 100), limit=100)


def _help_blocks(view: CardView) -> Blocks:
    """Descriptions and values of the alerts, and buttons for the links of the first."""
    shown = view.alerts.shown
    lines = [_help_line(one, with_links=number > 0) for number, one in enumerate(shown)]
    told = [line for line in lines if line]
    blocks: Blocks = [section(join_lines(told, HELP))] if told else []
    return [*blocks, *link_buttons(shown[0], view.incident_id)] if shown else blocks


def _help_line(one: AlertLine, *, with_links: bool) -> str:
    """An alert with its description and value; empty if it has neither, nor links to show."""
    value = f" ({literal(one_line(one.help.value, VALUE), limit=VALUE)})" if one.help.value else ""
    text = literal(one_line(one.help.description, DESCRIPTION), limit=DESCRIPTION)
    links = inline_links(one) if with_links else ""
    if not (value or text or links):
        return ""
    name = literal(one.name, limit=150)
    label = link(one.link, name) if one.link else f"*{name}*"
    return f"• {label}{value}{f': {text}' if text else ''}{links}"
