"""What somebody is told who got a role: what it is, and where the incident stands."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.incidents.roles import Role
from bot.services.incidents import roles
from bot.services.postmortem import catchup
from bot.services.postmortem.catchup import CatchupView
from bot.store.incidents import incidents
from bot.store.incidents.roles import IncidentRole


@dataclass(frozen=True, slots=True)
class BriefingView:
    """
    `role_id` names the assignment. `given_by` is None where nobody but they themselves gave it; `before` had it last.

    `is_over`: they have it no more.
    """

    role_id: int
    role: Role
    given_by: str | None
    before: str | None
    note: str
    is_over: bool
    channel_id: str | None
    catchup: CatchupView


def view(session: Session, settings: Settings, role_id: int, now: datetime) -> BriefingView:
    """Raises UserError for an assignment that does not exist."""
    row = roles.assignment(session, role_id)
    incident = incidents.get(session, row.incident_id)
    return BriefingView(
        role_id=role_id,
        role=settings.role_named(row.role),
        given_by=row.assigned_by if row.assigned_by != row.user_id else None,
        before=_before(session, row),
        note=row.note or "",
        is_over=row.until is not None,
        channel_id=incident.channel_id,
        catchup=catchup.view(session, settings, row.incident_id, now),
    )


def _before(session: Session, row: IncidentRole) -> str | None:
    found = roles.predecessor(session, row)
    return found.user_id if found else None
