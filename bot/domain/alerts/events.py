"""
Alerts as monitors report them: identity, credible times, names.

Pure. `bot.sources` reads a monitor's payload.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from bot.domain.terms import AlertStatus, Precision
from bot.lazy_dataclass import dataclass

SIGNING_SOURCES = ("grafana", "pagerduty", "sentry", "checkly", "mailgun")
"""Sources that can sign their requests with a shared secret."""
SOURCE_NAMES = (
    *("alertmanager", "grafana", "generic", "gitlab", "cloudevents", "pagerduty", "opsgenie"),
    *("sns", "gcp-monitoring", "azure-monitor"),
    *("datadog", "new-relic", "honeycomb", "sentry", "zabbix", "icinga"),
    *("uptime-kuma", "healthchecks", "better-stack", "checkly"),
    *("mailgun", "postmark"),
)
"""The last part of `POST /alerts/{source}`. `bot.sources.SOURCES` has a reader for each."""
TOKEN_SOURCES = tuple(name for name in SOURCE_NAMES if name != "sns")
"""Sources that are proven by a token, or by a signature where a secret is set. Amazon SNS signs by certificate."""
CLOCK_SKEW = timedelta(minutes=1)
"""Longest time that a credible start may lie in the future."""
OLDEST_START = timedelta(days=7)
"""Longest time that a credible start may lie in the past."""
TITLE_LIMIT = 150
"""Longest title of an incident, in characters."""
NAME_LIMIT = 100
"""Longest name of an alert or service, in characters. Keys are not shortened by it."""
KEY_LIMIT = 400
"""Longest group key or fingerprint, in characters: both are indexed, and an index row has a limit."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """
    Tokens and signing secrets of one source, several of each during a rotation.

    With secrets a signature is required. With neither the source is refused. The header names are Grafana's,
    where they can be configured. `topics` are the Amazon SNS topics that are accepted, and `certificates` Amazon's,
    as PEM by their web address. `variable` sets the token.
    """

    tokens: tuple[str, ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    signature_header: str = "X-Grafana-Alerting-Signature"
    timestamp_header: str = "X-Grafana-Alerting-Timestamp"
    topics: tuple[str, ...] = ()
    certificates: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    variable: str = "DOGWATCH_ALERT_TOKEN"

    @property
    def are_set(self) -> bool:
        return any((*self.tokens, *self.secrets, *self.topics))


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """
    One alert as one notification reports it.

    `occurrence` tells two firings of the same alert apart: the start as the monitor stated it, `""` if it stated none.
    It stays the same when the stated start is not credible and `starts_at` became the time of receipt, so
    (source, fingerprint, occurrence) finds the alert again. `starts_at` and `ends_at` are aware and in UTC; `ends_at`
    is None while the alert fires and never before `starts_at`. Texts are unescaped.
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
    """Sent by the monitor's test button: recorded, and never opens an incident."""
    stated_at: datetime | None = None
    """When the monitor saw this state, if it says so: an alert that ended later is not fired again by it."""

    @property
    def name(self) -> str:
        """The `alertname`, or else the summary."""
        return shorten_name(self.labels.get("alertname") or self.annotations.get("summary") or self.fingerprint)

    @property
    def service(self) -> str | None:
        return shorten_name(self.labels.get("service", "")) or None

    @property
    def summary(self) -> str:
        return self.annotations.get("summary") or self.name


@dataclass(frozen=True, slots=True)
class Batch:
    """
    One notification. Of its group, `truncated` alerts were not named.

    An absent alert is not resolved. `note` says why a notification has no alert to read. `confirmation` is an address
    that the sender asks to fetch once, already checked. `signed_id` is what a signature covers where it does not cover
    the alerts: a second notification with it is not stored.
    """

    source: str
    events: tuple[AlertEvent, ...]
    truncated: int = 0
    receiver: str | None = None
    note: str = ""
    confirmation: str | None = None
    signed_id: str | None = None


def credible_times(
    stated_start: datetime | None, stated_end: datetime | None, status: AlertStatus, *, now: datetime
) -> tuple[datetime, Precision, datetime | None]:
    """
    Start of an alert, the start's precision, and its end (None while it fires).

    `now` is the time of receipt. It replaces a start that is absent, in the future or over 7 days old (then
    approximate), and the end of a resolved alert that states none, one in the future, or one before its start.
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
    """The monitor's own group, or else service and name. Bounded in length."""
    return bound_key(f"{source}:{stated}" if stated else f"{source}:service={service or ''},alertname={name}")


def shorten_name(name: str) -> str:
    return name if len(name) <= NAME_LIMIT else f"{name[: NAME_LIMIT - 1].rstrip()}…"


def bound_key(key: str) -> str:
    """The key if it is short enough for an index, else its beginning and a hash of the whole."""
    if len(key) <= KEY_LIMIT:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{key[: KEY_LIMIT - 65]}#{digest}"


_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")


def incident_title(events: Sequence[AlertEvent], truncated: int = 0) -> str:
    """
    Title of the incident that alerts open: the first summary, and the number of others.

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
