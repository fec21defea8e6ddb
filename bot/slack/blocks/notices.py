"""Windows without fields: one that waits for its form, one that only says something; and what a form says above."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack.blocks.inputs import TITLE, plain
from bot.slack.blocks.limits import Block, context, cut, section

View = dict[str, Any]
LOADING, NOTICE = "loading_modal", "notice_modal"
WITHOUT_RECORD = (
    ":warning: The database does not answer right now, so these fields do not show what the record holds. Write and "
    "send all the same: if it still does not answer then, you are told, and what you wrote stays."
)


def window(callback_id: str, title: str, blocks: Sequence[Block], *, close: str = "Close") -> View:
    """A window that sends nothing."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(cut(title, TITLE)),
        "close": plain(close),
        "blocks": list(blocks),
    }


def loading() -> View:
    text = ":hourglass_flowing_sand: One moment: what the record holds is being read."
    return window(LOADING, "One moment", [section(text)], close="Cancel")


def notice(text: str, title: str = "Dogwatch") -> View:
    """`text` is markup."""
    return window(NOTICE, title, [section(text)])


def of_message(blocks: Sequence[Block], title: str = "Dogwatch") -> View:
    """A message as a window that is only read: its buttons and menus belong to the message."""
    read = [
        {key: value for key, value in block.items() if key != "accessory"}
        for block in blocks
        if block["type"] != "actions"
    ]
    return window(NOTICE, title, read)


def of_answer(told: Mapping[str, Any]) -> View:
    """What a command answers, as a window."""
    return of_message(told["blocks"]) if told.get("blocks") else notice(told["text"])


def without_record(view: View) -> View:
    """The form with a line above it: its fields show nothing of what the database would know."""
    return {**view, "blocks": [context(WITHOUT_RECORD), *view["blocks"]]}
