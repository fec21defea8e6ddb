"""Preview of a notification: fields read, route, incident, policy. Nothing is done."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.events import AlertEvent, Batch, incident_title
from bot.domain.alerts.label_groups import LABEL_GROUPS
from bot.domain.alerts.placement import Attach, GroupIncident, Open, OpenLinked, Placement, Reopen, place_alert
from bot.domain.alerts.routing import RouteAction, Routing
from bot.domain.alerts.storms import BeginStorm, JoinStorm, OpenSeparately, ResumeStorm, StormDecision
from bot.domain.terms import AlertStatus, Severity
from bot.lazy_dataclass import dataclass
from bot.services.alerts.alert_rows import find_known_rows, identity_of, is_news
from bot.services.alerts.event_routing import route_event
from bot.services.alerts.placement import attachable_incidents, group_incident
from bot.services.alerts.storms.admission import foresee_storm
from bot.services.incidents.maintenance_windows import open_window_ids
from bot.services.oncall.policies import configured_policy
from bot.services.workspace.actor import Actor, Origin
from bot.store.alerts import alert_groups, alerts
from bot.store.alerts.alerts import Alert
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility

GroupKey = tuple[str, str]


class Outcome(StrEnum):
    """Outcome of an alert. The words continue "This alert …"."""

    IGNORE = "is ignored by its route"
    REPEAT = "repeats an alert that is known: nothing changes"
    END = "ends an alert of the incident"
    HOLD = "opens nothing: its service is under maintenance"
    RECORD = "is recorded and opens nothing"
    OPEN = "opens an incident"
    OPEN_LINKED = "opens an incident that is linked to the previous one"
    JOIN_NEW = "joins the incident that this notification opens"
    JOIN = "joins the open incident"
    JOIN_BY_LABELS = "joins the open incident of its labels"
    REOPEN = "reopens the incident"
    STORM = "joins the incident of the storm"
    NEW_STORM = "opens the incident of a storm"


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """A stored firing of an alert, and its incident if the viewer sees that."""

    row: Alert
    incident_id: int | None


@dataclass(frozen=True, slots=True)
class AlertState:
    """State that decides an outcome, besides the configuration. Default: an empty database."""

    known: Mapping[alerts.Identity, KnownAlert] = field(default_factory=dict)
    of_group: Mapping[GroupKey, GroupIncident] = field(default_factory=dict)
    """By the sender's group, and by that of labels while its window is open."""
    of_service: Mapping[str, Sequence[GroupIncident]] = field(default_factory=dict)
    windows: Mapping[str, int] = field(default_factory=dict)
    storm: StormDecision = field(default_factory=OpenSeparately)
    flapping: frozenset[tuple[str, str]] = frozenset()
    """Source and fingerprint of the alerts that flap now."""
    names: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Reference and title by incident."""


@dataclass(frozen=True, slots=True)
class AlertPreview:
    """`incident`: reference and title of the existing incident concerned, None without one."""

    event: AlertEvent
    routing: Routing
    outcome: Outcome
    incident: tuple[str, str] | None = None
    is_flapping: bool = False


@dataclass(frozen=True, slots=True)
class OpeningPreview:
    """An incident that would be opened. `policy`: the one that starts with it, or None."""

    title: str
    severity: Severity
    services: Sequence[str]
    policy: str | None


@dataclass(frozen=True, slots=True)
class BatchPreview:
    """Alerts in the order of the notification. `truncated`: alerts that it did not name."""

    alerts: Sequence[AlertPreview]
    openings: Sequence[OpeningPreview]
    truncated: int


def route_batch(settings: Settings, batch: Batch, at: datetime) -> list[tuple[AlertEvent, Routing]]:
    return [(each, route_event(settings, each, at)) for each in batch.events]


def load_alert_state(
    session: Session, settings: Settings, visibility: Visibility, batch: Batch, at: datetime
) -> AlertState:
    """Load the state for a notification. Incidents outside `visibility` count as missing."""
    actor, routed = Actor(visibility.team_id, None, at, Origin.ALERT), route_batch(settings, batch, at)
    keys = {key for event, routing in routed for key in _group_keys(event, routing)}
    groups = alert_groups.find_groups(session, actor.team_id, keys)
    windows_by_labels = {routing.label_group.key: routing.label_group for _, routing in routed if routing.label_group}
    seen: dict[int, Incident] = {}

    def find_seen(incident_id: int | None) -> Incident | None:
        found = incidents.get(session, incidents.find_survivor(session, incident_id)) if incident_id else None
        if found is None or not visibility.sees(found):
            return None
        seen[found.key] = found
        return found

    known = {
        identity: KnownAlert(row, found.key if (found := find_seen(row.incident_id)) else None)
        for identity, row in find_known_rows(session, actor.team_id, batch.events).items()
    }
    of_group = {
        key: group_incident(found)
        for key, row in groups.items()
        if key[0] != LABEL_GROUPS or windows_by_labels[key[1]].takes(row.last_alert_at, at)
        if (found := find_seen(row.incident_id)) is not None
    }
    neighbours: dict[str, list[GroupIncident]] = defaultdict(list)
    for routing in {routing.service: routing for _, routing in routed if routing.service}.values():
        for each in visibility.filter(attachable_incidents(session, actor.team_id, routing)):
            seen[each.key] = each
            neighbours[routing.service or ""].append(group_incident(each))
    storm = foresee_storm(session, settings, actor)
    if isinstance(storm, JoinStorm | ResumeStorm):
        find_seen(storm.incident)
    windows = open_window_ids(session, actor, {routing.service for _, routing in routed})
    names = {key: (each.reference, each.title) for key, each in seen.items()}
    newest = alerts.find_newest(session, actor.team_id, {(each.source, each.fingerprint) for each in batch.events})
    flapping = frozenset(key for key, row in newest.items() if row.is_flapping)
    return AlertState(known, of_group, neighbours, windows, storm, flapping, names)


def _group_keys(event: AlertEvent, routing: Routing) -> list[GroupKey]:
    """The sender's group, and then the one by labels if the route has any."""
    by_labels = routing.label_group
    return [(event.source, event.group), *([(LABEL_GROUPS, by_labels.key)] if by_labels else [])]


def preview_batch(settings: Settings, batch: Batch, state: AlertState, at: datetime) -> BatchPreview:
    """Decide as `receive_notifications` would at `at`, in its order: firing alerts first."""
    routed = route_batch(settings, batch, at)
    previews: dict[int, AlertPreview] = {}
    opening: dict[GroupKey, list[tuple[AlertEvent, Routing]]] = {}
    opened: list[list[tuple[AlertEvent, Routing]]] = []
    for number in sorted(range(len(routed)), key=lambda each: routed[each][0].status is not AlertStatus.FIRING):
        event, routing = routed[number]
        found = _preview_alert(event, routing, state, at)
        if found.outcome in {Outcome.OPEN, Outcome.OPEN_LINKED, Outcome.NEW_STORM}:
            keys = _group_keys(event, routing)
            together = next((opening[key] for key in keys if key in opening), None)
            if together is None:
                opened.append(together := [])
            else:
                found = replace(found, outcome=Outcome.JOIN_NEW, incident=None)
            together.append((event, routing))
            opening |= dict.fromkeys(keys, together)
        previews[number] = replace(found, is_flapping=(event.source, event.fingerprint) in state.flapping)
    return BatchPreview(
        [previews[number] for number in range(len(routed))],
        [_preview_opening(settings, each, batch.truncated) for each in opened],
        batch.truncated,
    )


def _preview_alert(event: AlertEvent, routing: Routing, state: AlertState, at: datetime) -> AlertPreview:
    if routing.action is RouteAction.IGNORE:
        return AlertPreview(event, routing, Outcome.IGNORE)
    known = state.known.get(identity_of(event))
    own = known.incident_id if known else None
    if known is not None and not is_news(event, known.row):
        return AlertPreview(event, routing, Outcome.REPEAT, _name(state, own))
    if own is not None and event.status is AlertStatus.RESOLVED:
        return AlertPreview(event, routing, Outcome.END, _name(state, own))
    is_held = routing.service in state.windows
    own_group, *by_labels = (state.of_group.get(key) for key in _group_keys(event, routing))
    of_groups = [own_group] if own_group and own_group.is_open else [own_group, *by_labels]
    decision = place_alert(
        event,
        routing.action,
        now=at,
        of_group=[each for each in of_groups if each],
        of_service=state.of_service.get(routing.service or "", ()),
        is_held=is_held,
    )
    outcome, incident_id = _outcome(decision, state, is_held=is_held and event.status is AlertStatus.FIRING)
    if (
        outcome is Outcome.JOIN
        and incident_id in {each.id for each in by_labels if each}
        and own_group not in by_labels
    ):
        outcome = Outcome.JOIN_BY_LABELS
    return AlertPreview(event, routing, outcome, _name(state, incident_id))


def _outcome(decision: Placement, state: AlertState, *, is_held: bool) -> tuple[Outcome, int | None]:
    match decision:
        case Attach(incident_id):
            return Outcome.JOIN, incident_id
        case Reopen(incident_id):
            return Outcome.REOPEN, incident_id
        case Open() | OpenLinked():
            match state.storm:
                case JoinStorm(incident_id) | ResumeStorm(incident_id):
                    return Outcome.STORM, incident_id
                case BeginStorm():
                    return Outcome.NEW_STORM, None
            if isinstance(decision, OpenLinked):
                return Outcome.OPEN_LINKED, decision.previous
            return Outcome.OPEN, None
        case _:
            return (Outcome.HOLD if is_held else Outcome.RECORD), None


def _name(state: AlertState, incident_id: int | None) -> tuple[str, str] | None:
    return state.names.get(incident_id) if incident_id is not None else None


def _preview_opening(
    settings: Settings, firing: Sequence[tuple[AlertEvent, Routing]], truncated: int
) -> OpeningPreview:
    severity = min((routing.severity for _, routing in firing), key=list(Severity).index)
    services = list(dict.fromkeys(routing.service for _, routing in firing if routing.service))
    title = incident_title([event for event, _ in firing], truncated)
    return OpeningPreview(title, severity, services, configured_policy(settings, severity, services))
