"""Form of an incident's details."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.command.forms.choices import Choice
from bot.config import Settings
from bot.domain.languages import get_language
from bot.services.incidents import edit
from bot.slack.blocks import modals
from bot.slack.blocks.inputs import modal, select_field, text_field
from bot.slack.blocks.limits import Block, View
from bot.store.incidents.incidents import Incident

SEVERAL = "Separate several with commas."


def empty_details_form(settings: Settings, incident_id: int) -> View:
    """The form without current values. Fields that are left empty do not change."""
    title = text_field(edit.TITLE, "Title", hint="Fields that you leave empty do not change.")
    return _details_modal([title, *_fields(settings, {})], incident_id)


def details_form(settings: Settings, incident: Incident) -> View:
    title = text_field(edit.TITLE, "Title", initial=incident.title, is_optional=False)
    fields = _fields(settings, _current_values(incident))
    return _details_modal([title, *_translated_titles(incident), *fields], incident.key)


def _details_modal(fields: Sequence[Block], incident_id: int) -> View:
    return modal(modals.EDIT_FORM, "Edit the details", "Save", fields, {modals.INCIDENT: incident_id})


def _translated_titles(incident: Incident) -> list[Block]:
    english = get_language("en")
    codes = dict.fromkeys([*incident.languages, *(code for code in incident.titles if code)])
    return [
        text_field(
            edit.title_field(code), f"Title in {english.language_name(code)}", initial=incident.titles.get(code, "")
        )
        for code in codes
        if len(codes) > 1 or code in incident.titles
    ]


def _fields(settings: Settings, values: Mapping[str, str]) -> list[Block]:
    """Fields below the title. Without values all of them are empty and optional."""

    def text(name: str, label: str, **options: Any) -> Block:
        return text_field(name, label, initial=values.get(name, ""), **options)

    is_optional = not values
    templates = [Choice(name, name.capitalize()) for name in settings.template_names]
    return [
        text(edit.SERVICES, "Services", hint=SEVERAL),
        text(edit.REFERENCE, "Reference", hint="ID in another system.", example="TSR-1532"),
        text(edit.GRADE, "Public grade", hint="The severity that the public reads.", example="Notice"),
        text(edit.CATEGORY, "Category", example="Production"),
        text(edit.RESPONSIBILITY, "Responsibility", hint="Responsible company or team."),
        text(
            edit.ZONE,
            "Time zone",
            hint="Times in the documents use it, for example Europe/Paris.",
            is_optional=is_optional,
        ),
        text(
            edit.LANGUAGES, "Languages of the documents", hint=f"{SEVERAL} For example en, fr.", is_optional=is_optional
        ),
        select_field(
            edit.TEMPLATE, "Postmortem template", templates, chosen=values.get(edit.TEMPLATE), is_optional=is_optional
        ),
    ]


def _current_values(incident: Incident) -> dict[str, str]:
    return {
        edit.SERVICES: ", ".join(incident.services),
        edit.REFERENCE: incident.outside_reference or "",
        edit.GRADE: incident.public_grade or "",
        edit.CATEGORY: incident.category or "",
        edit.RESPONSIBILITY: incident.responsibility or "",
        edit.ZONE: incident.zone,
        edit.LANGUAGES: ", ".join(incident.languages),
        edit.TEMPLATE: incident.template,
    }
