"""The tables of `dogwatch.toml`, one class each, with their defaults."""

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.config.sections.durations import Length, ResolveAfter, parse_length
from bot.config.sections.fields import (
    BridgeTemplate,
    Channel,
    ChannelPrefix,
    ClockTime,
    ClosingTime,
    Day,
    Emoji,
    FileName,
    FindingCode,
    Holiday,
    Host,
    Language,
    ListOf,
    PolicyBySeverity,
    SeverityWord,
    Template,
    UsergroupId,
    UserIdText,
    Word,
    Zone,
)
from bot.domain.oncall.working_hours import DAYS
from bot.domain.terms import Severity
from bot.domain.timeline.emoji import CONFIRM_EMOJI

TEMPLATES = ("classic", "brief", "statuspage", "sre")
"""The built-in postmortem templates; an operator's own are in the folder of `[postmortem]`."""
PUBLIC_BLOCKED_BY = (
    "end-before-start",
    "start-time-conflict",
    "end-time-conflict",
    "weekday-conflict",
    "duration-conflict",
    "public-cause-conflict",
    "language-missing",
    "language-outdated",
)
"""Findings that block a public postmortem: contradictions that a reader outside can see."""
LONGEST_BRIEFING = 1_500
"""Characters: the briefing and the incident's state share one message."""


class Section(BaseModel):
    """A table of the file: unknown keys are errors, and a quoted number is not a number."""

    # Deferred: only the settings as a whole are validated, and their validator contains that of each section.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, defer_build=True)


class IncidentsSection(Section):
    """`[incidents]`: the defaults of every incident."""

    channel: Channel = "incidents"
    channel_prefix: ChannelPrefix = "inc"
    drill_prefix: ChannelPrefix = "drill"
    drills: FileName | None = None
    default_severity: SeverityWord = Severity.SEV3
    triage: Literal["none", "alerts", "all"] = "none"
    zone: Zone = ZoneInfo("UTC")
    languages: Annotated[ListOf[Language], Field(min_length=1)] = ("en",)
    template: Template = "classic"
    confirm_emoji: Emoji = CONFIRM_EMOJI
    policy: Word | None = None
    bridge: BridgeTemplate | None = None
    suggest_similar: bool = True
    archive_after_days: Annotated[int, Field(ge=1, le=365)] | None = None


class SeveritySection(Section):
    """`[severities.SEV1]`: the workspace's label, further words, required facts and policy."""

    label: Word | None = None
    words: ListOf[Word] = ()
    demands: ListOf[Word] = ()
    policy: Word | None = None


class StatusSection(Section):
    """`[statuses.STATUS]`: the workspace's label, further words and required facts."""

    label: Word | None = None
    words: ListOf[Word] = ()
    demands: ListOf[Word] = ()


def _expand_label(value: object) -> object:
    return {"label": value} if isinstance(value, str) else value


SeverityLabel = Annotated[SeveritySection, BeforeValidator(_expand_label)]
StatusLabel = Annotated[StatusSection, BeforeValidator(_expand_label)]


class WorkingHoursSection(Section):
    """`[working_hours]`. `zone` None: the incident's."""

    days: Annotated[ListOf[Day], Field(min_length=1)] = DAYS[:5]
    opens: Annotated[ClockTime, Field(alias="from")] = "09:00"
    closes: Annotated[ClosingTime, Field(alias="to")] = "18:00"
    zone: Zone | None = None
    holidays: ListOf[Holiday] = ()


class OwnHoursSection(Section):
    """`working_hours` of a service or team. None: the value of `[working_hours]`."""

    days: Annotated[ListOf[Day], Field(min_length=1)] | None = None
    opens: Annotated[ClockTime | None, Field(alias="from")] = None
    closes: Annotated[ClosingTime | None, Field(alias="to")] = None
    zone: Zone | None = None
    holidays: ListOf[Holiday] | None = None


class RoleSection(Section):
    """`[roles.NAME]`. None, for a built-in role: its own value."""

    label: Word | None = None
    words: ListOf[Word] = ()
    briefing: Annotated[str, Field(min_length=1, max_length=LONGEST_BRIEFING)] | None = None


class ServiceSection(Section):
    """
    `[services.NAME]`. `people` are user ids and names of teams. None: the incident's value.

    `aliases` are its names in other systems, `depends_on` the services that it needs, `vendors` the keys of the vendors
    that it needs. `resolve_after`: its alerts must have been over for so long until Dogwatch resolves the incident.
    `tell_changes`: its changes are posted in the channels of open incidents that they concern.
    """

    people: ListOf[Word] = ()
    aliases: ListOf[Word] = ()
    depends_on: ListOf[Word] = ()
    vendors: ListOf[Word] = ()
    team: Word | None = None
    severity: SeverityWord | None = None
    resolve_after: ResolveAfter | None = None
    tell_changes: bool = False
    template: Template | None = None
    zone: Zone | None = None
    policy: PolicyBySeverity | None = None
    working_hours: OwnHoursSection | None = None


class TeamSection(Section):
    """`[teams.NAME]`: people by user id, or a Slack user group, or both."""

    members: ListOf[UserIdText] = ()
    usergroup: UsergroupId | None = None
    working_hours: OwnHoursSection | None = None


class ChangesSection(Section):
    """`[changes]`: how long before the first error a change comes into question."""

    window: Length = "2h"

    @property
    def length(self) -> timedelta:
        return parse_length(self.window)


class HeartbeatSection(Section):
    """`[heartbeats.NAME]`: a job that reports, and how long it may be silent."""

    every: Length
    grace: Length = "5m"
    service: Word | None = None
    severity: SeverityWord | None = None


class IntakeSection(Section):
    """`[intake]`: limits of concurrent requests. Those above them are answered with 503."""

    requests: Annotated[int, Field(ge=8, le=10_000)] = 4096
    requests_per_sender: Annotated[int, Field(ge=1, le=10_000)] = 2048
    per_second_and_sender: Annotated[int, Field(ge=1, le=100_000)] = 1000
    megabytes: Annotated[int, Field(ge=6, le=1024)] = 16


class StormsSection(Section):
    """`[storms]`: alerts that would open more `incidents` than this within `minutes` share one."""

    incidents: Annotated[int, Field(ge=0, le=1000)] = 10
    minutes: Annotated[int, Field(ge=1, le=1440)] = 5


class EscalationSection(Section):
    """`[escalation]`: reminders of unanswered escalations, and the reactions that acknowledge."""

    remind_after_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    remind_times: Annotated[int, Field(ge=0, le=100)] = 3
    acknowledge_emoji: ListOf[Emoji] = ("white_check_mark",)


class RetentionSection(Section):
    """`[retention]`: days until data outside the record, or files, are deleted. None: never."""

    transcripts_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    payloads_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    files_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


class FilesSection(Section):
    """
    `[files]`: files that people posted on messages of the timeline.

    `folder` None: beside the SQLite file. `max_megabytes` is the limit of one file, `max_count` that of an incident.
    """

    keep: bool = True
    folder: FileName | None = None
    max_megabytes: Annotated[int, Field(ge=1, le=100)] = 10
    max_count: Annotated[int, Field(ge=1, le=10_000)] = 200


class PostmortemSection(Section):
    """
    `[postmortem]`. `templates` is a folder, relative to the file's own.

    `approvals`: how many a publication needs. `canvas`: whether the draft also goes into a canvas of the incident's
    channel. `picture`: whether the incident's picture is posted beside the draft. `people`: how drafts name them. The
    others are for the public postmortem: codes of findings that block it, words that block it, and hosts of links that
    stay in it.
    """

    templates: FileName | None = None
    approvals: Annotated[int, Field(ge=0, le=10)] = 0
    canvas: bool = True
    picture: bool = True
    public_blocked_by: ListOf[FindingCode] = PUBLIC_BLOCKED_BY
    private_words: ListOf[Word] = ()
    public_hosts: ListOf[Host] = ()
    people: Literal["names", "roles"] = "names"


class PagesSection(Section):
    """`[pages]`: the pages for people who are signed in. `admins` may open those for operations."""

    admins: ListOf[UserIdText] = ()


class FindingsSection(Section):
    """`[findings]`: codes of the rules that are switched off."""

    off: ListOf[FindingCode] = ()
