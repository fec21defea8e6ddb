"""Buttons and forms of a person's contact methods and test pages."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.services import outbox
from bot.services.paging.addresses import offered_methods
from bot.services.paging.contacts import (
    ADDRESS,
    DELAY,
    MEANS,
    add_contact_method,
    load_contact_settings,
    remove_contact_method,
    set_contact_delay,
)
from bot.services.paging.page_tests import confirm_test, start_page_test, started_message
from bot.services.workspace.actor import Actor
from bot.slack.api.payloads import is_row_id
from bot.slack.blocks.escalation import contact_settings
from bot.slack.blocks.limits import View
from bot.slack.blocks.message import Message
from bot.slack.handlers.interactions import ButtonClick, ViewSubmission
from bot.slack.handlers.registry import CLICK, ROW, Answer, Button, Form
from bot.slack.replies.render import render_ephemeral


def _show_settings(session: Session, settings: Settings, actor: Actor) -> Message:
    view = load_contact_settings(session, settings, actor.team_id, actor.user_id or "", actor.at)
    return contact_settings.contact_settings_message(view)


def _change_method(session: Session, settings: Settings, actor: Actor, click: ButtonClick) -> Message | None:
    """Remove a contact method or set its delay. App Home refreshes itself."""
    contact_id, _, choice = click.value.partition(":")
    if not is_row_id(contact_id):
        raise UserError("This menu is from another version of Dogwatch. Type `/incident pages`.")
    if choice == contact_settings.REMOVE:
        remove_contact_method(session, actor, int(contact_id))
    elif choice.isascii() and choice.isdecimal() and int(choice) in contact_settings.DELAYS:
        set_contact_delay(session, actor, int(contact_id), int(choice))
    session.flush()
    outbox.refresh_home(session, actor.team_id, actor.user_id or "", actor.at)
    return None if click.is_in_home else _show_settings(session, settings, actor)


def _open_form(settings: Settings, _nothing: int) -> View:
    return contact_settings.contact_method_form(offered_methods(settings))


def _add_method(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> Answer:
    fields = (submission.text(MEANS), submission.text(ADDRESS), submission.text(DELAY))
    add_contact_method(session, settings, actor, *fields)
    outbox.refresh_home(session, actor.team_id, actor.user_id or "", actor.at)
    return render_ephemeral(_show_settings(session, settings, actor))


def _start_test(session: Session, settings: Settings, actor: Actor, _nothing: int) -> str:
    return started_message(start_page_test(session, settings, actor))


def _confirm_test(session: Session, settings: Settings, actor: Actor, test_id: int) -> Message:
    return contact_settings.page_test_message(confirm_test(session, settings, test_id, actor))


BUTTONS = (
    Button(contact_settings.ADD, about=ROW, modal=_open_form),
    Button(contact_settings.MENU, about=CLICK, run=_change_method),
    Button(contact_settings.TEST, about=ROW, run=_start_test),
    Button(contact_settings.CONFIRM, about=ROW, run=_confirm_test),
)
FORMS = (Form(contact_settings.ADD_FORM, run=_add_method, first_field=MEANS),)
