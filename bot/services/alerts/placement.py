"""Decide which incident an alert belongs to, and open or reopen incidents."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.events import AlertEvent, incident_title
from bot.domain.alerts.label_groups import LABEL_GROUPS
from bot.domain.alerts.links import replace_images
from bot.domain.alerts.placement import (
    Attach,
    GroupIncident,
    Open,
    OpenLinked,
    Placement,
    RecordOnly,
    Reopen,
    place_alert,
)
from bot.domain.alerts.routing import RouteAction, Routing
from bot.domain.alerts.storms import BeginStorm, JoinStorm, ResumeStorm
from bot.domain.terms import AlertStatus, Precision, Severity, Status
from bot.lazy_dataclass import dataclass
from bot.services.alerts.announcements import Arrival, alert_line_with_service, announce_alerts
from bot.services.alerts.event_routing import route_event
from bot.services.alerts.storms import add_alert, begin_storm, is_storm_incident, resume_storm
from bot.services.alerts.storms.admission import count_opening, decide_storm
from bot.services.incidents.declare import Declaration, declare_incident
from bot.services.incidents.lifecycle import reopen_incident
from bot.services.incidents.maintenance_windows import hold_for_windows
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store import outbox
from bot.store.alerts import alert_groups, alerts
from bot.store.alerts.alert_groups import AlertGroup
from bot.store.alerts.alerts import Alert
from bot.store.incidents import incident_lists, incidents
from bot.store.incidents.incidents import Incident

GroupKey = tuple[str, str]


def place_alerts(
    session: Session,
    settings: Settings,
    groups: Mapping[GroupKey, AlertGroup],
    key: GroupKey,
    arrivals: Sequence[Arrival],
    truncated: int,
    actor: Actor,
) -> None:
    """
    Place the alerts of the sender's group `key`, and announce them in their incidents.

    `groups` are locked, also those by labels.
    """
    for arrival in sorted(arrivals, key=lambda one: not one.fires):
        by_labels = arrival.routing.label_group
        shared = groups[LABEL_GROUPS, by_labels.key] if by_labels else None
        _place_alert(session, settings, _Groups(groups[key], shared), arrival, arrivals, truncated, actor)
    for incident_id in sorted({each.row.incident_id for each in arrivals if each.row.incident_id is not None}):
        its_own = [arrival for arrival in arrivals if arrival.row.incident_id == incident_id]
        announce_alerts(session, settings, incident_id, its_own, actor, truncated=truncated)
    session.add_all([arrival.row for arrival in arrivals if arrival.row.incident_id is None])


def place_held_alerts(session: Session, settings: Settings, rows: Sequence[Alert], actor: Actor) -> None:
    """
    Place firing alerts that a maintenance window held, as if they came now.

    Alerts under another window stay with that one.
    """
    of_group: dict[tuple[str, str], list[Alert]] = defaultdict(list)
    for row in rows:
        of_group[row.source, row.group_key].append(row)
    windows = hold_for_windows(session, actor, {row.service for row in rows})
    arrivals = {
        key: [
            Arrival(event, routing, row, is_new=True, held_by=windows.get(row.service or ""))
            for row in of_group[key]
            for event, routing in [_event_from_row(settings, row, actor.at)]
            if routing.action != RouteAction.IGNORE
        ]
        for key in sorted(of_group)
    }
    shared = {each.routing.label_group for some in arrivals.values() for each in some}
    keys = {*of_group, *((LABEL_GROUPS, each.key) for each in shared if each)}
    groups = alert_groups.lock_groups(session, actor.team_id, keys)
    with outbox.batch(session):
        for key, some in arrivals.items():
            place_alerts(session, settings, groups, key, some, 0, actor)
            session.flush()


def _event_from_row(settings: Settings, row: Alert, at: datetime) -> tuple[AlertEvent, Routing]:
    """The last event of a firing alert, from its row."""
    event = AlertEvent(
        source=row.source,
        fingerprint=row.fingerprint,
        status=AlertStatus.FIRING,
        labels=row.labels,
        annotations=row.annotations,
        starts_at=row.starts_at,
        starts_at_precision=Precision(row.starts_at_precision),
        ends_at=None,
        group=row.group_key,
        occurrence=row.stated_starts_at,
        generator_url=row.link,
    )
    return event, route_event(settings, event, at)


def _update_row(arrival: Arrival, incident_id: int | None, actor: Actor) -> None:
    """
    Store the new state and incident of an alert.

    An alert that fires again for another incident gets a new row: the first incident keeps its own. Alertmanager still
    states the start of the first firing, so the time of receipt is used.
    """
    row, event = arrival.row, arrival.event
    if row.incident_id is not None and row.incident_id != incident_id:
        arrival.is_new = True
        row = arrival.row = alerts.next_firing(row, at=actor.at)
        if row.redacted_at is None:
            row.annotations = replace_images(row.annotations, event.annotations)
    row.incident_id = incident_id
    row.status, row.last_seen_at = event.status.value, actor.at
    row.ended_at = max(event.ends_at, row.starts_at) if event.ends_at else None
    row.end_summary = _end_summary(arrival.event, row)
    row.count += arrival.fires and not arrival.is_new


def _end_summary(event: AlertEvent, row: Alert) -> str | None:
    """The end's own words; None if it has none, or if they were removed on request."""
    summary = event.annotations.get("summary")
    if event.status is not AlertStatus.RESOLVED or row.redacted_at is not None:
        return None
    return summary if summary and summary not in {row.annotations.get("summary"), row.name} else None


@dataclass(frozen=True, slots=True)
class _Groups:
    """Groups of an alert: the sender's, and the one by labels if its route has any."""

    own: AlertGroup
    shared: AlertGroup | None

    def find_incidents(self, session: Session, arrival: Arrival, at: datetime) -> list[Incident]:
        """The incidents that may take the alert; that of the sender's group alone if it is open."""
        own = _find_survivor(session, self.own.incident_id)
        by_labels, shared = arrival.routing.label_group, self.shared
        if by_labels is None or shared is None or (own is not None and own.is_open):
            return [own] if own else []
        other = _find_survivor(session, shared.incident_id) if by_labels.takes(shared.last_alert_at, at) else None
        return [each for each in (own, other if other is not own else None) if each]

    def keep_incident(self, session: Session, incident_id: int, arrival: Arrival, at: datetime) -> None:
        """Store the incident that took the alert."""
        if self.own.incident_id != incident_id:
            self.own.incident_id = incident_id
            session.add(self.own)
        if self.shared is None or not arrival.fires:
            return
        before = _find_survivor(session, self.shared.incident_id)
        if before is None or not before.is_open:
            self.shared.incident_id = incident_id
        if before is None or not before.is_open or before.key == incident_id:
            self.shared.last_alert_at = at
            session.add(self.shared)


def _find_survivor(session: Session, incident_id: int | None) -> Incident | None:
    return incidents.get(session, incidents.find_survivor(session, incident_id)) if incident_id is not None else None


def _place_alert(
    session: Session,
    settings: Settings,
    groups: _Groups,
    arrival: Arrival,
    arrivals: Sequence[Arrival],
    truncated: int,
    actor: Actor,
) -> None:
    """Decide on one alert and carry the decision out. An ended alert stays where it was."""
    own = incidents.find_survivor(session, arrival.row.incident_id) if arrival.row.incident_id is not None else None
    arrival.row.incident_id = own
    if not arrival.fires and own is not None:
        _update_row(arrival, own, actor)
        return
    decision = _decide_placement(session, groups, arrival, actor)
    if isinstance(decision, RecordOnly):
        chosen = own if own is not None else decision.incident
        is_held = arrival.fires and arrival.held_by is not None and not arrival.event.is_test
        _update_row(arrival, chosen, actor)
        arrival.row.maintenance_id = arrival.held_by if is_held and chosen is None else None
        return
    placed = _carry_out(session, settings, decision, arrival, arrivals, truncated, actor)
    _update_row(arrival, placed, actor)
    arrival.row.maintenance_id = None
    groups.keep_incident(session, placed, arrival, actor.at)


def _carry_out(
    session: Session,
    settings: Settings,
    decision: Placement,
    arrival: Arrival,
    arrivals: Sequence[Arrival],
    truncated: int,
    actor: Actor,
) -> int:
    """Open, reopen or find the incident. Returns its id."""
    match decision:
        case Open():
            return _open_incident(session, settings, arrivals, truncated, actor, None)
        case OpenLinked(previous):
            return _open_incident(session, settings, arrivals, truncated, actor, incidents.get(session, previous))
        case Attach(incident_id):
            if arrival.is_new and is_storm_incident(session, incident_id):
                why = alert_line_with_service(arrival.row)
                add_alert(session, settings, incident_id, arrival.routing.severity, why, actor)
            return incident_id
        case Reopen(incident_id):
            again = incidents.lock(session, incident_id)
            reopen_incident(session, settings, again, actor, why=f"{arrival.event.name} fires again")
            return incident_id
        case _:
            raise AssertionError("ignored alerts are left out before they are placed")


def _decide_placement(session: Session, groups: _Groups, arrival: Arrival, actor: Actor) -> Placement:
    """Decide without a lock if an open incident takes the alert; else lock and decide again."""
    neighbours = [group_incident(each) for each in attachable_incidents(session, actor.team_id, arrival.routing)]

    def decided(of_groups: Sequence[Incident]) -> Placement:
        return place_alert(
            arrival.event,
            arrival.routing.action,
            now=actor.at,
            of_group=[group_incident(each) for each in of_groups],
            of_service=neighbours,
            is_held=arrival.held_by is not None,
        )

    found = groups.find_incidents(session, arrival, actor.at)
    decision = decided(found)
    if not found or isinstance(decision, Attach):
        return decision
    return decided([incidents.lock(session, key) for key in sorted(each.key for each in found)])


def group_incident(incident: Incident) -> GroupIncident:
    return GroupIncident(incident.key, incident.is_open, incident.resolved_at, incident.started_at)


def attachable_incidents(session: Session, team_id: str, routing: Routing) -> list[Incident]:
    """Open incidents of the service, if the route attaches alerts to them."""
    if routing.action != RouteAction.ATTACH or routing.service is None:
        return []
    return [each for each in incident_lists.find_open(session, team_id) if _takes_alerts(each, routing.service)]


def _takes_alerts(incident: Incident, service: str) -> bool:
    """False for drills and retrospective incidents: a present alert is not about them."""
    return service in incident.services and not incident.is_drill and not incident.is_retro


def _initial_status(firing: Sequence[Arrival]) -> Status | None:
    """
    Status by the alerts' routes; None if they state none.

    One route without triage makes it an incident.
    """
    triage = {each.routing.triage for each in firing}
    if triage == {None}:
        return None
    return Status.TRIAGE if triage == {True} else Status.INVESTIGATING


def _find_unmapped(firing: Sequence[Arrival], worst: Severity) -> str | None:
    """The unmapped label `severity` of an alert that has the incident's severity."""
    unmapped = (each.routing.unmapped for each in firing if each.routing.severity is worst)
    return next(filter(None, unmapped), None)


def _open_incident(
    session: Session,
    settings: Settings,
    arrivals: Sequence[Arrival],
    truncated: int,
    actor: Actor,
    previous: Incident | None,
) -> int:
    """
    Open an incident for the firing alerts: the worst severity, all services.

    In a storm the storm's incident takes them.
    """
    opening = [each for each in arrivals if each.fires and each.routing.action == RouteAction.OPEN]
    firing = [each for each in opening if each.held_by is None]
    worst_one = min(firing, key=lambda each: list(Severity).index(each.routing.severity))
    worst = worst_one.routing.severity
    step, watch = decide_storm(session, settings, actor)
    match step:
        case JoinStorm(incident_id) | ResumeStorm(incident_id):
            if isinstance(step, ResumeStorm) and watch is not None:
                resume_storm(session, settings, watch, step, actor)
            add_alert(session, settings, incident_id, worst, alert_line_with_service(worst_one.row), actor)
            return incident_id
        case BeginStorm() if watch is not None:
            return begin_storm(session, settings, watch, step, worst, actor).key
    incident = declare_incident(
        session,
        settings,
        actor,
        Declaration(
            title=incident_title([each.event for each in firing], truncated),
            severity=worst,
            unmapped_severity=_find_unmapped(firing, worst),
            status=_initial_status(firing),
            services=tuple(dict.fromkeys(each.routing.service for each in firing if each.routing.service)),
            previous=previous,
            is_by_alerts=True,
        ),
    )
    count_opening(session, settings, watch, incident, actor.at)
    audit_action(session, actor, "opened by alerts", incident=incident, why=firing[0].routing.why, truncated=truncated)
    return incident.key
