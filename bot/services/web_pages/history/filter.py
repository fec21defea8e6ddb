"""Filters of the history, which are its address."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from bot.domain.errors import UserError
from bot.domain.incidents.statistics import NO_VALUE, Axis, Figure
from bot.domain.paging.statistics import months_until
from bot.domain.terms import Severity
from bot.lazy_dataclass import dataclass
from bot.services.paging.statistics import month_span, parse_month
from bot.store.incidents.search.filter import IncidentFilter

MAX_TEXT = 200
MAX_MONTHS = 120
RANGE = ".."
"""Between the first and the last of several months."""


class Presence(StrEnum):
    """A cause is recorded, findings are open; or not."""

    YES = "yes"
    NO = "no"


class Drills(StrEnum):
    """Without this choice drills are left out."""

    WITH = "with"
    ONLY = "only"


Choice = TypeVar("Choice", Presence, Drills, Figure, Severity)

FIGURE_OF_AXIS = {
    Axis.CATEGORY: Figure.INCIDENTS,
    Axis.CAUSE: Figure.INCIDENTS,
    Axis.PERSON: Figure.PAGES,
    Axis.AGE: Figure.FOLLOW_UPS,
}
"""The figure that is meant if the address names none."""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """
    An incident has to match each part that is set.

    With `figure` it is the incidents counted by that figure: months, severity, service and `groups` are then those of
    the figure's cases. `like` is the reference of the incident to which the others are similar.
    """

    text: str = ""
    severity: Severity | None = None
    service: str = ""
    months: tuple[str, ...] = ()
    lead: str = ""
    cause: Presence | None = None
    findings: Presence | None = None
    drills: Drills | None = None
    like: str = ""
    figure: Figure | None = None
    groups: tuple[tuple[Axis, str], ...] = ()

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "HistoryFilter":
        """Read an untrusted address. Raises UserError for a value that does not exist."""
        given = {name: _printable(value).strip()[:MAX_TEXT] for name, value in query.items()}
        groups = tuple((axis, given[axis]) for axis in FIGURE_OF_AXIS if given.get(axis))
        figure = _choice(Figure, "figure", given)
        return cls(
            text=given.get("text", ""),
            severity=_choice(Severity, "severity", given),
            service=given.get("service", ""),
            months=parse_months(given.get("month", "")),
            lead=given.get("lead", ""),
            cause=_choice(Presence, "cause", given),
            findings=_choice(Presence, "findings", given),
            drills=_choice(Drills, "drills", given),
            like=given.get("like", "").upper(),
            figure=figure or next((FIGURE_OF_AXIS[axis] for axis, _ in groups), None),
            groups=groups,
        )

    @property
    def query(self) -> dict[str, str]:
        """The parts that are set, as in an address."""
        named = {
            "text": self.text,
            "severity": self.severity,
            "service": self.service,
            "month": format_months(self.months),
            "lead": self.lead,
            "cause": self.cause,
            "findings": self.findings,
            "drills": self.drills,
            "like": self.like,
            "figure": self.figure,
            **{axis.value: value for axis, value in self.groups},
        }
        return {name: str(value) for name, value in named.items() if value}

    @property
    def incident_filter(self) -> IncidentFilter:
        """The parts that the database decides."""
        is_figure = self.figure is not None
        is_drill = {None: False, Drills.WITH: None, Drills.ONLY: True}[self.drills]
        return IncidentFilter(
            severities=frozenset({self.severity}) if self.severity and not is_figure else frozenset(),
            drills=is_drill,
            service=None if is_figure or not self.service else _stored_value(self.service),
            months=frozenset() if is_figure else frozenset(self.months),
            declared=month_span(self.months) if self.months and not is_figure else None,
            lead=_stored_value(self.lead) if self.lead else None,
            has_cause=None if self.cause is None else self.cause is Presence.YES,
        )

    @property
    def sample_values(self) -> dict[Axis, frozenset[str]]:
        """The parts that decide which cases of the figure are meant."""
        chosen: dict[Axis, frozenset[str]] = {axis: frozenset({value}) for axis, value in self.groups}
        if self.severity:
            chosen[Axis.SEVERITY] = frozenset({self.severity.value})
        if self.service:
            chosen[Axis.SERVICE] = frozenset({self.service})
        if self.months and self.figure is not Figure.FOLLOW_UPS:
            chosen[Axis.MONTH] = frozenset(self.months)
        return chosen


def _stored_value(value: str) -> str:
    return "" if value == NO_VALUE else value


def _printable(value: str) -> str:
    """Without control characters, which PostgreSQL refuses in part."""
    return "".join(each for each in value if each.isprintable())


def _choice(kind: type[Choice], name: str, given: Mapping[str, str]) -> Choice | None:
    value = given.get(name, "")
    if not value:
        return None
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(f"`{each}`" for each in kind)
        raise UserError(f"`{value[:40]}` is not a value of `{name}`. Use one of {known}.") from None


def parse_months(text: str) -> tuple[str, ...]:
    """
    Parse `2026-11`, or several as `2026-01..2026-11`.

    Raises UserError for other text, or over ten years.
    """
    if not text:
        return ()
    first, _, last = text.partition(RANGE)
    first, last = parse_month(first), parse_month(last or first)
    months = months_until(last, MAX_MONTHS)
    if first not in months:
        raise UserError(f"`{text[:40]}` is not a span of months. Use up to {MAX_MONTHS}, the earlier month first.")
    return tuple(months[months.index(first) :])


def format_months(months: tuple[str, ...]) -> str:
    """The same as in an address."""
    if len(months) <= 1:
        return "".join(months)
    return f"{months[0]}{RANGE}{months[-1]}"
