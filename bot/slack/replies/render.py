"""Render answers to one person: a text, a message, an error, or the reply of a command."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import Ambiguous, UserError
from bot.services.postmortem.catchup import load_catchup
from bot.services.views.card import load_card_view
from bot.slack.blocks.commands.note_time import note_time_question
from bot.slack.blocks.escalation.contact_settings import contact_settings_message
from bot.slack.blocks.escalation.oncall import oncall_message
from bot.slack.blocks.escalation.question import page_again_question
from bot.slack.blocks.incidents.archiving import channel_archived_message
from bot.slack.blocks.incidents.card import card_message
from bot.slack.blocks.incidents.merge import merge_question
from bot.slack.blocks.limits import MESSAGE_TEXT, cut
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem.block_form import edit_message
from bot.slack.blocks.postmortem.catchup import catchup_message
from bot.slack.replies.lists import render_list, render_overview, render_search
from bot.slack.replies.timeline import TimelinePage, render_timeline_page
from bot.store.incidents import incidents
from commands.base import Reply, ReplyView

MENTION = re.compile(r"(<@[UW][A-Z0-9]+>|<#C[A-Z0-9]+>)")


def escape_markup(text: str) -> str:
    """Escape a text that may quote people; mentions of users and channels stay."""
    parts = MENTION.split(text)
    safe = [part if MENTION.fullmatch(part) else _escape(part) for part in parts]
    return cut("".join(safe), MESSAGE_TEXT)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def render_ephemeral(message: Message) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": cut(message.text, MESSAGE_TEXT), "blocks": message.blocks}


def render_text(text: str) -> dict[str, Any]:
    """Render an ephemeral answer without blocks."""
    return {"response_type": "ephemeral", "text": escape_markup(text)}


def render_error(problem: UserError) -> dict[str, Any]:
    """Render an error, or the candidates of an ambiguous text."""
    if isinstance(problem, Ambiguous):
        if problem.hint:
            return render_text(f":grey_question: {problem.message}\n{problem.hint}")
        ways = "\n".join(f"• `{candidate}`" for candidate in problem.candidates)
        return render_text(f":grey_question: {problem.message}\nInstead of `{problem.about}` type one of:\n{ways}")
    return render_text(f":warning: {problem.message}")


MESSAGES: Mapping[ReplyView, Callable[[Any], Message]] = {
    ReplyView.ON_CALL: oncall_message,
    ReplyView.PAGES: contact_settings_message,
    ReplyView.PAGE_AGAIN: page_again_question,
    ReplyView.NOTE_TIME: note_time_question,
    ReplyView.BLOCK_FORM: edit_message,
}
"""Messages of views that the command has loaded."""


def render_command_reply(session: Session, settings: Settings, reply: Reply, at: datetime) -> dict[str, Any]:
    """Return the answer to a command executed at `at`; empty where the channel says it."""
    incident_id, values = reply.incident_id or 0, reply.values
    match reply.shows:
        case ReplyView.CARD:
            return render_ephemeral(card_message(load_card_view(session, settings, incident_id)))
        case ReplyView.OVERVIEW:
            return render_ephemeral(render_overview(session, settings, incident_id))
        case ReplyView.LIST:
            return render_ephemeral(render_list(session, settings, values["sight"], values["text"]))
        case ReplyView.FOUND:
            return render_ephemeral(
                render_search(session, settings, values["sight"], values["text"], with_drills=values["drills"])
            )
        case ReplyView.ARCHIVED:
            row = incidents.get(session, incident_id)
            return render_ephemeral(channel_archived_message(row.key, row.reference, row.channel_name or ""))
        case shown if shown in MESSAGES:
            return render_ephemeral(MESSAGES[shown](values["view"]))
        case ReplyView.MERGE:
            return render_ephemeral(merge_question(values["preview"]))
        case ReplyView.TIMELINE:
            return render_ephemeral(render_timeline_page(session, settings, TimelinePage(incident_id)))
        case ReplyView.CATCHUP:
            view = load_catchup(session, settings, incident_id, at)
            return render_ephemeral(catchup_message(view))
        case _:
            return render_text(reply.text) if reply.text else {}
