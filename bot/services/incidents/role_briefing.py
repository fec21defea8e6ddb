"""Briefing of somebody who got a role: the role, and the state of the incident."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.incidents.roles import Role
from bot.services.incidents.roles import get_assignment, previous_assignment
from bot.services.postmortem import catchup
from bot.services.postmortem.catchup import CatchupView
from bot.store.incidents import incidents
from bot.store.incidents.roles import IncidentRole


@dataclass(frozen=True, slots=True)
class RoleBriefingView:
    """
    The role, its giver and the incident's state, for the new holder.

    `role_id` is the assignment. `given_by` is None for somebody who took the role; `before` held it last. `is_over`:
    they no longer hold it.
    """

    role_id: int
    role: Role
    given_by: str | None
    before: str | None
    note: str
    is_over: bool
    channel_id: str | None
    catchup: CatchupView


def load_role_briefing(session: Session, settings: Settings, role_id: int, now: datetime) -> RoleBriefingView:
    """Raises UserError for an assignment that does not exist."""
    row = get_assignment(session, role_id)
    incident = incidents.get(session, row.incident_id)
    return RoleBriefingView(
        role_id=role_id,
        role=settings.role_named(row.role),
        given_by=row.assigned_by if row.assigned_by != row.user_id else None,
        before=_previous_holder(session, row),
        note=row.note or "",
        is_over=row.until is not None,
        channel_id=incident.channel_id,
        catchup=catchup.load_catchup(session, settings, row.incident_id, now),
    )


def _previous_holder(session: Session, row: IncidentRole) -> str | None:
    found = previous_assignment(session, row)
    return found.user_id if found else None
