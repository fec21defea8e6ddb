"""Direct message that asks for a review of a postmortem."""

from bot.domain.drafting.document.publication import PostmortemState
from bot.services.postmortem.document.review import ReviewRequestView
from bot.slack.blocks.limits import actions, button, context, is_linkable, join_lines, link, literal, one_line, section
from bot.slack.blocks.message import Message

APPROVE, COMMENT = "review_approve", "review_comment"


def review_request_message(view: ReviewRequestView, *, is_approved: bool = False) -> Message:
    """`is_approved`: by its reader."""
    asker = f"<@{view.asked_by}>" if view.asked_by else "Somebody"
    title = literal(one_line(view.title, 200))
    head = f":memo: {asker} asks you to review {link(view.page_url, 'the postmortem')} of *{view.reference}*: {title}"
    due = f"Due: {view.due}." if view.due else ""
    blocks = [section(join_lines([head, due]) if due else head)]
    if is_approved:
        blocks.append(context(":white_check_mark: You approved it."))
    elif view.state is PostmortemState.PUBLISHED:
        blocks.append(context("It is published."))
    else:
        value = str(view.review_id)
        page = [button("Comment", COMMENT, value, url=view.page_url)] if is_linkable(view.page_url) else []
        blocks.append(actions(button("Approve", APPROVE, value, style="primary"), *page))
    return Message(f"Review the postmortem of {view.reference}: {title}", blocks)
