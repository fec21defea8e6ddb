"""Merge an incident into another: the form, and the confirmation's button."""

from sqlmodel import Session

from bot.command.forms.choices import Choice
from bot.config import Settings
from bot.domain.errors import UserError, errors_at
from bot.services.incidents.merge import check_merge, merge_incidents
from bot.services.workspace.actor import Actor
from bot.slack.api.payloads import is_row_id
from bot.slack.blocks.incidents import card, merge
from bot.slack.blocks.limits import View, one_line
from bot.slack.blocks.message import Message
from bot.slack.handlers.interactions import ButtonClick, ViewSubmission
from bot.slack.handlers.registry import INCIDENT, About, Button, Form
from bot.store.incidents import incident_lists, incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility

MAX_CHOICE = 60
"""Characters of an incident in the form's menu."""


def _read_pair(click: ButtonClick) -> tuple[int, int]:
    source, _, target = click.value.partition(".")
    if not (is_row_id(source) and is_row_id(target)):
        raise UserError("This button is from another version of Dogwatch. Type `/incident merge` again.")
    return int(source), int(target)


SOURCE_AND_TARGET = About(_read_pair, incident=lambda _session, click: _read_pair(click)[0])
"""The ids of the two incidents, which were visible when the confirmation was asked for."""


def _merge_confirmed(session: Session, settings: Settings, actor: Actor, subject: tuple[int, int]) -> Message:
    source, target = subject
    return merge.merged_message(merge_incidents(session, settings, source, target, actor))


def _fill_form(session: Session, settings: Settings, incident_id: int) -> View:
    """Build the form with the incidents to merge into. Raises UserError without any."""
    incident = incidents.get(session, incident_id)
    visible = Visibility(incident.team_id, incident_id).filter(incident_lists.find_open(session, incident.team_id))
    choices = [
        Choice(each.reference, one_line(f"{each.reference} {each.title}", MAX_CHOICE))
        for each in visible
        if each.key != incident_id and _can_merge(session, settings, incident, each)
    ]
    if not choices:
        raise UserError(f"There is no other open incident that {incident.reference} could be merged into.")
    return merge.merge_form(incident_id, incident.reference, choices)


def _can_merge(session: Session, settings: Settings, source: Incident, target: Incident) -> bool:
    try:
        check_merge(session, settings, source, target)
    except UserError:
        return False
    return True


def _merge(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    with errors_at(merge.INCIDENT):
        target = Visibility(submission.team_id, submission.incident_id).find(session, submission.text(merge.INCIDENT))
        merge_incidents(session, settings, submission.incident_id, target.key, actor)


BUTTONS = (
    Button(merge.CONFIRM, about=SOURCE_AND_TARGET, run=_merge_confirmed),
    Button(card.MERGE, about=INCIDENT, modal=merge.merge_form_typed, filled_modal=_fill_form),
)
FORMS = (Form(merge.MERGE_FORM, run=_merge, first_field=merge.INCIDENT),)
