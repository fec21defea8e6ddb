"""Answers to one person: words of ours with others' words escaped, and a view beside them where asked for."""

import re
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import Ambiguous, UserError
from bot.domain.terms import Precision
from bot.domain.when import show_time
from bot.services import record, views
from bot.slack.blocks import card as cards
from bot.slack.blocks.kit import MESSAGE_TEXT, Blocks, button, context, cut, link, literal, one_line, section
from bot.slack.blocks.message import Message
from bot.store import incidents
from commands.base import Asked, Reply

TOKEN = re.compile(r"(<@[UW][A-Z0-9]+>)")
SHOWN = 40
"""Entries of a timeline in one answer: each is a block, and a message has room for fifty."""
WITHDRAW = "entry_withdraw"


def markup(text: str) -> str:
    """Our words with mentions as they are and everything else escaped: an answer may quote what somebody typed."""
    parts = TOKEN.split(text)
    safe = [part if TOKEN.fullmatch(part) else _escaped(part) for part in parts]
    return cut("".join(safe), MESSAGE_TEXT)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def ephemeral(message: Message) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": cut(message.text, MESSAGE_TEXT), "blocks": message.blocks}


def words(text: str) -> dict[str, Any]:
    """An answer of nothing but words."""
    return {"response_type": "ephemeral", "text": markup(text)}


def problem_of(problem: UserError) -> dict[str, Any]:
    """A refusal: what is wrong and how to mend it. A question lists what can be typed instead."""
    if isinstance(problem, Ambiguous):
        ways = "\n".join(f"• `{candidate}`" for candidate in problem.candidates)
        return words(f":grey_question: {problem.message}\nInstead of `{problem.about}` type one of:\n{ways}")
    return words(f":warning: {problem.message}")


def answer_of(session: Session, settings: Settings, reply: Reply) -> dict[str, Any]:
    match reply.shows:
        case Asked.CARD:
            return ephemeral(cards.card(views.card(session, settings, reply.incident_id or 0)))
        case Asked.TIMELINE:
            return ephemeral(timeline(session, settings, reply.incident_id or 0))
        case _:
            return words(reply.text)


def timeline(session: Session, settings: Settings, incident_id: int) -> Message:
    """The newest entries in the incident's order, each with its source and a way to take it off."""
    row = incidents.get(session, incident_id)
    whole = record.load(session, settings, incident_id)
    standing = [entry for entry in whole.entries if entry.withdrawn_at is None]
    shown = standing[-SHOWN:]
    zone = ZoneInfo(row.zone)
    blocks: Blocks = [section(f"*Timeline of {row.reference}*, {len(standing)} entries, times in {zone.key}")]
    if len(standing) > len(shown):
        blocks.append(context(f"The {len(shown)} latest; the postmortem has them all."))
    days = {entry.happened_at.astimezone(zone).date() for entry in shown if entry.happened_at}
    for entry in shown:
        at = show_time(entry.happened_at, zone, with_date=len(days) > 1, with_zone=False) if entry.happened_at else "–"
        about = "~" if entry.precision == Precision.APPROXIMATE else ""
        text = literal(one_line(entry.text, 300), whole.people) or "_message deleted_"
        kinds = ", ".join(entry.kinds)
        source = f" {link(entry.source.link, '↗')}" if entry.source.link else ""
        blocks.append(
            section(
                f"*{about}{at}* {text} _({kinds})_{source}",
                accessory=button("Remove", WITHDRAW, entry.source.ref.removeprefix("entry-")),
            )
        )
    return Message(f"Timeline of {row.reference}: {len(standing)} entries", blocks)
