"""`Settings`: the environment and `dogwatch.toml` as one typed value."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr

from bot.config.environment import variable_suffix
from bot.config.environment_settings import EnvironmentSettings, secret_alternatives, service_secret
from bot.config.sections import (
    TEMPLATES,
    ChangesSection,
    EscalationSection,
    FilesSection,
    FindingsSection,
    HeartbeatSection,
    IncidentsSection,
    IntakeSection,
    OwnHoursSection,
    PagesSection,
    PostmortemSection,
    RetentionSection,
    RoleSection,
    ServiceSection,
    SeverityLabel,
    StatusLabel,
    StormsSection,
    TeamSection,
    WorkingHoursSection,
)
from bot.config.sections.alerts import AlertsSection, RouteSection
from bot.config.sections.durations import parse_length, parse_resolve_after
from bot.config.sections.fields import HeartbeatName, Mark, RoleName, Word, minutes_of_day
from bot.config.sections.paging import PagingSection
from bot.config.sections.policies import Invitees, PolicySection
from bot.config.sections.reminders import RemindersSection
from bot.config.sections.schedules import OnCallSection, ScheduleSection
from bot.config.sections.severity_words import build_severity_words
from bot.config.sections.status_page import StatusPageSection
from bot.config.sections.vendors import VendorSection
from bot.domain.alerts.events import SOURCE_NAMES, TOKEN_SOURCES, Credentials
from bot.domain.alerts.heartbeats import Heartbeat
from bot.domain.alerts.routing import DEFAULT_WORDS, Route, RoutingDefaults
from bot.domain.alerts.storms import StormLimits
from bot.domain.incidents.roles import DEFAULT_ROLES, Role, role_aliases, role_from_name
from bot.domain.oncall.schedule import Schedule
from bot.domain.oncall.working_hours import WorkingHours
from bot.domain.terms import Kind, Severity, Status, UserId
from bot.domain.timeline.emoji import DEFAULT_REACTIONS, normalise_emoji


class Settings(EnvironmentSettings):
    """Environment and file together. The key of each field below is its name."""

    incidents: IncidentsSection = IncidentsSection()
    severities: Mapping[Severity, SeverityLabel] = Field(default_factory=dict)
    statuses: Mapping[Status, StatusLabel] = Field(default_factory=dict)
    roles: Mapping[RoleName, RoleSection] = Field(default_factory=dict)
    services: Mapping[Word, ServiceSection] = Field(default_factory=dict)
    teams: Mapping[Word, TeamSection] = Field(default_factory=dict)
    vendors: Mapping[Word, VendorSection] = Field(default_factory=dict)
    routes: tuple[RouteSection, ...] = ()
    alerts: AlertsSection = AlertsSection()
    changes: ChangesSection = ChangesSection()
    intake: IntakeSection = IntakeSection()
    heartbeats: Mapping[HeartbeatName, HeartbeatSection] = Field(default_factory=dict)
    storms: StormsSection = StormsSection()
    working_hours: WorkingHoursSection | None = None
    """None: unknown, and no message mentions them."""
    escalation: EscalationSection = EscalationSection()
    oncall: OnCallSection = OnCallSection()
    schedules: Mapping[Word, ScheduleSection] = Field(default_factory=dict)
    policies: Mapping[Word, PolicySection] = Field(default_factory=dict)
    paging: PagingSection = PagingSection()
    nudges: RemindersSection = RemindersSection()
    findings: FindingsSection = FindingsSection()
    retention: RetentionSection = RetentionSection()
    files: FilesSection = FilesSection()
    postmortem: PostmortemSection = PostmortemSection()
    pages: PagesSection = PagesSection()
    status: StatusPageSection | None = None
    """None: there is no public status page."""
    own_reactions: Mapping[Word, Mark] = Field(default_factory=dict, alias="reactions")

    # Words and labels of the workspace

    def severity_words(self) -> Mapping[str, Severity]:
        """Words for the severities, casefolded: fixed names, labels, further words."""
        return build_severity_words(
            {severity: (*filter(None, [each.label]), *each.words) for severity, each in self.severities.items()}
        )

    def severity_label(self, severity: Severity) -> str:
        """The workspace's label of a severity, or its fixed name."""
        section = self.severities.get(severity)
        return section.label if section and section.label else severity.value

    @cached_property
    def severity_labels(self) -> Mapping[Severity, str]:
        """The label of each severity, the worst first."""
        return {severity: self.severity_label(severity) for severity in Severity}

    def status_label(self, status: Status | str) -> str:
        """The workspace's label of a status, or its fixed name."""
        known = Status(status)
        section = self.statuses.get(known)
        return section.label if section and section.label else known.value

    def status_name(self, status: Status | str) -> str:
        """The label as a heading: `Investigating`. The workspace's own label is not changed."""
        label = self.status_label(status)
        return label.capitalize() if label == status else label

    @cached_property
    def status_words(self) -> Mapping[str, Status]:
        """Words for the statuses, casefolded: names, labels, further words."""
        own = {
            word.strip().casefold(): status
            for status, each in self.statuses.items()
            for word in (*filter(None, [each.label]), *each.words)
        }
        return {**own, **{status.value: status for status in Status}}

    @cached_property
    def role_table(self) -> Mapping[str, Role]:
        """All roles by name: the built-in ones with the file's changes, then the file's own."""
        table = {role.name: role for role in DEFAULT_ROLES}
        for name, own in self.roles.items():
            base = table.get(name, role_from_name(name))
            table[name] = Role(name, own.label or base.label, own.words or base.words, own.briefing or base.briefing)
        return table

    def role_named(self, name: str) -> Role:
        """The role, with its name as label if the file no longer defines it."""
        return self.role_table.get(name) or role_from_name(name)

    @cached_property
    def role_words(self) -> Mapping[str, str]:
        """The name of the role for each word that people may type, casefolded."""
        return role_aliases(tuple(self.role_table.values()))

    @property
    def vendor_words(self) -> list[str]:
        """Keys and names of the vendors."""
        return [each for key, vendor in self.vendors.items() for each in (key, vendor.name) if each]

    @cached_property
    def reactions(self) -> Mapping[str, Kind]:
        """Kind by emoji (see `normalise_emoji`): the default table with the file's changes."""
        own = {normalise_emoji(name): kind for name, kind in self.own_reactions.items()}
        return {name: kind for name, kind in {**DEFAULT_REACTIONS, **own}.items() if kind is not None}

    # Alerts

    @cached_property
    def alert_routes(self) -> tuple[Route, ...]:
        return tuple(each.as_route(self.incidents.zone) for each in self.routes)

    @cached_property
    def alert_defaults(self) -> RoutingDefaults:
        words = {" ".join(word.split()).casefold(): severity for word, severity in self.alerts.severities.items()}
        of_services = {name: each.severity for name, each in self.services.items() if each.severity}
        default = self.incidents.default_severity
        if not self.alerts.default_severities:
            return RoutingDefaults(default, words, of_services, service_resolutions=self._service_resolutions)
        # A bare number means something else in each monitor.
        typed = {word: severity for word, severity in self.severity_words().items() if not word.isdecimal()}
        return RoutingDefaults(
            default, {**typed, **words}, of_services, DEFAULT_WORDS, service_resolutions=self._service_resolutions
        )

    @property
    def _service_resolutions(self) -> Mapping[str, timedelta]:
        return {
            name: parse_resolve_after(each.resolve_after) for name, each in self.services.items() if each.resolve_after
        }

    @cached_property
    def resolves_incidents(self) -> bool:
        """True if Dogwatch resolves incidents of some route or service."""
        return any(self._service_resolutions.values()) or any(each.resolve_after for each in self.alert_routes)

    @property
    def storm_limits(self) -> StormLimits:
        return StormLimits(self.storms.incidents, timedelta(minutes=self.storms.minutes))

    def credentials(self, source: str) -> Credentials:
        """The tokens of an alert source, its own or the common ones, and its signing secrets."""
        if source not in (*TOKEN_SOURCES, *self.alerts.sources):
            return Credentials(topics=self.alerts.sns.topics)
        return Credentials(
            tokens=secret_alternatives(self.own_alert_token(source) or self.alert_token),
            secrets=secret_alternatives(self.alert_secrets.get(source)),
            signature_header=self.alerts.grafana.signature_header,
            timestamp_header=self.alerts.grafana.timestamp_header,
        )

    def own_alert_token(self, source: str) -> SecretStr | None:
        """The separate token of an alert source; None if it uses the common one."""
        if source in TOKEN_SOURCES:
            return self.alert_tokens.get(source)
        return self.adapter_tokens.get(variable_suffix(source).casefold())

    def change_credentials(self, source: str) -> Credentials:
        """The tokens of a source of changes, and its signing secrets."""
        return Credentials(
            tokens=secret_alternatives(self.change_token),
            secrets=secret_alternatives(self.change_secrets.get(source)),
            variable="DOGWATCH_CHANGE_TOKEN",
        )

    @cached_property
    def service_names(self) -> Mapping[str, str]:
        """Names of the services by their names and aliases, casefolded."""
        aliases = {alias.casefold(): name for name, each in self.services.items() for alias in each.aliases}
        return {**aliases, **{name.casefold(): name for name in self.services}}

    @cached_property
    def service_dependencies(self) -> Mapping[str, tuple[str, ...]]:
        return {name: tuple(each.depends_on) for name, each in self.services.items()}

    @cached_property
    def watched_vendors(self) -> Mapping[str, VendorSection]:
        """The vendors whose status pages are read, by key."""
        return {key: each for key, each in self.vendors.items() if each.feed is not None}

    @property
    def start_warnings(self) -> Iterator[tuple[str, str]]:
        """Events to log at the start, each with the missing variable."""
        if not self.alert_sources:
            yield "alerts refused", "DOGWATCH_ALERT_TOKEN"
        if self.heartbeats and self.heartbeat_token is None:
            yield "heartbeats refused", "DOGWATCH_HEARTBEAT_TOKEN"
        if self.files.keep and self.kept_files_folder is None:
            yield "files are not kept", "[files] folder"
        if self.public_url is None:
            yield "page links work on this machine only", "DOGWATCH_PUBLIC_URL"

    @property
    def alert_sources(self) -> tuple[str, ...]:
        """The sources that can prove themselves; the others are refused."""
        return tuple(name for name in (*SOURCE_NAMES, *self.alerts.sources) if self.credentials(name).are_set)

    def heartbeat(self, name: str) -> Heartbeat:
        """A configured heartbeat. Raises KeyError."""
        section = self.heartbeats[name]
        return Heartbeat(
            name, parse_length(section.every), parse_length(section.grace), section.service, section.severity
        )

    # People, schedules and hours

    @cached_property
    def schedule_table(self) -> Mapping[str, Schedule]:
        """The on-call schedules by name; the shifts of a calendar are in the database."""
        return {name: each.as_schedule(name, self.incidents.zone) for name, each in self.schedules.items()}

    def calendar_address(self, schedule: str) -> str | None:
        """The address of a schedule's calendar feed; None if it is not set or not used."""
        section = self.schedules.get(schedule)
        return service_secret(self.calendars, schedule) if section and section.is_fetched else None

    def calendar_file(self, schedule: str) -> Path | None:
        """The calendar file of a schedule; None if it has none."""
        section = self.schedules.get(schedule)
        if section is None or not isinstance(section.calendar, str):
            return None
        return self._config_folder / section.calendar

    def invitees_for(self, service: str | None) -> Invitees:
        """The people and the team of a service. Nobody for an unknown service."""
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

    def configured_people(self) -> Invitees:
        """All people and user groups that the configuration names."""
        users = [user for name in self.services for user in self.invitees_for(name).users]
        users += [UserId(user) for team in self.teams.values() for user in team.members]
        users += [UserId(user) for each in self.schedules.values() for user in each.user_ids]
        targets = [target for each in self.policies.values() for target in each.every_target]
        users += [UserId(user) for target in targets for user in target.people]
        groups = [team.usergroup for team in self.teams.values() if team.usergroup]
        groups += [group for target in targets for group in target.groups]
        return Invitees(tuple(dict.fromkeys(users)), tuple(dict.fromkeys(groups)))

    def zone_of(self, service: str | None) -> ZoneInfo:
        section = self.services.get(service or "")
        return section.zone if section and section.zone else self.incidents.zone

    def merge_hours(self, own: OwnHoursSection | None) -> WorkingHoursSection:
        """The common hours, or the defaults, with the changes of a service or team."""
        common = self.working_hours or WorkingHoursSection()
        changes = {name: value for name, value in own or () if value is not None}
        return common.model_copy(update=changes)

    def working_hours_of(
        self, team: str | None, people: Sequence[str], services: Sequence[str], zone: ZoneInfo
    ) -> WorkingHours | None:
        """
        The working hours of the people who are paged; None if unknown.

        They are those of the team, or of the first team with hours that one of the `people` is in; else of the first
        of the incident's services with hours; else the common ones. `zone` is the incident's.
        """
        paged = self.teams.get(team or "")
        teams = [paged] if paged else [each for each in self.teams.values() if set(people) & set(each.members)]
        known = [self.services[name] for name in services if name in self.services]
        candidates = [each.working_hours for each in teams] + [each.working_hours for each in known]
        own = next((hours for hours in candidates if hours is not None), None)
        if own is None and self.working_hours is None:
            return None
        hours = self.merge_hours(own)
        days, holidays = frozenset(hours.days), frozenset(hours.holidays)
        return WorkingHours(
            days, minutes_of_day(hours.opens), minutes_of_day(hours.closes), hours.zone or zone, holidays
        )

    # Files beside `dogwatch.toml`

    @property
    def _config_folder(self) -> Path:
        return self.config_path.parent if self.config_path else Path()

    @property
    def sns_certificate_folder(self) -> Path | None:
        """Amazon's certificates; None: they are fetched."""
        return self._config_folder / self.alerts.sns.certificates if self.alerts.sns.certificates else None

    @property
    def smtp_ca_file(self) -> Path | None:
        """The CA file for the mail server's certificate; None: the system's."""
        return self._config_folder / self.paging.email.ca_file if self.paging.email.ca_file else None

    def status_path(self, name: str) -> Path:
        """A file or folder that `[status]` names."""
        return self._config_folder / name

    @property
    def kept_files_folder(self) -> Path | None:
        """The folder of kept files; None with PostgreSQL, unless one is configured: no file is kept."""
        own, database = self.files.folder, self.sqlite_path
        return self._config_folder / own if own else database and database.with_name(f"{database.name}.files")

    @property
    def status_zone(self) -> ZoneInfo:
        """The zone of the days and times on the status page."""
        return self.status.zone if self.status and self.status.zone else self.incidents.zone

    @property
    def status_url(self) -> str:
        """The public address of the status page, without a trailing slash."""
        own = self.status.url if self.status else None
        return own.rstrip("/") if own else f"{self.base_url}/status"

    @property
    def subscription_url(self) -> str:
        """The public address below which the bot takes subscriptions, without a trailing slash."""
        own = self.status.subscribers.url if self.status else None
        return own.rstrip("/") if own else self.status_url

    @property
    def takes_subscribers(self) -> bool:
        """Return whether the status page has a form to subscribe."""
        return self.status is not None and self.status.subscribers.email

    @property
    def drill_folders(self) -> tuple[Path, ...]:
        """The operator's folder of drill scenarios."""
        return (self._config_folder / self.incidents.drills,) if self.incidents.drills else ()

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """The operator's folder of templates, laid out like the built-in one."""
        return (self._config_folder / self.postmortem.templates,) if self.postmortem.templates else ()

    @property
    def template_names(self) -> tuple[str, ...]:
        """The available postmortem templates, the built-in ones first."""
        own = [path.name for folder in self.template_folders for path in (folder / "postmortem").glob("*.md.j2")]
        return tuple(dict.fromkeys([*TEMPLATES, *sorted(name.removesuffix(".md.j2") for name in own)]))

    def template_of(self, service: str | None) -> str:
        section = self.services.get(service or "")
        return section.template if section and section.template else self.incidents.template


FILE_SETTINGS = frozenset(Settings.model_fields) - frozenset(EnvironmentSettings.model_fields)
"""The settings of `dogwatch.toml`, which can change while the bot runs."""
