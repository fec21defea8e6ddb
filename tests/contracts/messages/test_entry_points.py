"""Each command has an entry point without typing, whose form asks for the same values."""

import pytest

from bot.command.forms.parameters import command_parameters, has_fields
from bot.command.groups import GROUPS
from bot.command.table import Command, Value
from bot.config import load
from bot.slack.blocks import modals
from bot.slack.blocks.command_forms import form_callback_id
from bot.slack.blocks.incidents.forms.declare_form import FIELD_OF, SEEN, declare_form
from bot.slack.blocks.incidents.forms.details_form import empty_details_form
from bot.slack.blocks.limits import View
from bot.slack.handlers import BUTTONS, FORMS, SHORTCUTS
from bot.slack.replies import entry_points
from commands import COMMANDS
from tests.contracts.docs.test_commands import COMMANDS_TEXT, rows

SETTINGS = load({})
BY_NAME = {each.name: each for each in COMMANDS}
BUTTON = {each.action_id: each for each in BUTTONS}
OWN_FORMS = {name: action_id for name, action_id in entry_points.OWN_ACTIONS.items() if has_fields(BY_NAME[name])}

PLACES = {
    "start": "the shortcuts *Declare an incident* and *Declare from message*, and App Home",
    "": "the card that is pinned in the channel",
    "list": "App Home",
    "oncall": "App Home, with a schedule; *Two weeks*, *Change who is on call* and *Undo this change* beside it",
    "pages": "App Home: *How you are paged*",
    "help": "the card's *More…* and App Home name what each command does",
}


def fields_of(view: View) -> set[str]:
    return {block["block_id"] for block in view["blocks"] if block["type"] == "input"}


def open_modal(action_id: str) -> View:
    """Open the form without the database."""
    modal = BUTTON[action_id].modal
    assert modal is not None
    return modal(SETTINGS, 7)


SHORT = {"start", "escalate"}
"""Commands whose forms are filled in at night: the language of the words is stated later, by *Amend*."""


def typed_in(command: Command) -> set[str]:
    found = {name for each in command_parameters(command) for name in _names(each.name, each.kind)}
    found -= {"lang"} if command.name in SHORT else set()
    return found | ({"text"} if command.text != "none" else set())


def _names(name: str, kind: Value) -> set[str]:
    return {"person"} if kind is Value.TARGET else {name}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name or "alone")
def test_every_command_has_a_way(command: Command) -> None:
    name = form_callback_id(command.name)
    if command.name in entry_points.ELSEWHERE:
        return
    if command.name in entry_points.ON_CARD:
        assert entry_points.OWN_ACTIONS[command.name] in BUTTON
        return
    assert name in entry_points.IN_MENU or name in entry_points.IN_HOME
    if not has_fields(command):
        assert BUTTON[name].run is not None
    elif command.name in entry_points.OWN_ACTIONS:
        assert BUTTON[entry_points.OWN_ACTIONS[command.name]].modal is not None
    else:
        assert BUTTON[name].modal is not None
        assert name in {each.callback_id for each in FORMS}


@pytest.mark.parametrize("name", entry_points.GENERATED_FORMS)
def test_a_form_of_the_table_asks_for_what_can_be_typed(name: str) -> None:
    assert fields_of(open_modal(name)) == typed_in(entry_points.GENERATED_FORMS[name])


@pytest.mark.parametrize("name", sorted(OWN_FORMS.keys() - {"edit", "role"}))
def test_a_form_made_by_hand_asks_for_what_can_be_typed(name: str) -> None:
    assert fields_of(open_modal(OWN_FORMS[name])) == typed_in(BY_NAME[name])


def test_the_form_that_declares_asks_for_all_that_start_takes() -> None:
    view = declare_form(SETTINGS)
    [boxes] = [block for block in view["blocks"] if block["block_id"] == modals.FLAGS]
    start = BY_NAME["start"]
    flags = {each.name for each in start.options if each.kind is Value.FLAG}

    assert set(FIELD_OF) == typed_in(start)
    assert fields_of(view) == {*FIELD_OF.values(), SEEN}
    assert {option["value"] for option in boxes["element"]["options"]} == flags
    assert {name for name, field in FIELD_OF.items() if field == modals.FLAGS} == flags


def test_the_form_that_declares_asks_first_what_has_to_be_known() -> None:
    blocks = declare_form(SETTINGS)["blocks"]

    assert [block["block_id"] for block in blocks[:3]] == ["title", "severity", "service"]
    assert [block["block_id"] for block in blocks if not block["optional"]] == ["title", "severity"]


def test_the_form_for_details_has_a_field_for_each_of_them() -> None:
    renamed = {"service": "services", "ref": "reference", "tz": "zone", "lang": "languages"}
    typed = {renamed.get(each.name, each.name) for each in BY_NAME["edit"].options}

    assert fields_of(empty_details_form(SETTINGS, 7)) == typed


def test_every_command_is_in_one_group() -> None:
    grouped = [name for group in GROUPS.values() for name in group]

    assert sorted(grouped) == sorted(BY_NAME)


def test_every_button_form_and_shortcut_has_an_id_of_its_own() -> None:
    for ids in (
        [each.action_id for each in BUTTONS],
        [each.callback_id for each in FORMS],
        [each.callback_id for each in SHORTCUTS],
    ):
        assert len(ids) == len(set(ids))


def test_every_button_does_one_thing() -> None:
    for each in BUTTONS:
        opens = each.modal is not None or each.filled_modal is not None
        assert [each.run is not None, each.show is not None, opens].count(True) == 1, each.action_id


def describe_entry_point(command: Command) -> str:
    if command.name in entry_points.ELSEWHERE:
        return PLACES[command.name]
    kind = "form" if has_fields(command) else "button"
    if command.name in entry_points.ON_CARD:
        return f"a {kind} on the card"
    if not command.needs_incident:
        return f"a {kind} in App Home"
    return f"a {kind}: the card's *More…*"


def test_the_documentation_says_the_way() -> None:
    told = [[f"`/incident {each.name}`".replace(" `", "`"), describe_entry_point(each)] for each in COMMANDS]

    assert rows(COMMANDS_TEXT, "command without typing") == told
