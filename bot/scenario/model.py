"""A scenario as typed values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.terms import AlertStatus


@dataclass(frozen=True, slots=True)
class Alert:
    """A monitor tells of an alert. `source` is the name behind `/alerts/`."""

    source: str
    status: AlertStatus
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    kind = "alert"


@dataclass(frozen=True, slots=True)
class VendorStatus:
    """An update appears on a vendor's public status feed."""

    vendor: str
    incident: str
    state: str
    text: str
    published: datetime | None

    kind = "vendor_status"


@dataclass(frozen=True, slots=True)
class Typed:
    """`who` types a slash command."""

    who: str
    text: str

    kind = "command"


@dataclass(frozen=True, slots=True)
class Say:
    """`who` writes a message. `name` is what later steps call it; `channel` None: the incident's."""

    who: str
    text: str
    name: str | None
    channel: str | None

    kind = "say"


@dataclass(frozen=True, slots=True)
class React:
    who: str
    emoji: str
    to: str

    kind = "react"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`who` uses the message shortcut `name` on the message `to`, and chooses the kind `entry_kind` in its form."""

    who: str
    name: str
    to: str
    entry_kind: str | None

    kind = "shortcut"


@dataclass(frozen=True, slots=True)
class Ack:
    """`who` presses Acknowledge on the open escalation to `target`."""

    who: str
    target: str

    kind = "ack"


Act = Alert | VendorStatus | Typed | Say | React | Shortcut | Ack


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. `number` counts from 1. `is_timed`: the scenario says when, it was not spread."""

    number: int
    at: datetime
    is_timed: bool
    act: Act

    @property
    def label(self) -> str:
        """How the step is named to whoever wrote it: `step 7 (say)`."""
        return f"step {self.number} ({self.act.kind})"


@dataclass(frozen=True, slots=True)
class ExpectedEscalation:
    """`to` without its `@`; what is None is not compared."""

    to: str
    external: bool | None = None
    acknowledged: bool | None = None


@dataclass(frozen=True, slots=True)
class ExpectedImpact:
    text: str | None = None
    percent_of_users: float | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """
    The facts that have to hold; what is None is not compared.

    `timeline_times` are clock times (`12:05`) in the scenario's zone, None for an entry without a time. `not_compared`
    names what the scenario expects of features that the record does not hold yet.
    """

    started: datetime | None = None
    resolved: datetime | None = None
    identified: datetime | None = None
    duration: str | None = None
    zone_label: str | None = None
    detected_by: str | None = None
    impact: ExpectedImpact | None = None
    languages: tuple[str, ...] | None = None
    timeline_times: tuple[str | None, ...] | None = None
    actions_taken: int | None = None
    misleading_paths: int | None = None
    escalations: tuple[ExpectedEscalation, ...] | None = None
    improvements: int | None = None
    tasks: int | None = None
    symptom_table: int | None = None
    conclusion: bool | None = None
    findings: tuple[str, ...] | None = None
    not_compared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    One incident. `titles` by language, the key `""` for a title in no stated language.

    `severity` is SEV1 to SEV4, or the workspace's own name for one. `steps` are in order, and never empty.
    """

    titles: Mapping[str, str]
    zone: ZoneInfo
    steps: tuple[Step, ...]
    template: str | None = None
    services: tuple[str, ...] = ()
    severity: str | None = None
    reference: str | None = None
    category: str | None = None
    responsibility: str | None = None
    expected: Expected = field(default=Expected())

    @property
    def title(self) -> str:
        return next(iter(self.titles.values()), "")
