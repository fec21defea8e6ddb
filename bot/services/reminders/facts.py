"""Facts for reminders of several incidents, from the timeline and action items."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.publication import PostmortemState
from bot.domain.incidents.roles import LEAD
from bot.domain.reminders import ReminderFacts, ReminderRules
from bot.domain.terms import Kind, Severity, Status, UpdateState
from bot.services.status_page.approval import find_waiting_requests
from bot.services.workspace.workplace import workplace_of
from bot.store.escalation import reminders
from bot.store.escalation.reminders import TurningPoint
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.document import reviews
from bot.store.incidents.incidents import Incident

STATUS_KINDS = (Kind.STATUS, Kind.REOPENED, Kind.COMMUNICATION)
"""Kinds of entry that count as a status update."""
NO_REMINDERS = ReminderRules(None, None, None, None)


def rules_of(settings: Settings, incident: Incident) -> ReminderRules:
    """Rules of the incident's severity; none in a replay, or for a retrospective record."""
    if incident.drill_of is not None or incident.is_retro:
        return NO_REMINDERS
    return settings.nudges.rules(Severity(incident.severity))


def load_facts(session: Session, settings: Settings, found: Sequence[Incident]) -> dict[int, ReminderFacts]:
    """Facts by incident id, in a constant number of statements."""
    keys = [each.key for each in found]
    points: dict[int, list[TurningPoint]] = defaultdict(list)
    for point in reminders.find_turning_points(session, keys):
        points[point[0]].append(point)
    recorded = reminders.find_last_recorded_at(session, [each.key for each in found if each.is_open])
    tasks: dict[int, list[ActionItem]] = defaultdict(list)
    over = [each.key for each in found if _is_followed_up(each)]
    for task in reminders.find_open_tasks(session, over) if over and settings.nudges.task_overdue else ():
        tasks[task.incident_id].append(task)
    review_days = load_review_days(session, found)
    waiting = find_waiting_requests(session, settings, found)
    facts = {
        each.key: _facts(
            session,
            settings,
            each,
            points[each.key],
            recorded.get(each.key),
            tasks[each.key],
            review_days.get(each.key),
        )
        for each in found
    }
    return facts | {
        key: replace(facts[key], approvals={str(row.key): row.requested_at}) for key, row in waiting.items()
    }


def load_review_days(session: Session, found: Sequence[Incident]) -> dict[int, date]:
    """By incident id, the first day on which a running review is due."""
    running = [each.key for each in found if each.postmortem_state == PostmortemState.IN_REVIEW]
    days: dict[int, date] = {}
    for row in reviews.find_waiting(session, running) if running else ():
        if row.due:
            day = date.fromisoformat(row.due)
            days[row.incident_id] = min(day, days.get(row.incident_id, day))
    return days


def _is_followed_up(incident: Incident) -> bool:
    """True for resolved incidents and drills, except replays and retrospective records."""
    return incident.is_resolved and not incident.is_retro and incident.drill_of is None


def _facts(
    session: Session,
    settings: Settings,
    incident: Incident,
    points: Sequence[TurningPoint],
    recorded_at: datetime | None,
    tasks: Sequence[ActionItem],
    review_due: date | None,
) -> ReminderFacts:
    declared_at = incident.declared_at
    moved = [point for point in points if _has(point, Kind.STATUS) or _has(point, Kind.REOPENED)]
    out_of_triage = [point[3] for point in moved if point[2].get("status_before") == Status.TRIAGE]
    reopened = [point[3] for point in moved if _has(point, Kind.REOPENED)]
    led_since = [point[3] for point in points if _has(point, Kind.ROLE) and point[2].get("role") == LEAD]
    updates = [point[3] for point in points if any(_has(point, kind) for kind in STATUS_KINDS)]
    return ReminderFacts(
        status=Status(incident.status),
        is_led=incident.lead is not None,
        status_since=max([declared_at, *(point[3] for point in moved)]),
        unled_since=max([declared_at, *out_of_triage, *reopened, *led_since]),
        told_at=max([declared_at, *updates]),
        recorded_at=max([declared_at, *([recorded_at] if recorded_at else [])]),
        due_tasks={
            f"{task.number} {task.owner or ''}".strip(): _overdue_from(session, settings, incident, task)
            for task in tasks
        },
        postmortem_from=_postmortem_from(session, settings, incident, points, review_due),
    )


def _has(point: TurningPoint, kind: Kind) -> bool:
    return kind.value in point[1]


def _overdue_from(session: Session, settings: Settings, incident: Incident, task: ActionItem) -> datetime:
    """First working moment of the owner after the task's date and the day of the resolution."""
    workplace = workplace_of(session, settings, incident, (None if task.owner_group else task.owner) or incident.lead)
    due = datetime.combine(date.fromisoformat(task.due or ""), datetime.min.time(), workplace.zone)
    resolved_at = incident.resolved_at or incident.declared_at
    return workplace.at_work(max(workplace.next_day(due), workplace.next_day(resolved_at)))


def _postmortem_from(
    session: Session, settings: Settings, incident: Incident, points: Sequence[TurningPoint], review_due: date | None
) -> datetime | None:
    """
    Due time of the postmortem, in the lead's working hours; None if none is expected.

    In review it is the first working moment after the review's own day, unless such reminders are off for all.
    """
    days = settings.nudges.postmortem_due.get(Severity(incident.severity), 0)
    published = incident.postmortem_state == PostmortemState.PUBLISHED or any(
        point[2].get("public") == UpdateState.POSTMORTEM for point in points
    )
    if published or incident.is_drill or incident.is_retro or incident.status != Status.RESOLVED:
        return None
    workplace = workplace_of(session, settings, incident, incident.lead)
    if review_due is not None and any(settings.nudges.postmortem_due.values()):
        due = datetime.combine(review_due, datetime.min.time(), workplace.zone)
        return workplace.at_work(workplace.next_day(due))
    if not days:
        return None
    return workplace.at_work((incident.resolved_at or incident.declared_at) + timedelta(days=days))
