"""
Ways to each command without typing: a button, the incident menu, or App Home.

Derived from the table of commands, so that a new one has an entry point at once.
"""

from collections.abc import Mapping

from bot.command.forms.parameters import has_fields
from bot.command.table import Command
from bot.slack.blocks.command_forms import form_callback_id
from bot.slack.blocks.incidents import card
from commands import COMMANDS

OWN_ACTIONS: Mapping[str, str] = {
    "catchup": card.CATCHUP,
    "status": card.STATUS,
    "severity": card.SEVERITY,
    "escalate": card.ESCALATE,
    "note": card.NOTE,
    "resolve": card.RESOLVE,
    "edit": card.EDIT,
    "role": card.ROLES,
    "merge": card.MERGE,
    "cancel": card.CANCEL,
}
"""Action ids of commands with a separate button and form."""
ON_CARD = frozenset({"catchup", "status", "escalate", "note", "resolve"})
"""Commands that are buttons of an open incident's card, and so are not in its menu."""
ELSEWHERE = frozenset({"start", "", "list", "oncall", "pages", "help"})
"""Commands with another place in Slack."""
IN_MENU: Mapping[str, Command] = {
    form_callback_id(each.name): each for each in COMMANDS if each.needs_incident and each.name not in ON_CARD
}
"""Commands in the incident menu, by action id."""
IN_HOME: Mapping[str, Command] = {
    form_callback_id(each.name): each for each in COMMANDS if not each.needs_incident and each.name not in ELSEWHERE
}
"""Commands about no incident, which are buttons of App Home, by action id."""
GENERATED_FORMS: Mapping[str, Command] = {
    name: each for name, each in {**IN_MENU, **IN_HOME}.items() if has_fields(each) and each.name not in OWN_ACTIONS
}
"""Commands whose form is generated from the table, by action id and callback id."""
