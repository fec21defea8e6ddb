"""An alert's own help: description, value, labels, and links as buttons."""

from bot.domain.alerts.links import AlertLink, LinkKind
from bot.domain.text.links import split_url
from bot.services.views.alert_lines import AlertHelp, AlertLine
from bot.slack.blocks.limits import Block, Blocks, actions, button, context, is_linkable, link, literal, quoted, section

LINK_BUTTONS = {kind: f"alert_{kind.value}" for kind in LinkKind}
"""Action id of each kind of link. Slack opens the address by itself."""
DESCRIPTION = 600
"""Characters of a description; the whole is on the incident's page and in the export."""
VALUE, LABELS, LABEL = 200, 12, 150
"""Characters of a value, number of labels, and characters of each."""
IN_LINE = {LinkKind.RUNBOOK, LinkKind.DASHBOARD}
"""Links behind an alert in a list; its name links to the source."""


def alert_help_blocks(one: AlertLine, incident_id: object) -> Blocks:
    """The help of one alert in full, with a button for each link."""
    help_, blocks = one.help, Blocks()
    if help_.description:
        blocks.append(section(quoted(help_.description, limit=DESCRIPTION)))
    if facts := _facts(help_):
        blocks.append(context(facts))
    return [*blocks, *link_buttons(one, incident_id)]


def _facts(help_: AlertHelp) -> str:
    """Value and labels in one line."""
    value = [f"*Value:* {literal(help_.value, limit=VALUE)}"] if help_.value else []
    labels = [literal(f"{name}={text}", limit=LABEL) for name, text in help_.labels[:LABELS]]
    more = [f"and {len(help_.labels) - LABELS} more labels"] if len(help_.labels) > LABELS else []
    return " · ".join([*value, *labels, *more])


def link_buttons(one: AlertLine, incident_id: object) -> Blocks:
    """Buttons for the links, and a line for those that Slack may refuse in a button."""
    usable = [each for each in one.help.links if is_linkable(each.url)]
    buttons = [_link_button(each, str(incident_id)) for each in usable if _has_full_host(each.url)]
    others = [link(each.url, each.label) for each in usable if not _has_full_host(each.url)]
    blocks: Blocks = [actions(*buttons)] if buttons else []
    return [*blocks, context(" · ".join(others))] if others else blocks


def _link_button(each: AlertLink, value: str) -> Block:
    return button(each.label, LINK_BUTTONS[each.kind], value, url=each.url.replace(" ", "%20"))


def _has_full_host(url: str) -> bool:
    """
    True for a host like `grafana.example.com`.

    One address that Slack refuses in a button fails the whole message; in a text it fails nothing.
    """
    parts = split_url(url)
    return bool(parts and parts.hostname and "." in parts.hostname.strip("."))


def inline_links(one: AlertLine) -> str:
    """` · Runbook · Dashboard`, linked; empty without links."""
    links = [each for each in one.help.links if each.kind in IN_LINE and is_linkable(each.url)]
    return "".join(f" · {link(each.url, each.label)}" for each in links)
