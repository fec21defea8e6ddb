"""Role history of an incident's record."""

from collections.abc import Iterable, Mapping

from sqlmodel import Session

from bot.config import Settings
from bot.domain.record.model import RoleAssignment
from bot.domain.record.sources import Source
from bot.domain.terms import Kind
from bot.services.workspace.people import MENTION
from bot.store.incidents import roles
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry


def load_role_history(
    session: Session,
    settings: Settings,
    incident: Incident,
    entries: Iterable[TimelineEntry],
    sources: Mapping[int, Source],
    otherwise: Source,
) -> list[RoleAssignment]:
    """Assignments in order. `otherwise` is the source of one without an entry."""
    given = [entry for entry in entries if entry.has(Kind.ROLE) and entry.values.user]
    return [
        RoleAssignment(
            source=next((sources[each.key] for each in given if each.values.role_id == row.id), otherwise),
            role=row.role,
            label=settings.role_named(row.role).label,
            person=row.user_id,
            since=row.since,
            until=row.until,
            assigned_by=row.assigned_by,
            handed_to=row.handed_to,
            note=row.note,
        )
        for row in roles.find_by_incident(session, incident.key)
    ]


def people_in_roles(held: Iterable[RoleAssignment]) -> set[str]:
    """Ids of everybody in the history."""
    found = {person for each in held for person in (each.person, each.assigned_by, each.handed_to) if person}
    return found | {person for each in held for person in MENTION.findall(each.note or "")}


def previous_role_holder(row: TimelineEntry) -> str | None:
    """Previous holder in an entry that passes a role on, or ends it; None otherwise."""
    passes_on = row.values.handed_over or not row.values.user
    return row.values.user_before if passes_on else None
