"""The form in which roles are given, handed over and given up."""

from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.services.incidents import roles as service
from bot.services.incidents.roles import Held
from bot.slack.blocks import modals
from bot.slack.blocks.inputs import modal, person_field, text_field
from bot.store.incidents import incidents

FIELDS = "role."
"""What the name of a role's field begins with."""
MOST = 40


def roles(session: Session, settings: Settings, incident_id: int) -> dict[str, Any]:
    """Raises IncidentNotFound."""
    return form(service.held(session, settings, incidents.get(session, incident_id)), incident_id)


def empty(settings: Settings, incident_id: int) -> dict[str, Any]:
    """The form without who has what. What is left empty stays as it is."""
    return form(tuple(Held(role) for role in settings.role_table.values()), incident_id)


def form(held: tuple[Held, ...], incident_id: int) -> dict[str, Any]:
    """A field for each role, with whoever has it now."""
    fields = [
        person_field(
            f"{FIELDS}{each.role.name}",
            each.role.label,
            chosen=each.user_id,
            hint="Whoever you choose takes it over." if each.user_id else "",
        )
        for each in held[:MOST]
    ]
    note = text_field(
        modals.TEXT,
        "Anything they should know?",
        is_long=True,
        hint="Whoever gets a role reads this with their briefing. It stands on the timeline, too.",
    )
    return modal(modals.ROLES_FORM, "Roles", "Save", [*fields, note], {modals.INCIDENT: incident_id})
