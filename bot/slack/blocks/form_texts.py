"""Titles, labels and hints of the command forms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.slack.blocks.modals import TIME_HINT


@dataclass(frozen=True, slots=True)
class FormText:
    """Texts of a form. `labels`, `hints` and `examples` by parameter; `text` is the free text."""

    title: str
    submit: str
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    examples: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


LANGUAGE_LABEL = {"lang": "Language of the text"}
FOLLOW_UP_LABELS = {
    "owner": "Who does it?",
    "due": "Until when?",
    "symptom": "Which symptom does it answer?",
    **LANGUAGE_LABEL,
}
FORM_TEXTS: Mapping[str, FormText] = {
    "show": FormText("Everything about it", "Show"),
    "timeline": FormText("The timeline", "Show"),
    "catchup": FormText("Catch me up", "Show"),
    "ack": FormText("Acknowledge the page", "Acknowledge"),
    "cannot": FormText("I can't come", "Next please", {"text": "Why?"}, {"text": "Also after you acknowledged."}),
    "moretime": FormText(
        "More time", "Wait with it", {"minutes": "How many minutes?"}, {"minutes": "Nothing chosen: 5."}
    ),
    "unack": FormText(
        "Not acknowledged", "Take it back", {"text": "Why?"}, {"text": "The escalation goes on where it was."}
    ),
    "reassign": FormText("Hand it over", "Page them", {"text": "Anything they should know?"}),
    "note": FormText("Add to the timeline", "Add"),
    "status": FormText("Change the status", "Change"),
    "severity": FormText("Change the severity", "Change"),
    "edit": FormText("Edit the details", "Save"),
    "escalate": FormText("Escalate", "Page them"),
    "role": FormText("Roles", "Save"),
    "handover": FormText(
        "Hand over",
        "Hand over",
        {"role": "Which role?", "person": "To whom?", "text": "Anything they should know?"},
        {"role": "Nothing chosen: the lead."},
    ),
    "merge": FormText("Merge it", "Merge"),
    "resolve": FormText("Resolve the incident", "Resolve"),
    "cancel": FormText("Cancel the incident", "Cancel it"),
    "vendor": FormText(
        "What a vendor said",
        "Record",
        {
            "vendor": "Which vendor?",
            "what": "What happened?",
            "case": "Their case reference",
            "at": "When?",
            "text": "What did they say?",
        },
        {"what": "Nothing chosen: only the case reference is recorded.", "at": f"Empty: now. {TIME_HINT}"},
        {"case": "CS-123"},
    ),
    "impact": FormText(
        "The impact",
        "Record",
        {
            "text": "What did it do to whom?",
            "users": "How many users?",
            "started": "When did it begin?",
            "ended": "When did it end?",
            **LANGUAGE_LABEL,
        },
        examples={"users": "1200, or 20%"},
    ),
    "cause": FormText("The cause", "Record", {"text": "What caused it?", **LANGUAGE_LABEL}),
    "improve": FormText("What to improve", "Note it", {"text": "What should become better?", **FOLLOW_UP_LABELS}),
    "task": FormText("A task", "Note it", {"text": "What is to be done?", **FOLLOW_UP_LABELS}),
    "update": FormText(
        "What the public was told",
        "Record",
        {"state": "What was said of it?", "text": "In which words?", "lang": "Languages", "at": "When?"},
    ),
    "lead": FormText(
        "Who leads",
        "Give the lead",
        {"person": "Who?", "text": "Anything they should know?"},
        {"person": "Nobody chosen: you take the lead.", "text": "Write nobody alone to give the lead up."},
    ),
    "private": FormText("Make it private", "Show how"),
    "redact": FormText(
        "Redact",
        "Redact for ever",
        {"what": "A link to the message, or an entry", "text": "Why?"},
        {
            "what": "Like entry-12. Its words are removed everywhere, for ever.",
            "text": "It stands in the words' place.",
        },
    ),
    "reopen": FormText("Open it again", "Reopen", {"text": "Why?"}, {"text": "Its end is taken back."}),
    "postmortem": FormText(
        "The postmortem draft",
        "Write it",
        {"template": "Its form", "lang": "Its languages"},
        {"template": "Empty: as the incident has it.", "lang": "Empty: as the incident has them."},
    ),
    "drill": FormText(
        "Practise",
        "Begin",
        {"text": "Which one?", "speed": "How many times as fast?"},
        {"text": "A scenario, or an incident like INC-7. Empty: which there are.", "speed": "Empty: as it happened."},
        {"speed": "10"},
    ),
    "mute": FormText(
        "Do not page",
        "Mute",
        {"person": "Whom?", "until": "Until when?", "text": "Why?"},
        {
            "person": "Nobody chosen: you. Somebody else is told, by whom and why.",
            "until": "Needed. Like 18:00, in 8 hours, tomorrow 09:00.",
        },
    ),
    "unmute": FormText(
        "Page again", "Unmute", {"person": "Whom?", "text": "Anything else"}, {"person": "Nobody chosen: you."}
    ),
    "maintenance": FormText(
        "Maintenance",
        "Plan it",
        {"service": "Of which service?", "from": "From when on?", "to": "Until when?", "text": "Why?", "end": "And"},
        {
            "service": "Empty, with nothing else: which there are.",
            "from": "Empty: from now on.",
            "to": "Like 18:00, in 2 hours, tomorrow 09:00.",
        },
    ),
    "find": FormText(
        "Find an incident",
        "Search",
        {"text": "Words", "drills": "And"},
        {"text": "In titles, references, services and timelines. All of them have to be there."},
    ),
}
