"""A slash command, from its payload to its answer, in one transaction."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.command import command_meant, parse
from bot.command.table import Command
from bot.config import Settings
from bot.domain.errors import Ambiguous, UserError
from bot.services.incidents.lifecycle import of_place
from bot.services.oncall import schedule as oncall
from bot.services.workspace import access, people
from bot.services.workspace.actor import Actor, Origin
from bot.slack.api.payloads import team_of
from bot.slack.inbound.buttons import Pressed
from bot.slack.inbound.time_questions import Question, answer_to
from bot.slack.replies.parse_context import context_of
from bot.slack.replies.render import answer_of, problem_of
from bot.store.database.savepoint import undone_if_it_fails
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident, IncidentNotFound
from bot.store.incidents.visibility import Sight
from bot.store.shared import idempotency as deliveries
from commands.base import Asked, Caller, Reply

MENTIONED = re.compile(r"<@([UW][A-Z0-9]+)\|([^>|]+)>")
"""A person as Slack escapes them in commands: with the handle."""
NAMED = re.compile(r"(?i)(?<![\w-])[a-z][a-z0-9_]*-[0-9]+(?![\w-])")


@dataclass(frozen=True, slots=True)
class Typed:
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
    def from_payload(cls, body: Mapping[str, Any]) -> "Typed":
        """Source: docs.slack.dev/interactivity/implementing-slash-commands. KeyError or ValueError for another."""
        return cls(
            team_id=team_of(body),
            user_id=str(body["user_id"]),
            user_name=str(body.get("user_name") or ""),
            home_team_id=None,
            channel_id=str(body["channel_id"]),
            text=str(body.get("text") or ""),
            trigger_id=str(body.get("trigger_id") or ""),
            channel_name=str(body.get("channel_name") or ""),
            response_url=str(body.get("response_url") or ""),
        )


def carry_out(
    session: Session, settings: Settings, table: Sequence[Command], typed: Typed, at: datetime
) -> dict[str, Any]:
    """
    Do what was typed and return the body of the answer.

    The same command delivered again gets the first answer again. What a person can put right is answered in words, and
    nothing is changed; anything else is raised.

    An answer that shows a view is not kept: it quotes what people wrote, and they may delete it. Nor is a question,
    whose buttons carry the line. Neither has changed anything, so that a second delivery may simply be carried out.
    """
    key = f"{typed.team_id}:command:{typed.trigger_id}"
    if typed.trigger_id and not deliveries.is_first(session, key, at):
        known = deliveries.answer_of(session, key)
        if known is not None:
            return known
    try:
        with undone_if_it_fails(session):
            _meet(session, typed, at)
            reply = _run(session, settings, table, typed, at)
            session.flush()
    except Ambiguous as problem:
        return answer_to(problem, _question(typed, at))
    except UserError as problem:
        answer, shows = problem_of(problem), Asked.NOTHING
    else:
        answer, shows = answer_of(session, settings, reply, at), reply.shows
    if typed.trigger_id and shows is Asked.NOTHING:
        deliveries.remember_answer(session, key, answer)
    return answer


def only_reads(settings: Settings, table: Sequence[Command], typed: Typed, at: datetime) -> bool:
    """Whether the line is of a command that changes nothing, as far as its first words tell."""
    context = context_of(settings, at, inside=None, zone=settings.incidents.zone)
    meant = command_meant(typed.text, table, context)
    return meant is not None and meant.reads_only


def look(session: Session, settings: Settings, table: Sequence[Command], typed: Typed, at: datetime) -> dict[str, Any]:
    """
    The answer to a line that `only_reads`, in a session that cannot write.

    Nothing is kept of it: delivered again, it is answered again.
    """
    try:
        return answer_of(session, settings, _run(session, settings, table, typed, at), at)
    except Ambiguous as problem:
        return answer_to(problem, _question(typed, at))
    except UserError as problem:
        return problem_of(problem)


def _question(typed: Typed, at: datetime) -> Question:
    return Question(typed.user_id, typed.user_name, typed.channel_id, typed.text, typed.trigger_id, at)


def choose(
    session: Session, settings: Settings, table: Sequence[Command], pressed: Pressed, at: datetime
) -> dict[str, Any] | None:
    """
    Do what was typed when it was asked about, with the time that was chosen. Returns what its message becomes.

    It is done once, whichever of the buttons are pressed how often; a refusal leaves them as they are. None: the same
    press was delivered again.
    """
    if pressed.trigger_id and not deliveries.is_first(session, f"{pressed.team_id}:press:{pressed.trigger_id}", at):
        return None
    try:
        asked = Question.of(pressed.value)
        asked.check_answered_by(pressed.user_id, at)
        typed = Typed(
            pressed.team_id,
            asked.user_id,
            asked.user_name,
            pressed.home_team_id,
            asked.channel_id,
            asked.text,
            asked.trigger_id,
            pressed.channel_name,
            pressed.response_url,
        )
        with undone_if_it_fails(session):
            _answer_once(session, f"{pressed.team_id}:asked:{asked.trigger_id}", at)
            _meet(session, typed, at)
            reply = _run(session, settings, table, typed, at, asked)
            session.flush()
    except Ambiguous as problem:
        told = answer_to(problem, asked)
    except UserError as problem:
        return {**problem_of(problem), "replace_original": False}
    else:
        told = answer_of(session, settings, reply, at)
    return {**told, "replace_original": True}


def _answer_once(session: Session, key: str, at: datetime) -> None:
    if not deliveries.is_first(session, key, at):
        raise UserError("You have answered this already, and what you typed was done then.")


def _meet(session: Session, typed: Typed, at: datetime) -> None:
    """Who typed, and whom they name."""
    people.called(session, typed.team_id, typed.user_id, typed.user_name, at)
    for user_id, handle in MENTIONED.findall(typed.text):
        people.called(session, typed.team_id, user_id, handle, at)


def _run(
    session: Session,
    settings: Settings,
    table: Sequence[Command],
    typed: Typed,
    at: datetime,
    asked: Question | None = None,
) -> Reply:
    """`at` is when it is done; with `asked` the line is read as of the moment at which it was typed."""
    actor = Actor(typed.team_id, typed.user_id, at, Origin.COMMAND)
    access.check(session, actor, home_team_id=typed.home_team_id)
    here = of_place(session, typed.team_id, typed.channel_id, typed.channel_name)
    sight = Sight(typed.team_id, here.key if here else None)
    context = context_of(
        settings,
        asked.asked_at if asked else at,
        inside=here,
        zone=_zone_meant(session, settings, typed, here, sight),
        earlier=incidents.series_in_use(session, typed.team_id),
    )
    if asked:
        context = replace(context, chosen=asked.chosen)
    invocation = parse(typed.text, table, context)
    about = here
    if invocation.incident is not None and (here is None or invocation.incident != here.reference):
        about = sight.named(session, invocation.incident)
    if invocation.command.run is None:
        raise UserError(f"`{invocation.command.name}` does nothing.")
    reply: Reply = invocation.command.run(
        session, Caller(actor, settings, about, here, sight, typed.response_url), invocation
    )
    return reply


def _zone_meant(session: Session, settings: Settings, typed: Typed, here: Incident | None, sight: Sight) -> ZoneInfo:
    """Times are read in the zone of the schedule or incident that is named first, or else of the channel's."""
    if (of_schedule := oncall.zone_of_line(settings, typed.text)) is not None:
        return of_schedule
    named = NAMED.search(" ".join(typed.text.split()[:2]))
    if named:
        try:
            return ZoneInfo(sight.named(session, named[0]).zone)
        except IncidentNotFound:
            pass
    return ZoneInfo(here.zone) if here else settings.incidents.zone
