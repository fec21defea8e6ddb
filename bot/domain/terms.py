"""The words of the field, once. Every value that is stored or exported is spelled here."""

from enum import StrEnum
from typing import NewType

UserId = NewType("UserId", str)
"""A Slack user id (`U…` or `W…`). Names are looked up when they are shown."""


class Status(StrEnum):
    """Where an incident stands. The state machine is `bot.domain.incidents.lifecycle.NEXT`."""

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


NAMED_BY_PEOPLE = (Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING, Status.RESOLVED)
"""Statuses that are set by naming them; the others come from commands that ask for more, or from Dogwatch."""


class Severity(StrEnum):
    """How bad it is: SEV1 is worst. A workspace shows its own labels for these (`P1`, …)."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"


class Kind(StrEnum):
    """What a timeline entry says; a message's marks are kinds. The second group is set by commands and by the bot."""

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
    """The title, the services or another field was changed. `Entry.changes` says to what."""
    MERGED = "merged"
    """The incident was merged into the one that the text names, or took that one in."""


MARKS = tuple(Kind)[: list(Kind).index(Kind.DECLARED)]
"""The kinds that a person can give an entry, by reaction or by `kind:`."""


class UpdateState(StrEnum):
    """What the public is told: where the incident stands, or that the postmortem is published."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"


class Precision(StrEnum):
    """How well the time of an entry is known. UNKNOWN goes with no time at all, never with an invented one."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    UNKNOWN = "unknown"


class SourceKind(StrEnum):
    """Where a statement comes from."""

    MESSAGE = "message"
    ALERT = "alert"
    COMMAND = "command"
    SYSTEM = "system"


class ActionKind(StrEnum):
    """An improvement is a lesson; a task is a piece of work that somebody will tick off."""

    IMPROVEMENT = "improvement"
    TASK = "task"


class TargetKind(StrEnum):
    """Whom an escalation goes to."""

    PERSON = "person"
    GROUP = "group"
    TEAM = "team"
    POLICY = "policy"
    VENDOR = "vendor"
    SCHEDULE = "schedule"
    SERVICE = "service"
    """A paging service or a webhook, by the means that leads there: `pagerduty:payments`."""


class AlertStatus(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"
