"""The card's menu: everything that can be done with an incident, each with what it does and a button."""

from collections.abc import Iterable

from bot.command.table import Command
from bot.slack.blocks.command_forms import callback_of, is_form, words_of
from bot.slack.blocks.inputs import carried_text
from bot.slack.blocks.limits import button, section
from bot.slack.blocks.modals import INCIDENT
from bot.slack.blocks.notices import View, window

MENU = "more_modal"
URL = "url"


def menu(commands: Iterable[Command], incident_id: int, url: str = "") -> View:
    """`url` is where whoever pressed is answered; empty where there is no message beside which it could be."""
    blocks = [
        section(
            f"*{words_of(each).title}*\n{each.summary}",
            accessory=button("Open" if is_form(each) else words_of(each).submit, callback_of(each), str(incident_id)),
        )
        for each in commands
    ]
    view = window(MENU, "What to do", blocks)
    return {**view, "private_metadata": carried_text({INCIDENT: incident_id, URL: url})}
