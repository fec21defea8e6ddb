"""Each command can be reached without typing, and its form asks for what can be typed: no less, and nothing more."""

import pytest

from bot.command.table import Command, Value
from bot.config import load
from bot.slack.blocks import modals
from bot.slack.blocks.command_forms import callback_of, is_form, values_of
from bot.slack.blocks.incidents import declare_form as declaring
from bot.slack.blocks.incidents import details_form as details
from bot.slack.inbound import buttons as pressing
from bot.slack.inbound import submissions as submitting
from bot.slack.replies import entry_points as ways
from commands import COMMANDS
from tests.contracts.docs.test_commands import COMMANDS_TEXT, rows

SETTINGS = load({})
BY_NAME = {each.name: each for each in COMMANDS}
OWN_FORMS = {name: action_id for name, action_id in ways.OWN.items() if is_form(BY_NAME[name])}


def fields_of(view: modals.View) -> set[str]:
    return {block["block_id"] for block in view["blocks"] if block["type"] == "input"}


def typed_in(command: Command) -> set[str]:
    found = {name for each in values_of(command) for name in _names(each.name, each.kind)}
    return found | ({"text"} if command.text != "none" else set())


def _names(name: str, kind: Value) -> set[str]:
    return {"person"} if kind is Value.TARGET else {name}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name or "alone")
def test_every_command_has_a_way(command: Command) -> None:
    name = callback_of(command)
    if command.name in ways.SHOWN:
        return
    assert name in ways.IN_MENU or name in ways.IN_HOME
    if not is_form(command):
        assert name in pressing.PRESSES
    elif command.name in ways.OWN:
        assert ways.OWN[command.name] in {*pressing.OPENS, *pressing.FILLED}
    else:
        assert name in pressing.OPENS
        assert name in submitting.SUBMISSIONS


@pytest.mark.parametrize("name", ways.FORMS)
def test_a_form_of_the_table_asks_for_what_can_be_typed(name: str) -> None:
    assert fields_of(pressing.OPENS[name](SETTINGS, 7)) == typed_in(ways.FORMS[name])


@pytest.mark.parametrize("name", sorted(OWN_FORMS.keys() - {"edit", "role"}))
def test_a_form_made_by_hand_asks_for_what_can_be_typed(name: str) -> None:
    opening = {**pressing.OPENS, **pressing.EMPTY}[OWN_FORMS[name]]

    assert fields_of(opening(SETTINGS, 7)) == typed_in(BY_NAME[name])


def test_the_form_that_declares_asks_for_all_that_start_takes() -> None:
    view = declaring.declare(SETTINGS)
    [boxes] = [block for block in view["blocks"] if block["block_id"] == modals.FLAGS]
    start = BY_NAME["start"]
    flags = {each.name for each in start.options if each.kind is Value.FLAG}

    assert set(declaring.FIELD_OF) == typed_in(start)
    assert fields_of(view) == {*declaring.FIELD_OF.values(), declaring.SEEN}
    assert {option["value"] for option in boxes["element"]["options"]} == flags
    assert {name for name, field in declaring.FIELD_OF.items() if field == modals.FLAGS} == flags


def test_the_form_that_declares_asks_first_what_has_to_be_known() -> None:
    blocks = declaring.declare(SETTINGS)["blocks"]

    assert [block["block_id"] for block in blocks[:3]] == ["title", "severity", "service"]
    assert [block["block_id"] for block in blocks if not block["optional"]] == ["title", "severity"]


def test_the_form_for_details_has_a_field_for_each_of_them() -> None:
    renamed = {"service": "services", "ref": "reference", "tz": "zone", "lang": "languages"}
    typed = {renamed.get(each.name, each.name) for each in BY_NAME["edit"].options}

    assert fields_of(details.empty(SETTINGS, 7)) == typed


def test_the_documentation_says_the_way() -> None:
    told = [[f"`/incident {each.name}`".replace(" `", "`"), ways.way_of(each)] for each in COMMANDS]

    assert rows(COMMANDS_TEXT, "command without typing") == told
