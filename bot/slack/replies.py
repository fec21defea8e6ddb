"""Answers to one person: words of ours with others' words escaped, and a view beside them where asked for."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import Ambiguous, UserError
from bot.domain.terms import Precision
from bot.domain.timeline_lines import Line, lines_of
from bot.domain.when import show_time
from bot.services import catchup, record, removing, views
from bot.slack.blocks import card as cards
from bot.slack.blocks import catchup as catchup_blocks
from bot.slack.blocks.kit import MESSAGE_TEXT, Block, Blocks, button, context, cut, link, literal, one_line, section
from bot.slack.blocks.message import Message
from bot.store import incidents
from commands.base import Asked, Reply

TOKEN = re.compile(r"(<@[UW][A-Z0-9]+>)")
SHOWN = 40
"""Entries of a timeline in one answer: each is a block, and a message has room for fifty."""
ROOM = 9_000
"""Characters of all entries together: blocks of more than about 13,200 are refused (`msg_blocks_too_long`)."""
LINE = 300
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


def answer_of(session: Session, settings: Settings, reply: Reply, at: datetime) -> dict[str, Any]:
    """The body of the answer to a command that was typed at `at`."""
    match reply.shows:
        case Asked.CARD:
            return ephemeral(cards.card(views.card(session, settings, reply.incident_id or 0)))
        case Asked.TIMELINE:
            return ephemeral(timeline(session, settings, reply.incident_id or 0))
        case Asked.CATCHUP:
            view = catchup.view(session, settings, reply.incident_id or 0, at)
            return ephemeral(catchup_blocks.catchup(view))
        case _:
            return words(reply.text)


def timeline(session: Session, settings: Settings, incident_id: int) -> Message:
    """The newest entries in the incident's order, each with its source and a way to take it off."""
    row = incidents.get(session, incident_id)
    whole = record.load(session, settings, incident_id)
    standing = [entry for entry in whole.entries if entry.withdrawn_at is None]
    lines = lines_of(whole, standing[-SHOWN:])
    zone = ZoneInfo(row.zone)
    days = {line.entry.happened_at.astimezone(zone).date() for line in lines if line.entry.happened_at}
    shown: Blocks = []
    room = ROOM
    for line in reversed(lines):
        block = _line(line, zone, with_date=len(days) > 1, is_over=not row.is_open)
        room -= len(block["text"]["text"])
        if room < 0:
            break
        shown.insert(0, block)
    count = f"{len(standing)} entries" if len(standing) != 1 else "1 entry"
    head: Blocks = [section(f"*Timeline of {row.reference}*, {count}, times in {zone.key}")]
    if len(standing) > len(shown):
        head.append(context(f"The {len(shown)} latest; the postmortem has them all."))
    return Message(f"Timeline of {row.reference}: {count}", head + shown)


def _line(line: Line, zone: ZoneInfo, *, with_date: bool, is_over: bool) -> Block:
    entry = line.entry
    at = show_time(entry.happened_at, zone, with_date=with_date, with_zone=False) if entry.happened_at else "–"
    about = "~" if entry.precision == Precision.APPROXIMATE else ""
    words = " ".join(part for part in [line.text, *line.notes] if part)
    said = literal(one_line(words, LINE))
    label = f"_{literal(line.label, limit=LINE)}_" if line.label else ""
    by = f" · {literal(line.by, limit=100)}" if line.by else ""
    source = f" {link(entry.source.link, '↗')}" if entry.source.link else ""
    value = entry.source.ref.removeprefix("entry-")
    stays = removing.why_it_stays(entry.kinds, is_over=is_over)
    return section(
        f"*{about}{at}* {' '.join(filter(None, [said, label]))}{by}{source}",
        accessory=None if stays else button("Remove", WITHDRAW, value),
    )
