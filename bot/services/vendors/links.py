"""Link a vendor's incident to ours, and record it on the timeline."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.domain.record.facts import Fact, VendorReported, VendorResolved
from bot.domain.terms import Kind
from bot.domain.times import ParsedTime
from bot.services.timeline.entries import record_entry, withdraw_entry
from bot.services.vendors.lookup import vendor_names
from bot.services.vendors.notices import ensure_notice, refresh_notice
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.audit_log import audit_action
from bot.store import vendors
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.vendors import NoticeState, VendorIncident, VendorNotice

REOPENED = "the vendor's page says that it is open again"
RECORDED = "it is recorded already"
NOT_THEM = "it was not the vendor"


def link_vendor_incident(session: Session, settings: Settings, notice_id: int, actor: Actor) -> VendorNotice:
    """
    Link a vendor's incident to ours.

    Raises UserError if it is gone, StateError if it is linked already.
    """
    incident, notice, row = _lock(session, notice_id)
    if notice.state == NoticeState.LINKED:
        raise StateError(f"{_name(settings, row)}'s incident is linked to {incident.reference} already.")
    _decide(session, incident, notice, NoticeState.LINKED, actor)
    sync_entries(session, settings, row, notice, incident, actor.at)
    refresh_notice(session, row, notice, incident, actor.at)
    return notice


def link_opened_incident(
    session: Session, settings: Settings, row: VendorIncident, incident: Incident, actor: Actor
) -> None:
    """Link a vendor's incident to the one that it opened. Its channel is told so, and not asked."""
    notice = ensure_notice(session, row, incident, actor.at)
    _decide(session, incident, notice, NoticeState.LINKED, actor)
    sync_entries(session, settings, row, notice, incident, actor.at)
    refresh_notice(session, row, notice, incident, actor.at)


def decline_vendor_incident(session: Session, settings: Settings, notice_id: int, actor: Actor) -> VendorNotice:
    """
    Record that a vendor's incident is not the cause of ours.

    Its entries are taken off the timeline. Raises UserError if it is gone, StateError if that was decided already.
    """
    incident, notice, row = _lock(session, notice_id)
    if notice.state == NoticeState.DECLINED:
        raise StateError(f"{_name(settings, row)}'s incident was ruled out for {incident.reference} already.")
    _decide(session, incident, notice, NoticeState.DECLINED, actor)
    for entry_id in (notice.first_entry_id, notice.end_entry_id):
        _withdraw(session, incident, entry_id, actor, NOT_THEM)
    notice.first_entry_id = notice.end_entry_id = None
    session.add(notice)
    refresh_notice(session, row, notice, incident, actor.at)
    return notice


def move_notices(
    session: Session,
    settings: Settings,
    source: Incident,
    target: Incident,
    copies: Mapping[int, TimelineEntry],
    actor: Actor,
) -> None:
    """
    Carry links to vendors' incidents, and open questions, over in a merge.

    `copies`: the entries of the target by those of the source. A link counts more than the target's own decision.
    """
    carried = [each for each in vendors.lock_notices_in(session, source.key) if each.state != NoticeState.DECLINED]
    known = {each.vendor_incident_id: each for each in vendors.lock_notices_in(session, target.key)} if carried else {}
    for notice in carried:
        row, own = vendors.get_incident(session, notice.vendor_incident_id), known.get(notice.vendor_incident_id)
        if row is None or (notice.state == NoticeState.ASKED and (own is not None or not row.is_open)):
            continue
        entries = [copies.get(each or 0) for each in (notice.first_entry_id, notice.end_entry_id)]
        if own is not None and own.state == NoticeState.LINKED:
            for entry in entries:
                _withdraw(session, target, entry.key if entry else None, actor, RECORDED)
            vendors.delete_notice(session, notice)
            continue
        moved = own or notice
        moved.first_entry_id, moved.end_entry_id = (entry.key if entry else None for entry in entries)
        moved.state, moved.decided_at, moved.decided_by = notice.state, notice.decided_at, notice.decided_by
        if own is None:
            notice.incident_id, notice.channel_id, notice.message_ts = target.key, None, None
        else:
            vendors.delete_notice(session, notice)
        session.add(moved)
        session.flush()
        if moved.state == NoticeState.LINKED:
            sync_entries(session, settings, row, moved, target, actor.at)
        refresh_notice(session, row, moved, target, actor.at)


def _lock(session: Session, notice_id: int) -> tuple[Incident, VendorNotice, VendorIncident]:
    """The incident first: looks at the vendor's page lock in this order, too."""
    found = vendors.get_notice(session, notice_id)
    if found is None or found.incident_id is None:
        raise UserError("This button is from another version of Dogwatch. Nothing was changed.")
    incident = incidents.lock(session, found.incident_id)
    notice, row = vendors.lock_notice(session, notice_id), vendors.get_incident(session, found.vendor_incident_id)
    if notice is None or row is None:
        raise UserError("The vendor's incident is no longer on record. Nothing was changed.")
    return incident, notice, row


def _decide(session: Session, incident: Incident, notice: VendorNotice, state: NoticeState, actor: Actor) -> None:
    notice.state, notice.decided_at, notice.decided_by = state.value, actor.at, actor.user_id
    session.add(notice)
    audit_action(session, actor, f"vendor's incident {state.value}", incident=incident, notice=notice.key)


def sync_entries(
    session: Session, settings: Settings, row: VendorIncident, notice: VendorNotice, incident: Incident, at: datetime
) -> None:
    """
    Record the vendor's first word and its end on the timeline.

    An end that is no longer stated is withdrawn.
    """
    machine = Actor(row.team_id, None, at, Origin.TIMER)
    name = _name(settings, row)
    if notice.first_entry_id is None:
        notice.first_entry_id = _record(
            session, incident, row, VendorReported(name, row.title), row.first_word_at, machine
        ).key
    if row.resolved_at is None:
        _withdraw(session, incident, notice.end_entry_id, machine, REOPENED)
        notice.end_entry_id = None
    elif notice.end_entry_id is None:
        notice.end_entry_id = _record(
            session, incident, row, VendorResolved(name, row.title), row.resolved_at, machine
        ).key
    session.add(notice)


def _record(
    session: Session, incident: Incident, row: VendorIncident, fact: Fact, happened_at: datetime, actor: Actor
) -> TimelineEntry:
    when = ParsedTime(happened_at)
    return record_entry(session, incident, [Kind.NOTE], fact, actor, when=when, vendor_incident_id=row.key)


def _withdraw(session: Session, incident: Incident, entry_id: int | None, actor: Actor, why: str) -> None:
    entry = timeline.get(session, entry_id) if entry_id is not None else None
    if entry is not None and entry.withdrawn_at is None:
        withdraw_entry(session, incident, entry, actor, why)


def _name(settings: Settings, row: VendorIncident) -> str:
    return vendor_names(settings, [row.vendor])[0]
