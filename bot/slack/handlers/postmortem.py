"""Buttons and forms of the postmortem: the draft, its missing facts, and the catch-up."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidField, errors_at
from bot.domain.incidents.impact import parse_affected_users
from bot.domain.terms import Kind, Precision
from bot.domain.times import ParsedTime
from bot.services import outbox
from bot.services.outbox.payloads import DraftPayload
from bot.services.postmortem.catchup import load_catchup
from bot.services.postmortem.document.block_form import load_block_form, save_block_form
from bot.services.postmortem.document.review import approve_request, load_review_request
from bot.services.timeline.impact_and_cause import state_cause, state_impact
from bot.services.timeline.notes import record_fix, record_note
from bot.services.workspace.actor import Actor
from bot.slack.blocks import modals
from bot.slack.blocks.incidents import card
from bot.slack.blocks.limits import View
from bot.slack.blocks.message import Message
from bot.slack.blocks.modals import AT, TEXT, USERS
from bot.slack.blocks.postmortem import block_form
from bot.slack.blocks.postmortem.catchup import catchup_message
from bot.slack.blocks.postmortem.missing_facts import ASK
from bot.slack.blocks.postmortem.review import APPROVE, COMMENT, review_request_message
from bot.slack.handlers.fields import parse_time_field
from bot.slack.handlers.interactions import ButtonClick, ViewSubmission
from bot.slack.handlers.registry import CLICK, INCIDENT, About, Answer, Button, EphemeralMessage, Form, read_row_id
from bot.store.incidents import incidents
from bot.store.incidents.document import reviews


def _find_reviewed_incident(session: Session, click: ButtonClick) -> int:
    review = reviews.get(session, click.row_id)
    return review.incident_id if review else 0


REVIEW = About(read_row_id, incident=_find_reviewed_incident)
"""The id of a request to review the postmortem."""


def _post_draft(session: Session, _settings: Settings, actor: Actor, incident_id: int) -> str:
    incident = incidents.get(session, incident_id)
    outbox.post_draft(session, incident, actor.at, DraftPayload(asked_by=actor.user_id))
    return "The postmortem draft follows."


def _approve(session: Session, settings: Settings, actor: Actor, review_id: int) -> Message:
    approve_request(session, review_id, actor)
    return review_request_message(load_review_request(session, settings, review_id), is_approved=True)


def _open_page(_session: Session, _settings: Settings, _click: ButtonClick) -> None:
    """Slack follows the link by itself."""


def _show_catchup(session: Session, settings: Settings, actor: Actor, incident_id: int) -> EphemeralMessage:
    return EphemeralMessage(catchup_message(load_catchup(session, settings, incident_id, actor.at)))


def _state_impact(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    typed = submission.text(USERS)
    errors, users = ErrorCollector(), None
    with errors.collect(), errors_at(USERS):
        users = parse_affected_users(typed) if typed else None
    if not submission.text():
        errors.by_field[TEXT] = "Say who was affected, and how."
    errors.check()
    state_impact(session, submission.incident_id, actor, submission.text(), users=users)


def _state_start(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    started = parse_time_field(session, submission, actor.at)
    with errors_at(AT):
        state_impact(session, submission.incident_id, actor, "", started=started)


def _state_cause(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    state_cause(session, submission.incident_id, actor, submission.text())


def _record_detection(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    when = parse_time_field(session, submission, actor.at) or ParsedTime(None, Precision.UNKNOWN)
    with errors_at(AT):
        record_note(session, submission.incident_id, actor, submission.text(), when=when, kind=Kind.DETECTION)


def _record_fix(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    record_fix(session, submission.incident_id, actor, submission.text())


def _fill_blocks_form(session: Session, settings: Settings, incident_id: int) -> View:
    return block_form.blocks_form(load_block_form(session, settings, incident_id))


def _save_blocks(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> Answer:
    """Save the changed fields. Another form shows what was changed meanwhile."""
    written = [
        block_form.read_field(name, text)
        for name, text in submission.values.items()
        if text.strip() != submission.initial.get(name, "").strip()
    ]
    if not written:
        return {"text": block_form.NOTHING_CHANGED}
    conflicts = save_block_form(session, settings, submission.incident_id, actor, written)
    if conflicts:
        return block_form.conflict_form(submission.incident_id, conflicts)
    return {"text": block_form.SAVED}


def _replace_blocks(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> Answer:
    """Save the fields over the texts above them. Raises InvalidField if those changed again."""
    written = [block_form.read_field(name, text) for name, text in submission.values.items()]
    if conflicts := save_block_form(session, settings, submission.incident_id, actor, written):
        again = next(each for each in written if each.block_id == conflicts[0].present.block_id)
        raise InvalidField(again.name, "Changed once more. Copy your text, close this window and open the form again.")
    return {"text": block_form.SAVED}


BUTTONS = (
    Button(block_form.EDIT, about=INCIDENT, filled_modal=_fill_blocks_form),
    Button(card.DRAFT, about=INCIDENT, run=_post_draft),
    Button(card.CATCHUP, about=INCIDENT, run=_show_catchup),
    Button(APPROVE, about=REVIEW, run=_approve),
    Button(COMMENT, about=CLICK, show=_open_page),
    Button(f"{ASK}_impact", about=INCIDENT, modal=modals.impact_form),
    Button(f"{ASK}_start", about=INCIDENT, modal=modals.start_form),
    Button(f"{ASK}_cause", about=INCIDENT, modal=modals.cause_form),
    Button(f"{ASK}_detection", about=INCIDENT, modal=modals.detection_form),
    Button(f"{ASK}_fix", about=INCIDENT, modal=modals.fix_form),
)
FORMS = (
    Form(modals.ASK_IMPACT, run=_state_impact),
    Form(modals.ASK_START, run=_state_start, first_field=AT),
    Form(modals.ASK_CAUSE, run=_state_cause),
    Form(modals.ASK_DETECTION, run=_record_detection),
    Form(modals.ASK_FIX, run=_record_fix),
    Form(block_form.BLOCKS_FORM, run=_save_blocks),
    Form(block_form.CONFLICT_FORM, run=_replace_blocks),
)
