"""Merge one incident into another and carry over what is still needed."""

from collections.abc import Sequence
from itertools import islice

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.domain.findings.similarity import are_titles_similar
from bot.domain.incidents.lifecycle import Event, transition
from bot.domain.incidents.roles import LEAD
from bot.domain.terms import Kind, Status
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.channel.archive_timer import plan_archiving
from bot.services.escalation.responses.acknowledge import share_acknowledgements
from bot.services.incidents.carry_over import carry_entries, move_action_items, move_escalations
from bot.services.incidents.lifecycle import stop_outstanding_work
from bot.services.incidents.roles import assign_role, can_hold_role, list_role_holders
from bot.services.status_page.corrections import close_published
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import refresh_milestones
from bot.services.vendors.links import move_notices
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known
from bot.store.alerts import alert_groups, alerts
from bot.store.escalation import escalations
from bot.store.incidents import action_items, incident_lists, incidents, timeline
from bot.store.incidents.incident_lists import OpenIncident
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

MOST_COMPARED, MOST_SIMILAR = 50, 3
"""
Open incidents to which a new one is compared, and those that its declarer is told of.

In a storm each declaration waits for those before it.
"""


@dataclass(frozen=True, slots=True)
class MergePreview:
    """The amounts that a merge would carry over."""

    source: Incident
    target: Incident
    entries: int
    alerts: int
    escalations: int
    action_items: int


@dataclass(frozen=True, slots=True)
class MergeResult:
    source: Incident
    target: Incident
    entries: int
    alerts: int


def find_similar_open(session: Session, declared: Incident) -> list[OpenIncident]:
    """
    Up to `MOST_SIMILAR` open incidents that may be the same problem.

    Those with a similar title come first, then the newest. Without private and retrospective ones, and without drills
    unless this is one.
    """
    found = [] if declared.is_retro else incident_lists.find_others_open(session, declared, MOST_COMPARED)
    same_title = list(islice((each for each in found if are_titles_similar(each.title, declared.title)), MOST_SIMILAR))
    same_service = [each for each in found if each not in same_title and {*each.services} & {*declared.services}]
    return [*same_title, *same_service][:MOST_SIMILAR]


def preview_merge(session: Session, settings: Settings, source: Incident, target: Incident) -> MergePreview:
    """Count what a merge would carry over. Raises UserError as `check_merge` does."""
    check_merge(session, settings, source, target)
    return MergePreview(
        source,
        target,
        timeline.count_entries(session, source.key),
        alerts.count(session, source.key).alerts,
        len([each for each in escalations.find_unanswered(session, source.key) if not each.is_external]),
        len(action_items.find_by_incident(session, source.key)),
    )


def check_merge(session: Session, settings: Settings, source: Incident, target: Incident) -> None:
    """Raises UserError, with the reason, if `source` cannot be merged into `target`."""
    if source.key == target.key:
        raise StateError(f"{source.reference} cannot be merged into itself. Name the incident that it belongs to.")
    if source.merged_into_id is not None:
        into = incidents.get(session, source.merged_into_id)
        raise StateError(f"{source.reference} was merged into {into.reference} already. Nothing was changed.")
    if source.is_private != target.is_private:
        private, other = (source, target) if source.is_private else (target, source)
        raise UserError(
            f"{private.reference} is private and {other.reference} is not. Merging would expose the private one "
            "or hide the public one. Both stay unchanged."
        )
    if source.is_drill != target.is_drill:
        raise UserError("One of them is a drill and the other is not: a drill merges only with a drill.")
    if source.storm_id == source.key:
        raise UserError(
            f"{source.reference} collects an alert storm, with later alerts. Merge the other way round: "
            f"`/incident merge {target.reference} {source.reference}`."
        )
    if target.merged_into_id is not None:
        into = incidents.get(session, target.merged_into_id)
        raise StateError(f"{target.reference} is merged into {into.reference} already. Nothing was changed.")
    if not target.is_open:
        raise StateError(
            f"{target.reference} is {settings.status_label(target.status)}. Reopen it first "
            f"(`/incident reopen {target.reference} WHY`), or merge the other way round."
        )
    if not source.is_open:
        raise StateError(
            f"{source.reference} is {settings.status_label(source.status)} already. Only an open incident can be "
            f"merged. To link it, type `/incident note {target.reference} see {source.reference}`."
        )


def merge_incidents(session: Session, settings: Settings, source_id: int, target_id: int, actor: Actor) -> MergeResult:
    """
    Carry everything over that is still needed, and close the source.

    Both are locked in one order and checked again then: of two people who merge them crosswise the second is refused.
    Raises UserError as `check_merge` does.
    """
    groups = alert_groups.lock_groups_by_incident(session, source_id)
    both = [*escalations.find_by_incident(session, source_id), *escalations.find_by_incident(session, target_id)]
    escalations.lock_all(session, [each.key for each in both])
    incidents.lock_all(session, [source_id, target_id])
    source, target = incidents.lock(session, source_id), incidents.lock(session, target_id)
    check_merge(session, settings, source, target)
    for group in groups:
        group.incident_id = target.key
        session.add(group)
    moved = alerts.reassign(session, source.key, target.key)
    copies = carry_entries(session, source, target, actor.at)
    move_action_items(session, source, target, copies)
    move_escalations(session, source, target, copies, actor)
    move_notices(session, settings, source, target, copies, actor)
    share_acknowledgements(session, settings, target, actor.at)
    _close_source(session, settings, source, target, actor)
    held = [(each.role.label, each.user_id) for each in list_role_holders(session, settings, source) if each.user_id]
    took_in = record_entry(
        session, target, [Kind.MERGED], f"{source.reference}: {source.title}", actor, took_in=source.reference
    )
    refresh_milestones(session, target)
    _post_merge(session, source, target, took_in, actor, entries=len(copies), alert_count=moved, roles=held)
    _carry_lead(session, settings, source, target, actor)
    audit_action(session, actor, f"merged into {target.reference}", incident=source, entries=len(copies), alerts=moved)
    return MergeResult(source, target, len(copies), moved)


def _carry_lead(session: Session, settings: Settings, source: Incident, target: Incident, actor: Actor) -> None:
    """
    Make the source's lead the target's, if that has none.

    Other roles stay with their holders; the merge message names the source's.
    """
    if target.lead is not None or source.lead is None or not can_hold_role(session, target.team_id, source.lead):
        return
    assign_role(session, settings, target.key, actor, LEAD, source.lead, note=f"as of {source.reference}")


def _close_source(session: Session, settings: Settings, source: Incident, target: Incident, actor: Actor) -> None:
    before = Status(source.status)
    status = transition(before, Event.MERGE, settings.status_label)
    source.status = status.value
    record_entry(
        session,
        source,
        [Kind.MERGED],
        f"{target.reference}: {target.title}",
        actor,
        status=status.value,
        status_before=before.value,
    )
    source.merged_into_id = target.key  # from now on it takes no entries of people
    session.add(source)
    stop_outstanding_work(session, source, actor)
    close_published(session, settings, source, actor)
    plan_archiving(session, settings, source, actor.at)


def _post_merge(
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
    outbox.post_event(session, source, "merged", actor.at, by=actor.user_id, other_id=target.key, page_at=actor.page_at)
    outbox.refresh_topic(session, source, actor.at)
    outbox.refresh_card(session, source, actor.at)
    outbox.post_event(
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
    _invite_people(session, source, target, actor)
    if action_items.find_by_incident(session, target.key):
        outbox.refresh_followups(session, target, actor.at)
    if alert_count:
        outbox.refresh_alerts(session, target, actor.at)
    outbox.refresh_card(session, target, actor.at)


def _invite_people(session: Session, source: Incident, target: Incident, actor: Actor) -> None:
    users = [each for each in dict.fromkeys([source.lead, source.declared_by, actor.user_id]) if each]
    ensure_known(session, target.team_id, users, actor.at)
    if source.channel_id is not None:
        outbox.invite_channel_members(session, target, actor.at, source.channel_id, users)
    else:
        outbox.invite_users(session, target, actor.at, users, [])
