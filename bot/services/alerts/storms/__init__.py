"""The incident of an alert storm, which takes the alerts of many until the storm is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.storms import BeginStorm, ResumeStorm, is_recent, is_storm_active
from bot.domain.record.facts import (
    STORM,
    Fact,
    StormBegan,
    StormGoesOn,
    StormOver,
    StormTitle,
    count_alerts,
    store_fact,
)
from bot.domain.terms import Kind, Severity
from bot.services import outbox
from bot.services.incidents.declare import Declaration, declare_incident, service_people
from bot.services.incidents.lifecycle import on_severity_changed, reopen_incident
from bot.services.timeline.entries import record_entry
from bot.services.vendors.notices import suggest_vendor_incidents
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known
from bot.store.alerts import storms
from bot.store.alerts.alerts import Counts
from bot.store.alerts.storms import Storm, StormWatch
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident

LAST_ALERT_RESOLUTION = timedelta(seconds=10)
"""Precision of a storm's last alert: each write of it would block others."""
MAX_SERVICES = 30
"""Services that a storm's incident names; the people of all are invited."""


def begin_storm(
    session: Session, settings: Settings, watch: StormWatch, step: BeginStorm, severity: Severity, actor: Actor
) -> Incident:
    """Open the storm's incident. Open incidents stay unchanged."""
    previous = incidents.get(session, step.previous) if step.previous is not None else None
    incident = declare_incident(
        session, settings, actor, Declaration(STORM, title_fact=StormTitle(0), severity=severity, previous=previous)
    )
    window = settings.storm_limits.window
    beside = _recent_openings(watch, window, actor.at)
    incident.storm_id = incident.key
    session.add(
        Storm(
            incident_id=incident.key,
            team_id=actor.team_id,
            began_at=_first_opening(watch, window, actor.at),
            last_at=actor.at,
            worst=severity.value,
            beside=beside,
        )
    )
    others = _link_to_storm(session, incident.key, beside)
    watch.storm_id = incident.key
    session.add_all([incident, watch])
    _post_note(session, incident, StormBegan(tuple(_references(others)), _minutes(window)), actor)
    audit_action(session, actor, "opened for an alert storm", incident=incident, beside=_references(others))
    return incident


def resume_storm(session: Session, settings: Settings, watch: StormWatch, step: ResumeStorm, actor: Actor) -> None:
    """Resume the last storm, reopen its incident, and link incidents opened meanwhile."""
    incident = incidents.lock(session, step.incident)
    if not incident.is_open:
        reopen_incident(session, settings, incident, actor, why="Alerts storm again")
    storm = storms.get(session, incident.key)
    if storm is None:
        raise ValueError(f"{incident.reference} is not the incident of a storm")
    session.refresh(storm)
    window = settings.storm_limits.window
    new = [key for key in _recent_openings(watch, window, actor.at) if key not in storm.beside]
    storm.beside = [*storm.beside, *new]
    storm.last_at, storm.ended_at = actor.at, None
    session.add(storm)
    if not new:
        return
    others = _link_to_storm(session, incident.key, new)
    _post_note(session, incident, StormGoesOn(tuple(_references(others)), _minutes(window)), actor)
    if incident.channel_id is not None:
        for other in others:
            _link_from(session, other, incident, actor.at, goes_on=True)


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)


def _post_note(session: Session, incident: Incident, fact: Fact, actor: Actor) -> None:
    entry = record_entry(session, incident, [Kind.NOTE], fact, actor)
    outbox.post_event(session, incident, "storm", actor.at, entry_id=entry.key)


def _references(others: Sequence[Incident]) -> list[str]:
    return [each.reference for each in others]


def _recent_openings(watch: StormWatch, window: timedelta, at: datetime) -> list[int]:
    return [key for key, opened_at in watch.openings if is_recent(datetime.fromisoformat(opened_at), at, window)]


def _first_opening(watch: StormWatch, window: timedelta, at: datetime) -> datetime:
    """Start of the burst that led to a storm at `at`."""
    times = [datetime.fromisoformat(opened_at) for _, opened_at in watch.openings]
    return min((each for each in times if is_recent(each, at, window)), default=at)


def _link_to_storm(session: Session, storm_id: int, keys: Sequence[int]) -> list[Incident]:
    others = [incidents.lock(session, key) for key in sorted(keys)]
    for other in others:
        other.storm_id = storm_id
        session.add(other)
    return others


def add_alert(
    session: Session, settings: Settings, incident_id: int, severity: Severity, why: str, actor: Actor
) -> None:
    """
    Add an alert to the storm's incident, which gets the worst severity.

    `why` describes the alert. It prolongs a storm that is not over. After its end, alerts of known groups do not
    restart it: only `resume_storm` does.
    """
    storm = storms.get(session, incident_id)
    if storm is None:
        return
    is_worse = _is_worse(severity, Severity(storm.worst))
    if is_worse:
        incident = incidents.lock(session, incident_id)
        session.refresh(storm)
        if _is_worse(severity, Severity(incident.severity)):
            before = Severity(incident.severity)
            _raise_severity(session, incident, severity, why, actor)
            on_severity_changed(session, settings, incident, actor, before)
        storm.worst = min((severity, Severity(storm.worst)), key=list(Severity).index).value
    goes_on = storm.ended_at is None
    if goes_on and (is_worse or actor.at - storm.last_at >= LAST_ALERT_RESOLUTION):
        storm.last_at = max(storm.last_at, actor.at)
    if goes_on or is_worse:
        session.add(storm)


def _is_worse(one: Severity, other: Severity) -> bool:
    order = list(Severity)
    return order.index(one) < order.index(other)


def _raise_severity(session: Session, incident: Incident, to: Severity, why: str, actor: Actor) -> None:
    before, incident.severity = Severity(incident.severity), to.value
    session.add(incident)
    entry = record_entry(
        session, incident, [Kind.SEVERITY], why, actor, severity=to.value, severity_before=before.value
    )
    outbox.post_event(
        session, incident, "severity", actor.at, entry_id=entry.key, by=None, before=before.value, to=to.value, text=why
    )
    outbox.refresh_topic(session, incident, actor.at)


def is_storm_incident(session: Session, incident_id: int) -> bool:
    return incidents.get(session, incident_id).storm_id == incident_id


def update_storm(
    session: Session, settings: Settings, incident: Incident, counts: Counts, actor: Actor
) -> datetime | None:
    """
    Update title and people of a storm's incident.

    The caller holds the lock and refreshes the views. Returns when to check for the end of the storm; None if it is
    over, and for other incidents.
    """
    storm = storms.get(session, incident.key) if incident.storm_id == incident.key else None
    if storm is None:
        return None
    title = count_alerts(counts.services, StormTitle)
    if incident.title_fact is not None and incident.title_fact != store_fact(title):
        incident.titles = {**incident.titles, "": title.in_english()}
        incident.title_fact = store_fact(title)
    _invite_service_people(session, settings, incident, storm, [name for name in counts.services if name], actor)
    session.add_all([incident, storm])
    if storm.ended_at is not None or not incident.is_open:
        return None
    limits = settings.storm_limits
    if is_storm_active(storm.last_at, actor.at, limits):
        return storm.last_at + limits.window
    storm.ended_at = actor.at
    _post_note(session, incident, StormOver(_minutes(limits.window)), actor)
    return None


def _invite_service_people(
    session: Session, settings: Settings, incident: Incident, storm: Storm, services: Sequence[str], actor: Actor
) -> None:
    """Invite people of new services: without the storm they would be in separate incidents."""
    new = [name for name in services if name not in storm.services]
    if not new:
        return
    storm.services = [*storm.services, *new]
    room = max(MAX_SERVICES - len(incident.services), 0)
    incident.services = [*incident.services, *[name for name in new if name not in incident.services][:room]]
    users, groups = service_people(settings, incident, new)
    ensure_known(session, incident.team_id, users, actor.at)
    outbox.invite_users(session, incident, actor.at, users, groups)
    suggest_vendor_incidents(session, settings, incident, actor.at)


def link_storm_channels(session: Session, incident_id: int, at: datetime) -> None:
    """Link the storm and the incidents beside it, now that there is a channel."""
    incident = incidents.get(session, incident_id)
    if incident.storm_id is None:
        return
    storm = storms.get(session, incident_id) if incident.storm_id == incident_id else None
    others = storm.beside if storm else [incident.storm_id]
    for other in [incidents.get(session, key) for key in others]:
        if storm is not None:
            _link_from(session, other, incident, at)
        else:
            outbox.refresh_card(session, other, at)


def _link_from(session: Session, other: Incident, storm: Incident, at: datetime, *, goes_on: bool = False) -> None:
    outbox.refresh_card(session, other, at)
    if other.is_open:
        outbox.post_event(
            session,
            other,
            "storm elsewhere",
            at,
            reference=storm.reference,
            channel_id=storm.channel_id,
            goes_on=goes_on,
        )
