"""An alert's own help: description, value, labels, and links as buttons."""

import re

from bot.domain.alerts.links import AlertLink, LinkKind
from bot.domain.text.links import split_url
from bot.services.views.alert_lines import AlertHelp, AlertLine
from bot.slack.blocks.limits import (
    FIELD_TEXT,
    Block,
    Blocks,
    actions,
    button,
    context,
    is_linkable,
    join_lines,
    link,
    literal,
    quoted,
    section,
)

LINK_BUTTONS = {kind: f"alert_{kind.value}" for kind in LinkKind}
"""Action id of each kind of link. Slack opens the address by itself."""
DESCRIPTION = 600
"""Characters of a description; the whole is on the incident's page and in the export."""
VALUE, LABELS, LABEL = 200, 8, 120
"""Characters of a value, number of labels, and characters of each."""
ODD_IN_URL = re.compile(r'[\s<>"|`\\^]')
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
    buttons = [_link_button(each, str(incident_id)) for each in usable if _fits_button(each.url)]
    others = [link(each.url, each.label) for each in usable if not _fits_button(each.url)]
    blocks: Blocks = [actions(*buttons)] if buttons else []
    return [*blocks, context(join_lines(others, FIELD_TEXT))] if others else blocks


def _link_button(each: AlertLink, value: str) -> Block:
    return button(each.label, LINK_BUTTONS[each.kind], value, url=each.url)


def _fits_button(url: str) -> bool:
    """
    True for a plain address with a host like `grafana.example.com`.

    One address that Slack refuses in a button fails the whole message; in a text it fails nothing.
    """
    parts = split_url(url)
    is_plain = url.isascii() and not ODD_IN_URL.search(url)
    return bool(is_plain and parts and parts.hostname and "." in parts.hostname.strip("."))


def inline_links(one: AlertLine) -> str:
    """` · Runbook · Dashboard`, linked; empty without links."""
    links = [each for each in one.help.links if each.kind in IN_LINE and is_linkable(each.url)]
    return "".join(f" · {link(each.url, each.label)}" for each in links)
