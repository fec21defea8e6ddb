"""Briefing of somebody who got a role, and its acceptance."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.domain.incidents.roles import Role
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.postmortem import catchup
from bot.services.postmortem.catchup import CatchupView
from bot.services.workspace.actor import Actor
from bot.store.incidents import incidents, roles
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
    is_private: bool = False


def load_role_briefing(session: Session, settings: Settings, role_id: int, now: datetime) -> RoleBriefingView:
    """Raises UserError for an assignment that does not exist."""
    row = _get_assignment(session, role_id)
    incident, before = incidents.get(session, row.incident_id), _previous_assignment(session, row)
    return RoleBriefingView(
        role_id=role_id,
        role=settings.role_named(row.role),
        given_by=row.assigned_by if row.assigned_by != row.user_id else None,
        before=before.user_id if before else None,
        note=row.note or "",
        is_over=row.until is not None,
        channel_id=incident.channel_id,
        catchup=catchup.load_catchup(session, settings, row.incident_id, now),
        is_private=incident.is_private,
    )


def incident_of_assignment(session: Session, role_id: int) -> int:
    """Raises UserError for an assignment that does not exist."""
    return _get_assignment(session, role_id).incident_id


def _get_assignment(session: Session, role_id: int) -> IncidentRole:
    row = session.get(IncidentRole, role_id)
    if row is None:
        raise StateError("That assignment no longer exists. Nothing was changed.")
    return row


def _previous_assignment(session: Session, row: IncidentRole) -> IncidentRole | None:
    """The assignment that this one took over from."""
    of_role = [each for each in roles.find_by_incident(session, row.incident_id) if each.role == row.role]
    return next((e for e in of_role if e.until == row.since and e.handed_to == row.user_id and e.id != row.id), None)


def accept_role(session: Session, settings: Settings, role_id: int, actor: Actor) -> None:
    """
    Confirm a role and tell the people who gave it.

    Raises UserError if it has passed to somebody else meanwhile, or is somebody else's.
    """
    row = _get_assignment(session, role_id)
    if row.user_id != actor.user_id:
        raise StateError("This role was given to another person. Nothing was changed.")
    incident, role = incidents.lock(session, row.incident_id), settings.role_named(row.role)
    if row.until is not None:
        raise UserError(f"Another person is now {role.label} of {incident.reference}. See its card.")
    before = _previous_assignment(session, row)
    waiting = {before.user_id if before else None, row.assigned_by} - {None, row.user_id}
    for user_id in sorted(filter(None, waiting)):
        outbox.post_event_to_user(
            session, incident, actor.at, user_id, "role taken", by=row.user_id, role=row.role, label=role.label
        )
