"""
What an alert is, and what it does to incidents: routing by labels, times that can be believed, attach or open.

Everything here is decided from plain values. Reading a monitor's payload is `bot.sources`; storing is elsewhere.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from bot.domain.errors import UserError
from bot.domain.terms import AlertStatus, Precision, Severity

SOURCE_NAMES = ("alertmanager", "grafana", "generic")
"""The last part of `POST /alerts/{source}`. `bot.sources.SOURCES` has a reader for each."""

CLOCK_SKEW = timedelta(minutes=1)
"""How far ahead of ours a monitor's clock may be before its times are not believed."""
OLDEST_START = timedelta(days=7)
REOPEN_WITHIN = timedelta(minutes=30)
"""An alert that fires again this soon after the incident was resolved belongs to the same incident."""

TITLE_LIMIT = 150
NAME_LIMIT = 100
"""Characters of an alert's or a service's name; what tells alerts and groups apart keeps the whole."""
KEY_LIMIT = 400
"""Characters of a group key or fingerprint that are kept: both are indexed, and an index row has a limit."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """
    How one source proves itself: by one of the `tokens`, or a signature with one of the `secrets`, which then is
    required. There are several of them while a new one takes an old one's place.

    Both empty: the source is refused. Header names are Grafana's, where people can change them.
    """

    tokens: tuple[str, ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    signature_header: str = "X-Grafana-Alerting-Signature"
    timestamp_header: str = "X-Grafana-Alerting-Timestamp"

    @property
    def are_set(self) -> bool:
        """Whether the source is let in at all."""
        return any((*self.tokens, *self.secrets))


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """
    One alert as one notification tells it.

    `occurrence` tells two firings of the same alert apart: the start as the monitor stated it, `""` if it stated none.
    It stays the same when the stated start is too odd to be believed and `starts_at` became the time of receipt, so
    (source, fingerprint, occurrence) finds the alert again. `starts_at` and `ends_at` are aware and in UTC; `ends_at`
    is None while the alert fires and never before `starts_at`. Texts are as the sender wrote them: escape when shown.
    """

    source: str
    fingerprint: str
    status: AlertStatus
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    starts_at_precision: Precision
    ends_at: datetime | None
    group: str
    occurrence: str
    generator_url: str | None = None
    is_test: bool = False
    """The monitor's own test button was pressed: it is recorded and never opens an incident."""

    @property
    def name(self) -> str:
        """What people call the alert: its `alertname`, or else its summary."""
        return shortened(self.labels.get("alertname") or self.annotations.get("summary") or self.fingerprint)

    @property
    def service(self) -> str | None:
        return shortened(self.labels.get("service", "")) or None

    @property
    def summary(self) -> str:
        return self.annotations.get("summary") or self.name


@dataclass(frozen=True, slots=True)
class Batch:
    """One notification. `truncated` alerts of the group were not named; an alert that is absent is not resolved."""

    source: str
    events: tuple[AlertEvent, ...]
    truncated: int = 0
    receiver: str | None = None


class RouteAction(StrEnum):
    OPEN = "open"
    ATTACH = "attach"
    IGNORE = "ignore"


class MatcherSyntax(UserError):
    """A matcher that cannot be read."""


OPERATORS = ("=~", "!~", "!=", "=")
_MATCHER = re.compile(
    r"""\s*(?P<label>"(?:[^"\\]|\\.)+"|[^\s"=!~{},]+)\s*(?P<op>=~|!~|!=|=)\s*(?P<value>"(?:[^"\\]|\\.)*"|[^"]*?)\s*""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Matcher:
    """`label op value` as in Alertmanager: a label that is absent counts as empty, and a regex fits the whole value."""

    label: str
    op: str
    value: str

    def __post_init__(self) -> None:
        if self.op not in OPERATORS:
            raise MatcherSyntax(f"`{self.op}` is no operator. Use one of {', '.join(OPERATORS)}.")
        try:
            _ = self._regex
        except (re.error, OverflowError, RecursionError) as error:
            raise MatcherSyntax(f"`{self.value}` is not a regular expression: {error}.") from None

    @cached_property
    def _regex(self) -> "re.Pattern[str]":
        return re.compile(self.value if self.op.endswith("~") else re.escape(self.value), re.DOTALL)

    def fits(self, labels: Mapping[str, str]) -> bool:
        same = self._regex.fullmatch(labels.get(self.label, "")) is not None
        return same is not self.op.startswith("!")

    def __str__(self) -> str:
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.label}{self.op}"{quoted}"'


def parse_matcher(text: str) -> Matcher:
    """Read `severity="critical"`, `env!=dev`, `instance=~"web-.+"`. Raises MatcherSyntax."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise MatcherSyntax(f'`{text}` is not a matcher. Write it like severity="critical" or instance=~"web-.+".')
    return Matcher(_unquote(found["label"]), found["op"], _unquote(found["value"]))


def _unquote(text: str) -> str:
    """Take the quotes off. Only an escaped quote, backslash and n mean something else, so that a regex stays one."""
    if not text.startswith('"'):
        return text
    return _ESCAPE.sub(lambda found: {'"': '"', "\\": "\\", "n": "\n"}.get(found[1], found[0]), text[1:-1])


@dataclass(frozen=True, slots=True)
class Route:
    """
    What happens to alerts that all `matchers` fit. None leaves service or severity to the labels and defaults, and
    `triage` to what holds for all alerts.
    """

    matchers: tuple[Matcher, ...]
    action: RouteAction = RouteAction.OPEN
    service: str | None = None
    severity: Severity | None = None
    triage: bool | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """
    What holds where a route is silent. `severity_words` maps the values of the label `severity` (casefolded) and is
    empty unless the operator wrote it; `service_severities` is what each service's incidents start with.
    """

    severity: Severity = Severity.SEV3
    severity_words: Mapping[str, Severity] = field(default_factory=dict)
    service_severities: Mapping[str, Severity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Routing:
    """Where an alert goes. `why` is for people who wonder: it names the route and the origin of the severity."""

    action: RouteAction
    service: str | None
    severity: Severity
    why: str
    triage: bool | None = None


def route(labels: Mapping[str, str], routes: Sequence[Route], defaults: Defaults) -> Routing:
    """The first route that fits decides; no route fits: open, for the service that the labels name."""
    number, chosen = next(
        ((number, each) for number, each in enumerate(routes, 1) if all(m.fits(labels) for m in each.matchers)),
        (0, Route(())),
    )
    service = chosen.service or shortened(labels.get("service", "")) or None
    severity, because = _severity(labels, chosen, service, defaults)
    matched = f"route {number} ({', '.join(map(str, chosen.matchers)) or 'every alert'})" if number else "no route"
    return Routing(chosen.action, service, severity, f"{matched}; severity {because}", chosen.triage)


def _severity(
    labels: Mapping[str, str], chosen: Route, service: str | None, defaults: Defaults
) -> tuple[Severity, str]:
    if chosen.severity:
        return chosen.severity, "of the route"
    word = labels.get("severity", "").strip().casefold()
    if word in defaults.severity_words:
        return defaults.severity_words[word], f"of the label severity={word}"
    if service is not None and service in defaults.service_severities:
        return defaults.service_severities[service], f"of the service {service}"
    return defaults.severity, "by default"


def credible_times(
    stated_start: datetime | None, stated_end: datetime | None, status: AlertStatus, *, now: datetime
) -> tuple[datetime, Precision, datetime | None]:
    """
    When an alert began, how well that is known, and when it ended (None while it fires).

    `now` is the time of receipt. It stands in for a start that is absent, in the future or over 7 days old (then
    approximate), and for the end of a resolved alert that states none, one in the future, or one before its start.
    """
    believable = stated_start is not None and now - OLDEST_START <= stated_start <= now + CLOCK_SKEW
    if status is AlertStatus.FIRING:
        return (
            (stated_start, Precision.EXACT, None) if stated_start and believable else (now, Precision.APPROXIMATE, None)
        )
    earliest = stated_start if stated_start and believable else now - OLDEST_START
    ends_at = stated_end if stated_end and earliest <= stated_end <= now + CLOCK_SKEW else None
    if stated_start and believable:
        return stated_start, Precision.EXACT, ends_at or max(now, stated_start)
    ends_at = ends_at or now
    return min(now, ends_at), Precision.APPROXIMATE, ends_at


def group_key(source: str, *, stated: str | None, service: str | None, name: str) -> str:
    """What keeps alerts together: the monitor's own group, or else service and name. Bounded in length."""
    return bounded(f"{source}:{stated}" if stated else f"{source}:service={service or ''},alertname={name}")


def shortened(name: str) -> str:
    """A name as people see it."""
    return name if len(name) <= NAME_LIMIT else f"{name[: NAME_LIMIT - 1].rstrip()}…"


def bounded(key: str) -> str:
    """The key itself if it is short enough for an index, or else its beginning and a hash of the whole."""
    if len(key) <= KEY_LIMIT:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{key[: KEY_LIMIT - 65]}#{digest}"


@dataclass(frozen=True, slots=True)
class GroupIncident:
    """
    An incident that an alert may belong to. `resolved_at` is None while open, and for one that was cancelled.

    `started_at` is when its impact began; None where that is not known.
    """

    id: int
    is_open: bool
    resolved_at: datetime | None = None
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """Open an incident."""


@dataclass(frozen=True, slots=True)
class OpenLinked:
    """Open an incident that names the `previous` one of the group."""

    previous: int


@dataclass(frozen=True, slots=True)
class Attach:
    """The open `incident` takes the alert."""

    incident: int


@dataclass(frozen=True, slots=True)
class Reopen:
    """The `incident` was resolved a moment ago: it goes on, and says so."""

    incident: int


@dataclass(frozen=True, slots=True)
class RecordOnly:
    """Keep the alert, with the `incident` it belonged to if there is one; no incident changes its state."""

    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Ignore:
    """A route says that nobody wants this alert."""


Placement = Open | OpenLinked | Attach | Reopen | RecordOnly | Ignore


def place(
    event: AlertEvent,
    action: RouteAction,
    *,
    now: datetime,
    of_group: Sequence[GroupIncident] = (),
    of_service: Sequence[GroupIncident] = (),
    is_held: bool = False,
) -> Placement:
    """
    What an alert does to incidents at `now`. `of_service` are open incidents of its service: only ATTACH looks at them.
    `is_held`: its service is under maintenance, so that it joins what is open and opens nothing.

    A resolved alert never opens or reopens anything, and one that was over before the incident began is not part of it.
    """
    if action is RouteAction.IGNORE:
        return Ignore()
    latest = max(of_group, key=lambda each: (each.is_open, each.id), default=None)
    if latest and latest.started_at and event.ends_at and event.ends_at < latest.started_at:
        return RecordOnly()
    if latest and latest.is_open:
        return Attach(latest.id)
    if action is RouteAction.ATTACH and event.status is AlertStatus.FIRING and not event.is_test:
        neighbour = max((each for each in of_service if each.is_open), key=lambda each: each.id, default=None)
        return Attach(neighbour.id) if neighbour else RecordOnly()
    if event.status is AlertStatus.RESOLVED or event.is_test:
        return RecordOnly(latest.id if latest else None)
    if is_held:
        return RecordOnly()
    if latest is None:
        return Open()
    if latest.resolved_at and now - latest.resolved_at < REOPEN_WITHIN:
        return Reopen(latest.id)
    return OpenLinked(latest.id)


_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")


def incident_title(events: Sequence[AlertEvent], truncated: int = 0) -> str:
    """
    A title from the alerts that open the incident: the first one's summary, and how many more there are.

    One line of at most TITLE_LIMIT characters, without control characters and those that turn the writing direction.
    Raises ValueError without events.
    """
    if not events:
        raise ValueError("no alert, no title")
    words = " ".join(_UNPRINTABLE.sub(" ", events[0].summary).split()) or "Alert without a name"
    others = len({each.summary for each in events}) - 1 + truncated
    suffix = f" (and {others} more)" if others else ""
    room = TITLE_LIMIT - len(suffix)
    return (words if len(words) <= room else words[: room - 1].rstrip() + "…") + suffix
