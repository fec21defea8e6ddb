"""Small modals: each opens without asking the database, and keeps what was typed after an error."""

from typing import Any

from bot.domain.terms import MARKS, Kind
from bot.slack.blocks.kit import Block, cut

RESOLVE, NOTE = "resolve_modal", "note_modal"
TEXT, AT, KIND = "text", "at", "kind"
"""Each input's block id and action id."""
FIRST_FIELD = {RESOLVE: TEXT, NOTE: TEXT}
"""Where a refusal is shown that belongs to no field."""
TITLE = 24


def resolve(incident_id: int) -> dict[str, Any]:
    fields = [
        _input(TEXT, "What ended it?", hint="It becomes the resolution in the postmortem.", is_long=True),
        _input(AT, "When did the impact end?", hint="Leave it empty for now; else like 14:05 or 10 min ago."),
    ]
    return _modal(RESOLVE, "Resolve the incident", "Resolve", incident_id, fields)


def note(incident_id: int) -> dict[str, Any]:
    options = [{"text": _plain(kind.capitalize()), "value": kind.value} for kind in MARKS]
    chosen = next(option for option in options if option["value"] == Kind.NOTE.value)
    kinds: Block = {
        "type": "input",
        "block_id": KIND,
        "label": _plain("Kind"),
        "element": {"type": "static_select", "action_id": KIND, "options": options, "initial_option": chosen},
    }
    fields = [
        _input(TEXT, "What happened?", is_long=True, is_optional=False),
        kinds,
        _input(AT, "When?", hint="Leave it empty for now; else like 14:05, ~14:05 for about, ? for not known."),
    ]
    return _modal(NOTE, "Add to the timeline", "Add", incident_id, fields)


def kind_of(value: str) -> Kind | None:
    return Kind(value) if value in MARKS else None


def _modal(callback_id: str, title: str, submit: str, incident_id: int, blocks: list[Block]) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": _plain(cut(title, TITLE)),
        "submit": _plain(submit),
        "close": _plain("Cancel"),
        "private_metadata": str(incident_id),
        "blocks": blocks,
    }


def _input(name: str, label: str, *, hint: str | None = None, is_long: bool = False, is_optional: bool = True) -> Block:
    block: Block = {
        "type": "input",
        "block_id": name,
        "optional": is_optional,
        "label": _plain(label),
        "element": {"type": "plain_text_input", "action_id": name, "multiline": is_long, "max_length": 3_000},
    }
    if hint:
        block["hint"] = _plain(hint)
    return block


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": True}
