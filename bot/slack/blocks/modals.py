"""Incident forms that open without a database query."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.config import Settings
from bot.domain.languages import get_language
from bot.domain.terms import LANGUAGES, MARKS, Kind, Severity, Status
from bot.slack.blocks.inputs import Choice, modal, person_field, select_field, text_field
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
PERSON, TEAM, USERS, INCIDENT = "person", "team", "users", "incident"

SEVERITY_DESCRIPTIONS: Mapping[Severity, str] = {
    Severity.SEV1: "Most people cannot use it, or data is at risk",
    Severity.SEV2: "An important part is broken for many",
    Severity.SEV3: "Something is broken or slow; there is a way around it",
    Severity.SEV4: "Hardly anybody notices",
}
TIME_HINT = "Like 14:05, 10 min ago or yesterday 15:00."
TIME_HINT_INLINE = "a time like 14:05, 10 min ago or yesterday 15:00."
STATUS_CHOICES = (
    Choice(Status.INVESTIGATING, "Investigating", "The cause is not known"),
    Choice(Status.IDENTIFIED, "Identified", "The cause is known, a fix is on its way"),
    Choice(Status.MONITORING, "Monitoring", "A fix is in place, is it enough?"),
    Choice(Status.RESOLVED, "Resolved", "It is over; the postmortem draft follows"),
)


def severity_choices(settings: Settings) -> Sequence[Choice]:
    def label_of(severity: Severity) -> str:
        label = settings.severity_label(severity)
        return label if label == severity.value else f"{label} ({severity.value})"

    return [Choice(severity.value, label_of(severity), SEVERITY_DESCRIPTIONS[severity]) for severity in Severity]


def resolve_form(_settings: Settings, incident_id: int) -> View:
    fields = [
        text_field(TEXT, "What ended it?", hint="It becomes the resolution in the postmortem.", is_long=True),
        text_field(AT, "When did the impact end?", hint=f"Empty means: now. Else {TIME_HINT_INLINE}"),
    ]
    return modal(RESOLVE, "Resolve the incident", "Resolve", fields, {INCIDENT: incident_id})


def kind_choices() -> Sequence[Choice]:
    return [Choice(kind.value, kind.capitalize()) for kind in MARKS]


def language_choices() -> list[Choice]:
    english = get_language("en")
    return [Choice(code, english.language_name(code).capitalize()) for code in LANGUAGES]


def kind_field(chosen: Kind = Kind.NOTE) -> Block:
    return select_field(KIND, "Kind", kind_choices(), chosen=chosen.value, is_optional=False)


def note_form(_settings: Settings, incident_id: int) -> View:
    fields = [
        text_field(TEXT, "What happened?", is_long=True, is_optional=False),
        kind_field(),
        text_field(AT, "When?", hint=f"Empty means: now. Else {TIME_HINT_INLINE} ~14:05 is about, ? is not known."),
    ]
    return modal(NOTE, "Add to the timeline", "Add", fields, {INCIDENT: incident_id})


def severity_form(settings: Settings, incident_id: int) -> View:
    fields = [
        select_field(SEVERITY, "How bad is it?", severity_choices(settings), is_optional=False),
        text_field(TEXT, "Why?", is_long=True),
    ]
    return modal(SEVERITY_FORM, "Change the severity", "Change", fields, {INCIDENT: incident_id})


def status_choices(settings: Settings) -> Sequence[Choice]:
    """Statuses under the names that the workspace gives them."""
    return [replace(each, text=settings.status_name(each.value)) for each in STATUS_CHOICES]


def status_form(settings: Settings, incident_id: int) -> View:
    fields = [
        select_field(STATUS, "Where does it stand?", status_choices(settings), is_optional=False),
        text_field(TEXT, "What is known?", is_long=True),
    ]
    return modal(STATUS_FORM, "Change the status", "Change", fields, {INCIDENT: incident_id})


def escalate_form(settings: Settings, incident_id: int) -> View:
    others = [Choice(f"policy:{name}", name, "policy: level by level") for name in sorted(settings.policies)]
    others += [Choice(f"schedule:{name}", name, "whoever is on call") for name in sorted(settings.schedules)]
    others += [Choice(f"team:{name}", f"@{name}", "team") for name in sorted(settings.teams)]
    others += [Choice(f"vendor:{name}", name, "vendor") for name in sorted(settings.vendors)]
    fields = [person_field(PERSON, "A person")]
    if others:
        fields.append(select_field(TEAM, "Or a policy, schedule, team or vendor", others))
    fields.append(text_field(TEXT, "Why are they needed?", is_long=True))
    called = "If somebody called them by other means: nobody is paged then, and it is recorded. Like 14:05."
    fields.append(text_field(AT, "Were they called already? When?", hint=called))
    fields.append(text_field(CASE, "A vendor's case reference", example="CS-123"))
    return modal(ESCALATE_FORM, "Escalate", "Page them", fields, {INCIDENT: incident_id})


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
        text_field(TEXT, "What did it do to whom?", is_long=True, is_optional=False),
        text_field(USERS, "How many users?", hint="A count like 1200, or a share with its sign like 20%."),
    ]
    return modal(ASK_IMPACT, "The impact", "Record", fields, {INCIDENT: incident_id})


def start_form(_settings: Settings, incident_id: int) -> View:
    fields = [text_field(AT, "When did the impact really begin?", hint=TIME_HINT, is_optional=False)]
    return modal(ASK_START, "The real start", "Record", fields, {INCIDENT: incident_id})


def cause_form(_settings: Settings, incident_id: int) -> View:
    fields = [text_field(TEXT, "What caused it?", is_long=True, is_optional=False)]
    return modal(ASK_CAUSE, "The cause", "Record", fields, {INCIDENT: incident_id})


def detection_form(_settings: Settings, incident_id: int) -> View:
    fields = [
        text_field(TEXT, "How was it noticed?", example="A customer called", is_long=True, is_optional=False),
        text_field(AT, "When?", hint=f"Leave it empty if nobody knows. {TIME_HINT}"),
    ]
    return modal(ASK_DETECTION, "How it was noticed", "Record", fields, {INCIDENT: incident_id})


def fix_form(_settings: Settings, incident_id: int) -> View:
    fields = [text_field(TEXT, "What fixed it?", is_long=True, is_optional=False)]
    return modal(ASK_FIX, "What fixed it", "Record", fields, {INCIDENT: incident_id})


def cancel_form(_settings: Settings, incident_id: int) -> View:
    why = text_field(
        TEXT,
        "Why?",
        hint="What was recorded stays. To end an incident that was one, resolve it instead.",
        example="False alarm: the monitor was set too low",
        is_long=True,
        is_optional=False,
    )
    return modal(CANCEL_FORM, "Cancel the incident", "Cancel it", [why], {INCIDENT: incident_id})


FormBuilder = Callable[[Settings, int], View]

INCIDENT_FORMS: Sequence[FormBuilder] = (
    resolve_form,
    note_form,
    severity_form,
    status_form,
    escalate_form,
    impact_form,
    start_form,
    cause_form,
    detection_form,
    fix_form,
    cancel_form,
)
"""Forms that a button opens."""
