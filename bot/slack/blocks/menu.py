"""Modal behind the card's More button: reactions, and a button for each incident command."""

from collections.abc import Iterable

from bot.command.table import Command
from bot.slack.blocks.command_forms import form_callback_id, form_text, has_fields
from bot.slack.blocks.incidents.card import REACTIONS
from bot.slack.blocks.inputs import metadata_json
from bot.slack.blocks.limits import View, button, section
from bot.slack.blocks.modals import INCIDENT
from bot.slack.blocks.notices import read_only_modal

MENU = "more_modal"
URL = "url"


def incident_menu(commands: Iterable[Command], incident_id: int, url: str = "") -> View:
    """`url`: response URL of the message whose button was clicked; empty if there is none."""
    reactions = section(
        "*Reactions*\nPut messages on the timeline with an emoji.",
        accessory=button("Show", REACTIONS, str(incident_id)),
    )
    blocks = [
        section(
            f"*{form_text(each).title}*\n{each.summary}",
            accessory=button(
                "Open" if has_fields(each) else form_text(each).submit, form_callback_id(each), str(incident_id)
            ),
        )
        for each in commands
    ]
    view = read_only_modal(MENU, "What to do", [reactions, *blocks])
    return {**view, "private_metadata": metadata_json({INCIDENT: incident_id, URL: url})}
