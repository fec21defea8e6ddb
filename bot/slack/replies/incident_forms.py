"""Forms of an incident with its present values."""

from sqlmodel import Session

from bot.config import Settings
from bot.services.incidents.alerts import find_firing
from bot.services.incidents.roles import list_role_holders
from bot.slack.blocks import modals
from bot.slack.blocks.incidents.forms.details_form import details_form
from bot.slack.blocks.incidents.forms.end_forms import with_firing_alerts
from bot.slack.blocks.incidents.forms.roles_form import roles_form
from bot.slack.blocks.limits import View
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident


def load_severity_form(session: Session, settings: Settings, incident_id: int) -> View:
    return modals.severity_form(settings, incident_id, seen=incidents.get(session, incident_id).severity)


def load_status_form(session: Session, settings: Settings, incident_id: int) -> View:
    return modals.status_form(settings, incident_id, seen=incidents.get(session, incident_id).status)


def load_details_form(session: Session, settings: Settings, incident_id: int) -> View:
    return details_form(settings, incidents.get(session, incident_id))


def load_roles_form(session: Session, settings: Settings, incident_id: int) -> View:
    return roles_form(list_role_holders(session, settings, incidents.get(session, incident_id)), incident_id)


def load_resolve_form(session: Session, settings: Settings, incident_id: int) -> View:
    seen = latest_reopening(incidents.get(session, incident_id))
    return with_firing_alerts(modals.resolve_form(settings, incident_id, seen=seen), find_firing(session, incident_id))


def latest_reopening(incident: Incident) -> str:
    """Identifies the latest reopening; `0` if there was none."""
    return str(incident.reopening_entry_id or 0)


def load_cancel_form(session: Session, settings: Settings, incident_id: int) -> View:
    return with_firing_alerts(modals.cancel_form(settings, incident_id), find_firing(session, incident_id))
