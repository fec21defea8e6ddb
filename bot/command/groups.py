"""Groups of commands with a phrase for each, as help and the incident menu show them."""

from collections.abc import Mapping
from types import MappingProxyType

GROUPS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Respond": {
            "start": "Declare an incident",
            "": "Show the card",
            "status": "Change the status",
            "severity": "Change the severity",
            "escalate": "Page somebody",
            "ack": "Acknowledge a page",
            "cannot": "Decline a page",
            "moretime": "Ask for more time",
            "unack": "Undo an acknowledgement",
            "reassign": "Hand over a page",
            "vendor": "Record a vendor's answer",
            "update": "Record a public update",
            "resolve": "Resolve the incident",
            "cancel": "Cancel the incident",
        },
        "People": {
            "lead": "Set the lead",
            "role": "Set the roles",
            "handover": "Hand over a role",
            "oncall": "Show who is on call",
        },
        "Record": {
            "note": "Add a note",
            "impact": "State the impact",
            "cause": "State the cause",
            "timeline": "Edit the timeline",
            "catchup": "Catch me up",
            "show": "Show the full record",
            "list": "List incidents",
            "find": "Find an incident",
            "redact": "Redact a text",
        },
        "After": {
            "reopen": "Reopen the incident",
            "improve": "Note an improvement",
            "task": "Note a task",
            "postmortem": "Regenerate the draft",
            "drill": "Run a drill",
        },
        "Settings": {
            "edit": "Edit the details",
            "private": "Make it private",
            "merge": "Merge incidents",
            "pages": "Set contact methods",
            "mute": "Mute pages",
            "unmute": "Unmute pages",
            "maintenance": "Plan maintenance",
            "help": "Explain a command",
        },
    }
)
"""Phrases by command name, by the heading of the group."""
PHRASES: Mapping[str, str] = MappingProxyType(
    {name: phrase for group in GROUPS.values() for name, phrase in group.items()}
)
