"""Form that assigns the roles of an incident."""

from bot.config import Settings
from bot.services.incidents.roles import RoleHolder
from bot.slack.blocks import modals
from bot.slack.blocks.inputs import modal, person_field, text_field
from bot.slack.blocks.limits import View

FIELDS = "role."
"""Prefix of a field name; the role's name follows."""
MAX_ROLES = 40


def empty_roles_form(settings: Settings, incident_id: int) -> View:
    """The form without current holders. Fields that are left empty do not change."""
    return roles_form(tuple(RoleHolder(role) for role in settings.role_table.values()), incident_id)


def roles_form(holders: tuple[RoleHolder, ...], incident_id: int) -> View:
    """A person field for each role with its current holder."""
    fields = [
        person_field(
            f"{FIELDS}{each.role.name}",
            each.role.label,
            chosen=each.user_id,
            hint="The person that you choose takes over." if each.user_id else "",
        )
        for each in holders[:MAX_ROLES]
    ]
    note = text_field(
        modals.TEXT, "Note", is_long=True, hint="New holders read it with their briefing. It is also on the timeline."
    )
    return modal(modals.ROLES_FORM, "Set the roles", "Save", [*fields, note], {modals.INCIDENT: incident_id})
