"""The parts of a modal, with Slack's limits kept by construction. Each input's block id is its action id."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.limits import Block, cut

TITLE = 24
LABEL = 2_000
OPTION_TEXT = 75
OPTIONS = 100
INPUT = 3_000
METADATA = 3_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a select's options. `about` says in a few words what it means."""

    value: str
    text: str
    about: str = ""


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": True}


def modal(
    callback_id: str, title: str, submit: str, blocks: Sequence[Block], carried: Mapping[str, object]
) -> dict[str, Any]:
    """A modal that carries values of ours (short ones: incident, channel, ts) to its submission."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(cut(title, TITLE)),
        "submit": plain(cut(submit, TITLE)),
        "close": plain("Cancel"),
        "private_metadata": carried_text(carried),
        "blocks": list(blocks),
    }


def carried_text(carried: Mapping[str, object]) -> str:
    """The carried values as JSON within Slack's limit: the longest text among them is cut until they fit."""
    values = dict(carried)
    while len(told := json.dumps(values, ensure_ascii=False)) > METADATA:
        texts = [name for name, value in values.items() if isinstance(value, str)]
        longest = max(texts, key=lambda name: len(str(values[name])))
        text = str(values[longest])
        values[longest] = cut(text, max(1, len(text) - (len(told) - METADATA) - 1))
    return told


def field(element: Block, name: str, label: str, *, hint: str = "", is_optional: bool = True) -> Block:
    block: Block = {
        "type": "input",
        "block_id": name,
        "optional": is_optional,
        "label": plain(cut(label, LABEL)),
        "element": {**element, "action_id": name},
    }
    if hint:
        block["hint"] = plain(cut(hint, LABEL))
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
    element: Block = {"type": "plain_text_input", "multiline": is_long, "max_length": INPUT}
    if initial:
        element["initial_value"] = cut(initial, INPUT)
    if example:
        element["placeholder"] = plain(cut(example, 150))
    return field(element, name, label, hint=hint, is_optional=is_optional)


def select_field(
    name: str,
    label: str,
    choices: Sequence[Choice],
    *,
    chosen: str | None = None,
    hint: str = "",
    is_optional: bool = True,
) -> Block:
    options = [_option(choice) for choice in choices[:OPTIONS]]
    element: Block = {"type": "static_select", "options": options}
    initial = next((option for option in options if option["value"] == chosen), None)
    if initial:
        element["initial_option"] = initial
    return field(element, name, label, hint=hint, is_optional=is_optional)


def multi_field(
    name: str, label: str, choices: Sequence[Choice], *, chosen: Sequence[str] = (), hint: str = ""
) -> Block:
    """Several of the choices; `chosen` are those at the beginning."""
    options = [_option(choice) for choice in choices[:OPTIONS]]
    element: Block = {"type": "multi_static_select", "options": options}
    initial = [option for option in options if option["value"] in chosen]
    if initial:
        element["initial_options"] = initial
    return field(element, name, label, hint=hint)


def person_field(name: str, label: str, *, hint: str = "", chosen: str | None = None) -> Block:
    element: Block = {"type": "users_select"}
    if chosen:
        element["initial_user"] = chosen
    return field(element, name, label, hint=hint)


def date_field(name: str, label: str) -> Block:
    return field({"type": "datepicker"}, name, label)


def boxes_field(name: str, label: str, choices: Sequence[Choice]) -> Block:
    return field({"type": "checkboxes", "options": [_option(choice) for choice in choices[:10]]}, name, label)


def _option(choice: Choice) -> dict[str, Any]:
    option: dict[str, Any] = {"text": plain(cut(choice.text, OPTION_TEXT)), "value": choice.value[:150]}
    if choice.about:
        option["description"] = plain(cut(choice.about, OPTION_TEXT))
    return option


def given(element: Mapping[str, Any]) -> str:
    """What stood in a field when it was sent off: text, a chosen value, a person's id, a moment; boxes by commas."""
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


def shown_in(blocks: Sequence[Block]) -> dict[str, str]:
    """What stood in a modal's fields when it was opened, by name."""
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
