"""Buttons and forms of the incident card, of lists of incidents, and of reminders."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, StateError, UserError, errors_at
from bot.domain.incidents.roles import LEAD
from bot.domain.terms import Severity, Status
from bot.domain.times import format_unambiguous, read_zone
from bot.services.changes import state_change_as_cause
from bot.services.channel.channel_changes import move_to_new_channel
from bot.services.incidents import edit, lifecycle, roles
from bot.services.incidents.alerts import find_firing
from bot.services.incidents.cancel import cancel_incident
from bot.services.incidents.role_briefing import accept_role, incident_of_assignment, load_role_briefing
from bot.services.reminders.check import SnoozePeriod, incident_of_reminder, snooze_reminder
from bot.services.similarity import switch_suggestion_off
from bot.services.timeline.action_items import change_action_item
from bot.services.vendors.links import decline_vendor_incident, link_vendor_incident
from bot.services.vendors.notices import incident_of_notice
from bot.services.views.outbox_operations import retry_incident_rows
from bot.services.workspace.actor import Actor
from bot.slack.api.payloads import is_row_id
from bot.slack.blocks import menu, modals
from bot.slack.blocks.alerts.card import REOPEN, SET_SEVERITY
from bot.slack.blocks.alerts.help import LINK_BUTTONS
from bot.slack.blocks.escalation import vendor_notices
from bot.slack.blocks.incidents import archiving, card, lists, reminders
from bot.slack.blocks.incidents.changes import IS_CAUSE
from bot.slack.blocks.incidents.forms.details_form import empty_details_form
from bot.slack.blocks.incidents.forms.roles_form import FIELDS, empty_roles_form
from bot.slack.blocks.incidents.role_briefing import TOOK, role_briefing_message
from bot.slack.blocks.incidents.similarity import NOT_SIMILAR, suggestion_message
from bot.slack.blocks.limits import View
from bot.slack.blocks.message import Message, plain_message
from bot.slack.blocks.modals import AT, SEVERITY, STATUS, TEXT, TITLE
from bot.slack.handlers.fields import parse_time_field
from bot.slack.handlers.interactions import ButtonClick, ViewSubmission
from bot.slack.handlers.registry import CLICK, INCIDENT, About, Button, ButtonReply, EphemeralMessage, Form, read_row_id
from bot.slack.replies.entry_points import IN_MENU
from bot.slack.replies.incident_forms import (
    latest_reopening,
    load_cancel_form,
    load_details_form,
    load_resolve_form,
    load_roles_form,
    load_severity_form,
    load_status_form,
)
from bot.slack.replies.lists import render_list, render_overview, render_search
from bot.store.incidents import action_items, incidents
from bot.store.incidents.visibility import visibility_in_channel


def _read_archived_incident(click: ButtonClick) -> int:
    if not is_row_id(click.value):
        raise UserError("This button is from another version of Dogwatch. Type `/incident reopen` again.")
    return int(click.value)


def _read_postponement(click: ButtonClick) -> tuple[int, SnoozePeriod]:
    reminder_id, _, later = click.value.partition(".")
    if not is_row_id(reminder_id) or later not in set(SnoozePeriod):
        raise UserError("This menu is from another version of Dogwatch. Nothing was changed.")
    return int(reminder_id), SnoozePeriod(later)


def _find_reminded_incident(session: Session, click: ButtonClick) -> int:
    return incident_of_reminder(session, _read_postponement(click)[0])


def _find_incident_of_task(session: Session, click: ButtonClick) -> int:
    item = action_items.get(session, click.row_id)
    return item.incident_id if item else 0


def _read_change(click: ButtonClick) -> tuple[int, int]:
    incident_id, _, change_id = click.value.partition(".")
    if not (is_row_id(incident_id) and is_row_id(change_id)):
        raise UserError("This button is from another version of Dogwatch. Type `/incident cause TEXT` instead.")
    return int(incident_id), int(change_id)


ARCHIVED_INCIDENT = About(_read_archived_incident)
"""The id of an incident whose channel is archived, so that it is visible nowhere."""
POSTPONEMENT = About(_read_postponement, incident=_find_reminded_incident)
"""A reminder's id, and until when to postpone it."""
CHANGE = About(_read_change, incident=lambda _session, click: _read_change(click)[0])
"""An incident's id, and that of a change."""
TASK = About(read_row_id, incident=_find_incident_of_task)
"""The id of a task or improvement."""
ASSIGNMENT = About(read_row_id, incident=lambda session, click: incident_of_assignment(session, click.row_id))
"""The id of a time in a role."""
NOTICE = About(read_row_id, incident=lambda session, click: incident_of_notice(session, click.row_id))
"""The id of a message about a vendor's incident."""


def _take_lead(session: Session, settings: Settings, actor: Actor, incident_id: int) -> None:
    """Take a lead that nobody has. Raises UserError if somebody was faster."""
    incident = incidents.lock(session, incident_id)
    if incident.lead not in {None, actor.user_id}:
        raise StateError(f"<@{incident.lead}> leads {incident.reference}. To take over, type `/incident lead`.")
    roles.assign_role(session, settings, incident_id, actor, LEAD, actor.user_id or "")


def _accept_incident(session: Session, settings: Settings, actor: Actor, incident_id: int) -> None:
    """Accept an incident in triage. Raises UserError if somebody accepted or declined it before."""
    incident = incidents.lock(session, incident_id)
    if incident.status != Status.TRIAGE:
        label = settings.status_label(incident.status)
        raise StateError(f"{incident.reference} is {label} already. Nothing was changed.")
    lifecycle.change_status(session, settings, incident_id, actor, Status.INVESTIGATING, "")


def _reopen(session: Session, settings: Settings, actor: Actor, incident_id: int) -> EphemeralMessage | None:
    """Reopen an incident whose alerts still fire: that is the reason."""
    incident = incidents.lock(session, incident_id)
    if incident.is_open:
        raise UserError(f"{incident.reference} is open already.")
    why = find_firing(session, incident_id).sentence
    reopened = lifecycle.reopen_incident(session, settings, incident, actor, why=why)
    if reopened.archived_at is None:
        return None
    archived = archiving.channel_archived_message(reopened.key, reopened.reference, reopened.channel_name or "")
    return EphemeralMessage(archived)


def _follow_link(_session: Session, _settings: Settings, _click: ButtonClick) -> None:
    """Slack opens the address by itself, and reports the click."""


def _accept_role(session: Session, settings: Settings, actor: Actor, role_id: int) -> Message:
    accept_role(session, settings, role_id, actor)
    return role_briefing_message(load_role_briefing(session, settings, role_id, actor.at), is_taken=True)


def _record_change_as_cause(
    session: Session, settings: Settings, actor: Actor, subject: tuple[int, int]
) -> EphemeralMessage:
    """Record the cause, and say how to date the impact by it."""
    incident_id, change_id = subject
    change = state_change_as_cause(session, settings, incident_id, actor, change_id)
    began_at = format_unambiguous(change.began_at, ZoneInfo(incidents.get(session, incident_id).zone))
    return EphemeralMessage(
        plain_message(
            f"The cause is recorded. If the impact began with the change, type `/incident impact started:{began_at}`."
        )
    )


def _link_vendor_incident(session: Session, settings: Settings, actor: Actor, notice_id: int) -> None:
    link_vendor_incident(session, settings, notice_id, actor)


def _decline_vendor_incident(session: Session, settings: Settings, actor: Actor, notice_id: int) -> None:
    decline_vendor_incident(session, settings, notice_id, actor)


def _retry_failed(session: Session, _settings: Settings, actor: Actor, incident_id: int) -> str:
    retried = retry_incident_rows(session, incident_id, actor)
    subject = "It is" if len(retried) == 1 else f"{len(retried)} steps are"
    return f"{subject} tried again. New failures are shown here."


def _move_to_new_channel(session: Session, settings: Settings, actor: Actor, incident_id: int) -> Message:
    return archiving.new_channel_message(move_to_new_channel(session, settings, incident_id, actor).reference)


def _complete_action_item(session: Session, _settings: Settings, actor: Actor, item_id: int) -> None:
    item = action_items.get(session, item_id)
    if item is None:
        raise UserError("That task no longer exists.")
    change_action_item(session, item.incident_id, item.number, actor, is_done=True)


def _postpone_reminder(session: Session, settings: Settings, actor: Actor, subject: tuple[int, SnoozePeriod]) -> None:
    reminder_id, later = subject
    snooze_reminder(session, settings, reminder_id, actor, later)


def _switch_suggestion_off(session: Session, _settings: Settings, actor: Actor, incident_id: int) -> Message:
    return suggestion_message(switch_suggestion_off(session, incident_id, actor))


def _open_menu(_settings: Settings, incident_id: int) -> View:
    return menu.incident_menu([each.name for each in IN_MENU.values()], incident_id)


def _show_incident(session: Session, settings: Settings, click: ButtonClick) -> EphemeralMessage:
    seen = visibility_in_channel(session, click.team_id, click.channel_id, viewer=click.user_id)
    incident = seen.get(session, click.row_id)
    return EphemeralMessage(render_overview(session, settings, incident.key))


def _show_list(session: Session, settings: Settings, click: ButtonClick) -> ButtonReply:
    text, first, _ = _read_list_page(click.value)
    seen = visibility_in_channel(session, click.team_id, click.channel_id, viewer=click.user_id)
    return render_list(session, settings, seen, text, first=first)


def _show_search(session: Session, settings: Settings, click: ButtonClick) -> ButtonReply:
    text, first, with_drills = _read_list_page(click.value)
    visibility = visibility_in_channel(session, click.team_id, click.channel_id, viewer=click.user_id)
    return render_search(session, settings, visibility, text, with_drills=with_drills, first=first)


def _read_list_page(value: str) -> tuple[str, int, bool]:
    """Return the searched words, the index of the first incident, and if drills are listed."""
    first, _, rest = value.partition(".")
    drills, _, text = rest.partition(".")
    if not (is_row_id(first) and drills in {"0", "1"}):
        raise UserError("This button is from another version of Dogwatch. Type `/incident list` again.")
    return text, int(first), drills == "1"


def _resolve(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    """Resolve. A form opened before somebody reopened the incident does not end it again."""
    ended, text = parse_time_field(session, submission, actor.at), submission.text()
    incident, seen = incidents.lock(session, submission.incident_id), submission.metadata.get(modals.SEEN)
    if seen and incident.is_open and seen != latest_reopening(incident):
        raise StateError(
            f"{incident.reference} was reopened meanwhile. Copy your text, close this window and open the form again."
        )
    with errors_at(TEXT if ended is None else AT):
        lifecycle.resolve_incident(session, settings, submission.incident_id, actor, text=text, ended=ended)


def _change_severity(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    to = submission.choice(SEVERITY, Severity)
    incident = incidents.lock(session, submission.incident_id)
    _check_unchanged(submission, settings.severity_label(Severity(incident.severity)), incident.severity)
    lifecycle.change_severity(session, settings, submission.incident_id, actor, to, submission.text())


def _change_status(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    """Change an open incident's status. A form opened before its end does not reopen it."""
    to = submission.choice(STATUS, Status)
    incident = incidents.lock(session, submission.incident_id)
    label = settings.status_label(incident.status)
    if incident.status in {Status.RESOLVED, Status.CLOSED, Status.CANCELLED}:
        raise StateError(f"{incident.reference} is {label}. If it is not over, type `/incident reopen WHY`.")
    _check_unchanged(submission, label, incident.status)
    lifecycle.change_status(session, settings, submission.incident_id, actor, to, submission.text())


def _check_unchanged(submission: ViewSubmission, label: str, present: str) -> None:
    """Raise UserError if the value, now `label`, was changed since the form was opened."""
    seen = submission.metadata.get(modals.SEEN)
    if seen and seen != present:
        raise StateError(
            f"Somebody changed this meanwhile. Now: {label}. Copy your text, close this window and open the form again."
        )


def _edit_details(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    """Change only what differs from the initial values: the rest may have been changed since."""
    given = {name: text.strip() for name, text in submission.values.items() if text != submission.initial.get(name, "")}
    titles = {name.partition(".")[2]: text for name, text in given.items() if name.partition(".")[0] == edit.TITLE}
    errors, zone = ErrorCollector(), None
    with errors.collect():
        zone = _read_zone(given)
    wanted = edit.IncidentEdit(
        titles=titles,
        services=edit.split_services(given[edit.SERVICES]) if edit.SERVICES in given else None,
        reference=given.get(edit.REFERENCE),
        grade=given.get(edit.GRADE),
        category=given.get(edit.CATEGORY),
        responsibility=given.get(edit.RESPONSIBILITY),
        zone=zone,
        languages=edit.split_services(given[edit.LANGUAGES].lower()) if edit.LANGUAGES in given else None,
        template=given.get(edit.TEMPLATE),
    )
    with errors.collect():
        edit.check_edit(session, settings, submission.incident_id, wanted)
    errors.check()
    edit.edit_incident(session, settings, submission.incident_id, actor, wanted)


def _read_zone(given: Mapping[str, str]) -> ZoneInfo | None:
    with errors_at(edit.ZONE):
        return read_zone(given[edit.ZONE]) if edit.ZONE in given else None


def _cancel(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    cancel_incident(session, settings, submission.incident_id, actor, submission.text())


def _change_roles(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    """Change only the roles that differ from the form's initial values."""
    errors = ErrorCollector()
    for field, user_id in submission.values.items():
        holder = submission.initial.get(field, "")
        if field.startswith(FIELDS) and user_id != holder:
            with errors.collect(), errors_at(field):
                _change_role(session, settings, actor, submission, field.removeprefix(FIELDS), holder, user_id)
    errors.check()


def _change_role(
    session: Session, settings: Settings, actor: Actor, submission: ViewSubmission, name: str, holder: str, to: str
) -> None:
    incident_id, note = submission.incident_id, submission.text()
    if not to:
        roles.give_up_role(session, settings, incident_id, actor, name)
    elif holder:
        roles.hand_over_role(session, settings, incident_id, actor, name, to, note=note)
    else:
        roles.assign_role(session, settings, incident_id, actor, name, to, note=note)


BUTTONS: tuple[Button[Any], ...] = (
    Button(card.LEAD, about=INCIDENT, run=_take_lead),
    Button(card.ACCEPT, about=INCIDENT, run=_accept_incident),
    Button(card.RETRY, about=INCIDENT, run=_retry_failed),
    Button(IS_CAUSE, about=CHANGE, run=_record_change_as_cause),
    Button(vendor_notices.LINK, about=NOTICE, run=_link_vendor_incident),
    Button(vendor_notices.DECLINE, about=NOTICE, run=_decline_vendor_incident),
    Button(card.SEVERITY, about=INCIDENT, modal=modals.severity_form, filled_modal=load_severity_form),
    Button(card.STATUS, about=INCIDENT, modal=modals.status_form, filled_modal=load_status_form),
    Button(card.RESOLVE, about=INCIDENT, modal=modals.resolve_form, filled_modal=load_resolve_form),
    Button(card.CANCEL, about=INCIDENT, modal=modals.cancel_form, filled_modal=load_cancel_form),
    Button(card.EDIT, about=INCIDENT, modal=empty_details_form, filled_modal=load_details_form),
    Button(card.ROLES, about=INCIDENT, modal=empty_roles_form, filled_modal=load_roles_form),
    Button(card.MORE, about=INCIDENT, modal=_open_menu, carries_url=True),
    Button(REOPEN, about=INCIDENT, run=_reopen),
    Button(SET_SEVERITY, about=INCIDENT, modal=modals.severity_form, filled_modal=load_severity_form),
    *(Button(action_id, about=CLICK, show=_follow_link) for action_id in LINK_BUTTONS.values()),
    Button(TOOK, about=ASSIGNMENT, run=_accept_role),
    Button(archiving.GO_ON, about=ARCHIVED_INCIDENT, run=_move_to_new_channel),
    Button(reminders.DONE, about=TASK, run=_complete_action_item),
    Button(reminders.PUT_OFF, about=POSTPONEMENT, run=_postpone_reminder),
    Button(NOT_SIMILAR, about=INCIDENT, run=_switch_suggestion_off),
    Button(lists.SHOW, about=CLICK, show=_show_incident),
    Button(lists.LIST_NEWER, about=CLICK, show=_show_list),
    Button(lists.LIST_OLDER, about=CLICK, show=_show_list),
    Button(lists.FIND_NEWER, about=CLICK, show=_show_search),
    Button(lists.FIND_OLDER, about=CLICK, show=_show_search),
)
FORMS = (
    Form(modals.RESOLVE, run=_resolve),
    Form(modals.SEVERITY_FORM, run=_change_severity, first_field=SEVERITY),
    Form(modals.STATUS_FORM, run=_change_status, first_field=STATUS),
    Form(modals.EDIT_FORM, run=_edit_details, first_field=TITLE),
    Form(modals.CANCEL_FORM, run=_cancel),
    Form(modals.ROLES_FORM, run=_change_roles),
)
