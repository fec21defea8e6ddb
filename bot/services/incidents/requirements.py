"""Check what an incident's severity and status require against its record."""

from collections.abc import Callable, Mapping

from sqlmodel import Session

from bot.config import Settings
from bot.domain.incidents.requirements import Requirement, RequirementStatus, check_requirements
from bot.domain.terms import ActionKind, Kind, Severity, Status
from bot.services.incidents.roles import list_role_holders
from bot.store.incidents import action_items, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

EXEMPT_STATUSES = frozenset({Status.CANCELLED, Status.MERGED})

MET_BY_ENTRY: Mapping[Requirement, Callable[[TimelineEntry], bool]] = {
    Requirement.IMPACT: lambda entry: entry.has(Kind.IMPACT) and bool(entry.text),
    Requirement.USERS: lambda entry: entry.values.affected_users is not None,
    Requirement.CAUSE: lambda entry: entry.has(Kind.CAUSE),
    Requirement.RESOLUTION: lambda entry: bool(
        (entry.has(Kind.RESOLVED) and entry.own_text) or (entry.has(Kind.FIXED) and entry.text)
    ),
    Requirement.UPDATE: lambda entry: bool(entry.values.public),
}
"""Requirements that an entry on the timeline meets."""


def severity_requirements(session: Session, settings: Settings, incident: Incident) -> tuple[RequirementStatus, ...]:
    severity = Severity(incident.severity)
    section = settings.severities.get(severity)
    return _check_requirements(
        session, settings, incident, settings.severity_label(severity), section.demands if section else ()
    )


def status_requirements(session: Session, settings: Settings, incident: Incident) -> tuple[RequirementStatus, ...]:
    status = Status(incident.status)
    section = settings.statuses.get(status)
    label = settings.status_label(status)
    return _check_requirements(
        session, settings, incident, label[:1].upper() + label[1:], section.demands if section else ()
    )


def _check_requirements(
    session: Session, settings: Settings, incident: Incident, by: str, demands: tuple[str, ...]
) -> tuple[RequirementStatus, ...]:
    """Read the record only if something is required."""
    if not demands or Status(incident.status) in EXEMPT_STATUSES:
        return ()
    return check_requirements(by, demands, settings.role_table, _met_requirements(session, settings, incident))


def _met_requirements(session: Session, settings: Settings, incident: Incident) -> frozenset[str]:
    session.flush()
    entries = timeline.read_entries(session, incident.key)
    standing = [entry for entry in entries if entry.withdrawn_at is None]
    met = {each.role.name for each in list_role_holders(session, settings, incident) if each.user_id}
    met |= {demand for demand, meets in MET_BY_ENTRY.items() if any(map(meets, standing))}
    keys = {entry.key for entry in standing}
    noted = [each for each in action_items.find_by_incident(session, incident.key) if each.entry_id in keys]
    met |= {Requirement.IMPROVEMENT} if any(each.kind == ActionKind.IMPROVEMENT for each in noted) else set()
    has = {
        Requirement.SERVICES: incident.services,
        Requirement.CATEGORY: incident.category,
        Requirement.RESPONSIBILITY: incident.responsibility,
        Requirement.REFERENCE: incident.outside_reference,
    }
    return frozenset(met | {demand for demand, value in has.items() if value})
