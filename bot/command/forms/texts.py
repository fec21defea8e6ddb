"""Labels, hints and buttons of the command forms."""

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class FormText:
    """
    Texts of a form. `labels`, `hints` and `examples` by parameter; `text` is the free text.

    `required`: options that the command needs.
    """

    submit: str
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    examples: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    required: frozenset[str] = frozenset()


TIME_HINT = "For example 14:05, 10 min ago, yesterday 15:00."
DEFAULT_NOW = f"Default: now. {TIME_HINT}"
END_TIME_HINT = "For example 18:00, in 8 hours, tomorrow 09:00."
UNKNOWN_TIME_HINT = "Use ~14:05 for an approximate time, ? for an unknown one."
DEFAULT_LABELS = {"lang": "Language of the text"}
"""Labels of parameters that have none of their own."""
ZONE_LABEL = {"tz": "Time zone"}
ZONE_HINT = {"tz": "Time zone of the times, for example Europe/Paris."}
NOTE_HINT = "The person reads it with the page."
FOLLOW_UP_LABELS = {"owner": "Owner", "due": "Due date", "symptom": "Symptom"}
FOLLOW_UP_HINTS = {"owner": "To name a user group, type /incident task.", "symptom": "The symptom that it answers."}
FORM_TEXTS: Mapping[str, FormText] = {
    "show": FormText("Show"),
    "timeline": FormText("Show"),
    "catchup": FormText("Show"),
    "ack": FormText("Acknowledge"),
    "cannot": FormText(
        "Decline",
        {"text": "Reason"},
        {"text": "The next person is paged. You can also decline after you acknowledged."},
    ),
    "moretime": FormText("Wait", {"minutes": "Minutes"}, {"minutes": "Default: 5."}),
    "unack": FormText("Undo", {"text": "Reason"}, {"text": "The escalation continues where it was."}),
    "reassign": FormText("Page them", {"text": "Note"}, {"text": NOTE_HINT}),
    "note": FormText(
        "Add", {"text": "Note", "at": "Time", "kind": "Kind"}, {"at": f"{DEFAULT_NOW} {UNKNOWN_TIME_HINT}"}
    ),
    "status": FormText(
        "Change", {"status": "Status", "text": "Status update"}, {"text": "Known facts and next steps."}
    ),
    "severity": FormText("Change", {"severity": "Severity", "text": "Reason"}),
    "edit": FormText(
        "Save",
        {
            "title": "Title",
            "service": "Services",
            "ref": "Reference",
            "grade": "Grade",
            "category": "Category",
            "responsibility": "Responsibility",
            "lang": "Languages",
            "template": "Postmortem template",
            **ZONE_LABEL,
        },
        {"lang": "Of the documents. With a title or services: the language of the words.", **ZONE_HINT},
        {"tz": "Europe/Paris", "ref": "TSR-1532"},
    ),
    "escalate": FormText(
        "Page them",
        {"target": "Target", "text": "Reason", "at": "Time of the call", "case": "Case reference"},
        {
            "text": "Why they are needed.",
            "at": "Already called them? Enter when, for example 14:05. It is recorded, and nobody is paged.",
            "case": "Of a vendor.",
        },
        {"case": "CS-123"},
    ),
    "role": FormText(
        "Save",
        {"role": "Role", "person": "Person", "text": "Note"},
        {"person": "Default: you.", "text": "Enter nobody to clear the role."},
        required=frozenset({"role"}),
    ),
    "handover": FormText(
        "Hand over",
        {"role": "Role", "person": "New holder", "text": "Note"},
        {"role": "Default: the lead.", "text": "The new holder reads it with the briefing."},
    ),
    "merge": FormText("Merge", {"incident": "Target incident"}),
    "resolve": FormText(
        "Resolve",
        {"text": "Resolution", "at": "End of the impact"},
        {"text": "How it was resolved. It becomes part of the postmortem.", "at": DEFAULT_NOW},
    ),
    "cancel": FormText(
        "Cancel incident",
        {"text": "Reason"},
        {"text": "The record stays. If it was a real incident, resolve it instead."},
    ),
    "start": FormText(
        "Declare",
        {
            "text": "Title",
            "sev": "Severity",
            "service": "Services",
            "at": "Start time",
            "status": "Starting status",
            "ref": "Reference",
            "private": "Private",
            "drill": "Drill",
            "retro": "It is over",
            **ZONE_LABEL,
        },
        {
            "text": "The problem in a few words.",
            "at": DEFAULT_NOW,
            "private": "Only people who are invited see it",
            "drill": "Practice: marked everywhere, left out of figures",
            "retro": "Recorded after the fact: no channel, nobody is paged",
            "ref": "ID in another system.",
            "service": "Separate several with commas.",
            "tz": "Times in this form and in the documents use it.",
        },
        {"tz": "Europe/Paris", "ref": "TSR-1532"},
    ),
    "vendor": FormText(
        "Record",
        {"vendor": "Vendor", "what": "Event", "case": "Case reference", "at": "Time", "text": "Message"},
        {"what": "Leave empty to record only the case reference.", "at": DEFAULT_NOW},
        {"case": "CS-123"},
    ),
    "impact": FormText(
        "Record",
        {"text": "Impact", "users": "Affected users", "started": "Start", "ended": "End"},
        {"text": "Who is affected, and how?", "users": "A number, or a share with a percent sign."},
        {"users": "1200, or 20%"},
    ),
    "cause": FormText("Record", {"text": "Cause"}),
    "improve": FormText("Save", {"text": "Improvement", **FOLLOW_UP_LABELS}, FOLLOW_UP_HINTS),
    "task": FormText("Save", {"text": "Task", **FOLLOW_UP_LABELS}, FOLLOW_UP_HINTS),
    "update": FormText(
        "Publish",
        {"state": "Public status", "text": "Text", "lang": "Languages", "at": "Time", "affects": "Components"},
        {"text": "For readers outside.", "at": DEFAULT_NOW, "affects": "States of components of the status page."},
        {"affects": "checkout=major,search=ok"},
    ),
    "lead": FormText(
        "Set the lead",
        {"person": "Lead", "text": "Note"},
        {
            "person": "Leave empty to take the lead yourself.",
            "text": "The new lead reads it with the briefing. Enter nobody to clear the lead.",
        },
    ),
    "private": FormText("Show how"),
    "redact": FormText(
        "Redact permanently",
        {"what": "Message link or entry", "text": "Reason"},
        {
            "what": "For example entry-12. Its words are removed everywhere, permanently.",
            "text": "Shown in place of the words.",
        },
    ),
    "reopen": FormText("Reopen", {"text": "Reason"}, {"text": "The recorded end is cleared."}),
    "postmortem": FormText(
        "Continue",
        {
            "step": "Step",
            "reviewers": "Reviewer",
            "due": "Review due",
            "template": "Template",
            "lang": "Languages",
            "transcript": "Appendix",
            "public": "Public",
        },
        {
            "step": "Default: a new draft.",
            "reviewers": "For a review. To name several, type /incident postmortem review.",
            "due": "For a review. Default: when the postmortem is due.",
            "template": "Default: the incident's template.",
            "lang": "Default: the incident's languages.",
        },
    ),
    "drill": FormText(
        "Start",
        {"text": "Scenario", "speed": "Speed"},
        {
            "text": "A scenario, or an incident such as INC-7. Leave empty to list the scenarios.",
            "speed": "How many times faster. Default: the original speed.",
        },
        {"speed": "10"},
    ),
    "mute": FormText(
        "Mute",
        {"person": "Person", "until": "End time", "text": "Reason", **ZONE_LABEL},
        {
            "person": "Default: you. Another person gets a message with your name and reason.",
            "until": END_TIME_HINT,
            **ZONE_HINT,
        },
        required=frozenset({"until"}),
    ),
    "unmute": FormText("Unmute", {"person": "Person", "text": "Note"}, {"person": "Leave empty to unmute yourself."}),
    "maintenance": FormText(
        "Plan",
        {
            "service": "Service",
            "from": "Start time",
            "to": "End time",
            "text": "Reason",
            "public": "Components on the status page",
            "title": "Published title",
            "change": "Times",
            "end": "Options",
            **ZONE_LABEL,
        },
        {
            "service": "Leave every field empty to list the maintenance windows.",
            "from": "Default: now.",
            "to": END_TIME_HINT,
            "text": "Readers see it if you name components of the status page.",
            "public": "Enter none to publish without components. Leave it empty to publish nothing.",
            **ZONE_HINT,
        },
        {"public": "checkout,search"},
    ),
    "find": FormText(
        "Search",
        {"text": "Words", "drills": "Options"},
        {"text": "Searched in titles, references, services, timelines and postmortems. All words must match."},
    ),
}
