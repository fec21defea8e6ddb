"""Copy or move what belongs to a merged incident into the other one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from bot.domain.escalation import Acknowledgement
from bot.domain.terms import MARKS, Kind, SourceKind
from bot.services import outbox
from bot.services.timeline.entries import CAME_FROM, MARKED_BY_HAND
from bot.services.timeline.kept_files import sync_files
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations, progress
from bot.store.escalation.pages import record_left_message
from bot.store.incidents import action_items, incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

LIFECYCLE_KINDS = frozenset(
    {
        Kind.DECLARED,
        Kind.STATUS,
        Kind.SEVERITY,
        Kind.ROLE,
        Kind.RESOLVED,
        Kind.REOPENED,
        Kind.CANCELLED,
        Kind.DETAILS,
        Kind.MERGED,
    }
)
"""Kinds that moved the source through its lifecycle: only their text is copied, as a note."""
STATED_KINDS = frozenset({Kind.IMPACT, Kind.CAUSE})
"""Statements on the whole incident: the target's own takes precedence."""
MOVED_REFERENCES = ("escalation_id", "action_id", "alert_id", "alert_ids")
"""Detail keys that refer to rows moved to the target."""


def carry_entries(session: Session, source: Incident, target: Incident, at: datetime) -> dict[int, TimelineEntry]:
    """
    Copy the active entries. Returns the copies by the id of the original.

    Kept files are fetched again for the copies.
    """
    stated = {kind for entry in timeline.find_entries(session, target.key) for kind in map(Kind, entry.kinds)}
    copies: dict[int, TimelineEntry] = {}
    for entry in timeline.find_entries(session, source.key, with_withdrawn=False):
        kinds = _kinds_for_copy(entry, stated)
        is_there = entry.channel_id and timeline.find_by_message(
            session, target.key, entry.channel_id, entry.message_ts or ""
        )
        if is_there or (kinds == [Kind.NOTE] and not entry.text and not entry.has(Kind.NOTE)):
            continue
        copies[entry.key] = _copy_entry(session, source, target, entry, kinds)
    session.flush()
    for copy in copies.values():
        sync_files(session, target, copy, at)
    for entry in timeline.find_entries(session, source.key):
        entry.details = {key: value for key, value in entry.details.items() if key not in MOVED_REFERENCES}
        session.add(entry)
    return copies


def _kinds_for_copy(entry: TimelineEntry, stated: set[Kind]) -> list[Kind]:
    kinds = [Kind(kind) for kind in entry.kinds]
    if LIFECYCLE_KINDS.intersection(kinds):
        return [kind for kind in kinds if kind in MARKS] or [Kind.NOTE]
    is_typed = entry.source == SourceKind.COMMAND
    kept = [kind for kind in kinds if not (is_typed and kind in STATED_KINDS and kind in stated)]
    return kept or [Kind.NOTE]


def _copy_entry(
    session: Session, source: Incident, target: Incident, entry: TimelineEntry, kinds: list[Kind]
) -> TimelineEntry:
    """Copy an entry with its time, author and place in Slack, and note its origin."""
    origin = {"reference": source.reference, "entry": entry.key}
    if entry.posted_ts and source.channel_id:
        origin["posted"] = {"channel": source.channel_id, "ts": entry.posted_ts}
    has_own_course = LIFECYCLE_KINDS.intersection(map(Kind, entry.kinds))
    details = {} if has_own_course else {key: value for key, value in entry.details.items() if key != "parts"}
    copy = TimelineEntry(
        **entry.model_dump(
            exclude={"id", "incident_id", "seq", "kinds", "details", "posted_ts", "earlier", "merged_into_id"}
        ),
        incident_id=target.key,
        seq=incidents.take_seq(session, target),
        kinds=[kind.value for kind in kinds],
        details={**details, CAME_FROM: origin, MARKED_BY_HAND: [kind.value for kind in kinds if kind in MARKS]},
        earlier=[],
    )
    session.add(copy)
    return copy


def move_action_items(
    session: Session, source: Incident, target: Incident, copies: Mapping[int, TimelineEntry]
) -> None:
    """Move improvements and tasks; they get the target's next numbers."""
    for item in action_items.find_by_incident(session, source.key):
        copy = copies.get(item.entry_id or 0)
        if copy is None:
            continue
        item.number = action_items.next_number(session, target.key)
        item.incident_id, item.entry_id = target.key, copy.key
        session.add(item)
        session.flush()


def move_escalations(
    session: Session, source: Incident, target: Incident, copies: Mapping[int, TimelineEntry], actor: Actor
) -> None:
    """Move escalations with their answers; unanswered ones continue in the target."""
    for each in escalations.find_by_incident(session, source.key):
        entry, answer = copies.get(each.entry_id or 0), copies.get(each.acknowledgement_entry_id or 0)
        if entry is None:
            continue
        if each.message_ts is not None and source.channel_id is not None:
            record_left_message(session, each, source.channel_id, each.message_ts, actor.at)
        each.incident_id, each.entry_id, each.message_ts = target.key, entry.key, None
        each.acknowledgement_entry_id = answer.key if answer else None
        answers = progress.find_responses(session, each.key)
        progress.save_responses(session, each.key, [_carry_answer(given, copies) for given in answers])
        first, fixed = copies.get(each.first_answer_entry_id or 0), copies.get(each.fixed_entry_id or 0)
        each.first_answer_entry_id, each.fixed_entry_id = (first and first.key) or None, (fixed and fixed.key) or None
        each.case_message_ts = None  # asked for again in the target
        session.add(each)
        session.flush()
        if each.acknowledged_at is None:
            outbox.refresh_escalation(session, target, each.key, actor.at, is_new=True)
        outbox.refresh_pages(session, target, each.key, actor.at)


def _carry_answer(given: Acknowledgement, copies: Mapping[int, TimelineEntry]) -> Acknowledgement:
    """Point an answer at the copied entry, so that withdrawing that entry undoes the answer."""
    copy = copies.get(given.entry_id or 0)
    return replace(given, entry_id=copy.key if copy else None)
