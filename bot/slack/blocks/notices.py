"""Modals without inputs: loading, notice, message; and the warning above a form."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack.blocks.inputs import MAX_TITLE
from bot.slack.blocks.limits import Block, View, context, cut, plain_text, section

LOADING, NOTICE = "loading_modal", "notice_modal"
DATABASE_WARNING = (
    ":warning: The database does not answer, so these fields do not show the current values. You can still submit. "
    "If that does not work, you see an error, and your text stays."
)


def read_only_modal(callback_id: str, title: str, blocks: Sequence[Block], *, close: str = "Close") -> View:
    """A modal without a submit button."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(cut(title, MAX_TITLE)),
        "close": plain_text(close),
        "blocks": list(blocks),
    }


def loading_modal() -> View:
    text = ":hourglass_flowing_sand: One moment: reading the record."
    return read_only_modal(LOADING, "One moment", [section(text)], close="Cancel")


def notice_modal(text: str, title: str = "Dogwatch") -> View:
    """`text` is markup."""
    return read_only_modal(NOTICE, title, [section(text)])


def message_modal(blocks: Sequence[Block], title: str = "Dogwatch") -> View:
    """Show a message in a modal, without its buttons and menus."""
    readable = [
        {key: value for key, value in block.items() if key != "accessory"}
        for block in blocks
        if block["type"] != "actions"
    ]
    return read_only_modal(NOTICE, title, readable)


def reply_modal(reply: Mapping[str, Any]) -> View:
    """Show the reply of a command in a modal."""
    return message_modal(reply["blocks"]) if reply.get("blocks") else notice_modal(reply["text"])


def with_database_warning(view: View) -> View:
    """Put a warning above a form whose fields could not be filled from the database."""
    return {**view, "blocks": [context(DATABASE_WARNING), *view["blocks"]]}
