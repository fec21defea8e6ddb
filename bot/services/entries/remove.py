"""Remove an entry from the timeline by hand, or put it back."""

from collections.abc import Collection

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.domain.terms import Kind
from bot.services import outbox
from bot.services.entries.merge import undo_merge
from bot.services.entries.versions import lock_entry
from bot.services.escalation.ack_timeout import watch_acknowledgement
from bot.services.escalation.advance import resume_escalation, stop_escalation
from bot.services.status_page.corrections import correct_published
from bot.services.timeline.entries import MARKED_BY_HAND, restore_entry, withdraw_entry
from bot.services.timeline.milestones import affects_milestones, refresh_milestones
from bot.services.vendors.case_questions import close_case_questions
from bot.services.vendors.entry_sync import sync_with_entry, vendor_event_of
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

REMOVED_BY_HAND = "removed by hand"


def removal_objection(kinds: Collection[str], *, is_over: bool, of_vendor: bool = False) -> str | None:
    """
    Why an entry of these kinds cannot be removed; None if it can.

    `of_vendor`: an entry about a vendor's answer, which may have been noted by mistake.
    """
    if Kind.DECLARED in kinds:
        return "The declaration of an incident cannot be removed."
    if Kind.ACKNOWLEDGED in kinds and not of_vendor:
        return "An acknowledgement stays on record."
    if Kind.RESOLVED in kinds and is_over:
        return "This entry ended the incident. If it is not over, type `/incident status investigating`."
    if Kind.CANCELLED in kinds and is_over:
        return "This entry cancelled the incident. If it continues, type `/incident reopen WHY`."
    return None


def remove_entry(
    session: Session, settings: Settings, entry_id: int, actor: Actor, why: str = "", *, seen: str | None = None
) -> Incident:
    """
    Withdraw an entry; the record keeps it with actor and reason.

    Its escalation stops, a handed-over escalation returns to its previous holder, an action item leaves its list.
    Raises UserError for one that was removed already, or that has to stay.
    """
    incident, entry = lock_entry(session, entry_id, None)
    if entry.withdrawn_at is not None:
        raise StateError("That entry was removed already. Nothing was changed.")
    of_vendor = vendor_event_of(entry) is not None
    if reason := removal_objection(entry.kinds, is_over=not incident.is_open, of_vendor=of_vendor):
        raise UserError(reason)
    lock_entry(session, entry_id, seen)
    withdraw_entry(session, incident, entry, actor, " ".join(why.split()) or REMOVED_BY_HAND)
    if Kind.ESCALATION in entry.kinds and (escalation_id := entry.values.escalation_id):
        escalation = escalations.lock(session, escalation_id)
        if escalation is not None:
            stop_escalation(session, escalation)
            _return_escalation(session, settings, incident, escalation, actor)
        close_case_questions(session, incident, actor.at, of=escalation_id)
    _update_linked_records(session, incident, entry, actor)
    _refresh_views(session, incident, entry, actor)
    return incident


def _return_escalation(
    session: Session, settings: Settings, incident: Incident, taken_off: Escalation, actor: Actor
) -> None:
    """Undo a hand-over: watch the previous responder again, or resume the escalation."""
    before = escalations.lock(session, taken_off.follows_id) if taken_off.follows_id else None
    if before is None or taken_off.is_external or not incident.is_open or escalations.is_called_off(session, before):
        return
    if before.acknowledged_at is not None:
        watch_acknowledgement(session, settings, incident, before, actor.at)
        session.add(before)
    elif before.exhausted_at is None:
        resume_escalation(session, settings, incident, before, actor.at, because="due")


def put_back_entry(
    session: Session, settings: Settings, entry_id: int, actor: Actor, *, seen: str | None = None
) -> Incident:
    """
    Restore a removed entry. Its escalation is not paged again.

    A merged entry is split off again. Raises UserError for an entry that is not removed.
    """
    incident, entry = lock_entry(session, entry_id, seen)
    if entry.withdrawn_at is None:
        raise StateError("That entry is on the timeline. Nothing was changed.")
    if entry.merged_into_id is not None:
        undo_merge(session, settings, entry_id, actor)
        return incident
    entry.details = {**entry.details, MARKED_BY_HAND: list(entry.kinds)}  # its reactions may be gone
    restore_entry(session, incident, entry, actor)
    _update_linked_records(session, incident, entry, actor)
    _refresh_views(session, incident, entry, actor)
    return incidents.get(session, incident.key)


def _update_linked_records(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor) -> None:
    sync_with_entry(session, incident, entry, actor.at)
    correct_published(session, incident, entry, actor)
    if affects_milestones(entry.kinds):
        refresh_milestones(session, incident)


def _refresh_views(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor) -> None:
    if escalation_id := entry.values.escalation_id:
        for each in _escalation_ids(session, escalation_id):
            outbox.refresh_escalation(session, incident, each, actor.at)
            outbox.refresh_pages(session, incident, each, actor.at)
    if entry.values.action_id is not None:
        outbox.refresh_followups(session, incident, actor.at)
    if entry.channel_id and entry.message_ts:
        outbox.refresh_confirm_reaction(session, incident, actor.at, entry.channel_id, entry.message_ts)
    outbox.refresh_card(session, incident, actor.at)


def _escalation_ids(session: Session, escalation_id: int) -> list[int]:
    """The escalation, and the one that it took over from."""
    found = escalations.get(session, escalation_id)
    return [each for each in (escalation_id, found and found.follows_id) if each]
