"""Ids and initial state of Block Kit elements, as Slack fills them in."""

import copy

from bot.sandbox.workspace.block_kit.validation import ACTIVE, IN_ACTIONS, IN_INPUT, TEXT_INPUTS
from bot.sandbox.workspace.records import Json


def fill_in_ids(holder: Json) -> Json:
    """Return a copy in which every block and element has its id."""
    filled = copy.deepcopy(holder)
    number = 0
    for block in filled.get("blocks", []):
        if not block.get("block_id"):
            number += 1
            block["block_id"] = f"b{number}"
        for place, element in enumerate(interactive_elements(block)):
            if element.get("type") in (*ACTIVE, *IN_INPUT) and not element.get("action_id"):
                element["action_id"] = f"{block['block_id']}.{place}"
    return filled


def interactive_elements(block: Json) -> list[Json]:
    """Return the elements of a block that can be pressed, chosen or typed into."""
    found = [*block.get("elements", [])] if block.get("type") in ("actions", "context_actions") else []
    found += [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    return [element for element in found if isinstance(element, dict)]


def initial_state(given: list[Json]) -> Json:
    """Return the `state.values` of untouched inputs."""
    state: Json = {}
    for block in given:
        for element in interactive_elements(block):
            if element.get("type") in IN_INPUT or element.get("type") in IN_ACTIONS - {"button", "overflow"}:
                state.setdefault(block["block_id"], {})[element["action_id"]] = initial_value(element)
    return state


def initial_value(element: Json) -> Json:
    kind = element["type"]
    if kind in TEXT_INPUTS:
        return {"type": kind, "value": element.get("initial_value")}
    for suffix in ("option", "user", "conversation", "channel"):
        if kind.endswith(f"{suffix}s_select") or (suffix == "option" and kind in ("static_select", "external_select")):
            many = kind.startswith("multi_")
            name = f"selected_{suffix}s" if many else f"selected_{suffix}"
            return {
                "type": kind,
                name: element.get(f"initial_{suffix}s" if many else f"initial_{suffix}", [] if many else None),
            }
    if kind in ("multi_static_select", "multi_external_select", "checkboxes"):
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind == "radio_buttons":
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind == "datepicker":
        return {"type": kind, "selected_date": element.get("initial_date")}
    if kind == "timepicker":
        return {"type": kind, "selected_time": element.get("initial_time")}
    if kind == "datetimepicker":
        return {"type": kind, "selected_date_time": element.get("initial_date_time")}
    return {"type": kind}
