"""Answers to messages that mention the bot: help, or the command to type."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.command.grammar import identify_command
from bot.command.slack_text import plain_text
from bot.config import Settings
from bot.lazy_dataclass import dataclass
from bot.services.workspace.people import MENTION
from bot.slack.api.payloads import find_ts, parse_team_id, read_id
from bot.slack.blocks.limits import one_line, replace_mentions
from bot.slack.handlers.commands.execution import SlashCommand, answer_read_only
from bot.slack.handlers.registry import Answer
from bot.slack.replies.render import render_text
from bot.store.incidents import incidents, installations
from bot.store.shared import people
from commands import COMMANDS
from commands.execution import build_context

HELP = "help"
MAX_LINE = 300
"""Characters of a person's text that are offered as a line to type."""
HANDLE = re.compile(r"<@([UWB][A-Z0-9]+)(?:\|[^>]*)?>")


@dataclass(frozen=True, slots=True)
class BotMention:
    """A message that mentions the bot. `text` is Slack's markup."""

    team_id: str
    user_id: str
    channel_id: str
    text: str
    thread_ts: str | None = None

    @classmethod
    def from_payload(cls, body: Mapping[str, Any]) -> "BotMention | None":
        """
        Source: docs.slack.dev/reference/events/app_mention.

        None for a message of an app: it gets no answer, so that no two apps answer each other. Raises KeyError,
        TypeError or ValueError for another payload.
        """
        event = body["event"]
        channel_id = read_id(event, "channel")
        if event.get("bot_id") or not event.get("user"):
            return None
        text = str(event.get("text") or "")
        return cls(parse_team_id(body), read_id(event, "user"), channel_id, text, find_ts(event, "thread_ts"))


def answer_mention(session: Session, settings: Settings, mention: BotMention, at: datetime) -> Answer:
    """Show help if it is asked for, or nothing is; else say how to type the same as a command."""
    text = _text_without_bot(session, mention.text)
    here = incidents.find_by_channel(session, mention.team_id, mention.channel_id)
    context = build_context(settings, at, inside=here, zone=settings.incidents.zone)
    command = identify_command(text, COMMANDS, context) if text else None
    if not text or (command is not None and command.name == HELP):
        asked = SlashCommand(mention.team_id, mention.user_id, "", None, mention.channel_id, text or HELP, "")
        return answer_read_only(session, settings, asked, at)
    line = _typed_line(session, mention.team_id, text)
    if command is not None:
        return render_text(f"I read commands only. Type `/incident {line}`.")
    if here is not None:
        how = f"To log this, type `/incident note {line}`, or react to your message."
        return render_text(f"{how} `/incident help` lists all commands.")
    return render_text(f"To declare an incident, type `/incident start {line}`. `/incident help` lists all commands.")


def _text_without_bot(session: Session, text: str) -> str:
    """Remove the bot's own mention, and the punctuation that people put behind it."""
    installation = installations.find_installation(session)
    own = installation.bot_user_id if installation else ""
    rest = HANDLE.sub(lambda found: " " if found[1] == own else found[0], text)
    return rest.strip().lstrip(",:;.!-–— ").strip()


def _typed_line(session: Session, team_id: str, text: str) -> str:
    """Write the text as a person types it, in one line without backquotes."""
    plain = plain_text(text).replace("`", "'")
    names = people.find_names(session, team_id, MENTION.findall(plain))
    return one_line(replace_mentions(plain, names), MAX_LINE)
