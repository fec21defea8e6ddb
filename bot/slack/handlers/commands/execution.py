"""Execute a typed command in one transaction, and render its answer."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.command.grammar import IncidentNotNamed, identify_command, parse
from bot.config import Settings
from bot.domain.errors import Ambiguous, UserError
from bot.lazy_dataclass import dataclass
from bot.services.channel.creation import find_by_channel
from bot.services.oncall.schedule import zone_for_line
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import ensure_known_caller
from bot.slack.api.payloads import parse_team_id
from bot.slack.blocks.command_question import CHOICE_ACTIONS
from bot.slack.blocks.commands.typed_line import OFFER_ACTIONS
from bot.slack.handlers.commands.command_questions import CommandQuestion, render_question
from bot.slack.handlers.commands.incident_questions import find_named_incident, name_other_incident
from bot.slack.handlers.commands.typed_lines import render_refusal, with_open_incidents
from bot.slack.handlers.interactions import ButtonClick
from bot.slack.handlers.registry import CLICK, Answer, Button
from bot.slack.replies.render import render_command_reply, render_text
from bot.store.database.savepoint import savepoint
from bot.store.incidents import numbering
from bot.store.incidents.incidents import Incident, IncidentNotFound
from bot.store.incidents.visibility import Visibility
from bot.store.shared import idempotency
from commands import COMMANDS
from commands.base import Caller, Reply, ReplyView
from commands.execution import build_context, run_invocation

MENTION = re.compile(r"<@([UW][A-Z0-9]+)\|([^>|]+)>")
"""A mention as Slack escapes it in slash commands: user id and handle."""
MAX_MENTIONED = 50
"""People mentioned in a line who are looked up before it is carried out. Slack allows about 100 lookups a minute."""
REFERENCE = re.compile(r"(?i)(?<![\w-])[a-z][a-z0-9_]*-[0-9]+(?![\w-])")
"""An incident's reference, such as INC-7."""
STORED_VIEWS = frozenset({ReplyView.NOTHING, ReplyView.NOTE_TIME})
"""Views of commands that change something, for the redelivery; they quote nobody's text."""
ANSWERED_ALREADY = "You answered this already, and your command was run then."


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A slash command as Slack sends it."""

    team_id: str
    user_id: str
    user_name: str
    home_team_id: str | None
    channel_id: str
    text: str
    trigger_id: str
    channel_name: str = ""
    """`privategroup` for every private channel."""
    response_url: str = ""

    @classmethod
    def from_payload(cls, body: Mapping[str, Any]) -> "SlashCommand":
        """
        Source: docs.slack.dev/interactivity/implementing-slash-commands.

        Raises KeyError or ValueError for another payload.
        """
        return cls(
            team_id=parse_team_id(body),
            user_id=str(body["user_id"]),
            user_name=str(body.get("user_name") or ""),
            home_team_id=None,
            channel_id=str(body["channel_id"]),
            text=str(body.get("text") or ""),
            trigger_id=str(body.get("trigger_id") or ""),
            channel_name=str(body.get("channel_name") or ""),
            response_url=str(body.get("response_url") or ""),
        )

    @property
    def mentioned(self) -> dict[str, str]:
        """
        Handles of the first people mentioned in the text, by id.

        Each of them is looked up in Slack and stored.
        """
        found: dict[str, str] = {}
        for mention in MENTION.finditer(self.text):
            found.setdefault(mention[1], mention[2])
            if len(found) == MAX_MENTIONED:
                break
        return found


def execute_command(session: Session, settings: Settings, command: SlashCommand, at: datetime) -> Answer:
    """
    Execute a command and return the body of the answer.

    A redelivery gets the first answer again. Raises UserError for a refusal or a question, which `render_problem`
    renders: then nothing was changed.

    An answer that shows a view is not stored, because it quotes texts that people may delete; a redelivery of it, of a
    refusal or of a question executes the command again.
    """
    key = f"{command.team_id}:command:{command.trigger_id}"
    if command.trigger_id and not idempotency.register_delivery(session, key, at):
        known = idempotency.find_answer(session, key)
        if known is not None:
            return known
    _ensure_people_known(session, command, at)
    reply = _run_command(session, settings, command, at)
    session.flush()
    answer = render_command_reply(session, settings, reply, at)
    if command.trigger_id and reply.shows in STORED_VIEWS:
        idempotency.save_answer(session, key, answer)
    return answer


def render_problem(problem: UserError, command: SlashCommand, at: datetime) -> Answer:
    """Render a refusal of a command, or the question which of several things is meant."""
    question = _as_question(command, at)
    return render_question(problem, question) if isinstance(problem, Ambiguous) else render_refusal(problem, question)


def is_read_only(settings: Settings, command: SlashCommand, at: datetime) -> bool:
    """Return True if the first words name a command that changes nothing."""
    context = build_context(settings, at, inside=None, zone=settings.incidents.zone)
    found = identify_command(command.text, COMMANDS, context)
    return found is not None and found.reads_only


def answer_read_only(session: Session, settings: Settings, command: SlashCommand, at: datetime) -> Answer:
    """Answer a read-only command in a session that cannot write."""
    try:
        return render_command_reply(session, settings, _run_command(session, settings, command, at), at)
    except Ambiguous as problem:
        return render_question(problem, _as_question(command, at))
    except UserError as problem:
        return render_refusal(problem, _as_question(command, at), with_line=False)


def _as_question(command: SlashCommand, at: datetime) -> CommandQuestion:
    return CommandQuestion(command.user_id, command.user_name, command.channel_id, command.text, command.trigger_id, at)


def _run_choice(session: Session, settings: Settings, actor: Actor, click: ButtonClick) -> Answer:
    """
    Execute a command with the chosen reading or correction.

    Returns the new content of the message. It is executed once, however many of the buttons are clicked. A refusal is a
    separate message, and leaves them.
    """
    question = CommandQuestion.from_value(click.value)
    question.check_answerable(click.user_id, actor.at)
    command = SlashCommand(
        click.team_id,
        question.user_id,
        question.user_name,
        click.home_team_id,
        question.channel_id,
        question.text,
        question.trigger_id,
        click.channel_name,
        click.response_url,
    )
    try:
        with savepoint(session):
            if not idempotency.register_delivery(session, f"{click.team_id}:asked:{question.trigger_id}", actor.at):
                return {**render_text(f":warning: {ANSWERED_ALREADY}"), "replace_original": False}
            _ensure_people_known(session, command, actor.at)
            reply = _run_command(session, settings, command, actor.at, question)
            session.flush()
    except Ambiguous as problem:
        answer = render_question(problem, question)
    except UserError as problem:
        return {**render_refusal(problem, question), "replace_original": False}
    else:
        answer = render_command_reply(session, settings, reply, actor.at)
    return {**(answer or render_text("Done.")), "replace_original": True}


def _ensure_people_known(session: Session, command: SlashCommand, at: datetime) -> None:
    ensure_known_caller(session, command.team_id, command.user_id, command.user_name, at)
    for user_id, handle in command.mentioned.items():
        ensure_known_caller(session, command.team_id, user_id, handle, at)


def _run_command(
    session: Session, settings: Settings, command: SlashCommand, at: datetime, question: CommandQuestion | None = None
) -> Reply:
    """Parse and run a command. With `question`, times are relative to when it was typed."""
    actor = Actor(command.team_id, command.user_id, at, Origin.COMMAND)
    check_access(session, actor, home_team_id=command.home_team_id)
    here = find_by_channel(session, command.team_id, command.channel_id, command.channel_name)
    visibility = Visibility(command.team_id, here.key if here else None, viewer=command.user_id)
    context = build_context(
        settings,
        question.asked_at if question else at,
        inside=here,
        zone=_find_zone(session, settings, command, here, visibility),
        earlier=numbering.find_series(session, command.team_id),
        caller=command.user_id,
    )
    if question:
        context = replace(context, chosen=question.chosen)
    try:
        invocation = parse(command.text, COMMANDS, context)
    except IncidentNotNamed as problem:
        raise with_open_incidents(session, visibility, problem) from problem
    incident = find_named_incident(session, visibility, here, invocation, context.chosen)
    caller = Caller(actor, settings, incident, here, visibility, command.response_url)
    reply = run_invocation(session, caller, invocation)
    return reply if incident is None or incident is here else name_other_incident(reply, incident)


def _find_zone(
    session: Session, settings: Settings, command: SlashCommand, here: Incident | None, visibility: Visibility
) -> ZoneInfo:
    """Return the zone of the schedule or incident that the command names, or of the channel."""
    if (schedule_zone := zone_for_line(settings, command.text)) is not None:
        return schedule_zone
    reference = REFERENCE.search(" ".join(command.text.split()[:2]))
    if reference:
        try:
            return ZoneInfo(visibility.find(session, reference[0]).zone)
        except IncidentNotFound:
            pass
    return ZoneInfo(here.zone) if here else settings.incidents.zone


BUTTONS = tuple(Button(action_id, about=CLICK, run=_run_choice) for action_id in (*CHOICE_ACTIONS, *OFFER_ACTIONS))
