"""Values of the improvements and tasks on a postmortem's page."""

from collections.abc import Mapping

from bot.domain.record.model import Action
from bot.domain.terms import ActionKind
from bot.domain.text.mentions import resolve_mentions

ANCHOR = "action-items"
DONE, OPEN = "done", "open"
KINDS = tuple(ActionKind)


def action_item_values(action: Action, people: Mapping[str, str], entered: Mapping[str, str]) -> Mapping[str, object]:
    """
    Values of one row: what is recorded, and what its fields show.

    `entered` are the fields of a form that was refused; those of another row or of a new item count for nothing.
    """
    owner = f"@{action.owner_group or people.get(action.owner, action.owner)}" if action.owner else ""
    recorded = {"owner": owner, "due": action.due or "", "state": DONE if action.done else OPEN}
    is_own = entered.get("number") == str(action.number)
    return {
        "number": action.number,
        "kind": action.kind.value,
        "text": resolve_mentions(action.text, people),
        "is_entered": is_own,
        "recorded": recorded,
        "shown": {name: entered.get(name, value) if is_own else value for name, value in recorded.items()},
    }


def new_action_item_values(entered: Mapping[str, str]) -> Mapping[str, object]:
    """Values of the form for a new item; `is_open` after it was refused."""
    is_own = "kind" in entered and not entered.get("number")
    fields = {name: entered.get(name, "") if is_own else "" for name in ("text", "kind", "owner", "due")}
    return {**fields, "is_open": is_own}
