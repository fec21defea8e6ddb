"""Message that asks a person to approve a public update, and the form that declines it."""

from collections.abc import Iterator

from bot.config import Settings
from bot.services.status_page.approval import LONGEST_REASON
from bot.services.status_page.approval_view import ApprovalRequestView, PublicWords
from bot.slack.blocks.inputs import modal, text_field
from bot.slack.blocks.limits import (
    Block,
    View,
    actions,
    button,
    context,
    is_linkable,
    literal,
    literal_with_mentions,
    one_line,
    section,
    slack_datetime,
)
from bot.slack.blocks.message import Message
from bot.slack.blocks.modals import TEXT

APPROVE, DECLINE, OPEN = "publication_approve", "publication_decline", "publication_open"
READ = "publication_read"
"""Shows the request with its buttons to the person who presses it."""
DECLINE_FORM, REQUEST = "publication_decline_modal", "request"
PART = 1_500
"""Characters of a text in one section: escaped, they keep Slack's limit."""


def approval_request_message(view: ApprovalRequestView) -> Message:
    """The words exactly as readers will see them, with the buttons while it waits."""
    title = literal(one_line(view.title, 200))
    head = f":eyes: <@{view.author}> prepared a public update of *{view.reference}*: {title}"
    blocks = [section(head), context(_describe_facts(view))]
    for words in view.words:
        blocks += _word_blocks(words)
    if view.missing:
        blocks.append(context(f"Missing: {' and '.join(view.missing)}. Readers see another language there."))
    if view.standing:
        blocks.append(context(literal_with_mentions(view.standing)))
    else:
        blocks.append(_buttons(view))
    return Message(f"Approve a public update of {view.reference}: {title}", blocks)


def _describe_facts(view: ApprovalRequestView) -> str:
    """State, components, times: everything beside the words."""
    parts = [f"*{view.state.capitalize()}*"]
    parts += [f"{literal(name, limit=200)}: {state}" for name, state in view.components]
    started, ended = view.impact
    if started:
        parts.append(f"Impact from {slack_datetime(started)}")
    if ended:
        parts.append(f"Impact until {slack_datetime(ended)}")
    parts.append(f"Dated {slack_datetime(view.stated_at)}" if view.stated_at else "Dated when it is approved")
    return " · ".join(parts)


def _word_blocks(words: PublicWords) -> Iterator[Block]:
    title = literal(one_line(words.title, 200))
    first, *others = [words.text[start : start + PART] for start in range(0, len(words.text) or 1, PART)]
    yield section(f"*{words.language}* · {title}\n{literal(first)}".strip())
    yield from (section(literal(each)) for each in others)


def _buttons(view: ApprovalRequestView) -> Block:
    value = str(view.request_id)
    page = [button("Preview", OPEN, value, url=view.page_url)] if is_linkable(view.page_url) else []
    return actions(button("Approve", APPROVE, value, style="primary"), button("Decline…", DECLINE, value), *page)


def decline_form(_settings: Settings, request_id: int) -> View:
    hint = f"Its author reads it. Up to {LONGEST_REASON} characters."
    reason = text_field(TEXT, "Reason", hint=hint, is_long=True, is_optional=False)
    return modal(DECLINE_FORM, "Decline the update", "Decline", [reason], {REQUEST: request_id})
