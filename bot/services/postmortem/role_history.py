"""Who had which role and when, as the record tells it."""

from collections.abc import Iterable, Mapping

from sqlmodel import Session

from bot.config import Settings
from bot.domain.record.model import RoleHeld, Source
from bot.domain.terms import Kind
from bot.services.workspace.people import MENTION
from bot.store.incidents import roles
from bot.store.incidents.incidents import Incident
from bot.store.incidents.roles import IncidentRole
from bot.store.incidents.timeline import TimelineEntry


def history(
    session: Session,
    settings: Settings,
    incident: Incident,
    entries: Iterable[TimelineEntry],
    sources: Mapping[int, Source],
    otherwise: Source,
) -> list[RoleHeld]:
    """In the order in which they were given. `otherwise` is the source of one that no entry tells of."""
    given = [entry for entry in entries if entry.has(Kind.ROLE) and entry.details.get("user")]
    return [
        RoleHeld(
            source=next((sources[each.key] for each in given if _tells_of(each, row)), otherwise),
            role=row.role,
            label=settings.role_named(row.role).label,
            person=row.user_id,
            since=row.since,
            until=row.until,
            assigned_by=row.assigned_by,
            handed_to=row.handed_to,
            note=row.note,
        )
        for row in roles.of_incident(session, incident.key)
    ]


def people_of(held: Iterable[RoleHeld]) -> set[str]:
    """Everybody whom the history names, by id."""
    found = {person for each in held for person in (each.person, each.assigned_by, each.handed_to) if person}
    return found | {person for each in held for person in MENTION.findall(each.note or "")}


def _tells_of(entry: TimelineEntry, row: IncidentRole) -> bool:
    """Entries of earlier releases do not name the row that was made of them."""
    details = entry.details
    if "role_id" in details:
        return bool(details["role_id"] == row.id)
    return (details.get("role"), details["user"], entry.recorded_at) == (row.role, row.user_id, row.since)


def handed_over_by(row: TimelineEntry) -> str | None:
    """Who had the role that an entry passes on, or takes away; None where it was given without."""
    passes_on = row.details.get("handed_over") or not row.details.get("user")
    return row.details.get("user_before") if passes_on else None
