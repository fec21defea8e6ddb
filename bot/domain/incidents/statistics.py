"""Figures of past incidents: their cases, groups and durations."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.paging.statistics import Spread, spread_of
from bot.lazy_dataclass import dataclass

FEW = 5
"""Fewer cases than this have neither a median nor a p90 that says anything."""
NO_VALUE = "(none)"
"""Value of an axis for cases without one."""


class Figure(StrEnum):
    """A figure, by its name in addresses. Those from DETECT to FIRST_UPDATE are durations."""

    INCIDENTS = "incidents"
    DETECT = "detect"
    ACKNOWLEDGE = "acknowledge"
    IDENTIFY = "identify"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    FIRST_UPDATE = "first-update"
    PAGES = "pages"
    OUT_OF_HOURS = "out-of-hours"
    NIGHTS = "nights"
    FOLLOW_UPS = "follow-ups"


class Axis(StrEnum):
    """A property by which cases are grouped, by its name in addresses."""

    MONTH = "month"
    SEVERITY = "severity"
    SERVICE = "service"
    CATEGORY = "category"
    CAUSE = "cause_group"
    PERSON = "person"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One case of a figure: an incident, an escalation, a page or a follow-up.

    `values`: its values on each axis; of several services each. `length` None: it has none.
    """

    incident_id: int
    values: Mapping[Axis, tuple[str, ...]]
    length: timedelta | None = None

    def matches(self, chosen: Mapping[Axis, Collection[str]]) -> bool:
        return all(any(value in wanted for value in self.values.get(axis, ())) for axis, wanted in chosen.items())


@dataclass(frozen=True, slots=True)
class IncidentTimes:
    """
    An incident's times, and its values on each axis.

    `is_start_stated`: the start has a source besides that of the detection. `is_retro`: recorded after the fact.
    """

    incident_id: int
    values: Mapping[Axis, tuple[str, ...]]
    is_retro: bool
    is_start_stated: bool
    started_at: datetime
    detected_at: datetime
    identified_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    first_update_at: datetime | None

    @property
    def month(self) -> str:
        return self.values[Axis.MONTH][0]

    def length_of(self, figure: Figure) -> timedelta | None:
        """None: a time is missing, or earlier than the one it is measured from."""
        starts = {
            Figure.DETECT: (self.started_at if self.is_start_stated else None, self.detected_at),
            Figure.IDENTIFY: (self.detected_at, self.identified_at),
            Figure.MITIGATE: (self.detected_at, self.mitigated_at),
            Figure.RESOLVE: (self.detected_at, self.resolved_at),
            Figure.FIRST_UPDATE: (self.started_at, self.first_update_at),
        }
        since, until = starts[figure]
        return until - since if since and until and until >= since else None


def incident_samples(found: Iterable[IncidentTimes], figure: Figure) -> list[Sample]:
    """Cases of one figure. A duration has those incidents alone that have both of its times."""
    if figure is Figure.INCIDENTS:
        return [Sample(each.incident_id, each.values) for each in found]
    measured = ((each, each.length_of(figure)) for each in found if not each.is_retro)
    return [Sample(each.incident_id, each.values, length) for each, length in measured if length is not None]


AGES = (
    ("under-7-days", timedelta(days=7)),
    ("7-to-28-days", timedelta(days=28)),
    ("28-to-90-days", timedelta(days=90)),
    ("over-90-days", timedelta.max),
)
"""Groups of ages by name, with the age at which each ends."""


def age_group(age: timedelta) -> str:
    return next(name for name, end in AGES if age < end)


def group_samples(samples: Iterable[Sample], axis: Axis) -> dict[str, list[Sample]]:
    """By each value of the axis, in its order. A case with several values is in each."""
    grouped: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        for value in sample.values.get(axis, ()):
            grouped[value].append(sample)
    return dict(sorted(grouped.items()))


def spread_samples(samples: Sequence[Sample]) -> Spread:
    return spread_of(each.length for each in samples)
