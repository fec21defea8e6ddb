"""Incidents of ours that vendors' incidents open, where a route says so."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.routing import Route, RouteAction
from bot.domain.terms import Status
from bot.domain.vendor_status.routing import RoutedIncident, find_vendor_route
from bot.services.incidents.declare import Declaration, declare_incident
from bot.services.incidents.maintenance_windows import open_window_ids
from bot.services.vendors.links import link_opened_incident
from bot.services.vendors.lookup import services_needing, vendor_names
from bot.services.vendors.watch import Claim, Reading, RecordedLook, record_look
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.audit_log import audit_action
from bot.store import outbox, vendors
from bot.store.incidents import incidents
from bot.store.vendors import NoticeState, VendorIncident


def record_and_route_look(
    session: Session, settings: Settings, claim: Claim, reading: Reading, now: datetime, chance: float
) -> RecordedLook:
    """Store a look, tell its news, and open incidents by the routes, in one transaction."""
    with outbox.batch(session):
        recorded = record_look(session, settings, claim, reading, now, chance)
        if any(each.vendors for each in settings.alert_routes):
            _open_incidents(session, settings, recorded.changed, now)
    return recorded


def _open_incidents(session: Session, settings: Settings, changed: Sequence[int], now: datetime) -> None:
    """
    Open one of ours for each that a route opens one for, each once.

    None for what was open at the first look: people know of it. None while one of ours is open whose channel is asked
    whether it is the vendor, and none of services under maintenance alone.
    """
    for row in vendors.find_incidents(session, changed):
        if not row.is_open or row.was_open_before or row.opened_id is not None:
            continue
        needing = services_needing(settings, row.vendor)
        stated = RoutedIncident(row.vendor, row.title, row.level, row.state, tuple(row.components), needing)
        number, route = find_vendor_route(stated, settings.alert_routes, now)
        if route is None or route.action is not RouteAction.OPEN or _is_followed(session, row):
            continue
        actor = Actor(row.team_id, None, now, Origin.TIMER)
        services = (route.service,) if route.service else needing
        in_maintenance = open_window_ids(session, actor, services)
        if affected := tuple(each for each in services if each not in in_maintenance):
            _open_incident(session, settings, row, route, f"route {number} ({route})", affected, actor)


def _is_followed(session: Session, row: VendorIncident) -> bool:
    """Whether it is linked to one of ours, or an open one has to say whether it is the cause."""
    for each in vendors.find_notices(session, [row.key]):
        if each.incident_id is None or each.state == NoticeState.DECLINED:
            continue
        incident = incidents.get(session, each.incident_id)
        if not incident.is_drill and (incident.is_open or each.state == NoticeState.LINKED):
            return True
    return False


def _open_incident(
    session: Session,
    settings: Settings,
    row: VendorIncident,
    route: Route,
    why: str,
    services: tuple[str, ...],
    actor: Actor,
) -> None:
    [name] = vendor_names(settings, [row.vendor])
    wanted = Declaration(
        title=f"{name}: {row.title}",
        severity=route.severity,
        status=_initial_status(settings, route),
        services=services,
    )
    incident = declare_incident(session, settings, actor, wanted)
    row.opened_id = incident.key
    session.add(row)
    session.flush()
    link_opened_incident(session, settings, row, incident, actor)
    audit_action(session, actor, "opened by a vendor's incident", incident=incident, why=why)


def _initial_status(settings: Settings, route: Route) -> Status:
    """That of an incident that alerts open."""
    starts_in_triage = settings.incidents.triage in {"all", "alerts"} if route.triage is None else route.triage
    return Status.TRIAGE if starts_in_triage else Status.INVESTIGATING
