"""Slack's limits, as its documentation states them, held against what the bot builds."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Limits:
    """`problems_of_message` and `problems_of_view` list each violation of Slack's limits."""

    def __init__(self, folder: Path) -> None:
        self.facts: Json = json.loads((folder / "slack" / "limits.json").read_text())
        self.block, self.element, self.view = self.facts["block"], self.facts["element"], self.facts["view"]

    def problems_of_message(self, message: Json) -> list[str]:
        facts, blocks = self.facts["message"], message.get("blocks") or []
        problems = list(self._length(message.get("text"), facts["text_update_max"], "text"))
        if len(blocks) > facts["blocks"]:
            problems.append(f"{len(blocks)} blocks")
        for number, block in enumerate(blocks):
            problems += self._block(block, f"blocks[{number}]")
        total = sum(map(len, _texts(blocks)))
        if total > facts["blocks_total_chars_observed"]:
            problems.append(f"{total} characters in all blocks")
        return [*problems, *_doubles(blocks)]

    def problems_of_view(self, view: Json) -> list[str]:
        problems: list[str] = []
        for name in ("title", *(name for name in ("submit", "close") if name in view)):
            problems += self._text(view[name], self.view[name], name, kinds=("plain_text",))
        for name in ("private_metadata", "callback_id"):
            problems += self._length(view[name], self.view[name], name)
        if len(view["blocks"]) > self.view["blocks"]:
            problems.append(f"{len(view['blocks'])} blocks")
        if len(json.dumps(view).encode()) > self.view["bytes"]:
            problems.append("too many bytes")
        for number, block in enumerate(view["blocks"]):
            problems += self._block(block, f"blocks[{number}]")
        return [*problems, *_doubles(view["blocks"])]

    def _block(self, block: Json, where: str) -> Iterator[str]:
        if "block_id" in block:
            yield from self._length(block["block_id"], self.block["block_id"], f"{where}.block_id")
        match block["type"]:
            case "section":
                yield from self._section(block, where)
            case "header":
                yield from self._text(block["text"], self.block["header_text"], where, kinds=("plain_text",))
            case "context":
                yield from self._count(block["elements"], self.block["context_elements"], where)
                for each in block["elements"]:
                    yield from self._text(each, self.block["text_object"], where)
            case "actions":
                yield from self._count(block["elements"], self.block["actions_elements"], where)
                for each in block["elements"]:
                    yield from self._element(each, where)
            case "input":
                yield from self._input(block, where)
            case "image":
                yield from self._length(block["alt_text"], self.block["image_alt_text"], f"{where}.alt_text")
            case "divider":
                pass
            case other:
                yield f"{where}: no limits are known for {other}"

    def _section(self, block: Json, where: str) -> Iterator[str]:
        if "text" in block:
            yield from self._text(block["text"], self.block["section_text"], where)
        if "fields" in block:
            yield from self._count(block["fields"], self.block["section_fields"], where)
            for each in block["fields"]:
                yield from self._text(each, self.block["section_field_text"], where)
        if "accessory" in block:
            yield from self._element(block["accessory"], where)

    def _input(self, block: Json, where: str) -> Iterator[str]:
        yield from self._text(block["label"], self.block["input_label"], where, kinds=("plain_text",))
        if "hint" in block:
            yield from self._text(block["hint"], self.block["input_hint"], where, kinds=("plain_text",))
        yield from self._element(block["element"], where)

    def _element(self, element: Json, where: str) -> Iterator[str]:
        yield from self._length(element["action_id"], self.block["action_id"], f"{where}.action_id")
        if "placeholder" in element:
            yield from self._text(element["placeholder"], self.element["placeholder"], where, kinds=("plain_text",))
        if element["type"] == "button":
            yield from self._text(element["text"], self.element["button_text"], where, kinds=("plain_text",))
            yield from self._length(element.get("value", "x"), self.element["button_value"], f"{where}.value")
            yield from self._length(element.get("url", "x"), self.element["button_url"], f"{where}.url")
        if "initial_value" in element:
            most = element.get("max_length", self.element["plain_text_input_max_length"])
            yield from self._length(element["initial_value"], most, f"{where}.initial_value")
        if "options" in element:
            most = self.element["checkbox_options" if element["type"] == "checkboxes" else "options"]
            yield from self._count(element["options"], most, where)
            for option in element["options"]:
                yield from self._text(option["text"], self.element["option_text"], where)
                yield from self._length(option["value"], self.element["option_value"], f"{where}.value")
                if "description" in option:
                    yield from self._text(option["description"], self.element["option_description"], where)

    def _text(
        self, text: Json, most: int, where: str, *, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")
    ) -> Iterator[str]:
        if text["type"] not in kinds:
            yield f"{where}: {text['type']} is no text here"
        if not text["text"].strip():
            yield f"{where}: nothing to see"
        yield from self._length(text["text"], most, where)

    def _length(self, text: str | None, most: int, where: str) -> Iterator[str]:
        if not text:
            yield f"{where}: empty"
        elif len(text) > most:
            yield f"{where}: {len(text)} characters, {most} are allowed"

    def _count(self, values: list[Any], most: int, where: str) -> Iterator[str]:
        if not 1 <= len(values) <= most:
            yield f"{where}: {len(values)} elements, 1 to {most} are allowed"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "text" and isinstance(each, str):
                yield each
            else:
                yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _doubles(blocks: list[Json]) -> Iterator[str]:
    """Ids that stand twice where Slack wants them once."""
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    yield from (f"block_id {each} stands twice" for each in {each for each in ids if ids.count(each) > 1})
    for block in blocks:
        actions = [each.get("action_id") for each in block.get("elements") or [] if isinstance(each, dict)]
        names = [each for each in actions if each]
        yield from (f"action_id {each} stands twice" for each in {each for each in names if names.count(each) > 1})


def is_channel_name(name: str, limits: Limits) -> bool:
    return re.fullmatch(limits.facts["channel"]["name_pattern"], name) is not None
