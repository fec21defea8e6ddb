"""Modal behind the card's More button: reactions, and grouped commands."""

from collections.abc import Collection, Iterator

from bot.command.groups import GROUPS
from bot.slack.blocks.command_forms import form_callback_id
from bot.slack.blocks.incidents.card import REACTIONS
from bot.slack.blocks.inputs import metadata_json
from bot.slack.blocks.limits import Block, View, actions, button, section
from bot.slack.blocks.modals import INCIDENT
from bot.slack.blocks.notices import read_only_modal

MENU = "more_modal"
URL, CHANNEL = "url", "origin"
"""Metadata of a modal: where it was opened from."""
DESTRUCTIVE = frozenset({"cancel", "merge", "redact"})


def incident_menu(names: Collection[str], incident_id: int, url: str = "") -> View:
    """
    Build the menu of the commands with these names.

    `url`: response URL of the clicked message; empty if there is none.
    """
    reactions = section(
        "Put messages on the timeline with a reaction.", accessory=button("Reactions", REACTIONS, str(incident_id))
    )
    blocks = [block for heading in GROUPS for block in _group_blocks(heading, names, str(incident_id))]
    view = read_only_modal(MENU, "More", [reactions, *blocks])
    return {**view, "private_metadata": metadata_json({INCIDENT: incident_id, URL: url})}


def _group_blocks(heading: str, names: Collection[str], value: str) -> Iterator[Block]:
    """A heading and the buttons of its commands, destructive ones in red at the end."""
    shown = sorted((name for name in GROUPS[heading] if name in names), key=lambda name: name in DESTRUCTIVE)
    if shown:
        yield section(f"*{heading}*")
        yield actions(*(_menu_button(heading, name, value) for name in shown))


def _menu_button(heading: str, name: str, value: str) -> Block:
    style = "danger" if name in DESTRUCTIVE else None
    return button(GROUPS[heading][name], form_callback_id(name), value, style=style)
