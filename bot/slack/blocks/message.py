"""A message: blocks, and the text beside them for notifications and screen readers."""

from dataclasses import dataclass

from bot.slack.blocks.limits import MESSAGE_TEXT, Blocks, cut, section

MOST_BLOCKS = 50


@dataclass(frozen=True, slots=True)
class Message:
    """What `chat.postMessage` takes, and `content` what `chat.update` does. `text` is markup, and never empty."""

    text: str
    blocks: Blocks

    def arguments(self) -> dict[str, object]:
        return {**self.content(), "unfurl_links": False, "unfurl_media": False}

    def content(self) -> dict[str, object]:
        """What can be edited: how links unfurl is settled when a message is posted."""
        return {"text": cut(self.text, MESSAGE_TEXT), "blocks": self.blocks[:MOST_BLOCKS]}


def plain(text: str) -> Message:
    """A message of one paragraph of markup."""
    return Message(text, [section(text)])
