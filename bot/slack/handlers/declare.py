"""Declare an incident by form: from App Home, by shortcut, or by `/incident` alone."""

from dataclasses import replace

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidFields
from bot.domain.terms import Kind
from bot.services.channel.marks import mark_message
from bot.services.incidents.declare import check_declaration, declare_incident
from bot.services.timeline.notes import record_note
from bot.services.workspace.actor import Actor
from bot.slack.blocks import app_home, menu
from bot.slack.blocks.incidents.forms.declare_form import FIELD_OF, SEEN, declare_form
from bot.slack.blocks.limits import View, one_line
from bot.slack.blocks.modals import DECLARE, FLAGS, TITLE
from bot.slack.handlers.commands.command_forms import parse_form
from bot.slack.handlers.interactions import ShortcutUse, ViewSubmission
from bot.slack.handlers.registry import ROW, Answer, Button, Form, Shortcut
from bot.slack.replies.render import render_text
from commands import start

OPEN_INCIDENT, DECLARE_INCIDENT = "open_incident", "declare_incident"
MAX_TITLE = 150
"""Characters of a message that become the title."""


def _open_form(settings: Settings, _nothing: int) -> View:
    return declare_form(settings)


def _open_form_about_message(settings: Settings, use: ShortcutUse) -> View:
    metadata = {**use.metadata, menu.URL: use.response_url}
    return declare_form(settings, title=one_line(use.text, MAX_TITLE), metadata=metadata)


def _declare(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> Answer:
    """
    Declare as `/incident start` does.

    The answer is shown in the channel that the form was opened from; without one, in the window.
    """
    errors = ErrorCollector()
    invocation = parse_form(settings, start.COMMAND, actor, _with_parameter_names(submission), None, errors)
    wanted = start.read_declaration(invocation)
    with errors.collect():
        check_declaration(settings, actor, wanted)
    if errors.by_field:
        raise InvalidFields({FIELD_OF[name]: message for name, message in errors.by_field.items()})
    incident = declare_incident(session, settings, actor, wanted)
    if submission.metadata.get("channel") and submission.metadata.get("ts"):
        mark_message(session, incident, actor, submission.message, Kind.DETECTION)
    elif submission.text(SEEN):
        record_note(session, incident.key, actor, submission.text(SEEN), when=None, kind=Kind.NOTE)
    return render_text(start.declared_reply(settings, incident))


def _with_parameter_names(submission: ViewSubmission) -> ViewSubmission:
    """Return the fields under the names of the command's parameters; a ticked box is "yes"."""
    ticked = submission.values.get(FLAGS, "").split(",")
    values = {
        name: ("yes" if name in ticked else "") if field == FLAGS else submission.values.get(field, "")
        for name, field in FIELD_OF.items()
    }
    return replace(submission, values=values)


BUTTONS = (Button(app_home.DECLARE, about=ROW, modal=_open_form),)
FORMS = (Form(DECLARE, run=_declare, first_field=TITLE),)
SHORTCUTS = (
    Shortcut(OPEN_INCIDENT, modal=_open_form_about_message),
    Shortcut(DECLARE_INCIDENT, modal=_open_form_about_message, is_on_message=False),
)
