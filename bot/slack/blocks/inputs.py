"""Modals and their inputs, within Slack's limits. Each input's block id is its action id."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.command.forms.choices import Choice
from bot.slack.blocks.limits import Block, View, cut, plain_text

MAX_TITLE = 24
MAX_LABEL = 2_000
MAX_OPTION_TEXT = 75
MAX_OPTIONS = 100
MAX_INPUT = 3_000
MAX_METADATA = 3_000


def modal(
    callback_id: str,
    title: str,
    submit: str,
    blocks: Sequence[Block],
    metadata: Mapping[str, object],
    *,
    close: str = "Cancel",
) -> View:
    """`metadata`: short values (incident, channel, ts) that come back with the submission."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(cut(title, MAX_TITLE)),
        "submit": plain_text(cut(submit, MAX_TITLE)),
        "close": plain_text(close),
        "private_metadata": metadata_json(metadata),
        "blocks": list(blocks),
    }


def metadata_json(metadata: Mapping[str, object]) -> str:
    """JSON within Slack's limit: the longest text among the values is cut until it fits."""
    values = dict(metadata)
    while len(encoded := json.dumps(values, ensure_ascii=False)) > MAX_METADATA:
        texts = [name for name, value in values.items() if isinstance(value, str)]
        longest = max(texts, key=lambda name: len(str(values[name])))
        text = str(values[longest])
        values[longest] = cut(text, max(1, len(text) - (len(encoded) - MAX_METADATA) - 1))
    return encoded


def input_block(element: Block, name: str, label: str, *, hint: str = "", is_optional: bool = True) -> Block:
    block: Block = {
        "type": "input",
        "block_id": name,
        "optional": is_optional,
        "label": plain_text(cut(label, MAX_LABEL)),
        "element": {**element, "action_id": name},
    }
    if hint:
        block["hint"] = plain_text(cut(hint, MAX_LABEL))
    return block


def text_field(
    name: str,
    label: str,
    *,
    hint: str = "",
    initial: str = "",
    example: str = "",
    is_long: bool = False,
    is_optional: bool = True,
) -> Block:
    element: Block = {"type": "plain_text_input", "multiline": is_long, "max_length": MAX_INPUT}
    if initial:
        element["initial_value"] = cut(initial, MAX_INPUT)
    if example:
        element["placeholder"] = plain_text(cut(example, 150))
    return input_block(element, name, label, hint=hint, is_optional=is_optional)


def select_field(
    name: str,
    label: str,
    choices: Sequence[Choice],
    *,
    chosen: str | None = None,
    hint: str = "",
    is_optional: bool = True,
) -> Block:
    options = [_option(choice) for choice in choices[:MAX_OPTIONS]]
    element: Block = {"type": "static_select", "options": options}
    initial = next((option for option in options if option["value"] == chosen), None)
    if initial:
        element["initial_option"] = initial
    return input_block(element, name, label, hint=hint, is_optional=is_optional)


def multi_select_field(
    name: str, label: str, choices: Sequence[Choice], *, chosen: Sequence[str] = (), hint: str = ""
) -> Block:
    """`chosen`: values that are selected at first."""
    options = [_option(choice) for choice in choices[:MAX_OPTIONS]]
    element: Block = {"type": "multi_static_select", "options": options}
    initial = [option for option in options if option["value"] in chosen]
    if initial:
        element["initial_options"] = initial
    return input_block(element, name, label, hint=hint)


def person_field(name: str, label: str, *, hint: str = "", chosen: str | None = None) -> Block:
    element: Block = {"type": "users_select"}
    if chosen:
        element["initial_user"] = chosen
    return input_block(element, name, label, hint=hint)


def date_field(name: str, label: str) -> Block:
    return input_block({"type": "datepicker"}, name, label)


def checkboxes_field(name: str, label: str, choices: Sequence[Choice], *, hint: str = "") -> Block:
    boxes = {"type": "checkboxes", "options": [_option(choice) for choice in choices[:10]]}
    return input_block(boxes, name, label, hint=hint)


def _option(choice: Choice) -> dict[str, Any]:
    option: dict[str, Any] = {"text": plain_text(cut(choice.text, MAX_OPTION_TEXT)), "value": choice.value[:150]}
    if choice.description:
        option["description"] = plain_text(cut(choice.description, MAX_OPTION_TEXT))
    return option


def input_value(element: Mapping[str, Any]) -> str:
    """Submitted value of an input: text, option, user id, date or time; boxes joined by commas."""
    chosen = element.get("selected_option") or {}
    boxes = ",".join(str(option.get("value", "")) for option in element.get("selected_options") or [])
    return str(
        element.get("value")
        or chosen.get("value")
        or element.get("selected_user")
        or element.get("selected_date")
        or element.get("selected_date_time")
        or boxes
        or ""
    )


def initial_values(blocks: Sequence[Block]) -> dict[str, str]:
    """Initial values of a modal's inputs, by name."""
    elements = [block["element"] for block in blocks if block.get("type") == "input"]
    return {
        str(element.get("action_id")): str(
            element.get("initial_value")
            or (element.get("initial_option") or {}).get("value")
            or element.get("initial_user")
            or ""
        )
        for element in elements
    }
