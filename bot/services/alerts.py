"""Alerts come in: each finds its incident, or opens one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlmodel import Session

from bot.config import Settings
from bot.domain import own_words
from bot.domain.alerts import (
    AlertEvent,
    Attach,
    Batch,
    GroupIncident,
    Open,
    OpenLinked,
    Placement,
    RecordOnly,
    Reopen,
    RouteAction,
    Routing,
    incident_title,
    place,
    route,
)
from bot.domain.terms import AlertStatus, Kind, Precision, Severity
from bot.domain.when import When
from bot.services import incidents as course
from bot.services import milestones, tell, timeline
from bot.services.actor import Actor
from bot.store import alerts, audit, incidents
from bot.store.alerts import Alert, AlertGroup
from bot.store.incidents import Incident

NAMED = 5
"""How many alerts of one notification an entry names; it says how many more there are."""


@dataclass(slots=True)
class Receipt:
    """What came of a notification: how many alerts were kept or ignored, and the incidents that have them."""

    recorded: int = 0
    ignored: int = 0
    incidents: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Arrival:
    """An alert that is new here, or has changed: it fires again, or has ended. `row` is as it was before."""

    event: AlertEvent
    routing: Routing
    row: Alert
    is_new: bool


def receive(session: Session, settings: Settings, batch: Batch, actor: Actor) -> Receipt:
    """
    Take in one notification.

    A notification may hold a part of its group: alerts that are not in it stay as they are. The same one again changes
    nothing but when it was last seen.
    """
    receipt = Receipt()
    for key, group in groupby(sorted(batch.events, key=lambda event: event.group), key=lambda event: event.group):
        _receive_group(session, settings, batch, key, list(group), actor, receipt)
    return receipt


def _receive_group(
    session: Session,
    settings: Settings,
    batch: Batch,
    key: str,
    events: Sequence[AlertEvent],
    actor: Actor,
    receipt: Receipt,
) -> None:
    wanted = []
    for event in events:
        routing = route(event.labels, settings.alert_routes, settings.alert_defaults)
        if routing.action == RouteAction.IGNORE:
            receipt.ignored += 1
        else:
            wanted.append((event, routing))
    if not wanted:
        return
    group = alerts.lock_group(session, actor.team_id, batch.source, key)
    receipt.recorded += len(wanted)
    arrivals = [each for event, routing in wanted if (each := _take_in(session, event, routing, actor))]
    for arrival in sorted(arrivals, key=lambda each: each.event.status != AlertStatus.FIRING):
        _place(session, settings, batch, group, arrival, arrivals, actor)
    session.flush()
    touched = {arrival.row.incident_id for arrival in arrivals if arrival.row.incident_id is not None}
    for incident_id in sorted(touched):
        incident = incidents.get(session, incident_id)
        _remember(session, incident, [each for each in arrivals if each.row.incident_id == incident_id], actor)
        receipt.incidents.add(incident.reference)


def _take_in(session: Session, event: AlertEvent, routing: Routing, actor: Actor) -> _Arrival | None:
    """The alert's row, made or brought up to date. None if the notification says nothing new of it."""
    row = alerts.find(session, actor.team_id, event.source, event.fingerprint, event.occurrence)
    if row is None:
        row = Alert(
            team_id=actor.team_id,
            source=event.source,
            fingerprint=event.fingerprint,
            told_starts_at=event.occurrence,
            group_key=event.group,
            name=event.name,
            status=event.status.value,
            starts_at=event.starts_at,
            starts_at_precision=event.starts_at_precision.value,
            ended_at=event.ends_at,
            first_seen_at=actor.at,
            last_seen_at=actor.at,
            labels=dict(event.labels),
            annotations=dict(event.annotations),
            link=event.generator_url,
        )
        session.add(row)
        return _Arrival(event, routing, row, is_new=True)
    if row.status != event.status.value:
        return _Arrival(event, routing, row, is_new=False)
    row.last_seen_at = actor.at
    session.add(row)
    return None


def _change(session: Session, arrival: _Arrival, incident_id: int | None, actor: Actor) -> None:
    """
    The alert fires again or has ended, and belongs to the incident.

    One that fires again for another incident than before is a new alert there: the first incident keeps its own, and
    the start that Alertmanager tells is still that of the first firing, so the time of receipt stands in for it.
    """
    row, event = arrival.row, arrival.event
    if row.incident_id is not None and row.incident_id != incident_id:
        arrival.is_new = True
        row = arrival.row = alerts.again(row, at=actor.at)
    row.incident_id = incident_id
    row.status, row.ended_at, row.last_seen_at = event.status.value, event.ends_at, actor.at
    row.count += event.status == AlertStatus.FIRING and not arrival.is_new
    session.add(row)


def _place(
    session: Session,
    settings: Settings,
    batch: Batch,
    group: AlertGroup,
    arrival: _Arrival,
    arrivals: Sequence[_Arrival],
    actor: Actor,
) -> None:
    """Decide which incident has the alert, and carry it out. One that has ended stays where it was."""
    own = arrival.row.incident_id
    if arrival.event.status == AlertStatus.RESOLVED and own is not None:
        _change(session, arrival, own, actor)
        return
    of_group = incidents.lock(session, group.incident_id) if group.incident_id is not None else None
    decision: Placement = place(
        arrival.event,
        arrival.routing.action,
        now=actor.at,
        of_group=[_as_seen(of_group)] if of_group else [],
        of_service=[_as_seen(each) for each in _neighbours(session, actor.team_id, arrival.routing)],
    )
    match decision:
        case Open():
            chosen: int | None = _open(session, settings, batch, arrivals, actor, None).key
        case OpenLinked(previous):
            linked = incidents.get(session, previous)
            chosen = _open(session, settings, batch, arrivals, actor, linked).key
        case Attach(incident_id):
            chosen = incident_id
        case Reopen(incident_id):
            again = incidents.lock(session, incident_id)
            course.reopen(session, again, actor, why=f"{arrival.event.name} fires again")
            chosen = incident_id
        case RecordOnly(incident_id):
            chosen = own if own is not None else incident_id
        case _:
            raise AssertionError("ignored alerts are left out before they are placed")
    _change(session, arrival, chosen, actor)
    if chosen is not None and not isinstance(decision, RecordOnly):
        group.incident_id = chosen
        session.add(group)


def _as_seen(incident: Incident) -> GroupIncident:
    return GroupIncident(incident.key, incident.is_open, incident.resolved_at, incident.started_at)


def _neighbours(session: Session, team_id: str, routing: Routing) -> list[Incident]:
    if routing.action != RouteAction.ATTACH or routing.service is None:
        return []
    return [each for each in incidents.open_ones(session, team_id) if routing.service in each.services]


def _open(
    session: Session,
    settings: Settings,
    batch: Batch,
    arrivals: Sequence[_Arrival],
    actor: Actor,
    previous: Incident | None,
) -> Incident:
    """An incident for the alerts that fire in this notification: rated by the worst, for all their services."""
    firing = [
        each for each in arrivals if each.event.status == AlertStatus.FIRING and each.routing.action == RouteAction.OPEN
    ]
    order = list(Severity)
    worst = min((each.routing.severity for each in firing), key=order.index)
    services = tuple(dict.fromkeys(each.routing.service for each in firing if each.routing.service))
    wanted = course.Declaration(
        title=incident_title([each.event for each in firing], batch.truncated),
        severity=worst,
        services=services,
        previous=previous,
    )
    incident = course.declare(session, settings, actor, wanted)
    audit.note(
        session, at=actor.at, team_id=actor.team_id, incident_id=incident.key, what="opened by alerts",
        origin=actor.origin, why=firing[0].routing.why, truncated=batch.truncated,
    )  # fmt: skip
    return incident


def _remember(session: Session, incident: Incident, arrivals: Sequence[_Arrival], actor: Actor) -> None:
    """What the alerts say goes onto the timeline, once for all of a notification, and the times follow."""
    fired = [each for each in arrivals if each.is_new and each.event.status == AlertStatus.FIRING]
    ended = [each for each in arrivals if each.event.status == AlertStatus.RESOLVED]
    if fired:
        first = min(fired, key=lambda each: each.row.starts_at)
        entry = timeline.record(
            session, incident, [Kind.DETECTION], _named([each.event for each in fired]), actor,
            when=When(first.row.starts_at, Precision(first.row.starts_at_precision)),
            alert_id=first.row.key, alert_ids=[each.row.key for each in fired],
        )  # fmt: skip
        tell.say(session, incident, "alerts", actor.at, entry_id=entry.key, alert_ids=[e.row.key for e in fired])
    for each in ended:
        if each.row.ended_at is not None and not each.row.is_end_recorded:
            each.row.is_end_recorded = True
            timeline.record(
                session, incident, [Kind.ALERT_RESOLVED], own_words.alert_ended(_line(each.event)), actor,
                when=When(each.row.ended_at), alert_id=each.row.key,
            )  # fmt: skip
            session.add(each.row)
    milestones.refresh(session, incident)
    tell.show_card(session, incident, actor.at)
    if ended or incident.alerts_ts is not None or any(not each.is_new for each in arrivals):
        tell.show_alerts(session, incident, actor.at)


def _line(event: AlertEvent) -> str:
    return event.name if event.summary == event.name else f"{event.name}: {event.summary}"


def _named(events: Sequence[AlertEvent]) -> str:
    lines = list(dict.fromkeys(_line(event) for event in events))
    return own_words.and_more("\n".join(lines[:NAMED]), len(lines) - NAMED)
