"""A message: blocks, and fallback text for notifications and screen readers."""

from collections.abc import Sequence
from datetime import datetime

from bot.lazy_dataclass import dataclass
from bot.slack.blocks.limits import MESSAGE_TEXT, Blocks, context, cut, section, slack_datetime

MAX_BLOCKS = 50


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is the fallback for notifications: markup, never empty."""

    text: str
    blocks: Blocks

    def arguments(self) -> dict[str, object]:
        """Arguments of `chat.postMessage`."""
        return {**self.content(), "unfurl_links": False, "unfurl_media": False}

    def content(self) -> dict[str, object]:
        """Arguments of `chat.update`: unfurling is set when a message is posted."""
        return {"text": cut(self.text, MESSAGE_TEXT), "blocks": self.blocks[:MAX_BLOCKS]}


def join_messages(messages: Sequence[Message]) -> Message:
    """One message of the blocks of several; the newest text is the fallback."""
    return Message(messages[-1].text, [block for each in messages for block in each.blocks])


def with_page_mark(message: Message, at: datetime | None) -> Message:
    """Add the time at which it was done on the page; None: it was done in Slack."""
    if at is None:
        return message
    return Message(message.text, [*message.blocks, context(f"From the page · {slack_datetime(at)}")])


def plain_message(text: str) -> Message:
    """A message of one paragraph of markup."""
    return Message(text, [section(text)])
