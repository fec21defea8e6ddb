"""The gallery holds every message and form of the bot, within Slack's limits."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.config import load
from bot.slack.blocks.incidents.channel_lines import LINE_BUILDERS
from bot.slack.blocks.postmortem.entry_forms import MENU
from bot.slack.handlers import BUTTONS, FORMS
from bot.slack.replies.timeline import NEWER, OLDER, SHOW_REMOVED
from tests.support.gallery.channel_lines import LINES
from tests.support.gallery.exhibits import Exhibit, exhibits
from tests.support.records.markup import parts_of

EXHIBITS = exhibits(load({}))
IN_TIMELINE = {OLDER, NEWER, SHOW_REMOVED, MENU}
"""Buttons of the timeline's pages, which are rendered from a database."""


@pytest.fixture
def limits(conformance: Path) -> dict[str, Any]:
    return json.loads((conformance / "slack" / "limits.json").read_text())


def test_every_line_button_and_form_is_shown() -> None:
    assert {view.event for view in LINES} == set(LINE_BUILDERS)
    forms = {each.payload["callback_id"] for each in EXHIBITS if "submit" in each.payload}
    assert forms == {each.callback_id for each in FORMS}
    buttons = [shown.payload for shown in EXHIBITS if "submit" not in shown.payload]
    shown = {each["action_id"] for payload in buttons for each in parts_of(payload) if "action_id" in each}
    assert shown | IN_TIMELINE == {each.action_id for each in BUTTONS}


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
def test_an_exhibit_keeps_to_slacks_limits(exhibit: Exhibit, limits: dict[str, Any]) -> None:
    payload = exhibit.payload
    if exhibit.kind == "message":
        assert payload["text"].strip()
        assert len(payload["text"]) <= limits["message"]["text_recommended"]
        assert len(payload["blocks"]) <= limits["message"]["blocks"]
        assert payload["unfurl_links"] is False
        assert payload["unfurl_media"] is False
    if exhibit.kind == "home":
        assert len(payload["blocks"]) <= limits["view"]["blocks"]
    if exhibit.kind == "modal":
        assert len(payload["blocks"]) <= limits["view"]["blocks"]
        assert len(payload.get("private_metadata", "")) <= limits["view"]["private_metadata"]
        for part in {"title", "submit", "close"} & payload.keys():
            assert 1 <= len(payload[part]["text"]) <= limits["view"][part]
    for each in parts_of(payload):
        check(each, limits)


def check(part: dict[str, Any], limits: dict[str, Any]) -> None:
    block, element = limits["block"], limits["element"]
    match part.get("type"):
        case "mrkdwn" | "plain_text":
            assert 1 <= len(part["text"]) <= block["text_object"]
            assert "<!channel" not in part["text"]
            assert "<!here" not in part["text"]
        case "header":
            assert len(part["text"]["text"]) <= block["header_text"]
        case "section":
            assert len(part.get("fields", [])) <= block["section_fields"]
            assert all(len(each["text"]) <= block["section_field_text"] for each in part.get("fields", []))
        case "context":
            assert 1 <= len(part["elements"]) <= block["context_elements"]
        case "actions":
            assert 1 <= len(part["elements"]) <= block["actions_elements"]
            assert len({each["action_id"] for each in part["elements"]}) == len(part["elements"])
        case "button":
            assert len(part["text"]["text"]) <= element["button_text"]
            assert len(part["value"]) <= element["button_value"]
        case "static_select":
            assert 1 <= len(part["options"]) <= element["options"]
        case "checkboxes":
            assert 1 <= len(part["options"]) <= element["checkbox_options"]
        case "input":
            assert len(part["label"]["text"]) <= block["input_label"]
            assert len(part.get("hint", {}).get("text", "")) <= block["input_hint"]
    if "value" in part and "text" in part and "type" not in part:
        assert len(part["text"]["text"]) <= element["option_text"]
        assert len(part["value"]) <= element["option_value"]
        assert len(part.get("description", {}).get("text", "")) <= element["option_description"]
