"""
Slack's validation of Block Kit, with error messages like Slack's own.

The numbers are Slack's documented limits.
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.workspace.records import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MAX_MESSAGE_TEXT = 13_200
"""Characters of all blocks of one message, as others have measured."""
VIEW_FIELDS = {"title": 24, "submit": 24, "close": 24}
SELECTS = ("static_select", "users_select", "conversations_select", "channels_select", "external_select")
MULTI = tuple(f"multi_{name}" for name in SELECTS)
PICKERS = ("datepicker", "timepicker", "datetimepicker")
TEXT_INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
CHOICES = ("radio_buttons", "checkboxes")
ACTIVE = ("button", "overflow", "workflow_button", *SELECTS, *MULTI, *PICKERS, *CHOICES)
IN_ACTIONS = {*ACTIVE, "plain_text_input"}
IN_INPUT = {*TEXT_INPUTS, *SELECTS, *MULTI, *PICKERS, *CHOICES, "file_input", "rich_text_input"}
IN_SECTION = {*ACTIVE, "image"}
ONLY_IN_MESSAGES = {"file", "table", "markdown"}
LAYOUT_BLOCKS = {"alert", "card", "carousel", "context", "divider", "header", "image", "rich_text", "section", "video"}
BLOCK_TYPES = {"actions", "context_actions", "input", *LAYOUT_BLOCKS, *ONLY_IN_MESSAGES}
OPTION_MAX = {"radio_buttons": 10, "checkboxes": 10, "overflow": 5}


def find_message_problems(given: Any) -> list[str]:
    if not isinstance(given, list):
        return ["[ERROR] must be an array [json-pointer:/blocks]"]
    if len(given) > MESSAGE_BLOCKS:
        return [f"[ERROR] no more than {MESSAGE_BLOCKS} items allowed [json-pointer:/blocks]"]
    check = Check(in_view=False)
    check.blocks(given, "/blocks")
    if sum(block.get("type") == "table" for block in given if isinstance(block, dict)) > 1:
        check.complain("only one table block is allowed", "/blocks")
    return check.problems


def find_view_problems(view: Any, kind: str) -> list[str]:
    if not isinstance(view, dict):
        return ["[ERROR] must be an object [json-pointer:/view]"]
    check = Check(in_view=True)
    if view.get("type") != kind:
        check.complain(f"must be {kind!r}", "/view/type")
    given = view.get("blocks")
    if not isinstance(given, list):
        check.complain("missing required field: blocks", "/view")
        return check.problems
    if len(given) > VIEW_BLOCKS:
        check.complain(f"no more than {VIEW_BLOCKS} items allowed", "/view/blocks")
    check.blocks(given, "/view/blocks")
    check.length(view.get("private_metadata", ""), 3000, "/view/private_metadata")
    check.length(view.get("callback_id", ""), 255, "/view/callback_id")
    if kind == "modal":
        _modal_problems(check, view, given)
    return check.problems


def find_option_problems(answer: Json) -> list[str]:
    """Validate an answer with `options` or `option_groups`, either possibly empty."""
    check = Check(in_view=False)
    if "option_groups" in answer:
        check.groups(answer["option_groups"], "/option_groups", least=0)
    elif "options" in answer:
        check.options(answer["options"], 100, "/options", least=0)
    return check.problems


def _modal_problems(check: "Check", view: Json, given: list[Any]) -> None:
    if "title" not in view:
        check.complain("missing required field: title", "/view")
    for field, limit in VIEW_FIELDS.items():
        if view.get(field) is not None:
            check.text(view[field], limit, f"/view/{field}", plain=True)
    has_input = any(isinstance(block, dict) and block.get("type") == "input" for block in given)
    if has_input and not view.get("submit"):
        check.complain("missing required field: submit (there are input blocks)", "/view")


class Check:
    """A walk through blocks that collects errors."""

    def __init__(self, *, in_view: bool) -> None:
        self.in_view = in_view
        self.problems: list[str] = []
        self.block_ids: set[str] = set()

    def complain(self, what: str, where: str) -> None:
        self.problems.append(f"[ERROR] {what} [json-pointer:{where}]")

    def length(self, value: Any, limit: int, where: str, least: int = 0) -> None:
        if not isinstance(value, str):
            self.complain("must be a string", where)
        elif len(value) > limit:
            self.complain(f"must be less than {limit + 1} characters", where)
        elif len(value) < least:
            self.complain(f"must be more than {least - 1} characters", where)

    def text(self, value: Any, limit: int, where: str, *, plain: bool = False) -> None:
        """Check a text object of 1 to `limit` characters."""
        if not isinstance(value, dict) or value.get("type") not in ("plain_text", "mrkdwn"):
            self.complain("must be a text object", where)
            return
        if plain and value["type"] != "plain_text":
            self.complain("must be a plain_text object", where)
        self.length(value.get("text"), limit, f"{where}/text", least=1)

    def items(self, value: Any, limit: int, where: str, least: int = 1) -> list[Any]:
        if not isinstance(value, list):
            self.complain("must be an array", where)
            return []
        if len(value) > limit:
            self.complain(f"no more than {limit} items allowed", where)
        if len(value) < least:
            self.complain(f"no fewer than {least} items allowed", where)
        return value

    def blocks(self, given: list[Any], where: str) -> None:
        for number, block in enumerate(given):
            self.block(block, f"{where}/{number}")

    def block(self, block: Any, where: str) -> None:
        if not isinstance(block, dict):
            self.complain("must be an object", where)
            return
        kind = block.get("type")
        if kind not in BLOCK_TYPES or (self.in_view and kind in ONLY_IN_MESSAGES):
            self.complain(f"unsupported type: {kind}", f"{where}/type")
            return
        block_id = block.get("block_id")
        if block_id is not None:
            self.length(block_id, 255, f"{where}/block_id")
            if block_id in self.block_ids:
                self.complain(f"block_id already exists: {block_id}", f"{where}/block_id")
            self.block_ids.add(str(block_id))
        walker = getattr(self, f"_{kind}", None)
        if walker:
            walker(block, where)

    def _section(self, block: Json, where: str) -> None:
        if "text" not in block and "fields" not in block:
            self.complain("missing required field: text or fields", where)
        if "text" in block:
            self.text(block["text"], 3000, f"{where}/text")
        if "fields" in block:
            for number, text in enumerate(self.items(block["fields"], 10, f"{where}/fields")):
                self.text(text, 2000, f"{where}/fields/{number}")
        if "accessory" in block:
            self.element(block["accessory"], IN_SECTION, f"{where}/accessory")

    def _header(self, block: Json, where: str) -> None:
        self.text(block.get("text"), 150, f"{where}/text", plain=True)

    def _context(self, block: Json, where: str) -> None:
        for number, element in enumerate(self.items(block.get("elements"), 10, f"{where}/elements")):
            here = f"{where}/elements/{number}"
            if isinstance(element, dict) and element.get("type") == "image":
                self._image(element, here)
            else:
                self.text(element, 3000, here)

    def _actions(self, block: Json, where: str) -> None:
        seen: set[str] = set()
        for number, element in enumerate(self.items(block.get("elements"), 25, f"{where}/elements")):
            here = f"{where}/elements/{number}"
            self.element(element, IN_ACTIONS, here)
            action_id = element.get("action_id") if isinstance(element, dict) else None
            if action_id in seen:
                self.complain(f"action_id already exists: {action_id}", f"{here}/action_id")
            if action_id:
                seen.add(action_id)

    def _input(self, block: Json, where: str) -> None:
        self.text(block.get("label"), 2000, f"{where}/label", plain=True)
        if "hint" in block:
            self.text(block["hint"], 2000, f"{where}/hint", plain=True)
        self.element(block.get("element"), IN_INPUT, f"{where}/element")

    def _image(self, block: Json, where: str) -> None:
        if not block.get("image_url") and not block.get("slack_file"):
            self.complain("missing required field: image_url", where)
        self.length(block.get("image_url", ""), 3000, f"{where}/image_url")
        self.length(block.get("alt_text"), 2000, f"{where}/alt_text", least=1)
        if "title" in block:
            self.text(block["title"], 2000, f"{where}/title", plain=True)

    def _markdown(self, block: Json, where: str) -> None:
        self.length(block.get("text"), 12_000, f"{where}/text", least=1)

    def _table(self, block: Json, where: str) -> None:
        for number, row in enumerate(self.items(block.get("rows"), 100, f"{where}/rows")):
            self.items(row, 20, f"{where}/rows/{number}")

    def _rich_text(self, block: Json, where: str) -> None:
        self.items(block.get("elements"), 1000, f"{where}/elements", least=0)

    def element(self, element: Any, allowed: set[str], where: str) -> None:
        if not isinstance(element, dict):
            self.complain("must be an object", where)
            return
        kind = element.get("type")
        if kind not in allowed:
            self.complain(f"unsupported type: {kind}", f"{where}/type")
            return
        if "action_id" in element:
            self.length(element["action_id"], 255, f"{where}/action_id")
        if "placeholder" in element:
            self.text(element["placeholder"], 150, f"{where}/placeholder", plain=True)
        if "confirm" in element:
            self._confirm(element["confirm"], f"{where}/confirm")
        if kind == "image":
            self._image(element, where)
        elif kind == "button":
            self._button(element, where)
        elif kind == "plain_text_input":
            self._typed(element, where)
        elif kind in ("external_select", "multi_external_select"):
            self._external(element, where)
        elif "options" in element or kind in ("static_select", "multi_static_select", "overflow", *CHOICES):
            self._choice(element, str(kind), where)

    def _button(self, element: Json, where: str) -> None:
        self.text(element.get("text"), 75, f"{where}/text", plain=True)
        self.length(element.get("value", ""), 2000, f"{where}/value")
        self.length(element.get("url", ""), 3000, f"{where}/url")
        if element.get("style", "primary") not in ("primary", "danger"):
            self.complain("must be primary or danger", f"{where}/style")

    def _typed(self, element: Json, where: str) -> None:
        limit = element.get("max_length", 3000)
        if not isinstance(limit, int) or not 1 <= limit <= 3000:
            self.complain("must be between 1 and 3000", f"{where}/max_length")
            return
        self.length(element.get("initial_value", ""), limit, f"{where}/initial_value")

    def _choice(self, element: Json, kind: str, where: str) -> None:
        if "option_groups" in element:
            self.groups(element["option_groups"], f"{where}/option_groups")
            return
        self.options(element.get("options"), OPTION_MAX.get(kind, 100), f"{where}/options")
        initial = element.get("initial_option")
        if initial is not None and initial not in (element.get("options") or []):
            self.complain("must be one of the provided options", f"{where}/initial_option")

    def _external(self, element: Json, where: str) -> None:
        """Check an external select, which contains only its initial options."""
        if not isinstance(element.get("min_query_length", 0), int):
            self.complain("must be an integer", f"{where}/min_query_length")
        held = [element["initial_option"]] if "initial_option" in element else element.get("initial_options", [])
        self.options(held, 100, f"{where}/initial_option", least=0)

    def groups(self, given: Any, where: str, least: int = 1) -> None:
        for number, group in enumerate(self.items(given, 100, where, least)):
            here = f"{where}/{number}"
            if not isinstance(group, dict):
                self.complain("must be an object", here)
                continue
            self.text(group.get("label"), 75, f"{here}/label", plain=True)
            self.options(group.get("options"), 100, f"{here}/options")

    def options(self, given: Any, limit: int, where: str, least: int = 1) -> None:
        for number, option in enumerate(self.items(given, limit, where, least)):
            here = f"{where}/{number}"
            if not isinstance(option, dict):
                self.complain("must be an object", here)
                continue
            self.text(option.get("text"), 75, f"{here}/text")
            self.length(option.get("value"), 150, f"{here}/value")
            if "description" in option:
                self.text(option["description"], 75, f"{here}/description")

    def _confirm(self, confirm: Any, where: str) -> None:
        if not isinstance(confirm, dict):
            self.complain("must be an object", where)
            return
        for field, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            self.text(confirm.get(field), limit, f"{where}/{field}")


def text_size(given: list[Json]) -> int:
    """Return the number of characters of all texts."""
    return sum(len(text) for text in _texts(given))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
