"""
How each command is reached without typing: the button or form of its own, a line of the card's menu, or App Home.

Made from the table of commands, so that a new one has a way at once.
"""

from collections.abc import Mapping

from bot.command.table import Command
from bot.slack.blocks.command_forms import callback_of, is_form
from bot.slack.blocks.incidents import card as cards
from commands import COMMANDS

OWN: Mapping[str, str] = {
    "catchup": cards.CATCHUP,
    "status": cards.STATUS,
    "severity": cards.SEVERITY,
    "escalate": cards.ESCALATE,
    "note": cards.NOTE,
    "resolve": cards.RESOLVE,
    "edit": cards.EDIT,
    "role": cards.ROLES,
    "merge": cards.MERGE,
    "cancel": cards.CANCEL,
}
"""Commands with a button of their own on the card, which opens a form made for them, or acts at once."""
SHOWN: Mapping[str, str] = {
    "start": "the shortcuts *Declare an incident* and *Open an incident*, and App Home",
    "": "the card that is pinned in the channel",
    "list": "App Home",
    "oncall": "App Home, once there is a schedule; *Two weeks*, *Change who is on call* and *Take it back* beside it",
    "pages": "App Home: *How you are paged*",
    "help": "the card's *More…* and App Home say of each command what it does",
}
"""Commands that a place of its own stands for."""
IN_MENU: Mapping[str, Command] = {callback_of(each): each for each in COMMANDS if each.inside}
"""The lines of the card's menu, by what their buttons send."""
IN_HOME: Mapping[str, Command] = {
    callback_of(each): each for each in COMMANDS if not each.inside and each.name not in SHOWN
}
"""Buttons of App Home for what is about no incident, by what they send."""
FORMS: Mapping[str, Command] = {
    name: each for name, each in {**IN_MENU, **IN_HOME}.items() if is_form(each) and each.name not in OWN
}
"""Commands whose form is made of the table, by what sends it off."""


def way_of(command: Command) -> str:
    """In words, for the documentation."""
    if command.name in SHOWN:
        return SHOWN[command.name]
    kind = "form" if is_form(command) else "button"
    if command.name in OWN:
        return f"a {kind}: the card's own, and *More…*"
    if not command.inside:
        return f"a {kind} in App Home"
    return f"a {kind}: the card's *More…*"
