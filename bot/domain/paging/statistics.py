"""What escalations cost and how fast they were answered: figures by month, from plain facts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import ceil
from statistics import median
from zoneinfo import ZoneInfo

from bot.domain.oncall.working_hours import WorkingHours, is_outside

NIGHT = (time(22), time(7))
"""From when to when people sleep, by the clock on their own wall; the second itself is day."""


@dataclass(frozen=True, slots=True)
class Call:
    """
    One time that somebody was paged: by however many means, for one escalation, it counts once.

    `zone` is the person's own where it is known, else the incident's. `out_of_hours` is None where nobody had said when
    they work.
    """

    user_id: str
    at: datetime
    zone: ZoneInfo
    out_of_hours: bool | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An escalation that really paged somebody, and when it was acknowledged; None if it never was."""

    services: tuple[str, ...]
    paged_at: datetime
    acknowledged_at: datetime | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class PersonMonth:
    """
    How often one person was paged in one month (`2026-11`).

    Of the `pages`, `out_of_hours` came when they were not at work, and of `unknown` nobody can tell. `nights` are the
    nights that had at least one: five pages in one night wake somebody in one night.
    """

    month: str
    user_id: str
    pages: int
    out_of_hours: int
    unknown: int
    nights: int


@dataclass(frozen=True, slots=True)
class AnswerMonth:
    """
    How fast escalations of one month were acknowledged. `service` is None for all of them together, `""` for those of
    incidents that name none. `median` and `p90` are None where none was acknowledged.
    """

    month: str
    service: str | None
    escalations: int
    acknowledged: int
    median: timedelta | None
    p90: timedelta | None


def is_out_of_hours(hours: WorkingHours | None, own: ZoneInfo | None, at: datetime) -> bool | None:
    """
    Whether somebody is paged outside working hours at `at` (aware). Those who are elsewhere work by their own clock:
    the hours hold in the zone `own`, where it is known. None where nobody said when people work.
    """
    return is_outside(replace(hours, zone=own) if hours and own else hours, at)


def night_of(at: datetime, zone: ZoneInfo) -> date | None:
    """The day on whose evening the night began that `at` is in; None by day."""
    local = at.astimezone(zone)
    if local.time() >= NIGHT[0]:
        return local.date()
    return local.date() - timedelta(days=1) if local.time() < NIGHT[1] else None


def month_of(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m}"


def of_people(calls: Iterable[Call], months: Collection[str]) -> list[PersonMonth]:
    """By month, and within it those with the most pages out of hours first. Of other months than `months`, nothing."""
    grouped: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in calls:
        month = month_of(call.at, call.zone)
        if month in months:
            grouped[month, call.user_id].append(call)
    rows = [_person(month, user_id, found) for (month, user_id), found in grouped.items()]
    return sorted(rows, key=lambda row: (row.month, -row.out_of_hours, -row.nights, -row.pages, row.user_id))


def _person(month: str, user_id: str, calls: Sequence[Call]) -> PersonMonth:
    nights = {night_of(call.at, call.zone) for call in calls} - {None}
    outside = sum(call.out_of_hours is True for call in calls)
    unknown = sum(call.out_of_hours is None for call in calls)
    return PersonMonth(month, user_id, len(calls), outside, unknown, len(nights))


def of_answers(answers: Iterable[Answer], months: Collection[str]) -> list[AnswerMonth]:
    """By month: all together first, then by service. An incident with several services counts for each of them."""
    grouped: dict[tuple[str, str | None], list[Answer]] = defaultdict(list)
    for answer in answers:
        month = month_of(answer.paged_at, answer.zone)
        if month in months:
            for service in (None, *(answer.services or ("",))):
                grouped[month, service].append(answer)
    rows = [_answers(month, service, found) for (month, service), found in grouped.items()]
    return sorted(rows, key=lambda row: (row.month, row.service is not None, row.service or ""))


def _answers(month: str, service: str | None, answers: Sequence[Answer]) -> AnswerMonth:
    waited = sorted(each.acknowledged_at - each.paged_at for each in answers if each.acknowledged_at is not None)
    if not waited:
        return AnswerMonth(month, service, len(answers), 0, None, None)
    middle = timedelta(seconds=median(each.total_seconds() for each in waited))
    return AnswerMonth(month, service, len(answers), len(waited), middle, percentile(waited, 90))


def percentile(ordered: Sequence[timedelta], percent: int) -> timedelta:
    """The nearest rank: the least measured value that `percent` of them do not exceed. `ordered` has at least one."""
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]


def months_until(month: str, count: int) -> list[str]:
    """The `count` months that end with `month`, the earliest first."""
    year, number = (int(part) for part in month.split("-"))
    last = year * 12 + number - 1
    return [f"{each // 12:04d}-{each % 12 + 1:02d}" for each in range(last - count + 1, last + 1)]
