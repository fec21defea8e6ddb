"""Payloads of timers."""

from typing import Any

from bot.domain.text.payload import Payload
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class IncidentTimer(Payload):
    incident_id: int


@dataclass(frozen=True, slots=True)
class ArchiveTimer(Payload):
    """Times in ISO 8601. `announced_at`: of the notice in the channel; None before it."""

    incident_id: int
    ended_at: str
    announced_at: str | None = None


@dataclass(frozen=True, slots=True)
class DrillTimer(Payload):
    """`lines`: the lines still to post. `speed`: how many times faster than they happened."""

    incident_id: int
    lines: tuple[Any, ...]
    speed: float


@dataclass(frozen=True, slots=True)
class EscalationTimer(Payload):
    escalation_id: int


@dataclass(frozen=True, slots=True)
class PageTimer(Payload):
    page_id: int
    escalation_id: int


@dataclass(frozen=True, slots=True)
class MaintenanceTimer(Payload):
    window_id: int


@dataclass(frozen=True, slots=True)
class ResolutionTimer(Payload):
    """`since`: receipt of the last end of an alert, ISO 8601."""

    incident_id: int
    since: str


@dataclass(frozen=True, slots=True)
class WorkspaceTimer(Payload):
    team_id: str


@dataclass(frozen=True, slots=True)
class ScheduleTimer(Payload):
    team_id: str
    schedule: str


@dataclass(frozen=True, slots=True)
class ImageTimer(Payload):
    """A rendered schedule image in Slack."""

    team_id: str
    file_id: str
