"""
Buttons and forms made of the table of commands.

The parser of typed lines reads the fields of a form, then the command runs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.command.forms.parameters import has_fields
from bot.command.table import Command, Invocation
from bot.config import Settings
from bot.services.workspace.actor import Actor
from bot.slack.blocks import modals
from bot.slack.blocks.command_forms import command_form
from bot.slack.blocks.limits import View
from bot.slack.blocks.message import Message
from bot.slack.handlers.interactions import ViewSubmission
from bot.slack.handlers.registry import INCIDENT, Answer, Button, ButtonReply, EphemeralMessage, Form
from bot.slack.replies import entry_points
from bot.slack.replies.render import render_command_reply
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility
from commands.base import Caller
from commands.execution import run_form, run_invocation


def _caller(settings: Settings, actor: Actor, incident: Incident | None, channel_id: str = "") -> Caller:
    """`channel_id`: where the form or button was; its lines answer there."""
    visibility = Visibility(actor.team_id, incident.key if incident else None)
    here = incident if incident and incident.channel_id == channel_id else None
    return Caller(actor, settings, incident, here, visibility)


def _run_form(command: Command) -> Callable[[Session, Settings, Actor, ViewSubmission], Answer | None]:
    def run(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> Answer | None:
        incident = incidents.get(session, submission.incident_id) if command.needs_incident else None
        caller = _caller(settings, actor, incident, submission.channel_id)
        reply = run_form(session, caller, command, submission.values)
        return render_command_reply(session, settings, reply, actor.at) or None

    return run


def _run_button(command: Command) -> Callable[[Session, Settings, Actor, int], ButtonReply]:
    def run(session: Session, settings: Settings, actor: Actor, incident_id: int) -> ButtonReply:
        incident = incidents.get(session, incident_id)
        invocation = Invocation(command, {}, {}, "", incident.reference, ZoneInfo(incident.zone))
        reply = run_invocation(session, _caller(settings, actor, incident), invocation)
        answer = render_command_reply(session, settings, reply, actor.at)
        return EphemeralMessage(Message(answer["text"], answer["blocks"])) if answer.get("blocks") else reply.text

    return run


def _open_form(command: Command) -> Callable[[Settings, int], View]:
    def modal(settings: Settings, incident_id: int) -> View:
        return command_form(command, settings, {modals.INCIDENT: incident_id})

    return modal


def menu_aliases(buttons: Iterable[Button[Any]]) -> Iterator[Button[Any]]:
    """Yield the lines of the incident menu that do the same as one of `buttons`, on the card."""
    by_id = {each.action_id: each for each in buttons}
    for action_id, command in entry_points.IN_MENU.items():
        own_id = entry_points.OWN_ACTIONS.get(command.name)
        if own_id is not None and own_id != action_id and has_fields(command):
            yield replace(by_id[own_id], action_id=action_id)


BUTTONS = (
    *(
        Button(action_id, about=INCIDENT, run=_run_button(command))
        for action_id, command in entry_points.IN_MENU.items()
        if not has_fields(command)
    ),
    *(
        Button(action_id, about=INCIDENT, modal=_open_form(command), carries_url=True)
        for action_id, command in entry_points.GENERATED_FORMS.items()
    ),
)
FORMS = tuple(
    Form(callback_id, run=_run_form(command)) for callback_id, command in entry_points.GENERATED_FORMS.items()
)
