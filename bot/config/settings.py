"""`Settings`, the one typed value that everything else is handed."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.database_url import read_servers
from bot.config.environment import end_of
from bot.config.file_schema import FILE_TABLES
from bot.config.sections import (
    TEMPLATES,
    AlertsSection,
    EscalationSection,
    FindingsSection,
    IncidentsSection,
    IntakeSection,
    Mark,
    OwnHoursSection,
    PostmortemSection,
    RetentionSection,
    RoleName,
    RoleSection,
    RouteSection,
    ServiceSection,
    SeverityLabel,
    StatusLabel,
    StormsSection,
    TeamSection,
    Word,
    WorkingHoursSection,
    build_words,
)
from bot.config.sections.paging import PagingSection
from bot.config.sections.policies import PolicySection
from bot.config.sections.reminders import NudgesSection
from bot.config.sections.schedules import OnCallSection, ScheduleSection, calendar_address
from bot.config.sections.vendors import VendorSection
from bot.config.tokens import no_way_to_slack, wrong_app_token, wrong_bot_token, wrong_signing_secret
from bot.domain.alerts.routing import Credentials, Defaults, Route
from bot.domain.alerts.storms import Limits
from bot.domain.incidents.roles import DEFAULTS, Role, all_words, named_so
from bot.domain.oncall.schedule import Schedule
from bot.domain.oncall.working_hours import WorkingHours
from bot.domain.terms import Kind, Severity, Status, UserId
from bot.domain.timeline.marks import DEFAULT_REACTIONS, normalise_emoji

SLACK_API = "https://slack.com/api/"
SHORTEST_SECRET_KEY = 32
SHORTEST_TOKEN = 16
"""Characters of what a monitor shows. A shorter one can be guessed by trying, because nothing limits how often."""
POSTGRESQL = ("postgres://", "postgresql://")


@dataclass(frozen=True, slots=True)
class Invitees:
    """Whom an incident's channel invites; Slack says who is in a user group."""

    users: tuple[UserId, ...] = ()
    usergroups: tuple[str, ...] = ()


def values_of(secret: SecretStr | None) -> tuple[str, ...]:
    """The values that are right at the same time, while one takes the place of another: blanks or lines between."""
    return tuple(secret.get_secret_value().split()) if secret else ()


def secret_parts(address: str) -> Iterator[str]:
    """What makes a calendar's address one that nobody can guess: the long parts behind the host's name."""
    behind = urlsplit(address)
    for part in re.split(r"[/?&=]+", f"{behind.path}?{behind.query}"):
        if len(part) >= SHORTEST_TOKEN:
            yield from {part, unquote(part)}


def parts_of(address: str) -> Iterator[str]:
    """The tokens in an address of Apprise's, which stand in it as user, password, host or path."""
    for part in re.split(r"[/:@?&=#]+", address):
        yield from {part, unquote(part)}


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("This is no web address. Write it with http:// or https:// and the host.")
    return value.rstrip("/")


def _api_url(value: str) -> str:
    return _url(value) + "/"  # slack_sdk puts the method's name right behind it


def _no_guess(value: SecretStr) -> SecretStr:
    if min(map(len, values_of(value)), default=0) < SHORTEST_TOKEN:
        raise ValueError(
            f"Each value needs {SHORTEST_TOKEN} characters; blanks and line ends stand between several. "
            "Make one with `openssl rand -hex 32`."
        )
    return value


def _unless(problem_of: Callable[[str], str | None], value: SecretStr | None) -> SecretStr | None:
    """The value, if there is no problem with it nor with any of several that stand in it."""
    for each in values_of(value):
        if problem := problem_of(each):
            raise ValueError(problem)
    return value


def _as_calendar(value: SecretStr) -> SecretStr:
    return SecretStr(calendar_address(value.get_secret_value()))


Token = Annotated[SecretStr, AfterValidator(_no_guess)]
"""What a monitor shows or signs with, or several of it."""
WebAddress = Annotated[str, AfterValidator(_url)]
CalendarAddress = Annotated[SecretStr, AfterValidator(_as_calendar)]


def _of(secrets: Mapping[str, SecretStr], service: str) -> str | None:
    found = secrets.get(end_of(service).casefold())
    return found.get_secret_value() if found else None


def _said(section: OwnHoursSection) -> Iterator[tuple[str, object]]:
    return (pair for pair in section if pair[1] is not None)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


class Settings(BaseSettings):
    """
    Environment and file together. A field's variable is in `bot.config.environment`, its key is its own name.

    The first group comes from the environment only, so that no secret has to stand in a file that people share.
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: Annotated[str, AfterValidator(_api_url)] = SLACK_API
    socket_connections: Annotated[int, Field(ge=1, le=10)] = 2
    database_url: SecretStr = SecretStr("sqlite:///dogwatch.db")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    drain_seconds: Annotated[int, Field(ge=0, le=300)] = 0
    """How long a process that is told to stop goes on listening, with `/readyz` at 503."""
    stop_seconds: Annotated[int, Field(ge=1, le=300)] = 20
    """How long it then finishes what is under way."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] | None = None
    """None: text on a terminal, else JSON."""
    public_url: WebAddress | None = None
    secret_key: SecretStr | None = None
    heartbeat_url: SecretStr | None = None
    heartbeat_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    alert_token: Token | None = None
    alert_tokens: Mapping[str, Token] = Field(default_factory=dict)
    alert_secrets: Mapping[str, Token] = Field(default_factory=dict)
    smtp_password: SecretStr | None = None
    pagerduty_webhook_secret: Token | None = None
    opsgenie_webhook_secret: Token | None = None
    webhook_secret: Token | None = None
    pagerduty_keys: Mapping[str, SecretStr] = Field(default_factory=dict)
    """By the name as `environment.end_of` has it, in small letters; so are those below."""
    opsgenie_keys: Mapping[str, SecretStr] = Field(default_factory=dict)
    apprise_addresses: Mapping[str, SecretStr] = Field(default_factory=dict)
    calendars: Mapping[str, CalendarAddress] = Field(default_factory=dict)
    config_path: Path | None = None
    secret_files: Mapping[str, Path] = Field(default_factory=dict)
    """By variable, where `NAME_FILE` named a file: some are read again while the bot runs."""

    incidents: IncidentsSection = IncidentsSection()
    severities: Mapping[Severity, SeverityLabel] = Field(default_factory=dict)
    statuses: Mapping[Status, StatusLabel] = Field(default_factory=dict)
    roles: Mapping[RoleName, RoleSection] = Field(default_factory=dict)
    services: Mapping[Word, ServiceSection] = Field(default_factory=dict)
    teams: Mapping[Word, TeamSection] = Field(default_factory=dict)
    vendors: Mapping[Word, VendorSection] = Field(default_factory=dict)
    own_reactions: Mapping[Word, Mark] = Field(default_factory=dict, alias="reactions")
    routes: tuple[RouteSection, ...] = ()
    alerts: AlertsSection = AlertsSection()
    intake: IntakeSection = IntakeSection()
    storms: StormsSection = StormsSection()
    working_hours: WorkingHoursSection | None = None
    """None: nobody said when people work, so nothing is said of it."""
    escalation: EscalationSection = EscalationSection()
    schedules: Mapping[Word, ScheduleSection] = Field(default_factory=dict)
    oncall: OnCallSection = OnCallSection()
    policies: Mapping[Word, PolicySection] = Field(default_factory=dict)
    paging: PagingSection = PagingSection()
    nudges: NudgesSection = NudgesSection()
    findings: FindingsSection = FindingsSection()
    retention: RetentionSection = RetentionSection()
    postmortem: PostmortemSection = PostmortemSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  the library calls it by these names
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands in: the library's own reader would take a stray ROUTES or PORT for one of ours."""
        return (init_settings,)

    @field_validator("slack_bot_token")
    @classmethod
    def _is_a_bot_token(cls, value: SecretStr | None) -> SecretStr | None:
        return _unless(wrong_bot_token, value)

    @field_validator("slack_app_token")
    @classmethod
    def _is_an_app_token(cls, value: SecretStr | None) -> SecretStr | None:
        return _unless(wrong_app_token, value)

    @field_validator("slack_signing_secret")
    @classmethod
    def _is_a_signing_secret(cls, value: SecretStr | None) -> SecretStr | None:
        return _unless(wrong_signing_secret, value)

    @field_validator("heartbeat_url")
    @classmethod
    def _is_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            _url(value.get_secret_value())
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value()) < SHORTEST_SECRET_KEY:
            raise ValueError(f"It needs {SHORTEST_SECRET_KEY} characters. Make one with `openssl rand -hex 32`.")
        return value

    @field_validator("port", mode="before")
    @classmethod
    def _is_not_a_service_link(cls, value: object) -> object:
        if isinstance(value, str) and value.startswith("tcp://"):
            raise ValueError(
                "Kubernetes sets this for a Service named dogwatch. Set enableServiceLinks: false in the pod."
            )
        return value

    @field_validator("database_url")
    @classmethod
    def _is_a_known_database(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url.startswith("sqlite://"):
            # Between the second and the third slash stands a host's name, and a file has none.
            path = url.removeprefix("sqlite:///").partition("?")[0] if url.startswith("sqlite:///") else ""
            if path in {"", ":memory:"}:
                raise ValueError("It names no file. Write sqlite:///dogwatch.db, or sqlite:////var/lib/dogwatch.db.")
        elif not url.startswith(POSTGRESQL):
            raise ValueError("This is neither sqlite:// nor postgresql://. Write it like sqlite:///dogwatch.db.")
        else:
            read_servers(url)
        return value

    @property
    def no_way_to_slack(self) -> str | None:
        """Why the bot cannot be run with the tokens that are set, and how to mend it; None if it can."""
        return no_way_to_slack(
            bot=self.slack_bot_token is not None,
            app=self.slack_app_token is not None,
            signing=self.slack_signing_secret is not None,
        )

    @property
    def uses_socket_mode(self) -> bool:
        return self.slack_app_token is not None

    @property
    def sqlite_path(self) -> Path | None:
        """The database file (relative to the working directory if it is written so); None with PostgreSQL."""
        url = self.database_url.get_secret_value()
        if not url.startswith("sqlite://"):
            return None
        return Path(url.removeprefix("sqlite://").partition("?")[0].removeprefix("/"))

    @property
    def base_url(self) -> str:
        """Where people reach the bot's own pages, without a slash at the end."""
        # A server listens on 0.0.0.0, but nobody can go there.
        host = "localhost" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104  read, not bound
        return self.public_url or f"http://{host}:{self.port}"

    def severity_words(self) -> Mapping[str, Severity]:
        """What people may type for a severity, casefolded: the fixed names, the workspace's labels, further words."""
        return build_words(
            {severity: (*filter(None, [each.label]), *each.words) for severity, each in self.severities.items()}
        )

    def severity_label(self, severity: Severity) -> str:
        """The workspace's own word for it."""
        section = self.severities.get(severity)
        return section.label if section and section.label else severity.value

    @cached_property
    def severity_labels(self) -> Mapping[Severity, str]:
        """Of each severity, the worst first, the workspace's own word."""
        return {severity: self.severity_label(severity) for severity in Severity}

    def status_label(self, status: Status | str) -> str:
        """The workspace's own word for it, also for the value as a row holds it: whatever people read says this."""
        known = Status(status)
        section = self.statuses.get(known)
        return section.label if section and section.label else known.value

    def status_name(self, status: Status | str) -> str:
        """The same as it stands by itself: `Investigating`. The workspace's own word is spelled as it is."""
        label = self.status_label(status)
        return label.capitalize() if label == status else label

    @cached_property
    def status_words(self) -> Mapping[str, Status]:
        """What people may type for a status, casefolded: its name, the workspace's label, further words."""
        own = {
            word.strip().casefold(): status
            for status, each in self.statuses.items()
            for word in (*filter(None, [each.label]), *each.words)
        }
        return {**own, **{status.value: status for status in Status}}

    @cached_property
    def role_table(self) -> Mapping[str, Role]:
        """All roles by name: the built-in ones with the file's changes, then the file's own."""
        table = {role.name: role for role in DEFAULTS}
        for name, own in self.roles.items():
            base = table.get(name, named_so(name))
            table[name] = Role(name, own.label or base.label, own.words or base.words, own.briefing or base.briefing)
        return table

    def role_named(self, name: str) -> Role:
        """A role that the file does not name any more keeps its name."""
        return self.role_table.get(name) or named_so(name)

    @cached_property
    def role_words(self) -> Mapping[str, str]:
        """What people may type for a role, casefolded, and its name."""
        return all_words(tuple(self.role_table.values()))

    @cached_property
    def reactions(self) -> Mapping[str, Kind]:
        """Emoji (one name each, see `normalise_emoji`) to kind: the default table with the file's changes."""
        own = {normalise_emoji(name): kind for name, kind in self.own_reactions.items()}
        return {name: kind for name, kind in {**DEFAULT_REACTIONS, **own}.items() if kind is not None}

    @cached_property
    def alert_routes(self) -> tuple[Route, ...]:
        return tuple(Route(each.match, each.action, each.service, each.severity, each.triage) for each in self.routes)

    @cached_property
    def alert_defaults(self) -> Defaults:
        words = {word.strip().casefold(): severity for word, severity in self.alerts.severities.items()}
        of_services = {name: each.severity for name, each in self.services.items() if each.severity}
        return Defaults(self.incidents.default_severity, words, of_services)

    @property
    def storm_limits(self) -> Limits:
        return Limits(self.storms.incidents, timedelta(minutes=self.storms.minutes))

    def credentials(self, source: str) -> Credentials:
        """How this alert source proves itself: its own tokens, or the common ones, and its signing secrets."""
        return Credentials(
            tokens=values_of(self.alert_tokens.get(source, self.alert_token)),
            secrets=values_of(self.alert_secrets.get(source)),
            signature_header=self.alerts.grafana.signature_header,
            timestamp_header=self.alerts.grafana.timestamp_header,
        )

    def secret_values(self) -> tuple[str, ...]:
        """Everything that may stand in no log, page or message."""
        single = (
            self.slack_bot_token,
            self.slack_app_token,
            self.secret_key,
            self.heartbeat_url,
            self.smtp_password,
            *self.pagerduty_keys.values(),
            *self.opsgenie_keys.values(),
            *self.apprise_addresses.values(),
            *self.calendars.values(),
        )
        several = (
            self.pagerduty_webhook_secret,
            self.opsgenie_webhook_secret,
            self.webhook_secret,
            self.slack_signing_secret,
            self.alert_token,
            *self.alert_tokens.values(),
            *self.alert_secrets.values(),
        )
        password = urlsplit(self.database_url.get_secret_value()).password if self.sqlite_path is None else None
        found = [each.get_secret_value() for each in single if each]
        found += [value for each in several for value in values_of(each)]
        found += [part for each in self.calendars.values() for part in secret_parts(each.get_secret_value())]
        found += [part for each in self.apprise_addresses.values() for part in parts_of(each.get_secret_value())]
        return tuple(filter(None, [*found, password, unquote(password) if password else None]))

    def pagerduty_key(self, service: str) -> str | None:
        """The integration key of a service; None where none is set."""
        return _of(self.pagerduty_keys, service)

    def opsgenie_key(self, service: str) -> str | None:
        return _of(self.opsgenie_keys, service)

    def apprise_address(self, service: str) -> str | None:
        """The address of a means, which may hold `{to}` where each person's own part goes."""
        return _of(self.apprise_addresses, service)

    @cached_property
    def schedule_table(self) -> Mapping[str, Schedule]:
        """The on-call schedules by name. Those of calendars have no turns here: the database keeps what was fetched."""
        return {name: each.as_schedule(name, self.incidents.zone) for name, each in self.schedules.items()}

    def calendar_address(self, schedule: str) -> str | None:
        """Where the calendar of a schedule is fetched; None where none is set, or the schedule has none."""
        section = self.schedules.get(schedule)
        return _of(self.calendars, schedule) if section and section.is_fetched else None

    def calendar_file(self, schedule: str) -> Path | None:
        """The file that is a schedule's calendar; None if it has none."""
        section = self.schedules.get(schedule)
        if section is None or not isinstance(section.calendar, str):
            return None
        return (self.config_path.parent if self.config_path else Path()) / section.calendar

    @property
    def mail_authorities(self) -> Path | None:
        """The file of the authorities that the mail server's certificate may be of; None: those of the system."""
        beside = self.config_path.parent if self.config_path else Path()
        return beside / self.paging.email.ca_file if self.paging.email.ca_file else None

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """With which of them Slack signs is found out with each request."""
        return values_of(self.slack_signing_secret)

    def people_of(self, service: str | None) -> Invitees:
        """Whom an incident of this service invites: its people and its team. Nobody for an unknown service."""
        section = self.services.get(service or "")
        if section is None:
            return Invitees()
        names = [*section.people, *([section.team] if section.team else [])]
        teams = [self.teams[name] for name in names if name in self.teams]
        users = [name for name in names if name not in self.teams]
        users += [member for team in teams for member in team.members]
        return Invitees(
            tuple(UserId(user) for user in dict.fromkeys(users)),
            tuple(dict.fromkeys(team.usergroup for team in teams if team.usergroup)),
        )

    def named_people(self) -> Invitees:
        """Everybody whom the configuration names, and every user group."""
        of_services = [self.people_of(name) for name in self.services]
        users = [user for each in of_services for user in each.users]
        users += [UserId(user) for team in self.teams.values() for user in team.members]
        users += [UserId(user) for each in self.schedules.values() for user in each.named]
        targets = [target for each in self.policies.values() for target in each.every_target]
        users += [UserId(user) for target in targets for user in target.people]
        groups = [team.usergroup for team in self.teams.values() if team.usergroup]
        groups += [group for target in targets for group in target.groups]
        return Invitees(tuple(dict.fromkeys(users)), tuple(dict.fromkeys(groups)))

    def zone_of(self, service: str | None) -> ZoneInfo:
        section = self.services.get(service or "")
        return section.zone if section and section.zone else self.incidents.zone

    def with_own_hours(self, own: OwnHoursSection | None) -> WorkingHoursSection:
        """The common hours, or the defaults, with what a service's or team's own say differently."""
        common = self.working_hours or WorkingHoursSection()
        return common if own is None else common.model_copy(update=dict(_said(own)))

    def hours_of(
        self, team: str | None, people: Sequence[str], services: Sequence[str], zone: ZoneInfo
    ) -> WorkingHours | None:
        """
        The working hours of those who are called: of the team, or the first team with hours of its own that one of the
        `people` is in; else of the first of the incident's services that has its own; else the common ones. `zone` is
        the incident's. None if none are known.
        """
        called = self.teams.get(team or "")
        theirs = [called] if called else [each for each in self.teams.values() if set(people) & set(each.members)]
        known = [self.services[name] for name in services if name in self.services]
        places = [each.working_hours for each in theirs] + [each.working_hours for each in known]
        own = next((hours for hours in places if hours is not None), None)
        if own is None and self.working_hours is None:
            return None
        told = self.with_own_hours(own)
        days, holidays = frozenset(told.days), frozenset(told.holidays)
        return WorkingHours(days, _minutes(told.opens), _minutes(told.closes), told.zone or zone, holidays)

    @property
    def drill_folders(self) -> tuple[Path, ...]:
        """The operator's folder of scenarios to practise; empty if there is none."""
        if self.incidents.drills is None:
            return ()
        beside = self.config_path.parent if self.config_path else Path()
        return (beside / self.incidents.drills,)

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """The operator's folder of templates, laid out like the built-in one; empty if there is none."""
        if self.postmortem.templates is None:
            return ()
        beside = self.config_path.parent if self.config_path else Path()
        return (beside / self.postmortem.templates,)

    @property
    def template_names(self) -> tuple[str, ...]:
        """The postmortem templates that can be chosen now, the built-in ones first."""
        own = [path.name for folder in self.template_folders for path in (folder / "postmortem").glob("*.md.j2")]
        return tuple(dict.fromkeys([*TEMPLATES, *sorted(name.removesuffix(".md.j2") for name in own)]))

    def template_of(self, service: str | None) -> str:
        section = self.services.get(service or "")
        return section.template if section and section.template else self.incidents.template


IN_THE_FILE = frozenset(name for name, field in Settings.model_fields.items() if (field.alias or name) in FILE_TABLES)
"""The settings that `dogwatch.toml` decides: these can change while the bot runs."""
