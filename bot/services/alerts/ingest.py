"""Alerts come in: each finds its incident, or opens one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.routing import (
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
from bot.domain.alerts.storms import Begin, Join, Resume
from bot.domain.terms import AlertStatus, Precision, Severity, Status
from bot.services.alerts import announcements as alert_log
from bot.services.alerts import storms
from bot.services.alerts.announcements import Arrival
from bot.services.incidents import lifecycle as course
from bot.services.incidents import maintenance_windows as maintenance
from bot.services.workspace.actor import Actor
from bot.store import outbox
from bot.store.alerts import alerts
from bot.store.alerts.alerts import Alert, AlertGroup
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Sight
from bot.store.shared import audit


@dataclass(slots=True)
class Receipt:
    """What came of a notification: how many alerts were kept or ignored, and the incidents that have them."""

    recorded: int = 0
    ignored: int = 0
    incidents: set[str] = field(default_factory=set)
    held: int = 0
    """Alerts that fire while their service is under maintenance, and opened nothing."""

    def with_more(self, other: "Receipt") -> "Receipt":
        """Of two parts of one notification."""
        return Receipt(
            self.recorded + other.recorded,
            self.ignored + other.ignored,
            self.incidents | other.incidents,
            self.held + other.held,
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """One alert of one notification: the `number` of it among those that came together."""

    event: AlertEvent
    routing: Routing
    number: int
    truncated: int

    @property
    def group(self) -> tuple[str, str]:
        return self.event.source, self.event.group

    @property
    def identity(self) -> alerts.Identity:
        return self.event.source, self.event.fingerprint, self.event.occurrence


def receive(session: Session, settings: Settings, batch: Batch, actor: Actor) -> Receipt:
    """
    Take in one notification.

    A notification may hold a part of its group: alerts that are not in it stay as they are. The same one again changes
    nothing but when it was last seen.
    """
    return receive_all(session, settings, [batch], actor)[0]


def receive_all(session: Session, settings: Settings, batches: Sequence[Batch], actor: Actor) -> list[Receipt]:
    """
    Take in several notifications at once, in the order in which they came.

    What several of them say of one group is told once.
    """
    receipts = [Receipt() for _ in batches]
    wanted = list(_wanted(settings, batches, receipts))
    if not wanted:
        return receipts
    groups = alerts.lock_groups(session, actor.team_id, {told.group for told in wanted})
    known = _known(session, wanted, actor)
    windows = maintenance.windows(session, actor, {told.routing.service for told in wanted})
    news = [told for told in wanted if _is_news(told, known.get(told.identity))]
    had = [known[told.identity].incident_id for told in news if told.identity in known]
    if any(groups[told.group].incident_id is None for told in news) and (
        storm := storms.under_way(session, settings, actor)
    ):
        alert_log.ask_for_summary(session, storm.incident, actor.at)
    _hold(session, [*had, *(groups[told.group].incident_id for told in news)], actor.at)
    # Lanes come after all incidents: whoever carries out a row of one of these holds the incident, and wants the lane.
    with outbox.together(session):
        for key, of_group in groupby(sorted(wanted, key=lambda told: told.group), key=lambda told: told.group):
            for told in _rounds(of_group):
                _receive_group(session, settings, groups[key], told, known, windows, actor, receipts)
                session.flush()
    return receipts


def _known(session: Session, wanted: Sequence[_Told], actor: Actor) -> dict[alerts.Identity, Alert]:
    """
    What was heard before of the alerts that are told of.

    Where firing or end is told without a start, the end is that of the newest firing: many senders state only one.
    """
    known = alerts.known(session, actor.team_id, {told.identity for told in wanted})
    ends = [told.event for told in wanted if _is_end_of_none(told, known.get(told.identity))]
    newest = alerts.newest(session, actor.team_id, {(event.source, event.fingerprint) for event in ends})
    for event in ends:
        row = newest.get((event.source, event.fingerprint))
        if row is not None and "" in (event.occurrence, row.told_starts_at.partition("#")[0]):
            known[event.source, event.fingerprint, event.occurrence] = row
    return known


def _is_end_of_none(told: _Told, row: Alert | None) -> bool:
    """Whether it ends no firing of that very start, or says of none when it began."""
    if told.event.status != AlertStatus.RESOLVED:
        return False
    return row is None or (not told.event.occurrence and row.status == AlertStatus.RESOLVED.value)


def _hold(session: Session, incident_ids: Iterable[int | None], at: datetime) -> None:
    """
    Lock several incidents in one order, so that nobody waits in a ring.

    Those that only count what comes are left to everybody; their timers come first, as with whoever carries those out.
    """
    concerned = sorted({key for key in incident_ids if key is not None})
    if len(concerned) > 1:
        incidents.hold(session, [key for key in concerned if not alert_log.only_counts(session, key, at)])


def _wanted(settings: Settings, batches: Sequence[Batch], receipts: Sequence[Receipt]) -> Iterator[_Told]:
    for number, (batch, receipt) in enumerate(zip(batches, receipts, strict=True)):
        for event in batch.events:
            routing = route(event.labels, settings.alert_routes, settings.alert_defaults)
            if routing.action == RouteAction.IGNORE:
                receipt.ignored += 1
            else:
                receipt.recorded += 1
                yield _Told(event, routing, number, batch.truncated)


def _rounds(told: Iterable[_Told]) -> Iterator[list[_Told]]:
    """What may be taken together: an alert that is told of several times changes from one to the next."""
    together: dict[alerts.Identity, _Told] = {}
    for each in told:
        before = together.get(each.identity)
        if before is not None and before.event.status == each.event.status and before.number == each.number:
            continue  # one notification says the same twice
        if before is not None:
            yield list(together.values())
            together = {}
        together[each.identity] = each
    yield list(together.values())


def _receive_group(
    session: Session,
    settings: Settings,
    group: AlertGroup,
    told: Sequence[_Told],
    known: dict[alerts.Identity, Alert],
    windows: Mapping[str, int],
    actor: Actor,
    receipts: Sequence[Receipt],
) -> None:
    arrivals: list[tuple[_Told, Arrival]] = []
    repeated: set[int] = set()
    for each in told:
        row = known.get(each.identity)
        if row is not None and not _is_news(each, row):
            repeated.add(row.key)
            _name(session, receipts[each.number], row)
        else:
            held_by = windows.get(each.routing.service or "")
            arrivals.append(
                (each, Arrival(each.event, each.routing, row or _new_row(each, actor), row is None, held_by))
            )
    alerts.seen_again(session, repeated, actor.at)
    only = [arrival for _, arrival in arrivals]
    truncated = max((each.truncated for each, _ in arrivals), default=0)
    _place_all(session, settings, group, only, truncated, actor)
    for each, arrival in arrivals:
        known[each.identity] = arrival.row
        receipts[each.number].held += arrival.row.maintenance_id is not None
        _name(session, receipts[each.number], arrival.row)


def _place_all(
    session: Session, settings: Settings, group: AlertGroup, arrivals: Sequence[Arrival], truncated: int, actor: Actor
) -> None:
    """Each finds its incident or opens one, and these tell of what came."""
    for arrival in sorted(arrivals, key=lambda one: not one.fires):
        _place(session, settings, group, arrival, arrivals, truncated, actor)
    for incident_id in sorted({each.row.incident_id for each in arrivals if each.row.incident_id is not None}):
        its_own = [arrival for arrival in arrivals if arrival.row.incident_id == incident_id]
        alert_log.tell_of(session, incident_id, its_own, actor, truncated=truncated)
    session.add_all([arrival.row for arrival in arrivals if arrival.row.incident_id is None])


def take_up(session: Session, settings: Settings, rows: Sequence[Alert], actor: Actor) -> None:
    """
    Alerts that fire and opened nothing because their service was under maintenance: they are taken as if they came now.

    What is under maintenance again stays with that window.
    """
    of_group: dict[tuple[str, str], list[Alert]] = defaultdict(list)
    for row in rows:
        of_group[row.source, row.group_key].append(row)
    groups = alerts.lock_groups(session, actor.team_id, set(of_group))
    windows = maintenance.windows(session, actor, {row.service for row in rows})
    with outbox.together(session):
        for key, group in sorted(groups.items()):
            arrivals = [
                Arrival(event, routing, row, is_new=True, held_by=windows.get(row.service or ""))
                for row in of_group[key]
                for event, routing in [_told_by(settings, row)]
                if routing.action != RouteAction.IGNORE
            ]
            _place_all(session, settings, group, arrivals, 0, actor)
            session.flush()


def _told_by(settings: Settings, row: Alert) -> tuple[AlertEvent, Routing]:
    """What was told of an alert that fires, as it was kept."""
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
        occurrence=row.told_starts_at,
        generator_url=row.link,
    )
    return event, route(row.labels, settings.alert_routes, settings.alert_defaults)


def _is_news(told: _Told, row: Alert | None) -> bool:
    """Whether the alert is new, or has changed; else the monitor repeats what it had said."""
    return row is None or row.status != told.event.status.value


def _name(session: Session, receipt: Receipt, row: Alert) -> None:
    """Whoever sends alerts is in no private incident."""
    incident = incidents.get(session, row.incident_id) if row.incident_id is not None else None
    if incident is not None and Sight(incident.team_id).sees(incident):
        receipt.incidents.add(incident.reference)


def _new_row(told: _Told, actor: Actor) -> Alert:
    event = told.event
    return Alert(
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
        service=told.routing.service,
    )


def _change(arrival: Arrival, incident_id: int | None, actor: Actor) -> None:
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
    row.status, row.last_seen_at = event.status.value, actor.at
    row.ended_at = max(event.ends_at, row.starts_at) if event.ends_at else None
    row.count += arrival.fires and not arrival.is_new


def _place(
    session: Session,
    settings: Settings,
    group: AlertGroup,
    arrival: Arrival,
    arrivals: Sequence[Arrival],
    truncated: int,
    actor: Actor,
) -> None:
    """Decide which incident has the alert, and carry it out. One that has ended stays where it was."""
    own = incidents.survivor_of(session, arrival.row.incident_id) if arrival.row.incident_id is not None else None
    arrival.row.incident_id = own
    if not arrival.fires and own is not None:
        _change(arrival, own, actor)
        return
    decision = _decide(session, group, arrival, actor)
    held_by: int | None = None
    match decision:
        case Open():
            chosen: int | None = _open(session, settings, arrivals, truncated, actor, None)
        case OpenLinked(previous):
            chosen = _open(session, settings, arrivals, truncated, actor, incidents.get(session, previous))
        case Attach(incident_id):
            chosen = incident_id
            if arrival.is_new and storms.is_storm(session, incident_id):
                why = alert_log.line_with_service(arrival.row)
                storms.take_in(session, settings, incident_id, arrival.routing.severity, why, actor)
        case Reopen(incident_id):
            again = incidents.lock(session, incident_id)
            course.reopen(session, settings, again, actor, why=f"{arrival.event.name} fires again")
            chosen = incident_id
        case RecordOnly(incident_id):
            chosen = own if own is not None else incident_id
            is_held = arrival.fires and arrival.held_by is not None and not arrival.event.is_test
            held_by = arrival.held_by if is_held and chosen is None else None
        case _:
            raise AssertionError("ignored alerts are left out before they are placed")
    _change(arrival, chosen, actor)
    arrival.row.maintenance_id = held_by
    if chosen is not None and not isinstance(decision, RecordOnly) and group.incident_id != chosen:
        group.incident_id = chosen
        session.add(group)


def _decide(session: Session, group: AlertGroup, arrival: Arrival, actor: Actor) -> Placement:
    """An open incident takes the alert as it is; for anything else it is held first, and looked at again."""
    neighbours = [_as_seen(each) for each in _neighbours(session, actor.team_id, arrival.routing)]

    def decided(of_group: Incident | None) -> Placement:
        return place(
            arrival.event,
            arrival.routing.action,
            now=actor.at,
            of_group=[_as_seen(of_group)] if of_group else [],
            of_service=neighbours,
            is_held=arrival.held_by is not None,
        )

    if group.incident_id is None:
        return decided(None)
    goes_on = incidents.survivor_of(session, group.incident_id)
    decision = decided(incidents.get(session, goes_on))
    return decision if isinstance(decision, Attach) else decided(incidents.lock(session, goes_on))


def _as_seen(incident: Incident) -> GroupIncident:
    return GroupIncident(incident.key, incident.is_open, incident.resolved_at, incident.started_at)


def _neighbours(session: Session, team_id: str, routing: Routing) -> list[Incident]:
    if routing.action != RouteAction.ATTACH or routing.service is None:
        return []
    return [each for each in incidents.open_ones(session, team_id) if _takes_alerts(each, routing.service)]


def _takes_alerts(incident: Incident, service: str) -> bool:
    """Practice, and what is recorded after the fact, is not what an alert of now is about."""
    return service in incident.services and not incident.is_drill and not incident.is_retro


def _first_status(firing: Sequence[Arrival]) -> Status | None:
    """What the routes of these alerts say; None if nothing. One that surely is an incident makes all of them one."""
    said = {each.routing.triage for each in firing}
    if said == {None}:
        return None
    return Status.TRIAGE if said == {True} else Status.INVESTIGATING


def _open(
    session: Session,
    settings: Settings,
    arrivals: Sequence[Arrival],
    truncated: int,
    actor: Actor,
    previous: Incident | None,
) -> int:
    """
    An incident for the alerts that fire in this notification: rated by the worst, for all their services.

    In a storm it is the storm's.
    """
    opening = [each for each in arrivals if each.fires and each.routing.action == RouteAction.OPEN]
    firing = [each for each in opening if each.held_by is None]
    worst_one = min(firing, key=lambda each: list(Severity).index(each.routing.severity))
    worst = worst_one.routing.severity
    step, watch = storms.decide(session, settings, actor)
    match step:
        case Join(incident_id) | Resume(incident_id):
            if isinstance(step, Resume) and watch is not None:
                storms.resume(session, settings, watch, step, actor)
            storms.take_in(session, settings, incident_id, worst, alert_log.line_with_service(worst_one.row), actor)
            return incident_id
        case Begin() if watch is not None:
            return storms.begin(session, settings, watch, step, worst, actor).key
    incident = course.declare(
        session,
        settings,
        actor,
        course.Declaration(
            title=incident_title([each.event for each in firing], truncated),
            severity=worst,
            status=_first_status(firing),
            services=tuple(dict.fromkeys(each.routing.service for each in firing if each.routing.service)),
            previous=previous,
        ),
    )
    storms.opened(session, settings, watch, incident, actor.at)
    audit.note(
        session,
        at=actor.at,
        team_id=actor.team_id,
        incident_id=incident.key,
        what="opened by alerts",
        origin=actor.origin,
        why=firing[0].routing.why,
        truncated=truncated,
    )
    return incident.key
