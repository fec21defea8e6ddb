"""The picture of an incident as values: a period, milestones, rows of bars and marks."""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.terms import Precision
from bot.lazy_dataclass import dataclass


class Tone(StrEnum):
    """Subject of a bar or mark: the CSS class of its colour."""

    IMPACT = "impact"
    RESPONSE = "response"
    PUBLIC = "public"
    LEAD = "lead"
    WAITING = "waiting"
    ALERT = "alert"
    ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class Period:
    """The time that the picture shows, never empty."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Bar:
    """A span of time. An end that is None is not recorded; not both are."""

    start: datetime | None
    end: datetime | None
    start_precision: Precision = Precision.EXACT
    end_precision: Precision = Precision.EXACT
    label: str = ""
    """Shown in the bar where it has room."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in time; None is not recorded."""

    at: datetime | None
    precision: Precision = Precision.EXACT


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of the picture. `text` says all of it in words.

    `group` is a heading above the first of several rows; empty for none.
    """

    label: str
    tone: Tone
    text: str
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class Milestone:
    """A time of the incident with its name; its line crosses all rows."""

    label: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture: its period, milestones and rows, each in order."""

    period: Period
    milestones: tuple[Milestone, ...]
    rows: tuple[Row, ...]
