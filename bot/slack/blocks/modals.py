"""Small modals: each opens without asking the database, and keeps what was typed after an error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.config import Settings
from bot.domain.terms import MARKS, Kind, Severity, Status
from bot.slack.blocks.inputs import Choice, modal, person_field, select_field, text_field

View = dict[str, Any]

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

FIRST_FIELD: Mapping[str, str] = {
    DECLARE: TITLE,
    RESOLVE: TEXT,
    NOTE: TEXT,
    MARK: KIND,
    SEVERITY_FORM: SEVERITY,
    STATUS_FORM: STATUS,
    ESCALATE_FORM: PERSON,
    ASK_IMPACT: TEXT,
    ASK_START: AT,
    ASK_CAUSE: TEXT,
    ASK_DETECTION: TEXT,
    ASK_FIX: TEXT,
    EDIT_FORM: TITLE,
    CANCEL_FORM: TEXT,
    ROLES_FORM: TEXT,
}
"""Where a refusal is shown that belongs to no field."""

MEANING: Mapping[Severity, str] = {
    Severity.SEV1: "Most people cannot use it, or data is at risk",
    Severity.SEV2: "An important part is broken for many",
    Severity.SEV3: "Something is broken or slow; there is a way around it",
    Severity.SEV4: "Hardly anybody notices",
}
A_TIME = "Like 14:05, 10 min ago or yesterday 15:00."
A_TIME_HERE = "a time like 14:05, 10 min ago or yesterday 15:00."
STATUSES = (
    Choice(Status.INVESTIGATING, "Investigating", "The cause is not known"),
    Choice(Status.IDENTIFIED, "Identified", "The cause is known, a fix is on its way"),
    Choice(Status.MONITORING, "Monitoring", "A fix is in place, is it enough?"),
    Choice(Status.RESOLVED, "Resolved", "It is over; the postmortem draft follows"),
)


def severities(settings: Settings) -> Sequence[Choice]:
    def shown(severity: Severity) -> str:
        label = settings.severity_label(severity)
        return label if label == severity.value else f"{label} ({severity.value})"

    return [Choice(severity.value, shown(severity), MEANING[severity]) for severity in Severity]


def resolve(_settings: Settings, incident_id: int) -> View:
    fields = [
        text_field(TEXT, "What ended it?", hint="It becomes the resolution in the postmortem.", is_long=True),
        text_field(AT, "When did the impact end?", hint=f"Empty means: now. Else {A_TIME_HERE}"),
    ]
    return modal(RESOLVE, "Resolve the incident", "Resolve", fields, {INCIDENT: incident_id})


def kind_choices() -> Sequence[Choice]:
    return [Choice(kind.value, kind.capitalize()) for kind in MARKS]


def kinds(chosen: Kind = Kind.NOTE) -> dict[str, Any]:
    return select_field(KIND, "Kind", kind_choices(), chosen=chosen.value, is_optional=False)


def note(_settings: Settings, incident_id: int) -> View:
    fields = [
        text_field(TEXT, "What happened?", is_long=True, is_optional=False),
        kinds(),
        text_field(AT, "When?", hint=f"Empty means: now. Else {A_TIME_HERE} ~14:05 is about, ? is not known."),
    ]
    return modal(NOTE, "Add to the timeline", "Add", fields, {INCIDENT: incident_id})


def severity(settings: Settings, incident_id: int) -> View:
    fields = [
        select_field(SEVERITY, "How bad is it?", severities(settings), is_optional=False),
        text_field(TEXT, "Why?", is_long=True),
    ]
    return modal(SEVERITY_FORM, "Change the severity", "Change", fields, {INCIDENT: incident_id})


def statuses(settings: Settings) -> Sequence[Choice]:
    """Under the workspace's own words, where it has any."""
    return [replace(each, text=settings.status_name(each.value)) for each in STATUSES]


def status(settings: Settings, incident_id: int) -> View:
    fields = [
        select_field(STATUS, "Where does it stand?", statuses(settings), is_optional=False),
        text_field(TEXT, "What is known?", is_long=True),
    ]
    return modal(STATUS_FORM, "Change the status", "Change", fields, {INCIDENT: incident_id})


def escalate(settings: Settings, incident_id: int) -> View:
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


def mark(incidents: Sequence[Choice], carried: Mapping[str, object], *, chosen: str | None = None) -> View:
    """A message onto a timeline: which incident's, and as what."""
    where = (
        select_field(INCIDENT, "Incident", incidents, chosen=chosen or incidents[0].value, is_optional=False)
        if incidents
        else text_field(INCIDENT, "Incident", example="INC-7", is_optional=False)
    )
    return modal(MARK, "Add to a timeline", "Add", [where, kinds()], carried)


def ask_impact(_settings: Settings, incident_id: int) -> View:
    fields = [
        text_field(TEXT, "What did it do to whom?", is_long=True, is_optional=False),
        text_field(USERS, "Share of users", example="20%"),
    ]
    return modal(ASK_IMPACT, "The impact", "Record", fields, {INCIDENT: incident_id})


def ask_start(_settings: Settings, incident_id: int) -> View:
    fields = [text_field(AT, "When did the impact really begin?", hint=A_TIME, is_optional=False)]
    return modal(ASK_START, "The real start", "Record", fields, {INCIDENT: incident_id})


def ask_cause(_settings: Settings, incident_id: int) -> View:
    fields = [text_field(TEXT, "What caused it?", is_long=True, is_optional=False)]
    return modal(ASK_CAUSE, "The cause", "Record", fields, {INCIDENT: incident_id})


def ask_detection(_settings: Settings, incident_id: int) -> View:
    fields = [
        text_field(TEXT, "How was it noticed?", example="A customer called", is_long=True, is_optional=False),
        text_field(AT, "When?", hint=f"Leave it empty if nobody knows. {A_TIME}"),
    ]
    return modal(ASK_DETECTION, "How it was noticed", "Record", fields, {INCIDENT: incident_id})


def ask_fix(_settings: Settings, incident_id: int) -> View:
    fields = [text_field(TEXT, "What fixed it?", is_long=True, is_optional=False)]
    return modal(ASK_FIX, "What fixed it", "Record", fields, {INCIDENT: incident_id})


def cancel(_settings: Settings, incident_id: int) -> View:
    why = text_field(
        TEXT,
        "Why?",
        hint="What was recorded stays. To end an incident that was one, resolve it instead.",
        example="False alarm: the monitor was set too low",
        is_long=True,
        is_optional=False,
    )
    return modal(CANCEL_FORM, "Cancel the incident", "Cancel it", [why], {INCIDENT: incident_id})


Opening = Callable[[Settings, int], View]

OPENINGS: Sequence[Opening] = (
    resolve,
    note,
    severity,
    status,
    escalate,
    ask_impact,
    ask_start,
    ask_cause,
    ask_detection,
    ask_fix,
    cancel,
)
"""Every form that a button opens."""
