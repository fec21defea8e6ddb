"""Incident forms that open without a database query."""

from collections.abc import Mapping, Sequence

from bot.command.forms.choices import Choice, kind_choices, language_choices, severity_choices, status_choices
from bot.command.forms.texts import DEFAULT_NOW, TIME_HINT, UNKNOWN_TIME_HINT
from bot.config import Settings
from bot.domain.terms import Kind
from bot.slack.blocks.inputs import modal, person_field, select_field, text_field
from bot.slack.blocks.limits import Block, View

DECLARE, RESOLVE, NOTE, MARK = "declare_modal", "resolve_modal", "note_modal", "mark_modal"
SEVERITY_FORM, STATUS_FORM, ESCALATE_FORM = "severity_modal", "status_modal", "escalate_modal"
ASK_IMPACT, ASK_START, ASK_CAUSE, ASK_DETECTION = "impact_modal", "start_modal", "cause_modal", "detection_modal"
ASK_FIX = "fix_modal"
TASK_OF_MESSAGE = "task_of_message_modal"
EDIT_FORM, CANCEL_FORM, ROLES_FORM = "edit_modal", "cancel_modal", "roles_modal"
CASE = "case"
TEXT, AT, KIND, TITLE, SEVERITY, SERVICE, FLAGS, STATUS = (
    "text",
    "at",
    "kind",
    "title",
    "severity",
    "service",
    "flags",
    "status",
)
PERSON, TEAM, USERS, INCIDENT, LANGUAGE = "person", "team", "users", "incident", "lang"
SEEN = "seen"
"""In a form's metadata: the value that it replaces, as it was when the form was opened."""


def resolve_form(_settings: Settings, incident_id: int, *, seen: str = "") -> View:
    """`seen`: the latest reopening, as it was when the form was opened."""
    fields = [
        text_field(TEXT, "Resolution", hint="How it was resolved. It becomes part of the postmortem.", is_long=True),
        text_field(AT, "End of the impact", hint=DEFAULT_NOW),
        language_field(),
    ]
    return modal(RESOLVE, "Resolve the incident", "Resolve", fields, {INCIDENT: incident_id, SEEN: seen})


def language_field() -> Block:
    """The language of a form's text; what is recorded with the form is in it."""
    return select_field(LANGUAGE, "Language of the text", language_choices())


def kind_field(chosen: Kind = Kind.NOTE) -> Block:
    return select_field(KIND, "Kind", kind_choices(), chosen=chosen.value, is_optional=False)


def note_form(_settings: Settings, incident_id: int) -> View:
    fields = [
        text_field(TEXT, "Note", is_long=True, is_optional=False),
        kind_field(),
        text_field(AT, "Time", hint=f"{DEFAULT_NOW} {UNKNOWN_TIME_HINT}"),
        language_field(),
    ]
    return modal(NOTE, "Add a note", "Add", fields, {INCIDENT: incident_id})


def severity_form(settings: Settings, incident_id: int, *, seen: str = "") -> View:
    fields = [
        select_field(SEVERITY, "Severity", severity_choices(settings), is_optional=False),
        text_field(TEXT, "Reason", is_long=True),
        language_field(),
    ]
    return modal(SEVERITY_FORM, "Change the severity", "Change", fields, {INCIDENT: incident_id, SEEN: seen})


def status_form(settings: Settings, incident_id: int, *, seen: str = "") -> View:
    fields = [
        select_field(STATUS, "Status", status_choices(settings), is_optional=False),
        text_field(TEXT, "Status update", hint="Known facts and next steps.", is_long=True),
        language_field(),
    ]
    return modal(STATUS_FORM, "Change the status", "Change", fields, {INCIDENT: incident_id, SEEN: seen})


def escalate_form(settings: Settings, incident_id: int) -> View:
    others = [Choice(f"policy:{name}", name, "policy: level by level") for name in sorted(settings.policies)]
    others += [Choice(f"schedule:{name}", name, "the person on call") for name in sorted(settings.schedules)]
    others += [Choice(f"team:{name}", f"@{name}", "team") for name in sorted(settings.teams)]
    others += [Choice(f"vendor:{name}", name, "vendor") for name in sorted(settings.vendors)]
    fields = [person_field(PERSON, "Person")]
    if others:
        fields.append(
            select_field(TEAM, "Policy, schedule, team or vendor", others, hint="Alone, or together with a person.")
        )
    fields.append(text_field(TEXT, "Reason", hint="Why they are needed.", is_long=True))
    called = "Already called them? Enter when, for example 14:05. It is recorded, and nobody is paged."
    fields.append(text_field(AT, "Time of the call", hint=called))
    fields.append(text_field(CASE, "Case reference", hint="Of a vendor.", example="CS-123"))
    return modal(ESCALATE_FORM, "Page somebody", "Page them", fields, {INCIDENT: incident_id})


def incident_field(incidents: Sequence[Choice], chosen: str | None = None) -> Block:
    """Select of the incidents, or a text field if none are known."""
    if incidents:
        return select_field(INCIDENT, "Incident", incidents, chosen=chosen, is_optional=False)
    return text_field(INCIDENT, "Incident", example="INC-7", is_optional=False)


def add_to_timeline_form(
    incidents: Sequence[Choice], metadata: Mapping[str, object], *, chosen: str | None = None
) -> View:
    """Add a message to the timeline of one of the incidents."""
    incident = incident_field(incidents, chosen or (incidents[0].value if incidents else None))
    return modal(MARK, "Add to a timeline", "Add", [incident, kind_field()], metadata)


def impact_form(_settings: Settings, incident_id: int) -> View:
    fields = [
        text_field(TEXT, "Impact", hint="Who was affected, and how?", is_long=True, is_optional=False),
        text_field(USERS, "Affected users", hint="A number, or a share with a percent sign.", example="1200, or 20%"),
        language_field(),
    ]
    return modal(ASK_IMPACT, "State the impact", "Record", fields, {INCIDENT: incident_id})


def start_form(_settings: Settings, incident_id: int) -> View:
    fields = [text_field(AT, "Start of the impact", hint=TIME_HINT, is_optional=False)]
    return modal(ASK_START, "State the start time", "Record", fields, {INCIDENT: incident_id})


def cause_form(_settings: Settings, incident_id: int) -> View:
    fields = [text_field(TEXT, "Cause", is_long=True, is_optional=False), language_field()]
    return modal(ASK_CAUSE, "State the cause", "Record", fields, {INCIDENT: incident_id})


def detection_form(_settings: Settings, incident_id: int) -> View:
    fields = [
        text_field(TEXT, "Detection", example="A customer called", is_long=True, is_optional=False),
        text_field(AT, "Time", hint=f"Leave empty if nobody knows. {TIME_HINT}"),
        language_field(),
    ]
    return modal(ASK_DETECTION, "State the detection", "Record", fields, {INCIDENT: incident_id})


def fix_form(_settings: Settings, incident_id: int) -> View:
    fields = [text_field(TEXT, "Fix", is_long=True, is_optional=False), language_field()]
    return modal(ASK_FIX, "State the fix", "Record", fields, {INCIDENT: incident_id})


def cancel_form(_settings: Settings, incident_id: int) -> View:
    why = text_field(
        TEXT,
        "Reason",
        hint="The record stays. If it was a real incident, resolve it instead.",
        example="False alarm: the monitor was set too low",
        is_long=True,
        is_optional=False,
    )
    fields, metadata = [why, language_field()], {INCIDENT: incident_id}
    return modal(CANCEL_FORM, "Cancel the incident", "Cancel incident", fields, metadata, close="Keep incident")
