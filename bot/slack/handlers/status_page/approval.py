"""Buttons and the form of a public update that waits for approval."""

from sqlmodel import Session

from bot.config import Settings
from bot.services.status_page.approval import approve_request, decline_request
from bot.services.status_page.approval_view import load_approval_request, request_exists
from bot.services.workspace.actor import Actor
from bot.slack.api.payloads import is_row_id
from bot.slack.blocks.message import Message
from bot.slack.blocks.status_page.approval import (
    APPROVE,
    DECLINE,
    DECLINE_FORM,
    OPEN,
    READ,
    REQUEST,
    approval_request_message,
    decline_form,
)
from bot.slack.handlers.interactions import ButtonClick, ViewSubmission
from bot.slack.handlers.registry import CLICK, About, Button, EphemeralMessage, Form, read_row_id
from bot.store import status_page


def _find_incident(session: Session, click: ButtonClick) -> int:
    request = status_page.get_request(session, click.row_id)
    return request.incident_id if request else 0


PUBLICATION = About(read_row_id, incident=_find_incident)
"""The id of a request to approve a public update."""


def _approve(session: Session, settings: Settings, actor: Actor, request_id: int) -> Message:
    approve_request(session, settings, request_id, actor)
    return approval_request_message(load_approval_request(session, settings, request_id))


def _refresh_request(session: Session, settings: Settings, click: ButtonClick, was_refused: bool) -> Message | None:
    """
    Show why a request waits no longer.

    One that still waits stays: the refusal is shown instead.
    """
    if not is_row_id(click.value) or not request_exists(session, int(click.value)):
        return None
    view = load_approval_request(session, settings, int(click.value))
    return None if was_refused and not view.standing else approval_request_message(view)


def _show_request(session: Session, settings: Settings, request_id: int) -> EphemeralMessage:
    return EphemeralMessage(approval_request_message(load_approval_request(session, settings, request_id)))


def _open_page(_session: Session, _settings: Settings, _click: ButtonClick) -> None:
    """Slack follows the link by itself."""


def _decline(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    decline_request(session, settings, submission.metadata_id(REQUEST), actor, submission.text())


def _refresh_declined(session: Session, settings: Settings, submission: ViewSubmission) -> Message:
    return approval_request_message(load_approval_request(session, settings, submission.metadata_id(REQUEST)))


BUTTONS = (
    Button(APPROVE, about=PUBLICATION, run=_approve, refresh=_refresh_request),
    Button(DECLINE, about=PUBLICATION, modal=decline_form, carries_url=True),
    Button(READ, about=PUBLICATION, show=_show_request),
    Button(OPEN, about=CLICK, show=_open_page),
)
FORMS = (Form(DECLINE_FORM, run=_decline, refresh=_refresh_declined),)
