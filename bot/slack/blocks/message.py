"""A message: blocks, and fallback text for notifications and screen readers."""

from dataclasses import dataclass

from bot.slack.blocks.limits import MESSAGE_TEXT, Blocks, cut, section

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


def plain_message(text: str) -> Message:
    """A message of one paragraph of markup."""
    return Message(text, [section(text)])
