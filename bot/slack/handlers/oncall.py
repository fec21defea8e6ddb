"""What buttons and forms about being on call do."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.services import outbox as tell
from bot.services.oncall import on_call_view as duty
from bot.services.oncall import overrides as overriding
from bot.services.oncall.overrides import Times
from bot.services.workspace.actor import Actor
from bot.slack.blocks.escalation import oncall as blocks
from bot.slack.blocks.escalation import oncall_form as form
from bot.slack.blocks.message import Message
from bot.slack.replies.render import ephemeral
from bot.slack.replies.submission import FieldError, Submitted


def undo(session: Session, settings: Settings, actor: Actor, override_id: int) -> Message:
    return blocks.changed(overriding.cancel(session, settings, actor, override_id))


def show(session: Session, settings: Settings, actor: Actor, name: str, response_url: str) -> Message:
    """One schedule, and its picture where there is a place for it. Raises UserError for one that is gone."""
    is_drawn = bool(response_url)
    view = duty.of_schedule(session, settings, actor.team_id, name, actor.at, is_drawn=is_drawn)
    if is_drawn:
        tell.draw_shifts(session, actor.team_id, actor.at, actor.user_id or "", name, response_url)
    return blocks.schedule(view)


def everybody(session: Session, settings: Settings, actor: Actor) -> Message:
    return blocks.everybody(duty.of_all(session, settings, actor.team_id, actor.at))


def submitted(session: Session, settings: Settings, actor: Actor, sent: Submitted) -> dict[str, Any]:
    """The form that changes who is on call. Raises FieldError."""
    name = sent.text(form.SCHEDULE)
    if not name:
        raise FieldError(form.SCHEDULE, "Choose the schedule.")
    ends = _time(sent, form.ENDS)
    if ends is None:
        raise FieldError(form.ENDS, "Say until when.")
    times = Times(_time(sent, form.STARTS) or actor.at, ends)
    person, instead = sent.text(form.PERSON) or actor.user_id or "", sent.text(form.INSTEAD) or None
    try:
        made = overriding.put(session, settings, actor, name, person, times, instead=instead, reason=sent.text())
    except UserError as problem:
        raise FieldError(form.ENDS, problem.message) from problem
    return ephemeral(blocks.changed(made))


def _time(sent: Submitted, name: str) -> datetime | None:
    text = sent.text(name)
    return datetime.fromtimestamp(int(text), UTC) if text.isascii() and text.isdecimal() else None
