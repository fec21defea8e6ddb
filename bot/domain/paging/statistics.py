"""Monthly statistics of pages and acknowledgements, from plain facts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from math import ceil
from statistics import median
from zoneinfo import ZoneInfo

from bot.domain.oncall.working_hours import WorkingHours, is_outside_hours
from bot.lazy_dataclass import dataclass

NIGHT = (time(22), time(7))
"""Hours of sleep, in local time; the second itself is day."""


@dataclass(frozen=True, slots=True)
class PersonPage:
    """
    A person was paged for one escalation, by any number of contact methods.

    `zone` is the person's own where it is known, else the incident's. `out_of_hours` is None if their working hours are
    unknown.
    """

    user_id: str
    at: datetime
    zone: ZoneInfo
    out_of_hours: bool | None
    incident_id: int | None = None


@dataclass(frozen=True, slots=True)
class EscalationOutcome:
    """An escalation that paged somebody. `acknowledged_at` is None if it never was."""

    services: tuple[str, ...]
    paged_at: datetime
    acknowledged_at: datetime | None
    zone: ZoneInfo
    severity: str = ""
    incident_id: int | None = None

    @property
    def month(self) -> str:
        return month_of(self.paged_at, self.zone)

    @property
    def length(self) -> timedelta | None:
        return None if self.acknowledged_at is None else self.acknowledged_at - self.paged_at


@dataclass(frozen=True, slots=True)
class Spread:
    """`measured` of the `cases` have a length; without any there is neither median nor p90."""

    cases: int
    measured: int
    median: timedelta | None
    p90: timedelta | None


def spread_of(lengths: Iterable[timedelta | None]) -> Spread:
    """None: the case has no length, such as an escalation without an acknowledgement."""
    found = list(lengths)
    ordered = sorted(each for each in found if each is not None)
    if not ordered:
        return Spread(len(found), 0, None, None)
    middle = timedelta(seconds=median(each.total_seconds() for each in ordered))
    return Spread(len(found), len(ordered), middle, percentile(ordered, 90))


@dataclass(frozen=True, slots=True)
class PersonMonth:
    """
    Pages to one person in one month (`2026-11`).

    Of the `pages`, `out_of_hours` came outside working hours, and of `unknown` the hours are not known. `nights` are
    the nights with at least one page.
    """

    month: str
    user_id: str
    pages: int
    out_of_hours: int
    unknown: int
    nights: int


@dataclass(frozen=True, slots=True)
class AcknowledgementMonth:
    """
    Acknowledgement times of one month.

    `service` is None for all together, `""` for incidents that name none. `median` and `p90` are None if none was
    acknowledged.
    """

    month: str
    service: str | None
    escalations: int
    acknowledged: int
    median: timedelta | None
    p90: timedelta | None


def is_out_of_hours(hours: WorkingHours | None, own: ZoneInfo | None, at: datetime) -> bool | None:
    """
    True if `at` (aware) is outside working hours; None if these are unknown.

    People elsewhere work by their own clock: the hours apply in the zone `own`, where it is known.
    """
    return is_outside_hours(replace(hours, zone=own) if hours and own else hours, at)


def night_of(at: datetime, zone: ZoneInfo) -> date | None:
    """Day on whose evening the night of `at` began; None by day."""
    local = at.astimezone(zone)
    if local.time() >= NIGHT[0]:
        return local.date()
    return local.date() - timedelta(days=1) if local.time() < NIGHT[1] else None


def month_of(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()[:7]


def person_months(calls: Iterable[PersonPage], months: Collection[str]) -> list[PersonMonth]:
    """By month, then most pages out of hours first. Only of `months`."""
    grouped: dict[tuple[str, str], list[PersonPage]] = defaultdict(list)
    for call in calls:
        month = month_of(call.at, call.zone)
        if month in months:
            grouped[month, call.user_id].append(call)
    rows = [_person(month, user_id, found) for (month, user_id), found in grouped.items()]
    return sorted(rows, key=lambda row: (row.month, -row.out_of_hours, -row.nights, -row.pages, row.user_id))


def _person(month: str, user_id: str, calls: Sequence[PersonPage]) -> PersonMonth:
    nights = {night_of(call.at, call.zone) for call in calls} - {None}
    outside = sum(call.out_of_hours is True for call in calls)
    unknown = sum(call.out_of_hours is None for call in calls)
    return PersonMonth(month, user_id, len(calls), outside, unknown, len(nights))


def acknowledgement_months(answers: Iterable[EscalationOutcome], months: Collection[str]) -> list[AcknowledgementMonth]:
    """
    By month: all together first, then by service.

    An incident with several services counts for each of them.
    """
    grouped: dict[tuple[str, str | None], list[EscalationOutcome]] = defaultdict(list)
    for answer in answers:
        if answer.month in months:
            for service in (None, *(answer.services or ("",))):
                grouped[answer.month, service].append(answer)
    rows = [_answers(month, service, found) for (month, service), found in grouped.items()]
    return sorted(rows, key=lambda row: (row.month, row.service is not None, row.service or ""))


def _answers(month: str, service: str | None, answers: Sequence[EscalationOutcome]) -> AcknowledgementMonth:
    spread = spread_of(each.length for each in answers)
    return AcknowledgementMonth(month, service, spread.cases, spread.measured, spread.median, spread.p90)


def percentile(ordered: Sequence[timedelta], percent: int) -> timedelta:
    """
    Nearest rank: the least value that `percent` of them do not exceed.

    `ordered` is not empty.
    """
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]


def months_until(month: str, count: int) -> list[str]:
    """The `count` months that end with `month`, the earliest first."""
    year, number = (int(part) for part in month.split("-"))
    last = year * 12 + number - 1
    return [f"{each // 12:04d}-{each % 12 + 1:02d}" for each in range(last - count + 1, last + 1)]
