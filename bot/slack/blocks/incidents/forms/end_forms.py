"""Forms that end an incident, with the alerts that still fire."""

from sqlmodel import Session

from bot.config import Settings
from bot.services.incidents.alerts import FiringAlerts, find_firing
from bot.slack.blocks import modals
from bot.slack.blocks.limits import View, literal, section


def load_resolve_form(session: Session, settings: Settings, incident_id: int) -> View:
    return with_firing_alerts(modals.resolve_form(settings, incident_id), find_firing(session, incident_id))


def load_cancel_form(session: Session, settings: Settings, incident_id: int) -> View:
    return with_firing_alerts(modals.cancel_form(settings, incident_id), find_firing(session, incident_id))


def with_firing_alerts(form: View, firing: FiringAlerts) -> View:
    """The form with a warning on top if alerts still fire."""
    if not firing.count:
        return form
    warning = section(f":rotating_light: *{literal(firing.sentence, limit=600)}* Go on only if that is expected.")
    return {**form, "blocks": [warning, *form["blocks"]]}
