"""Declare an incident by form: from App Home, by shortcut, or by `/incident` alone."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidFields
from bot.domain.terms import Kind
from bot.services.channel.marks import mark_message
from bot.services.incidents.merge import find_similar_open
from bot.services.workspace.actor import Actor
from bot.slack.blocks import app_home, menu
from bot.slack.blocks.incidents.forms.declare_form import FIELD_OF, SEEN, declare_form
from bot.slack.blocks.limits import View, one_line
from bot.slack.blocks.modals import DECLARE, FLAGS, TITLE
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
    is_of_message = bool(submission.metadata.get("channel") and submission.metadata.get("ts"))
    fields = _with_parameter_names(submission)
    if not is_of_message:
        fields[start.SEEN] = submission.text(SEEN)
    errors, incident = ErrorCollector(), None
    with errors.collect():
        incident = start.declare_by_form(session, settings, actor, fields)
    if incident is None:
        raise InvalidFields({FIELD_OF[name]: message for name, message in errors.by_field.items()})
    if is_of_message:
        mark_message(session, incident, actor, submission.message, Kind.DETECTION)
    return render_text(start.declared_reply(settings, incident, find_similar_open(session, incident)))


def _with_parameter_names(submission: ViewSubmission) -> dict[str, str]:
    """Return the fields under the names of the command's parameters; a ticked box is "yes"."""
    ticked = submission.values.get(FLAGS, "").split(",")
    return {
        name: ("yes" if name in ticked else "") if field == FLAGS else submission.values.get(field, "")
        for name, field in FIELD_OF.items()
    }


BUTTONS = (Button(app_home.DECLARE, about=ROW, modal=_open_form),)
FORMS = (Form(DECLARE, run=_declare, first_field=TITLE),)
SHORTCUTS = (
    Shortcut(OPEN_INCIDENT, modal=_open_form_about_message),
    Shortcut(DECLARE_INCIDENT, modal=_open_form_about_message, is_on_message=False),
)
