"""Routing of alerts by their labels, with Alertmanager's matchers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from bot.domain.alerts.events import shorten_name
from bot.domain.alerts.label_groups import LabelGroup, LabelGrouping
from bot.domain.alerts.resolution import ResolveRule
from bot.domain.errors import UserError
from bot.domain.terms import Severity
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    import re2  # type: ignore[import-untyped] # it has no annotations
else:
    re2 = LazyModule("re2")


class RouteAction(StrEnum):
    OPEN = "open"
    ATTACH = "attach"
    IGNORE = "ignore"


class MatcherSyntax(UserError):
    """Invalid matcher."""


OPERATORS = ("=~", "!~", "!=", "=")
_MATCHER = re.compile(
    r"""\s*(?P<label>"(?:[^"\\]|\\.)+"|[^\s"=!~{},]+)\s*(?P<op>=~|!~|!=|=)\s*(?P<value>"(?:[^"\\]|\\.)*"|[^"]*?)\s*""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
LONGEST_PATTERN = 1_000
LONGEST_VALUE = 10_000
"""Characters of a label that a regular expression sees. With both limits a match takes milliseconds."""
PATTERN_BYTES = 1 << 20


def _compile(pattern: str) -> "re2._Regexp":
    """Compile with Alertmanager's options: a dot matches line ends too. Raises re2.error."""
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = PATTERN_BYTES
    return re2.compile(pattern, options)


@dataclass(frozen=True)
class Matcher:
    """
    `label op value` as in Alertmanager.

    An absent label counts as empty. A regular expression matches the whole value. The engine is RE2, as in
    Alertmanager: time grows with the length of the value, whatever the expression.
    """

    label: str
    op: str
    value: str

    def __post_init__(self) -> None:
        if self.op not in OPERATORS:
            raise MatcherSyntax(f"`{self.op}` is not an operator. Use one of {', '.join(OPERATORS)}.")
        if self.op.endswith("~"):
            self._check_expression()

    def _check_expression(self) -> None:
        if len(self.value) > LONGEST_PATTERN:
            raise MatcherSyntax(
                f"The regular expression is longer than {LONGEST_PATTERN} characters. Use several routes."
            )
        try:
            _ = self._regex
        except re2.error as error:
            reason = error.args[0].decode("utf-8", "replace")
            raise MatcherSyntax(f"`{self.value}` is not a regular expression of RE2: {reason}.") from None
        except UnicodeEncodeError:
            raise MatcherSyntax("The regular expression contains half of a surrogate pair.") from None

    @cached_property
    def _regex(self) -> "re2._Regexp":
        return _compile(self.value)

    def fits(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.label, "")
        same = self._matches(value) if self.op.endswith("~") else value == self.value
        return same is not self.op.startswith("!")

    def _matches(self, value: str) -> bool:
        return self._regex.fullmatch(value[:LONGEST_VALUE]) is not None

    def __str__(self) -> str:
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.label}{self.op}"{quoted}"'


def parse_matcher(text: str) -> Matcher:
    """Parse `severity="critical"`, `env!=dev`, `instance=~"web-.+"`. Raises MatcherSyntax."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise MatcherSyntax(f'`{text}` is not a matcher. Write it like severity="critical" or instance=~"web-.+".')
    return Matcher(_unquote(found["label"]), found["op"], _unquote(found["value"]))


def _unquote(text: str) -> str:
    """Remove quotes. Only an escaped quote, backslash and n are unescaped: a regex stays one."""
    if not text.startswith('"'):
        return text
    return _ESCAPE.sub(lambda found: {'"': '"', "\\": "\\", "n": "\n"}.get(found[1], found[0]), text[1:-1])


class Hours(Protocol):
    """Days and times of day in a zone; the text names them."""

    @property
    def zone(self) -> tzinfo: ...

    def contains(self, moment: datetime) -> bool: ...


@dataclass(frozen=True, slots=True)
class Route:
    """
    Action for alerts that match all `matchers`, within `hours` if it has any.

    None leaves service or severity to the labels and defaults, `triage` to the general setting, and `resolve_after` to
    the service. A zero `resolve_after`: a person resolves. `vendors`: it is for their incidents instead, and for no
    alert.
    """

    matchers: tuple[Matcher, ...]
    action: RouteAction = RouteAction.OPEN
    service: str | None = None
    severity: Severity | None = None
    triage: bool | None = None
    hours: Hours | None = None
    resolve_after: timedelta | None = None
    grouping: LabelGrouping | None = None
    vendors: tuple[str, ...] = ()

    def find_obstacle(self, at: datetime, *, is_end: bool) -> str:
        """
        Why the route leaves an alert that it matches to the next one; empty if it does not.

        An end is not ignored by hours: its beginning may have come outside of them.
        """
        if self.hours is None:
            return ""
        if not self.hours.contains(at):
            return f"is for {self.hours} and not for {at.astimezone(self.hours.zone):%a %H:%M}"
        return "has hours, so it ignores no end" if is_end and self.action is RouteAction.IGNORE else ""

    def __str__(self) -> str:
        matchers = ", ".join(map(str, self.matchers)) or "every alert"
        return f"{matchers}; {self.hours}" if self.hours else matchers


DEFAULT_WORDS: Mapping[str, Severity] = MappingProxyType(
    {
        **dict.fromkeys(("critical", "page", "high"), Severity.SEV2),
        **dict.fromkeys(("error", "warning", "medium"), Severity.SEV3),
        **dict.fromkeys(("info", "low"), Severity.SEV4),
    }
)
"""
Severities of the usual values of the label `severity`. None is SEV1.

Monitors call "critical" what a person has to see now, not what is worst: whether it is, people decide.
"""


@dataclass(frozen=True, slots=True)
class RoutingDefaults:
    """
    Severities where a route sets none.

    `severity_words` and `default_words` map values of the label `severity` (casefolded): the workspace's own words, and
    those that apply if neither these nor the service set a severity. `service_severities` is the initial severity of
    each service's incidents, `service_resolutions` their `resolve_after`.
    """

    severity: Severity = Severity.SEV3
    severity_words: Mapping[str, Severity] = field(default_factory=dict)
    service_severities: Mapping[str, Severity] = field(default_factory=dict)
    default_words: Mapping[str, Severity] = field(default_factory=dict)
    service_resolutions: Mapping[str, timedelta] = field(default_factory=dict)

    def knows(self, word: str) -> bool:
        """True if the value means a severity, or if no value of the label does."""
        words = {**self.default_words, **self.severity_words}
        return not words or word in words


@dataclass(frozen=True, slots=True)
class Routing:
    """
    Result of routing. `why` names the route and the origin of the severity.

    `unmapped` is the value of the label `severity` if it means no severity and no route sets one. `resolve_rule`: None
    if a person has to resolve.
    """

    action: RouteAction
    service: str | None
    severity: Severity
    why: str
    triage: bool | None = None
    unmapped: str | None = None
    resolve_rule: ResolveRule | None = None
    label_group: LabelGroup | None = None

    @property
    def resolution(self) -> str:
        """How the alert's incident is resolved, for people who check the routes."""
        if self.resolve_rule is None:
            return "by a person"
        minutes = int(self.resolve_rule.after.total_seconds() // 60)
        return f"automatically, {minutes} min after all its alerts ended ({self.resolve_rule.table})"


def route_alert(
    labels: Mapping[str, str], routes: Sequence[Route], defaults: RoutingDefaults, *, at: datetime, is_end: bool = False
) -> Routing:
    """
    Apply the first matching route; without one, open for the service that the labels name.

    `at` is the time of receipt, aware. `is_end`: the alert is resolved.
    """
    number, chosen, passed = _find_route(labels, routes, at, is_end=is_end)
    service = chosen.service or shorten_name(labels.get("service", "")) or None
    label = " ".join(labels.get("severity", "").split())
    severity, because = _severity(label.casefold(), chosen, service, defaults)
    unmapped = shorten_name(label) if label and not chosen.severity and not defaults.knows(label.casefold()) else None
    matched = f"route {number} ({chosen})" if number else "no route"
    why = "; ".join((*passed, matched, f"severity {because}"))
    rule = _find_resolve_rule(number, chosen, service, defaults)
    group = chosen.grouping.find_group(str(chosen), labels, service) if chosen.grouping else None
    return Routing(chosen.action, service, severity, why, chosen.triage, unmapped, rule, group)


def _find_route(
    labels: Mapping[str, str], routes: Sequence[Route], at: datetime, *, is_end: bool
) -> tuple[int, Route, list[str]]:
    """Number and route, 0 for none, and why matching routes before it were passed over."""
    passed: list[str] = []
    for number, route in enumerate(routes, 1):
        if not route.vendors and all(each.fits(labels) for each in route.matchers):
            obstacle = route.find_obstacle(at, is_end=is_end)
            if not obstacle:
                return number, route, passed
            passed.append(f"route {number} {obstacle}")
    return 0, Route(()), passed


def _find_resolve_rule(
    number: int, chosen: Route, service: str | None, defaults: RoutingDefaults
) -> ResolveRule | None:
    """The rule of the route, or else of the service."""
    if chosen.resolve_after is not None:
        return ResolveRule(chosen.resolve_after, f"[[routes]] {number}") if chosen.resolve_after else None
    after = defaults.service_resolutions.get(service or "")
    return ResolveRule(after, f"[services.{service}]") if after else None


def _severity(word: str, chosen: Route, service: str | None, defaults: RoutingDefaults) -> tuple[Severity, str]:
    if chosen.severity:
        return chosen.severity, "of the route"
    if word in defaults.severity_words:
        return defaults.severity_words[word], f"of the label severity={word}"
    if service is not None and service in defaults.service_severities:
        return defaults.service_severities[service], f"of the service {service}"
    if word in defaults.default_words:
        return defaults.default_words[word], f"of the label severity={word}"
    return defaults.severity, "by default"
