"""Comments on a block of the postmortem in the incident's channel: a thread for each block."""

from bot.services.postmortem.document.comments import CommentThreadView, CommentView
from bot.slack.blocks.incidents.channel_lines import redacted_message
from bot.slack.blocks.limits import is_linkable, link, literal, section, with_quote
from bot.slack.blocks.message import Message, plain_message


def comment_thread_message(view: CommentThreadView) -> Message:
    """The first message of a thread. It quotes nothing, so that a redaction need not look here."""
    name = f"{view.section.replace('_', ' ').capitalize()}{f' ({view.language})' if view.language else ''}"
    place = link(view.page_url, name) if is_linkable(view.page_url) else name
    return plain_message(
        f":speech_balloon: Comments on {place} in the postmortem of {view.reference}. "
        "Answers in this thread are comments, too."
    )


def comment_message(view: CommentView) -> Message:
    """A comment from the page. Its author is named, because a mention would notify them."""
    if not view.text:
        return redacted_message()
    line = f"*{literal(view.by, limit=100)}*"
    text = f"{line} {literal(view.text, view.names, 1_000)}"
    return Message(text, [section(with_quote(line, view.text, view.names))])
