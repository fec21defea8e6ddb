"""What an incident's severity and status ask for, looked up in its record."""

from collections.abc import Callable, Mapping

from sqlmodel import Session

from bot.config import Settings
from bot.domain.incidents.requirements import Asked, Demand, asked
from bot.domain.terms import ActionKind, Kind, Severity, Status
from bot.services.incidents import roles
from bot.store.incidents import action_items as actions
from bot.store.incidents import timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

NOTHING_MORE = frozenset({Status.CANCELLED, Status.MERGED})

ENTRIES: Mapping[Demand, Callable[[TimelineEntry], bool]] = {
    Demand.IMPACT: lambda entry: entry.has(Kind.IMPACT) and bool(entry.text),
    Demand.USERS: lambda entry: entry.details.get("users_percent") is not None,
    Demand.CAUSE: lambda entry: entry.has(Kind.CAUSE),
    Demand.RESOLUTION: lambda entry: (entry.has(Kind.RESOLVED) or entry.has(Kind.FIXED)) and bool(entry.text),
    Demand.UPDATE: lambda entry: bool(entry.details.get("public")),
}
"""Demands that an entry on the timeline meets."""


def of_severity(session: Session, settings: Settings, incident: Incident) -> tuple[Asked, ...]:
    severity = Severity(incident.severity)
    section = settings.severities.get(severity)
    return _asked(session, settings, incident, settings.severity_label(severity), section.demands if section else ())


def of_status(session: Session, settings: Settings, incident: Incident) -> tuple[Asked, ...]:
    status = Status(incident.status)
    section = settings.statuses.get(status)
    label = settings.status_label(status)
    return _asked(session, settings, incident, label[:1].upper() + label[1:], section.demands if section else ())


def _asked(
    session: Session, settings: Settings, incident: Incident, by: str, demands: tuple[str, ...]
) -> tuple[Asked, ...]:
    """Nothing is read where nothing is asked for."""
    if not demands or Status(incident.status) in NOTHING_MORE:
        return ()
    return asked(by, demands, settings.role_table, _met(session, settings, incident))


def _met(session: Session, settings: Settings, incident: Incident) -> frozenset[str]:
    session.flush()
    entries = timeline.in_order(session, incident.key)
    standing = [entry for entry in entries if entry.withdrawn_at is None]
    met = {each.role.name for each in roles.held(session, settings, incident) if each.user_id}
    met |= {demand for demand, meets in ENTRIES.items() if any(map(meets, standing))}
    keys = {entry.key for entry in standing}
    noted = [each for each in actions.of_incident(session, incident.key) if each.entry_id in keys]
    met |= {Demand.IMPROVEMENT} if any(each.kind == ActionKind.IMPROVEMENT for each in noted) else set()
    has = {
        Demand.SERVICES: incident.services,
        Demand.CATEGORY: incident.category,
        Demand.RESPONSIBILITY: incident.responsibility,
        Demand.REFERENCE: incident.outside_reference,
    }
    return frozenset(met | {demand for demand, value in has.items() if value})
