"""Messages about a vendor's incident: its state with the question, and its news."""

from datetime import timedelta

from bot.domain.text.durations import format_duration
from bot.domain.vendor_status.news import NewsKind
from bot.services.outbox.payloads import VendorReplyPayload
from bot.services.vendors.notice_view import VendorNoticeView
from bot.slack.blocks.limits import (
    QUOTE_TEXT,
    actions,
    button,
    context,
    link,
    literal,
    one_line,
    quoted,
    section,
    slack_datetime,
)
from bot.slack.blocks.message import Message
from bot.store.vendors import NoticeState

LINK, DECLINE = "vendor_link", "vendor_decline"
NAME, TITLE, COMPONENTS, SERVICES = 80, 200, 200, 200
"""Characters of each part."""
WORDS = {
    NewsKind.UPDATE: "Update",
    NewsKind.EDITED: "They changed the text of an earlier update",
    NewsKind.TRANSLATED: "New words in another language",
    NewsKind.BACKDATED: "They added an update and backdated it",
    NewsKind.RENAMED: "Renamed",
    NewsKind.IMPACT: "Impact changed",
    NewsKind.RESOLVED: "Resolved",
    NewsKind.POSTMORTEM: "Postmortem published",
    NewsKind.REOPENED: "Open again",
    NewsKind.REMOVED: "They removed an update",
    NewsKind.GONE: "It disappeared from their page without a resolution",
}


def vendor_notice_message(view: VendorNoticeView) -> Message:
    """
    The vendor's incident as it is now.

    In an incident's channel it bears the question, or its answer.
    """
    name, title = literal(view.vendor, limit=NAME), literal(one_line(view.title, TITLE))
    shown = link(view.link, title) if view.link else title
    line = f":satellite_antenna: *{name}* has reported {shown} since {slack_datetime(view.first_word_at)}"
    fallback = f"{name} reports {title}"
    blocks = [section(line)]
    if view.text:
        blocks.append(section(quoted(view.text)))
        if len(view.text) > QUOTE_TEXT:
            blocks.append(_shortened(view.link or ""))
    blocks.append(context(" · ".join(_state_parts(view))))
    if question := _question(view):
        blocks.append(section(question))
    buttons = _buttons(view)
    if buttons:
        blocks.append(actions(*buttons))
    return Message(f"{fallback}. {question}" if question else fallback, blocks)


def _shortened(page: str) -> dict[str, object]:
    return context(f"Shortened. {link(page, 'All of it is on their page.')}" if page else "Shortened.")


def _state_parts(view: VendorNoticeView) -> list[str]:
    if view.is_gone:
        state = "gone from their page"
    elif view.resolved_at is not None:
        length = view.resolved_at - view.first_word_at
        state = f"resolved {slack_datetime(view.resolved_at)}, after {format_duration(max(length, timedelta()))}"
    else:
        state = view.vendor_state.replace("_", " ") or "open"
    parts = [f"their state: *{state}*"]
    if view.level:
        parts.append(f"impact: {literal(view.level)}")
    if view.components:
        parts.append(literal(one_line(", ".join(view.components), COMPONENTS)))
    if view.incident_reference is None and view.services:
        parts.append(f"needed by {_services(view)}")
    return parts


def _services(view: VendorNoticeView) -> str:
    return literal(one_line(", ".join(view.services), SERVICES))


def _question(view: VendorNoticeView) -> str:
    """The question in an incident's channel, or its answer."""
    by = f" by <@{view.decided_by}>" if view.decided_by else ""
    if view.has_opened and view.state is NoticeState.LINKED:
        return f":link: {view.incident_reference} was opened for it, by a route. {_delay(view)}".rstrip()
    if view.state is NoticeState.LINKED:
        return f":link: Linked to {view.incident_reference}{by}. {_delay(view)}".rstrip()
    if view.state is NoticeState.DECLINED:
        return f"Not the cause of {view.incident_reference}, decided{by}."
    if view.state is NoticeState.ASKED and view.can_be_decided:
        verb = "depends" if len(view.services) == 1 else "depend"
        question = f"{_services(view)} {verb} on it: is it them?" if view.services else "Is it them?"
        return f"{question} {_delay(view)}".rstrip()
    return ""


def _delay(view: VendorNoticeView) -> str:
    """Their first word beside our first error."""
    if view.first_error_at is None:
        return ""
    delay = view.first_word_at - view.first_error_at
    if abs(delay) < timedelta(minutes=1):
        return "Their first word came with our first error."
    side = "after" if delay > timedelta() else "before"
    return f"Their first word came {format_duration(abs(delay))} {side} our first error."


def _buttons(view: VendorNoticeView) -> list[dict[str, object]]:
    if not view.can_be_decided:
        return []
    value, buttons = str(view.notice_id), []
    if view.state is not NoticeState.LINKED:
        buttons.append(button("It is them", LINK, value, style="primary" if view.state is NoticeState.ASKED else None))
    if view.state is not NoticeState.DECLINED:
        buttons.append(button("Not them", DECLINE, value))
    return buttons


def vendor_reply_message(payload: VendorReplyPayload) -> Message:
    """One piece of news, in the vendor's words and with its time."""
    line = WORDS[NewsKind(payload.news)]
    if payload.news == NewsKind.RENAMED:
        line += f": {literal(one_line(payload.became or payload.title, TITLE))}"
    elif payload.news == NewsKind.IMPACT and payload.became:
        line += f": {literal(payload.was or 'none')} to {literal(payload.became)}"
    elif payload.news == NewsKind.UPDATE and payload.state:
        line = payload.state.replace("_", " ").capitalize()
    if payload.at is not None:
        line += f" · {slack_datetime(payload.at)}"
    if payload.written_at is not None:
        line += f", written {slack_datetime(payload.written_at)}"
    blocks = [section(line)]
    if payload.text:
        blocks.append(section(quoted(payload.text)))
        if len(payload.text) > QUOTE_TEXT:
            blocks.append(_shortened(payload.page))
    return Message(f"{line}. {one_line(literal(payload.text), 500)}" if payload.text else line, blocks)
