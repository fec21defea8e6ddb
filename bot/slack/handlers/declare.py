"""The form that declares, from what was sent to the incident: read by the grammar of `/incident start`."""

from dataclasses import replace
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import WrongField
from bot.domain.terms import Kind
from bot.services.channel import transcript
from bot.services.incidents import lifecycle as incidents
from bot.services.workspace.actor import Actor
from bot.slack.blocks.incidents.declare_form import FIELD_OF, SEEN
from bot.slack.blocks.modals import FLAGS
from bot.slack.handlers import command_forms as form_acts
from bot.slack.replies.render import words
from bot.slack.replies.submission import FieldError, Submitted
from commands import start


def submitted(session: Session, settings: Settings, actor: Actor, sent: Submitted) -> dict[str, Any] | None:
    """
    Declare what the form says. Returns what to tell whoever sent it; None where the channel says it all.

    Raises FieldError for what is wrong with a field.
    """
    try:
        typed = form_acts.read(settings, start.COMMAND, actor, _as_typed(sent), None)
        declared = incidents.declare(session, settings, actor, start.declaration(typed))
    except (FieldError, WrongField) as problem:
        raise FieldError(FIELD_OF[problem.field], problem.message) from problem
    if sent.carried.get("channel") and sent.carried.get("ts"):
        transcript.mark_elsewhere(session, declared, actor, sent.said, Kind.DETECTION)
    elif sent.text(SEEN):
        incidents.note(session, declared.key, actor, sent.text(SEEN), when=None, kind=Kind.NOTE)
    return words(start.told(settings, declared)) if declared.is_retro else None


def _as_typed(sent: Submitted) -> Submitted:
    """The same under the names that the table gives to the values: a box that is ticked says yes."""
    ticked = sent.values.get(FLAGS, "").split(",")
    values = {
        name: ("yes" if name in ticked else "") if field == FLAGS else sent.values.get(field, "")
        for name, field in FIELD_OF.items()
    }
    return replace(sent, values=values)
