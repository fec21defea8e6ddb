"""Terms of the field: every enumerated value that is stored or exported."""

from enum import StrEnum
from typing import NewType

from bot.lazy_dataclass import dataclass

UserId = NewType("UserId", str)
"""A Slack user id (`U…` or `W…`). Names are looked up for display."""

LANGUAGES = ("en", "fr", "it", "es", "de", "pt")
"""Codes of the languages that documents are written in."""


class Status(StrEnum):
    """Status of an incident. The state machine is `bot.domain.incidents.lifecycle.NEXT`."""

    TRIAGE = "triage"
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"

    @property
    def is_open(self) -> bool:
        return self in {Status.TRIAGE, Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING}


DIRECT_STATUSES = (Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING, Status.RESOLVED)
"""Statuses that `/incident status` sets; the others come from other commands, or from Dogwatch."""


class Severity(StrEnum):
    """SEV1 is worst. A workspace may show its own labels (`P1`, …)."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"


class Kind(StrEnum):
    """
    Kind of a timeline entry.

    The first group are marks that people give. Commands and the bot set the second.
    """

    __hash__ = str.__hash__  # that of `Enum` is written in Python, and drafts look up kinds a hundred thousand times

    DETECTION = "detection"
    INVESTIGATION = "investigation"
    HYPOTHESIS = "hypothesis"
    MISLEADING_PATH = "misleading path"
    RULED_OUT = "ruled out"
    ESCALATION = "escalation"
    ACTION = "action"
    ROLLBACK = "rollback"
    CAUSE = "cause"
    IMPACT_BEGAN = "impact began"
    COMMUNICATION = "communication"
    FIXED = "fixed"
    TASK = "task"
    IMPROVEMENT = "improvement"
    NOTE = "note"
    WENT_WELL = "went well"
    WENT_BADLY = "went badly"
    GOT_LUCKY = "got lucky"

    DECLARED = "declared"
    STATUS = "status"
    SEVERITY = "severity"
    ROLE = "role"
    IMPACT = "impact"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    ALERT_RESOLVED = "alert resolved"
    CANCELLED = "cancelled"
    DETAILS = "details"
    """The title, the services or another field was changed. `Entry.changes` has the new values."""
    MERGED = "merged"
    """The incident was merged into another, or took another one in."""


MARKS = tuple(Kind)[: list(Kind).index(Kind.DECLARED)]
"""Kinds that a person can give an entry, by reaction or by `kind:`."""


class UpdateState(StrEnum):
    """State in a public update; POSTMORTEM: the postmortem is published."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"


class Precision(StrEnum):
    """Precision of an entry's time. UNKNOWN means that there is no time at all."""

    __hash__ = str.__hash__

    EXACT = "exact"
    APPROXIMATE = "approximate"
    UNKNOWN = "unknown"


class SourceKind(StrEnum):
    """Origin of a statement."""

    __hash__ = str.__hash__

    MESSAGE = "message"
    ALERT = "alert"
    COMMAND = "command"
    SYSTEM = "system"
    CHANGE = "change"
    VENDOR = "vendor"


class ActionKind(StrEnum):
    """An improvement is a lesson; a task is work to tick off."""

    IMPROVEMENT = "improvement"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class Owner:
    """
    Owner of an action item, by Slack's id.

    `group`: a user group's name without `@`; empty for a person.
    """

    id: str
    group: str = ""


class TargetKind(StrEnum):
    """Target of an escalation."""

    PERSON = "person"
    GROUP = "group"
    TEAM = "team"
    POLICY = "policy"
    VENDOR = "vendor"
    SCHEDULE = "schedule"
    SERVICE = "service"
    """A paging service or a webhook, by its contact method: `pagerduty:payments`."""


class AlertStatus(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"
