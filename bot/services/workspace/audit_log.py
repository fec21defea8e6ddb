"""Audit of what an actor did."""

from typing import Any

from sqlmodel import Session

from bot.services.workspace.actor import Actor
from bot.store.incidents.incidents import Incident
from bot.store.shared import audit


def audit_action(
    session: Session, actor: Actor, action: str, *, incident: Incident | None = None, **details: Any
) -> None:
    """Add an action to the audit. `details` as JSON values."""
    audit.record(
        session,
        at=actor.at,
        team_id=incident.team_id if incident is not None else actor.team_id,
        incident_id=incident.key if incident is not None else None,
        user_id=actor.user_id,
        action=action,
        origin=actor.origin,
        **details,
    )
