"""Input of people: new values of elements, as in `actions` and `state.values`."""

from typing import Any

from bot.sandbox.workspace.block_kit.state import interactive_elements
from bot.sandbox.workspace.block_kit.validation import TEXT_INPUTS
from bot.sandbox.workspace.records import Json, SlackError

NOUNS = {"users": "user", "conversations": "conversation", "channels": "channel"}


def find_element(given: list[Json], name: str) -> tuple[Json, Json]:
    """Return block and element of an `action_id`, `block_id.action_id` or `block_id`."""
    for block in given:
        for element in interactive_elements(block):
            action_id, block_id = element.get("action_id"), block.get("block_id")
            if name in (action_id, f"{block_id}.{action_id}"):
                return block, element
    for block in given:
        elements = interactive_elements(block)
        if block.get("block_id") == name and len(elements) == 1:
            return block, elements[0]
    raise SlackError("action_not_found", [f"there is no element {name!r}"])


def options_of(element: Json) -> list[Json]:
    grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
    return [*element.get("options", []), *grouped]


def find_option(element: Json, value: str) -> Json:
    """Return an option by value or label; an external select accepts any."""
    for candidate in options_of(element):
        if value in (candidate.get("value"), candidate["text"]["text"]):
            return candidate
    if element["type"] in ("external_select", "multi_external_select"):
        return {"text": {"type": "plain_text", "text": value}, "value": value}
    raise SlackError("option_not_found", [f"{value!r} is not one of the options"])


def changed_value(element: Json, value: Any) -> Json:
    """Return the element's new value; `value` None empties it."""
    kind = element["type"]
    if kind == "button":
        return {"type": kind, "text": element["text"], "value": element.get("value", "")} | _style(element)
    if kind in TEXT_INPUTS:
        return {"type": kind, "value": None if value in (None, "") else str(value)}
    if kind in ("datepicker", "timepicker", "datetimepicker"):
        return {
            "type": kind,
            {"datepicker": "selected_date", "timepicker": "selected_time"}.get(kind, "selected_date_time"): value,
        }
    if kind in ("static_select", "external_select", "radio_buttons", "overflow"):
        return {"type": kind, "selected_option": None if value is None else find_option(element, str(value))}
    if kind in ("multi_static_select", "multi_external_select", "checkboxes"):
        return {"type": kind, "selected_options": [find_option(element, str(each)) for each in value or []]}
    many = kind.startswith("multi_")
    noun = NOUNS[kind.removeprefix("multi_").removesuffix("_select")]
    return {"type": kind, f"selected_{noun}s" if many else f"selected_{noun}": (value or []) if many else value}


def _style(element: Json) -> Json:
    return {"style": element["style"]} if "style" in element else {}


def missing_inputs(given: list[Json], state: Json) -> dict[str, str]:
    """Return Slack's own errors of a form: missing values and wrong lengths, by block id."""
    errors = {}
    for block in given:
        if block.get("type") != "input":
            continue
        element = block["element"]
        held = state.get(block["block_id"], {}).get(element["action_id"], {})
        value = next((held[key] for key in held if key == "value" or key.startswith("selected_")), None)
        if value in (None, "", []):
            if not block.get("optional"):
                errors[block["block_id"]] = "Please complete this required field."
        elif isinstance(value, str) and len(value) > element.get("max_length", 3000):
            errors[block["block_id"]] = f"Must be {element.get('max_length', 3000)} characters or fewer."
        elif isinstance(value, str) and len(value) < element.get("min_length", 0):
            errors[block["block_id"]] = f"Must be at least {element['min_length']} characters."
    return errors
