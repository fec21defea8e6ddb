"""The share link of an incident's page: show it, end it, make a new one."""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.config.crypto import incident_page_link
from bot.domain.errors import UserError
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility

CHANGED_MEANWHILE = "Somebody changed the share link meanwhile. Look at its present state, and try again."


@dataclass(frozen=True, slots=True)
class ShareLink:
    """`url` is None after the end. `number` counts the links of the incident from 1."""

    reference: str
    title: str
    number: int
    url: str | None
    ended_at: datetime | None
    zone: tzinfo


def load_share_link(session: Session, settings: Settings, visibility: Visibility, reference: str) -> ShareLink:
    """Raises IncidentNotFound, alike for missing and for invisible incidents."""
    incident = visibility.find(session, reference)
    is_active = incident.active_link is not None
    return ShareLink(
        incident.reference,
        incident.title,
        incident.link_generation + 1,
        incident_page_link(settings, incident.reference, incident.active_link) if is_active else None,
        incident.link_ended_at,
        ZoneInfo(incident.zone),
    )


def end_share_link(session: Session, settings: Settings, actor: Actor, visibility: Visibility, reference: str) -> None:
    """End the link at once. Raises IncidentNotFound, and UserError if it was ended before."""
    incident = _lock(session, actor, visibility, reference)
    if incident.link_ended_at is not None:
        raise UserError(CHANGED_MEANWHILE)
    incident.link_ended_at = actor.at
    _finish(session, settings, actor, incident, "ended the share link")


def renew_share_link(
    session: Session, settings: Settings, actor: Actor, visibility: Visibility, reference: str, number: int
) -> None:
    """
    Make a new link; the one before ends. `number`: of the link that the actor saw.

    Raises IncidentNotFound, and UserError if somebody else was faster.
    """
    incident = _lock(session, actor, visibility, reference)
    if incident.link_generation + 1 != number:
        raise UserError(CHANGED_MEANWHILE)
    incident.link_generation, incident.link_ended_at = incident.link_generation + 1, None
    _finish(session, settings, actor, incident, "made a new share link")


def _lock(session: Session, actor: Actor, visibility: Visibility, reference: str) -> Incident:
    check_access(session, actor, home_team_id=None)
    return incidents.lock(session, visibility.find(session, reference).key)


def _finish(session: Session, settings: Settings, actor: Actor, incident: Incident, action: str) -> None:
    """Record the audit, and put the present link into the channel's bookmarks."""
    session.add(incident)
    audit_action(session, actor, action, incident=incident, number=incident.link_generation + 1)
    if settings.public_url and incident.channel_id is not None:
        outbox.refresh_bookmarks(session, incident, actor.at)
