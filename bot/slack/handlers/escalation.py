"""Buttons and forms of escalations, page bundles and vendor calls."""

from sqlmodel import Session

from bot.command.forms.choices import VENDOR
from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidField, UserError, errors_at
from bot.domain.escalation.vendors import VendorEvent
from bot.domain.terms import TargetKind
from bot.services.escalation.ack_timeout import confirm_active
from bot.services.escalation.duplicate_check import RepeatedRequest, find_repeated_request, page_again, read_request
from bot.services.escalation.page_bundles import (
    acknowledge_bundle,
    acknowledge_page,
    find_bundled_incidents,
    load_bundle_of_page,
)
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.responses.common import find_level_paged_instead
from bot.services.escalation.responses.decline import decline, extend_wait, hand_back
from bot.services.escalation.responses.handover import hand_over_escalation
from bot.services.escalation.start import escalate_to_all
from bot.services.escalation.target_lookup import find_target
from bot.services.escalation.view_loader import load_escalation_view
from bot.services.vendors.updates import VendorUpdate, update_vendor_escalation
from bot.services.workspace.actor import Actor
from bot.slack.api.payloads import is_row_id
from bot.slack.blocks import menu, modals
from bot.slack.blocks.command_forms import command_form
from bot.slack.blocks.escalation import controls, page_bundle, question, vendors
from bot.slack.blocks.escalation.ack_timeout import ON_IT, active_confirmed_message
from bot.slack.blocks.escalation.page import page_message
from bot.slack.blocks.incidents import card
from bot.slack.blocks.limits import View, literal_with_mentions
from bot.slack.blocks.message import Message, plain_message
from bot.slack.blocks.modals import AT, CASE, PERSON, TEAM
from bot.slack.handlers.fields import parse_time_field
from bot.slack.handlers.interactions import OLD_BUTTON, ButtonClick, ViewSubmission, read_choice
from bot.slack.handlers.registry import (
    INCIDENT,
    About,
    Answer,
    Button,
    ButtonReply,
    EphemeralMessage,
    Form,
    read_row_id,
)
from bot.slack.replies.render import render_ephemeral
from bot.store.escalation import escalations
from commands import vendor
from commands.escalate import describe_escalations

MAX_MINUTES_DIGITS = 4


def _read_minutes(click: ButtonClick) -> tuple[int, int]:
    escalation_id, _, minutes = click.value.partition(".")
    if not is_row_id(escalation_id) or not minutes.isdecimal() or len(minutes) > MAX_MINUTES_DIGITS:
        raise UserError(OLD_BUTTON)
    return int(escalation_id), int(minutes)


def _find_called_incident(session: Session, click: ButtonClick) -> int:
    called = escalations.get(session, click.row_id)
    return called.incident_id if called else 0


def _find_paged_incident(session: Session, click: ButtonClick) -> set[int]:
    """`click`: of a button whose value is an escalation's id, or begins with it."""
    escalation_id = click.value.partition(".")[0]
    called = escalations.get(session, int(escalation_id)) if is_row_id(escalation_id) else None
    return {called.incident_id} if called else set()


def _find_bundled_incidents(session: Session, click: ButtonClick) -> set[int]:
    return find_bundled_incidents(session, click.row_id)


PAGE = About(read_row_id, pages=_find_paged_incident)
"""The id of an escalation. Its pages have such buttons."""
BUNDLED_PAGE = About(read_row_id, pages=_find_bundled_incidents)
"""The id of a page of a bundle."""
MINUTES = About(_read_minutes, pages=_find_paged_incident)
"""An escalation's id, and minutes."""
REQUEST = About(lambda click: click.value, incident=lambda _session, click: read_request(click.value).incident_id)
"""A request to page again."""
CALL = About(read_row_id, incident=_find_called_incident)
"""The id of the escalation that called a vendor."""


def _acknowledge(session: Session, settings: Settings, actor: Actor, escalation_id: int) -> ButtonReply:
    """Acknowledge; ask a person who was not paged, because they may have pressed by mistake."""
    paged = find_level_paged_instead(session, escalation_id, actor)
    if paged is not None:
        return EphemeralMessage(question.acknowledge_question(escalation_id, paged))
    acknowledge(session, settings, escalation_id, actor)
    return None


def _acknowledge_unasked(session: Session, settings: Settings, actor: Actor, escalation_id: int) -> Message:
    acknowledge(session, settings, escalation_id, actor)
    return question.acknowledged_message()


def _decline(session: Session, settings: Settings, actor: Actor, escalation_id: int) -> None:
    decline(session, settings, escalation_id, actor)


def _extend_wait(session: Session, settings: Settings, actor: Actor, subject: tuple[int, int]) -> None:
    escalation_id, minutes = subject
    extend_wait(session, settings, escalation_id, actor, minutes=minutes)


def _confirm_active(session: Session, settings: Settings, actor: Actor, escalation_id: int) -> Message:
    """Confirm; acknowledge again if the escalation was paged again meanwhile."""
    row = escalations.get(session, escalation_id)
    if row is not None and row.acknowledged_at is None:
        acknowledge(session, settings, escalation_id, actor)
    return active_confirmed_message(confirm_active(session, settings, escalation_id, actor).reference)


def _refresh_page(session: Session, settings: Settings, click: ButtonClick, was_refused: bool) -> Message | None:
    """
    Return the page in a direct message after a response; None for buttons elsewhere.

    A page that still waits after a refusal stays: the refusal is shown instead.
    """
    escalation_id = click.value.partition(".")[0]
    if not click.is_direct or not is_row_id(escalation_id):
        return None
    view = load_escalation_view(session, settings, int(escalation_id))
    if view is None or (was_refused and view.is_waiting):
        return None
    return page_message(view.without_words() if click.hidden else view, click.user_id)


def _acknowledge_bundled(session: Session, settings: Settings, actor: Actor, page_id: int) -> None:
    acknowledge_page(session, settings, page_id, actor)


def _acknowledge_bundle(session: Session, settings: Settings, actor: Actor, page_id: int) -> None:
    acknowledge_bundle(session, settings, page_id, actor)


def _refresh_bundle(session: Session, settings: Settings, click: ButtonClick, was_refused: bool) -> Message | None:
    """Return the bundle after a response. A refusal is shown instead."""
    if was_refused:
        return None
    return page_bundle.page_bundle_message(load_bundle_of_page(session, settings, click.row_id, hidden=click.hidden))


def _record_fix(session: Session, settings: Settings, actor: Actor, escalation_id: int) -> None:
    update_vendor_escalation(session, settings, escalation_id, actor, VendorUpdate(act=VendorEvent.FIXED))


def _fill_vendor_form(session: Session, settings: Settings, escalation_id: int) -> View:
    called = escalations.get(session, escalation_id)
    if called is None:
        raise UserError("That vendor was not called here.")
    chosen = {VENDOR: called.target_id}
    return command_form(vendor.COMMAND, settings, {modals.INCIDENT: called.incident_id}, initial=chosen)


def _chosen_targets(submission: ViewSubmission) -> list[tuple[TargetKind, str, str]]:
    """
    Kind, name and Slack id of the person and of the policy, schedule, team or vendor.

    Raises InvalidField for a target that the menu does not have.
    """
    person, team = submission.text(PERSON), submission.text(TEAM)
    targets = [(TargetKind.PERSON, person, person)] if person else []
    if team:
        kind, _, name = team.partition(":")
        targets.append((read_choice(TEAM, kind, TargetKind), name, ""))
    return targets


def _escalate(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> Answer | None:
    named, case = _chosen_targets(submission), submission.text(CASE)
    errors = ErrorCollector()
    when = None
    with errors.collect():
        when = parse_time_field(session, submission, actor.at)
    if not named:
        errors.by_field[PERSON] = "Choose a person or another target."
    if case and not any(kind == TargetKind.VENDOR for kind, _, _ in named):
        errors.by_field[CASE] = "Only a vendor has a case reference. Leave this empty, or choose a vendor."
    targets = []
    for kind, name, target_id in named:
        with errors.collect(), errors_at(PERSON if target_id else TEAM):
            targets.append(find_target(session, settings, actor.team_id, kind, name, target_id or None))
    errors.check()
    reason, incident_id = submission.text(), submission.incident_id
    with errors_at(AT if when else PERSON):
        if when is None:
            request = find_repeated_request(session, incident_id, actor, targets, reason, case)
            if request is not None:
                return _ask_to_page_again(submission, request)
        escalate_to_all(session, settings, incident_id, actor, targets, reason, when=when, case=case)
    return None


def _ask_to_page_again(submission: ViewSubmission, request: RepeatedRequest) -> Answer:
    """Return the question. Raises UserError for a form without a channel to ask in."""
    if not submission.metadata.get(menu.URL):
        raise UserError(
            "One of them is already paged. To page again, type `/incident escalate` in the incident's channel."
        )
    return render_ephemeral(question.page_again_question(request))


def _page_again(session: Session, settings: Settings, actor: Actor, value: str) -> Message:
    made = page_again(session, settings, actor, value)
    return plain_message(literal_with_mentions(describe_escalations(settings, made)))


def _hand_over(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    person = submission.text(PERSON)
    if not person:
        raise InvalidField(PERSON, "Choose the new person.")
    to = find_target(session, settings, actor.team_id, TargetKind.PERSON, person, person)
    escalation_id = submission.metadata_id(controls.ESCALATION)
    hand_over_escalation(session, settings, escalation_id, actor, to=to, reason=submission.text())


def _hand_back(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    escalation_id = submission.metadata_id(controls.ESCALATION)
    hand_back(session, settings, escalation_id, actor, why=submission.text())


BUTTONS = (
    Button(controls.ACKNOWLEDGE, about=PAGE, run=_acknowledge, refresh=_refresh_page),
    Button(question.ACKNOWLEDGE_UNASKED, about=PAGE, run=_acknowledge_unasked),
    Button(controls.DECLINE, about=PAGE, run=_decline, refresh=_refresh_page),
    Button(controls.MORE_TIME, about=MINUTES, run=_extend_wait, refresh=_refresh_page),
    Button(controls.HAND_OVER, about=PAGE, modal=controls.hand_over_form),
    Button(controls.HAND_BACK, about=PAGE, modal=controls.hand_back_form),
    Button(ON_IT, about=PAGE, run=_confirm_active),
    Button(card.ESCALATE, about=INCIDENT, modal=modals.escalate_form, carries_url=True),
    Button(question.PAGE_AGAIN, about=REQUEST, run=_page_again),
    Button(page_bundle.ACKNOWLEDGE, about=BUNDLED_PAGE, run=_acknowledge_bundled, refresh=_refresh_bundle),
    Button(page_bundle.ACKNOWLEDGE_ALL, about=BUNDLED_PAGE, run=_acknowledge_bundle, refresh=_refresh_bundle),
    Button(vendors.FIXED, about=CALL, run=_record_fix),
    Button(vendors.FORM, about=CALL, filled_modal=_fill_vendor_form, carries_url=True),
)
FORMS = (
    Form(modals.ESCALATE_FORM, run=_escalate, first_field=PERSON),
    Form(controls.HAND_OVER_FORM, run=_hand_over, first_field=PERSON),
    Form(controls.HAND_BACK_FORM, run=_hand_back),
)
