"""Answers to one person: words of ours with others' words escaped, and a view beside them where asked for."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import Ambiguous, UserError
from bot.services.postmortem import catchup
from bot.services.views import messages as views
from bot.slack.blocks.escalation import contact_settings as pages
from bot.slack.blocks.escalation import oncall
from bot.slack.blocks.incidents import archiving
from bot.slack.blocks.incidents import card as cards
from bot.slack.blocks.incidents import merge as combining
from bot.slack.blocks.limits import MESSAGE_TEXT, cut
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem import catchup as catchup_blocks
from bot.slack.replies import lists as listing
from bot.slack.replies.timeline import Page, timeline
from bot.store.incidents import incidents
from commands.base import Asked, Reply

TOKEN = re.compile(r"(<@[UW][A-Z0-9]+>|<#C[A-Z0-9]+>)")


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


OF_VIEW: Mapping[Asked, Callable[[Any], Message]] = {Asked.ON_CALL: oncall.shown, Asked.PAGES: pages.shown}
"""What shows a view that the command made itself."""


def answer_of(session: Session, settings: Settings, reply: Reply, at: datetime) -> dict[str, Any]:
    """The body of the answer to a command that was typed at `at`."""
    match reply.shows:
        case Asked.CARD:
            return ephemeral(cards.card(views.card(session, settings, reply.incident_id or 0)))
        case Asked.WHOLE:
            return ephemeral(listing.shown(session, settings, reply.incident_id or 0))
        case Asked.LIST:
            return ephemeral(listing.listed(session, settings, reply.values["sight"], reply.values["text"]))
        case Asked.FOUND:
            asked = reply.values
            return ephemeral(
                listing.found(session, settings, asked["sight"], asked["text"], with_drills=asked["drills"])
            )
        case Asked.ARCHIVED:
            row = incidents.get(session, reply.incident_id or 0)
            return ephemeral(archiving.archived(row.key, row.reference, row.channel_name or ""))
        case Asked.ON_CALL | Asked.PAGES:
            return ephemeral(OF_VIEW[reply.shows](reply.values["view"]))
        case Asked.MERGE:
            return ephemeral(combining.question(reply.values["weighed"]))
        case Asked.TIMELINE:
            return ephemeral(timeline(session, settings, Page(reply.incident_id or 0)))
        case Asked.CATCHUP:
            view = catchup.view(session, settings, reply.incident_id or 0, at)
            return ephemeral(catchup_blocks.catchup(view))
        case _:
            return words(reply.text)
