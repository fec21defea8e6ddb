"""Two incidents turn out to be one: one is merged into the other, and takes along all that is still needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.incidents.lifecycle import Event, transition
from bot.domain.incidents.roles import LEAD
from bot.domain.terms import MARKS, Kind, SourceKind, Status
from bot.services import outbox as tell
from bot.services.escalation import responses as answering
from bot.services.incidents import lifecycle as course
from bot.services.incidents import roles
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
from bot.services.timeline.entries import BY_HAND, CAME_FROM
from bot.services.workspace import people
from bot.services.workspace.actor import Actor
from bot.store.alerts import alerts
from bot.store.escalation import escalations
from bot.store.incidents import action_items as actions
from bot.store.incidents import incidents
from bot.store.incidents import timeline as store_timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import audit

OWN_COURSE = frozenset(
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
"""What moved one incident along is not what moved the other: of these only the words go along, as a note."""
STATED_ONCE = frozenset({Kind.IMPACT, Kind.CAUSE})
"""What is stated of an incident as a whole stays as it is where the other one has a statement of its own."""
HELD_BY_IDS = ("escalation_id", "action_id", "alert_id", "alert_ids")
"""What an entry names that has gone over to the other incident."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a merge would carry over."""

    source: Incident
    target: Incident
    entries: int
    alerts: int
    escalations: int
    actions: int


@dataclass(frozen=True, slots=True)
class Merged:
    source: Incident
    target: Incident
    entries: int
    alerts: int


def weigh(session: Session, settings: Settings, source: Incident, target: Incident) -> Weighed:
    """What `merge` would do. Raises UserError where it would."""
    check(session, settings, source, target)
    return Weighed(
        source,
        target,
        store_timeline.count(session, source.key),
        alerts.count(session, source.key).alerts,
        len([each for each in escalations.unanswered(session, source.key) if not each.is_external]),
        len(actions.of_incident(session, source.key)),
    )


def check(session: Session, settings: Settings, source: Incident, target: Incident) -> None:
    """Raises UserError, with the reason, where one incident cannot be merged into the other."""
    if source.key == target.key:
        raise UserError(f"{source.reference} cannot be merged into itself. Name the incident that it belongs to.")
    if source.merged_into_id is not None:
        into = incidents.get(session, source.merged_into_id)
        raise UserError(f"{source.reference} was merged into {into.reference} already, and nothing was changed.")
    if source.is_private != target.is_private:
        private, other = (source, target) if source.is_private else (target, source)
        raise UserError(
            f"{private.reference} is private and {other.reference} is not. Merged, the one would be read by people who "
            "are not in it, or the other be hidden from those who follow it; so both stay as they are."
        )
    if source.is_drill != target.is_drill:
        raise UserError("One of them is a drill and the other is not: practice and what really happened stay apart.")
    if source.storm_id == source.key:
        raise UserError(
            f"{source.reference} collects an alert storm, and what fires next goes there. Merge the other way round: "
            f"`/incident merge {target.reference} {source.reference}`."
        )
    if not target.is_open:
        raise UserError(
            f"{target.reference} is {settings.status_label(target.status)}. Reopen it first "
            f"(`/incident reopen {target.reference} WHY`), or merge the other way round."
        )
    if not source.is_open:
        raise UserError(
            f"{source.reference} is {settings.status_label(source.status)} already. Only an incident that is open can "
            f"be merged: for one that is over, `/incident note {target.reference} see {source.reference}` points to it."
        )


def merge(session: Session, settings: Settings, source_id: int, target_id: int, actor: Actor) -> Merged:
    """
    Carry everything over that is still needed, and close the one that is merged.

    Both are held in one order, and looked at again then: of two people who merge them crosswise the second is refused.
    Raises UserError as `check` does.
    """
    groups = alerts.lock_groups_of(session, source_id)
    both = [*escalations.of_incident(session, source_id), *escalations.of_incident(session, target_id)]
    escalations.hold(session, [each.key for each in both])
    incidents.hold(session, [source_id, target_id])
    source, target = incidents.lock(session, source_id), incidents.lock(session, target_id)
    check(session, settings, source, target)
    for group in groups:
        group.incident_id = target.key
        session.add(group)
    moved = alerts.hand_over(session, source.key, target.key)
    copies = _carry_entries(session, source, target)
    _hand_over_actions(session, source, target, copies)
    _hand_over_escalations(session, source, target, copies, actor)
    answering.share_answers(session, settings, target, actor.at)
    _close(session, settings, source, target, actor)
    held = [(each.role.label, each.user_id) for each in roles.held(session, settings, source) if each.user_id]
    took_in = timeline.record(
        session, target, [Kind.MERGED], f"{source.reference}: {source.title}", actor, took_in=source.reference
    )
    milestones.refresh(session, target)
    _tell(session, source, target, took_in, actor, entries=len(copies), alert_count=moved, roles=held)
    _carry_lead(session, settings, source, target, actor)
    audit.note(
        session,
        at=actor.at,
        team_id=source.team_id,
        incident_id=source.key,
        who=actor.user_id,
        what=f"merged into {target.reference}",
        origin=actor.origin,
        entries=len(copies),
        alerts=moved,
    )
    return Merged(source, target, len(copies), moved)


def _carry_entries(session: Session, source: Incident, target: Incident) -> dict[int, TimelineEntry]:
    """Copies of the entries that stand, by the id of each in the incident that is merged."""
    stated = {kind for entry in store_timeline.in_order(session, target.key) for kind in map(Kind, entry.kinds)}
    copies: dict[int, TimelineEntry] = {}
    for entry in store_timeline.in_order(session, source.key, with_withdrawn=False):
        kinds = _kinds_there(entry, stated)
        is_there = entry.channel_id and store_timeline.of_message(
            session, target.key, entry.channel_id, entry.message_ts or ""
        )
        if is_there or (kinds == [Kind.NOTE] and not entry.text and not entry.has(Kind.NOTE)):
            continue
        copies[entry.key] = _copy(session, source, target, entry, kinds)
    session.flush()
    for entry in store_timeline.in_order(session, source.key):
        entry.details = {key: value for key, value in entry.details.items() if key not in HELD_BY_IDS}
        session.add(entry)
    return copies


def _kinds_there(entry: TimelineEntry, stated: set[Kind]) -> list[Kind]:
    kinds = [Kind(kind) for kind in entry.kinds]
    if OWN_COURSE.intersection(kinds):
        return [kind for kind in kinds if kind in MARKS] or [Kind.NOTE]
    is_typed = entry.source == SourceKind.COMMAND
    kept = [kind for kind in kinds if not (is_typed and kind in STATED_ONCE and kind in stated)]
    return kept or [Kind.NOTE]


def _copy(
    session: Session, source: Incident, target: Incident, entry: TimelineEntry, kinds: list[Kind]
) -> TimelineEntry:
    """The entry with its time, its author and its place in Slack, and with where it came from."""
    origin = {"reference": source.reference, "entry": entry.key}
    if entry.posted_ts and source.channel_id:
        origin["posted"] = {"channel": source.channel_id, "ts": entry.posted_ts}
    has_own_course = OWN_COURSE.intersection(map(Kind, entry.kinds))
    details = {} if has_own_course else {key: value for key, value in entry.details.items() if key != "parts"}
    copy = TimelineEntry(
        **entry.model_dump(
            exclude={"id", "incident_id", "seq", "kinds", "details", "posted_ts", "earlier", "merged_into_id"}
        ),
        incident_id=target.key,
        seq=incidents.take_seq(session, target),
        kinds=[kind.value for kind in kinds],
        details={**details, CAME_FROM: origin, BY_HAND: [kind.value for kind in kinds if kind in MARKS]},
        earlier=[],
    )
    session.add(copy)
    return copy


def _hand_over_actions(
    session: Session, source: Incident, target: Incident, copies: Mapping[int, TimelineEntry]
) -> None:
    """Improvements and tasks get the other incident's next numbers."""
    for item in actions.of_incident(session, source.key):
        copy = copies.get(item.entry_id or 0)
        if copy is None:
            continue
        item.number = actions.next_number(session, target.key)
        item.incident_id, item.entry_id = target.key, copy.key
        session.add(item)
        session.flush()


def _hand_over_escalations(
    session: Session, source: Incident, target: Incident, copies: Mapping[int, TimelineEntry], actor: Actor
) -> None:
    """Who was called and answered goes along; who is still waited for is waited for there."""
    for each in escalations.of_incident(session, source.key):
        entry, answer = copies.get(each.entry_id or 0), copies.get(each.acknowledgement_entry_id or 0)
        if entry is None:
            continue
        if each.message_ts is not None and source.channel_id is not None:
            escalations.leave_behind(session, each, source.channel_id, each.message_ts, actor.at)
        each.incident_id, each.entry_id, each.message_ts = target.key, entry.key, None
        each.acknowledgement_entry_id = answer.key if answer else None
        each.answers = [_carried(given, copies) for given in each.answers] if each.answers is not None else None
        first, fixed = copies.get(each.first_answer_entry_id or 0), copies.get(each.fixed_entry_id or 0)
        each.first_answer_entry_id, each.fixed_entry_id = (first and first.key) or None, (fixed and fixed.key) or None
        each.case_ts = None  # asked for anew, where it goes on
        session.add(each)
        session.flush()
        if each.acknowledged_at is None:
            tell.show_escalation(session, target, each.key, actor.at, is_new=True)
        tell.show_pages(session, target, each.key, actor.at)


def _carried(given: Mapping[str, Any], copies: Mapping[int, TimelineEntry]) -> dict[str, Any]:
    """An answer, with its entry on the other timeline: taken back, that is what leaves it."""
    copy = copies.get(given.get("entry_id") or 0)
    return {**given, "entry_id": copy.key if copy else None}


def _carry_lead(session: Session, settings: Settings, source: Incident, target: Incident, actor: Actor) -> None:
    """
    Where nobody leads, whoever led the other does: somebody decides from the first moment, and can hand over.

    Other roles stay with those who have them there; the line that tells of the merge names who had them here.
    """
    if target.lead is not None or source.lead is None or not roles.can_have_one(session, target.team_id, source.lead):
        return
    roles.assign(session, settings, target.key, actor, LEAD, source.lead, note=f"as of {source.reference}")


def _close(session: Session, settings: Settings, source: Incident, target: Incident, actor: Actor) -> None:
    before = Status(source.status)
    status = transition(before, Event.MERGE, settings.status_label)
    source.status, source.merged_into_id = status.value, target.key
    session.add(source)
    timeline.record(
        session,
        source,
        [Kind.MERGED],
        f"{target.reference}: {target.title}",
        actor,
        status=status.value,
        status_before=before.value,
    )
    course.call_off(session, source, actor)


def _tell(
    session: Session,
    source: Incident,
    target: Incident,
    took_in: TimelineEntry,
    actor: Actor,
    *,
    entries: int,
    alert_count: int,
    roles: Sequence[tuple[str, str | None]],
) -> None:
    tell.say(session, source, "merged", actor.at, by=actor.user_id, other_id=target.key)
    tell.show_topic(session, source, actor.at)
    tell.show_card(session, source, actor.at)
    tell.say(
        session,
        target,
        "took in",
        actor.at,
        entry_id=took_in.key,
        by=actor.user_id,
        other_id=source.key,
        entries=entries,
        alerts=alert_count,
        roles=[[label, user_id] for label, user_id in roles],
    )
    users = [source.lead, source.declared_by, actor.user_id]
    asked = [each for each in dict.fromkeys(users) if each]
    people.meet(session, target.team_id, asked, actor.at)
    if source.channel_id is not None:
        tell.invite_all_of(session, target, actor.at, source.channel_id, asked)
    else:
        tell.invite(session, target, actor.at, asked, [])
    if actions.of_incident(session, target.key):
        tell.show_followups(session, target, actor.at)
    if alert_count:
        tell.show_alerts(session, target, actor.at)
    tell.show_card(session, target, actor.at)
