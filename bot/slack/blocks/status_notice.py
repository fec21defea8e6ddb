"""A publication on the status page, in a channel that follows it."""

from bot.services.status_page.notice_text import NoticeText
from bot.slack.blocks.limits import SECTION_TEXT, context, cut, literal, section
from bot.slack.blocks.message import Message

LONGEST = SECTION_TEXT - 200


def status_notice(notice: NoticeText) -> Message:
    """The words as published, with a link to their page. Nothing in them pings."""
    headline = f"*<{notice.url}|{literal(notice.title)}>*\n{literal(notice.label)}"
    reason = f" · {literal(notice.reason)}" if notice.reason else ""
    period = " – ".join(notice.period)
    listed = " · ".join(f"{name}: {state}" if state else name for name, state in notice.components)
    blocks = [section(f"{headline}{reason}")]
    if notice.text:
        blocks.append(section(literal(cut(notice.text, LONGEST))))
    details = [each for each in (period, listed, notice.note, f"{notice.page_title} · {notice.at}") if each]
    blocks.append(context("\n".join(literal(each) for each in details)))
    return Message(f"{literal(notice.page_title)}: {literal(notice.headline)}", blocks)
