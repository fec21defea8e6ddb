"""The form for an incident's details, with what stands there now."""

from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.languages import language
from bot.services.incidents import edit as editing
from bot.slack.blocks import modals
from bot.slack.blocks.inputs import Choice, modal, select_field, text_field
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident

SEVERAL = "Several with commas."


def edit(session: Session, settings: Settings, incident_id: int) -> dict[str, Any]:
    """Raises IncidentNotFound."""
    return form(settings, incidents.get(session, incident_id))


def empty(settings: Settings, incident_id: int) -> dict[str, Any]:
    """The form without what stands there now. What is left empty stays as it is."""
    fields = [
        text_field(editing.TITLE, "Title", hint="What is left empty here stays as it is."),
        text_field(editing.SERVICES, "Services", hint=SEVERAL),
        text_field(editing.REFERENCE, "Reference", hint="Its name elsewhere.", example="TSR-1532"),
        text_field(editing.CATEGORY, "Category", example="Production"),
        text_field(editing.RESPONSIBILITY, "Responsibility", hint="Who answers for it: a company or a team."),
        text_field(editing.ZONE, "Time zone", hint="Of the people who read it, like Europe/Paris."),
        text_field(editing.LANGUAGES, "Languages of its documents", hint=f"{SEVERAL} Like en, fr."),
        select_field(editing.TEMPLATE, "Its postmortem's form", _templates(settings)),
    ]
    return modal(modals.EDIT_FORM, "Edit the details", "Save", fields, {modals.INCIDENT: incident_id})


def _templates(settings: Settings) -> list[Choice]:
    return [Choice(name, name.capitalize()) for name in settings.template_names]


def form(settings: Settings, incident: Incident) -> dict[str, Any]:
    english = language("en")
    spoken = dict.fromkeys([*incident.languages, *(code for code in incident.titles if code)])
    titled = [code for code in spoken if len(spoken) > 1 or code in incident.titles]
    fields = [
        text_field(editing.TITLE, "Title", initial=incident.title, is_optional=False),
        *(
            text_field(
                editing.title_field(code), f"Title in {english.name_of(code)}", initial=incident.titles.get(code, "")
            )
            for code in titled
        ),
        text_field(editing.SERVICES, "Services", initial=", ".join(incident.services), hint=SEVERAL),
        text_field(
            editing.REFERENCE,
            "Reference",
            initial=incident.outside_reference or "",
            hint="Its name elsewhere.",
            example="TSR-1532",
        ),
        text_field(editing.CATEGORY, "Category", initial=incident.category or "", example="Production"),
        text_field(
            editing.RESPONSIBILITY,
            "Responsibility",
            initial=incident.responsibility or "",
            hint="Who answers for it: a company or a team.",
        ),
        text_field(
            editing.ZONE,
            "Time zone",
            initial=incident.zone,
            hint="Of the people who read it, like Europe/Paris.",
            is_optional=False,
        ),
        text_field(
            editing.LANGUAGES,
            "Languages of its documents",
            initial=", ".join(incident.languages),
            hint=f"{SEVERAL} Like en, fr.",
            is_optional=False,
        ),
        select_field(
            editing.TEMPLATE, "Its postmortem's form", _templates(settings), chosen=incident.template, is_optional=False
        ),
    ]
    return modal(modals.EDIT_FORM, "Edit the details", "Save", fields, {modals.INCIDENT: incident.key})
