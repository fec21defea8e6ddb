"""Amend timeline entries: text, time, kinds, language and place."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Kind, Precision
from bot.domain.timeline.amendments import FIXED_TIME_KINDS, amended_kinds, fixed_kinds, placement_problem
from bot.domain.times import ParsedTime
from bot.lazy_dataclass import dataclass
from bot.services.channel.marks import resync_entry
from bot.services.entries.versions import (
    entry_snapshot,
    finish_change,
    last_undoable_change,
    lock_active_entry,
    place_beside,
    revert_change,
    save_earlier_version,
)
from bot.services.status_page.corrections import correct_published
from bot.services.timeline.entries import FROM_PAGE, MARKED_BY_HAND, MARKS_DROPPED, MERGED_PARTS
from bot.services.vendors.entry_sync import sync_with_entry, vendor_event_of
from bot.services.workspace.actor import Actor
from bot.services.workspace.people import ensure_known
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import timeline
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

AMENDMENT_DETAILS = frozenset({MERGED_PARTS, MARKS_DROPPED, MARKED_BY_HAND, FROM_PAGE})
"""Detail keys about amendments and the place of recording; no readable content of the entry."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """The requested changes. None leaves a field unchanged; `language` is `""` for none stated."""

    text: str | None = None
    when: ParsedTime | None = None
    marks: tuple[Kind, ...] | None = None
    language: str | None = None


def amend_entry(
    session: Session, entry_id: int, actor: Actor, wanted: Amendment, *, seen: str | None = None
) -> TimelineEntry:
    """
    Amend an entry. Later changes of its reactions and message do not override the amendment.

    Raises UserError for text that was deleted or redacted, a time that cannot be moved, and an entry without a kind.
    """
    incident, entry = lock_active_entry(session, entry_id, seen)
    before = entry_snapshot(session, entry)
    if wanted.text is not None:
        _amend_text(entry, wanted.text)
    if wanted.when is not None:
        _amend_time(session, entry, wanted.when)
    if wanted.marks is not None:
        _amend_kinds(entry, wanted.marks)
    if wanted.language is not None:
        entry.language = wanted.language or None
    if entry_snapshot(session, entry) == before:
        return entry
    save_earlier_version(entry, before, "amended", actor)
    _update_linked_records(session, incident, entry, actor)
    finish_change(session, incident, entry, actor, "amended", before)
    ensure_known(session, incident.team_id, [], actor.at, text=entry.text)
    return entry


def _amend_text(entry: TimelineEntry, text: str) -> None:
    if text == entry.text:
        return
    if entry.redacted_at is not None or entry.deleted_at is not None:
        gone = "redacted" if entry.redacted_at is not None else "deleted in Slack"
        raise UserError(f"The words of this entry were {gone}. Add new words with `/incident note`.")
    if not text and not entry.details.keys() - AMENDMENT_DETAILS:
        raise UserError("An entry needs words. To remove it, take it off the timeline.")
    entry.text = text
    entry.details = {key: value for key, value in entry.details.items() if key != MERGED_PARTS}


def _amend_time(session: Session, entry: TimelineEntry, when: ParsedTime) -> None:
    if (when.at, when.precision) == (entry.happened_at, Precision(entry.precision)):
        return
    if FIXED_TIME_KINDS.intersection(map(Kind, entry.kinds)) and vendor_event_of(entry) is None:
        raise UserError(
            "The time of this action cannot be changed. To change the impact's start or end, type "
            "`/incident impact started:TIME ended:TIME`."
        )
    escalation = _lock_escalation(session, entry)
    if escalation is not None and not escalation.was_only_recorded:
        raise UserError("The time of a page cannot be changed. Change only the words.")
    entry.happened_at, entry.precision = when.at, when.precision.value
    entry.sort_at = when.at or entry.sort_at  # of unknown time from now on: it keeps its place


def _amend_kinds(entry: TimelineEntry, marks: tuple[Kind, ...]) -> None:
    present = [Kind(kind) for kind in entry.kinds]
    kinds = amended_kinds(present, marks, fixed=fixed_kinds(present, carries=has_own_record(entry)))
    if kinds == tuple(present):
        return
    dropped = [*entry.values.marks_dropped, *(kind.value for kind in present)]
    entry.details = {
        **entry.details,
        MARKED_BY_HAND: [kind.value for kind in kinds],
        MARKS_DROPPED: [kind for kind in dict.fromkeys(dropped) if kind not in kinds],
    }
    entry.kinds = [kind.value for kind in kinds]


def has_own_record(entry: TimelineEntry) -> bool:
    """True for an entry of an escalation, an action item or an alert."""
    return bool({"escalation_id", "action_id", "alert_id"} & entry.details.keys())


def move_entry(
    session: Session, entry_id: int, beside_id: int, actor: Actor, *, before: bool, seen: str | None = None
) -> TimelineEntry:
    """
    Put an entry directly before or after another of its incident.

    Raises UserError where its own time does not allow that place.
    """
    incident, entry = lock_active_entry(session, entry_id, seen)
    beside = timeline.get(session, beside_id)
    if beside is None or beside.incident_id != entry.incident_id or beside.key == entry.key:
        raise UserError("Choose another entry of this incident to put it beside.")
    session.refresh(beside)
    if reason := placement_problem(entry.happened_at, beside.sort_at):
        raise UserError(reason)
    state = entry_snapshot(session, entry)
    place_beside(session, incident, entry, beside, before=before)
    save_earlier_version(entry, state, "moved", actor)
    finish_change(session, incident, entry, actor, f"moved {'before' if before else 'after'} entry-{beside.key}", state)
    return entry


def _lock_escalation(session: Session, entry: TimelineEntry) -> Escalation | None:
    found = entry.values.escalation_id
    return escalations.lock(session, found) if found and Kind.ESCALATION in entry.kinds else None


def _update_linked_records(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor) -> None:
    """Copy the entry's text and time to its escalation, its action item, or the public page."""
    escalation = _lock_escalation(session, entry)
    if escalation is not None:
        escalation.reason = entry.text
        if escalation.was_only_recorded:
            escalation.paged_at, escalation.precision = entry.happened_at, entry.precision
        session.add(escalation)
    sync_with_entry(session, incident, entry, actor.at)
    correct_published(session, incident, entry, actor)
    item = session.get(ActionItem, entry.values.action_id) if entry.values.action_id is not None else None
    if item is not None:
        item.text, item.language = entry.text, entry.language
        session.add(item)


def undo_last_change(
    session: Session, settings: Settings, entry_id: int, actor: Actor, *, seen: str | None = None
) -> TimelineEntry:
    """
    Undo the last amendment or move of an entry.

    Without amendments it follows its message again. Raises UserError if there is nothing to undo, or if the last change
    was a merge (see `merge.undo_merge`).
    """
    incident, entry = lock_active_entry(session, entry_id, seen)
    last = last_undoable_change(entry)
    if last is None or last["act"] == "merged":
        raise UserError("Nothing to undo: this entry was not amended.")
    before = entry_snapshot(session, entry)
    revert_change(session, entry, last)
    _update_linked_records(session, incident, entry, actor)
    finish_change(session, incident, entry, actor, f"undid: {last['act']}", before)
    if entry.amended_at is None:
        resync_entry(session, settings, incident, entry, actor.at)
    return entry
