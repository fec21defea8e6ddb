"""Scenarios as typed values, validated from their YAML."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bot.lazy_dataclass import dataclass
from bot.scenario.fields import (
    ClockTime,
    Command,
    Count,
    Day,
    Duration,
    Handle,
    Instant,
    Labels,
    Services,
    Source,
    Status,
    Text,
    Texts,
    TextTable,
    Titles,
    Zone,
)

ChangeWord = Literal["deployment", "release", "pipeline", "configuration", "flag", "change"]


class Section(BaseModel):
    """A table of the file. A key without a value counts as absent."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: object) -> object:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class Alert(Section):
    """A monitor sends a notification. `source` is the name behind `/alerts/`."""

    kind: ClassVar = "alert"
    source: Source
    status: Status
    labels: Labels
    annotations: TextTable = Field(default_factory=dict)


class DeliveredChange(Section):
    """A delivery tool reports a change. Without times it ended at the step's time."""

    kind: ClassVar = "change"
    title: Text
    services: Annotated[Services, Field(alias="service")] = ()
    name: Annotated[Text | None, Field(alias="id")] = None
    change_kind: Annotated[ChangeWord, Field(alias="kind")] = "deployment"
    status: Literal["started", "succeeded", "failed"] | None = None
    version: Text | None = None
    environment: Text | None = None
    author: Text | None = None
    url: Text | None = None


class VendorStatus(Section):
    """An update appears on a vendor's public status feed."""

    kind: ClassVar = "vendor_status"
    vendor: Text
    incident: Annotated[Text, Field(alias="id")]
    state: Text
    text: Text = ""
    published: Instant | None = None


class SlashCommand(Section):
    kind: ClassVar = "command"
    who: Handle
    text: Command


class Message(Section):
    """A person writes a message. `name`: for later steps; `channel` None: the incident's."""

    kind: ClassVar = "say"
    who: Handle
    text: Text
    name: Annotated[Text | None, Field(alias="id")] = None
    channel: Annotated[Text, AfterValidator(lambda name: name.removeprefix("#"))] | None = None


class Reaction(Section):
    kind: ClassVar = "react"
    who: Handle
    emoji: Annotated[Text, AfterValidator(lambda name: name.strip(":"))]
    to: Text


class MessageShortcut(Section):
    """A person uses a message shortcut on the message `to`, with `entry_kind` in its form."""

    kind: ClassVar = "shortcut"
    who: Handle
    name: Text
    to: Text
    entry_kind: Annotated[Text | None, Field(alias="kind")] = None


class Acknowledgement(Section):
    """A person presses Acknowledge on the open escalation to `target`."""

    kind: ClassVar = "ack"
    who: Handle
    target: Annotated[Handle, AfterValidator(lambda name: name.removeprefix("vendor:"))]


Action = Alert | DeliveredChange | VendorStatus | SlashCommand | Message | Reaction | MessageShortcut | Acknowledgement


class StepEntry(Section):
    """A step as the file has it: one action, and its time."""

    at: Text | None = None
    alert: Alert | None = None
    change: DeliveredChange | None = None
    vendor_status: VendorStatus | None = None
    command: SlashCommand | None = None
    say: Message | None = None
    react: Reaction | None = None
    shortcut: MessageShortcut | None = None
    ack: Acknowledgement | None = None

    @model_validator(mode="after")
    def _check_action(self) -> Self:
        if len(self._actions) != 1:
            raise ValueError(
                f"a step needs exactly one of {', '.join(ACTION_KEYS)}, not {len(self._actions)}. `at` is optional."
            )
        return self

    @property
    def _actions(self) -> list[Action]:
        return [action for key in ACTION_KEYS if (action := getattr(self, key)) is not None]

    @property
    def action(self) -> Action:
        return self._actions[0]


ACTION_KEYS = tuple(key for key in StepEntry.model_fields if key != "at")


@dataclass(frozen=True, slots=True)
class Step:
    """An action and its time. `number` counts from 1. `is_timed`: the file states the time."""

    number: int
    at: datetime
    is_timed: bool
    action: Action

    @property
    def label(self) -> str:
        """The step in messages: `step 7 (say)`."""
        return f"step {self.number} ({self.action.kind})"


class ExpectedEscalation(Section):
    to: Handle
    external: bool | None = None
    acknowledged: bool | None = None


class ExpectedImpact(Section):
    text: Text | None = None
    percent_of_users: float | None = None
    count_of_users: int | None = None


class ExpectedPublicPage(Section):
    """Times of the first and the resolving update; `shown_duration` from one to the other."""

    first_update: Instant | None = None
    resolved_update: Instant | None = None
    shown_duration: Duration | None = None
    languages: Texts | None = None
    states: Texts | None = None


class Expected(Section):
    """
    The expected facts; None is not compared.

    `timeline_times` are clock times (`12:05`) in the scenario's zone, None for an entry without a time.
    """

    started: Instant | None = None
    resolved: Instant | None = None
    identified: Instant | None = None
    duration: Duration | None = None
    zone_label: Text | None = None
    detected_by: Text | None = None
    impact: ExpectedImpact | None = None
    languages: Texts | None = None
    timeline_times: Annotated[tuple[ClockTime | None, ...], Field(strict=False)] | None = None
    actions_taken: Count | None = None
    misleading_paths: Count | None = None
    escalations: Annotated[tuple[ExpectedEscalation, ...], Field(strict=False)] | None = None
    improvements: Count | None = None
    tasks: Count | None = None
    symptom_table: Count | None = None
    conclusion: bool | None = None
    findings: Texts | None = None
    public_page: ExpectedPublicPage | None = None


class ExpectedVendorView(Section):
    """An update as a company reads it that watches the public page. `then` is for people."""

    status: Annotated[VendorStatus, Field(alias="vendor_status")]
    then: Text = ""


class Header(Section):
    """
    The facts above the steps. `titles` by language, the key `""` for no stated language.

    `severity` is SEV1 to SEV4, or the workspace's own name for one.
    """

    titles: Annotated[Titles, Field(alias="title")]
    zone: Annotated[Zone, Field(alias="timezone")]
    template: Text | None = None
    services: Annotated[Services, Field(alias="service")] = ()
    severity: Text | None = None
    reference: Text | None = None
    category: Text | None = None
    responsibility: Text | None = None
    expected: Expected = Field(default=Expected(), alias="expect")
    vendor_view: Annotated[tuple[ExpectedVendorView, ...] | None, Field(strict=False)] = None

    @property
    def title(self) -> str:
        return next(iter(self.titles.values()), "")


def _require_steps(steps: tuple[StepEntry, ...]) -> tuple[StepEntry, ...]:
    if not steps:
        raise ValueError("there are none. A scenario needs at least one step.")
    return steps


class ScenarioFile(Header):
    """A scenario as the file has it."""

    date: Day
    steps: Annotated[tuple[StepEntry, ...], Field(strict=False), AfterValidator(_require_steps)]


class Scenario(Header):
    """One incident. `steps` are in order, and never empty."""

    steps: tuple[Step, ...]
