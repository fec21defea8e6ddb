"""Buttons and forms of on-call schedules and overrides."""

from datetime import UTC, datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, UserError, errors_at
from bot.services import outbox
from bot.services.oncall.on_call_view import load_on_call_now, load_schedule_view
from bot.services.oncall.overrides import TimeRange, cancel_override, set_override
from bot.services.workspace.actor import Actor
from bot.slack.blocks.escalation import oncall, oncall_changes
from bot.slack.handlers.interactions import OLD_FORM, ButtonClick, ViewSubmission
from bot.slack.handlers.registry import CLICK, ROW, Answer, Button, EphemeralMessage, Form
from bot.slack.replies.render import render_ephemeral

TIMESTAMP_DIGITS = 10
"""Of Slack's times in whole seconds: enough until the year 2286."""


def _cancel_override(session: Session, settings: Settings, actor: Actor, override_id: int) -> EphemeralMessage:
    return EphemeralMessage(oncall_changes.override_message(cancel_override(session, settings, actor, override_id)))


def _show_schedule(session: Session, settings: Settings, actor: Actor, click: ButtonClick) -> EphemeralMessage:
    """Show the schedule that the button names; post its image if there is a response URL."""
    name, has_image = click.value, bool(click.response_url)
    view = load_schedule_view(session, settings, actor.team_id, name, actor.at, has_image=has_image)
    if has_image:
        outbox.post_schedule_image(session, actor.team_id, actor.at, actor.user_id or "", name, click.response_url)
    return EphemeralMessage(oncall.schedule_message(view))


def _show_on_call(session: Session, settings: Settings, actor: Actor, _nothing: int) -> EphemeralMessage:
    return EphemeralMessage(oncall.on_call_now_message(load_on_call_now(session, settings, actor.team_id, actor.at)))


def _set_override(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> Answer:
    errors = ErrorCollector()
    name, ends = submission.text(oncall_changes.SCHEDULE), _parse_timestamp(submission.text(oncall_changes.ENDS))
    if not name:
        errors.by_field[oncall_changes.SCHEDULE] = "Choose the schedule."
    if ends is None:
        errors.by_field[oncall_changes.ENDS] = "Enter the end."
    errors.check()
    times = TimeRange(_parse_timestamp(submission.text(oncall_changes.STARTS)) or actor.at, ends)
    person = submission.text(oncall_changes.PERSON) or actor.user_id or ""
    instead = submission.text(oncall_changes.INSTEAD) or None
    with errors_at(oncall_changes.ENDS):
        change = set_override(session, settings, actor, name, person, times, instead=instead, reason=submission.text())
    return render_ephemeral(oncall_changes.override_message(change))


def _parse_timestamp(text: str) -> datetime | None:
    """
    Return the time of a picker; None if it is empty.

    Raises UserError for a value that no picker has.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= TIMESTAMP_DIGITS):
        raise UserError(OLD_FORM)
    return datetime.fromtimestamp(int(text), UTC)


BUTTONS = (
    Button(oncall_changes.UNDO, about=ROW, run=_cancel_override),
    Button(oncall.NOW, about=ROW, run=_show_on_call),
    Button(oncall.SHOW, about=CLICK, run=_show_schedule),
    Button(oncall.CHANGE, about=ROW, modal=oncall_changes.override_form),
)
FORMS = (Form(oncall_changes.FORM, run=_set_override, first_field=oncall_changes.ENDS),)
