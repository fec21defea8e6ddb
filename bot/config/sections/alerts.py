"""`[[routes]]`, and `[alerts]` with the senders that an operator describes."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bot.config.sections import Section
from bot.config.sections.durations import Length, ResolveAfter, parse_length, parse_resolve_after
from bot.config.sections.fields import (
    ClockRange,
    Day,
    FileName,
    ListOf,
    MatcherText,
    SeverityWord,
    TopicName,
    Word,
    Zone,
    minutes_of_day,
)
from bot.domain.alerts.adapters import IGNORED, FieldRule, Pointer, parse_field, parse_pointer
from bot.domain.alerts.events import SOURCE_NAMES
from bot.domain.alerts.heartbeats import SOURCE as HEARTBEAT_SOURCE
from bot.domain.alerts.label_groups import LabelGrouping
from bot.domain.alerts.mail import FIRING_WORDS, RESOLVED_WORDS, MailRules, has_letters
from bot.domain.alerts.routing import Route, RouteAction
from bot.domain.errors import UserError
from bot.domain.oncall.working_hours import DAYS, WorkingHours
from bot.domain.terms import AlertStatus
from bot.domain.text.network_address import read_ip
from bot.domain.vendor_status.routing import LABELS as VENDOR_LABELS

Parsed = TypeVar("Parsed")

RESULTS = (*(status.value for status in AlertStatus), IGNORED)
"""Values of a status: what the sender's words stand for."""


def _parsing(parse: Callable[[object], Parsed], kind: type[Parsed]) -> BeforeValidator:
    """Return a validator that applies `parse` to what is not parsed yet."""

    def check(value: object) -> Parsed:
        if isinstance(value, kind):
            return value
        try:
            return parse(value)
        except UserError as problem:
            raise ValueError(problem.message) from None

    return BeforeValidator(check)


def _parse_place(value: object) -> Pointer:
    if not isinstance(value, str):
        raise ValueError('This must be a pointer in quotation marks, like "/alerts".')  # noqa: TRY004  pydantic reports a ValueError only
    return parse_pointer(value)


def _parse_status(value: object) -> FieldRule:
    rule = parse_field(value)
    for text in (*rule.values.values(), *([rule.default] if rule.default is not None else [])):
        if text not in RESULTS:
            raise ValueError(f'"{text}" is not a status. Use one of {", ".join(RESULTS)}.')
    return rule


def _check_adapter_name(value: str) -> str:
    if value in (*SOURCE_NAMES, HEARTBEAT_SOURCE):
        raise ValueError("Dogwatch has a source of this name already. Choose another.")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", value):
        raise ValueError("Use up to 40 lower-case letters, digits and -, like acme-probe: it is part of the address.")
    return value


def _check_image_host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+", value) and read_ip(value) is None:
        raise ValueError("This is not a host. Use a name like grafana.example.com, without https:// and port.")
    return value.lower()


ImageHost = Annotated[str, Field(max_length=253), AfterValidator(_check_image_host)]
AdapterName = Annotated[str, AfterValidator(_check_adapter_name)]
FieldPlace = Annotated[FieldRule, _parsing(parse_field, FieldRule)]
StatusPlace = Annotated[FieldRule, _parsing(_parse_status, FieldRule)]
Place = Annotated[Pointer, _parsing(_parse_place, Pointer)]


class RouteSection(Section):
    """
    `[[routes]]`: the first route whose matchers all fit an alert decides about it.

    With `days` or `hours` it decides about alerts that come at these times only. `zone` None: the workspace's. Alerts
    with the same labels of `group_by` share an incident, while they come within `window`.

    With `vendors` it decides about incidents on their status pages instead; `*` stands for each that a service needs.
    """

    match: ListOf[MatcherText] = ()
    action: Annotated[RouteAction, Field(strict=False)] = RouteAction.OPEN
    service: Word | None = None
    severity: SeverityWord | None = None
    triage: bool | None = None
    resolve_after: ResolveAfter | None = None
    group_by: ListOf[Word] = ()
    window: Length = "15m"
    days: Annotated[ListOf[Day], Field(min_length=1)] | None = None
    hours: ClockRange | None = None
    zone: Zone | None = None
    vendors: ListOf[Word] = ()

    @model_validator(mode="after")
    def _check_vendors(self) -> Self:
        """Alerts are attached, grouped and resolved; vendors' incidents are not."""
        if not self.vendors:
            return self
        if self.action is RouteAction.ATTACH:
            raise ValueError("A route of vendors opens or ignores. Use one of open, ignore.")
        for key in ("group_by", "resolve_after"):
            if key in self.model_fields_set:
                raise ValueError(f"`{key}` is for alerts, and this route is for vendors. Remove it.")
        for each in self.match:
            if each.label not in VENDOR_LABELS:
                raise ValueError(f"Vendors' incidents have no label {each.label}. Use {', '.join(VENDOR_LABELS)}.")
        return self

    @model_validator(mode="after")
    def _check_zone(self) -> Self:
        if self.zone is not None and self.days is None and self.hours is None:
            raise ValueError("`zone` is for days and hours, and this route has none. Add them, or remove it.")
        return self

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        if "window" in self.model_fields_set and not self.group_by:
            raise ValueError("`window` is for `group_by`, and this route has none. Add it, or remove `window`.")
        return self

    def as_route(self, zone: ZoneInfo) -> Route:
        """Convert; `zone` applies where none is given."""
        resolve_after = parse_resolve_after(self.resolve_after) if self.resolve_after is not None else None
        grouping = LabelGrouping(self.group_by, parse_length(self.window)) if self.group_by else None
        return Route(
            self.match,
            self.action,
            self.service,
            self.severity,
            self.triage,
            self._as_hours(zone),
            resolve_after,
            grouping,
            self.vendors,
        )

    def _as_hours(self, zone: ZoneInfo) -> WorkingHours | None:
        if self.days is None and self.hours is None:
            return None
        opens, closes = (self.hours or "00:00-24:00").split("-")
        return WorkingHours(
            frozenset(self.days or DAYS), minutes_of_day(opens), minutes_of_day(closes), self.zone or zone
        )


class GrafanaSection(Section):
    """`[alerts.grafana]`: header names of the contact point."""

    signature_header: Word = "X-Grafana-Alerting-Signature"
    timestamp_header: Word = "X-Grafana-Alerting-Timestamp"


class SnsSection(Section):
    """`[alerts.sns]`: accepted topics, and a folder of certificates that are not fetched then."""

    topics: ListOf[TopicName] = ()
    certificates: FileName | None = None


class MailSection(Section):
    """`[alerts.mail]`: words of subjects, and the senders whose mails are read."""

    resolved: ListOf[Word] = RESOLVED_WORDS
    firing: ListOf[Word] = FIRING_WORDS
    severities: Mapping[Word, SeverityWord] = Field(default_factory=dict)
    services: Mapping[Word, Word] = Field(default_factory=dict)
    senders: ListOf[Word] = ()

    @model_validator(mode="after")
    def _check_words(self) -> Self:
        """A word means one thing."""
        places = (("resolved", self.resolved), ("firing", self.firing), ("severities", tuple(self.severities)))
        seen: dict[str, str] = {}
        for key, words in (*places, ("services", tuple(self.services))):
            for word in words:
                if not has_letters(word):
                    raise ValueError(
                        f"`{key}` has a word without a letter or digit, which no subject contains. Remove it."
                    )
        for key, words in places:
            for word in words:
                if seen.setdefault(word.casefold(), key) != key:
                    earlier = seen[word.casefold()]
                    raise ValueError(f'"{word}" is in `{earlier}` and in `{key}`. Remove it from one of them.')
        return self

    def as_rules(self) -> MailRules:
        severities = {word: severity.value for word, severity in self.severities.items()}
        return MailRules(self.resolved, self.firing, severities, self.services, self.senders)


class AdapterSection(Section):
    """
    `[alerts.sources.NAME]`: where each field is in the body of a sender.

    `items` is the list of alerts in the body; None: the body is one alert. Pointers of fields begin at the item.
    """

    title: FieldPlace
    key: FieldPlace
    items: Place | None = None
    status: StatusPlace | None = None
    name: FieldPlace | None = None
    service: FieldPlace | None = None
    severity: FieldPlace | None = None
    description: FieldPlace | None = None
    link: FieldPlace | None = None
    runbook: FieldPlace | None = None
    dashboard: FieldPlace | None = None
    image: FieldPlace | None = None
    value: FieldPlace | None = None
    group: FieldPlace | None = None
    started_at: FieldPlace | None = None
    ended_at: FieldPlace | None = None
    sent_at: FieldPlace | None = None
    labels_from: Place | None = None
    labels: Mapping[Word, FieldPlace] = Field(default_factory=dict)


class KeepImagesSection(Section):
    """
    `[alerts.keep_images]`: hosts whose graphs are kept. Without any, none is.

    `max_count` is the limit of one incident.
    """

    hosts: ListOf[ImageHost] = ()
    allow_http: bool = False
    allow_private: bool = False
    max_count: Annotated[int, Field(ge=1, le=200)] = 20


class AlertsSection(Section):
    """`[alerts]`. `severities` maps values of the label `severity`, beside the usual ones."""

    severities: Mapping[Word, SeverityWord] = Field(default_factory=dict)
    default_severities: bool = True
    grafana: GrafanaSection = GrafanaSection()
    sns: SnsSection = SnsSection()
    mail: MailSection = MailSection()
    keep_images: KeepImagesSection = KeepImagesSection()
    sources: Mapping[AdapterName, AdapterSection] = Field(default_factory=dict)
