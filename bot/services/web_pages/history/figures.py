"""Read model of the page Figures: the same cases as the history lists behind each number."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.incidents.statistics import (
    AGES,
    FEW,
    Axis,
    Figure,
    IncidentTimes,
    Sample,
    group_samples,
    incident_samples,
    spread_samples,
)
from bot.domain.paging.statistics import PersonMonth, Spread, person_months
from bot.domain.terms import Severity
from bot.lazy_dataclass import dataclass
from bot.services.paging.statistics import load_outcomes, load_pages
from bot.services.web_pages.history.filter import format_months
from bot.services.web_pages.history.samples import acknowledgement_samples, load_follow_ups, load_incident_times
from bot.store.shared import people

DURATIONS = (Figure.DETECT, Figure.ACKNOWLEDGE, Figure.IDENTIFY, Figure.MITIGATE, Figure.RESOLVE, Figure.FIRST_UPDATE)
"""In the order of the page."""
MAX_GROUPS = 30
"""Groups of one table: those with the most cases."""

Query = Mapping[str, str]
"""The parts of an address of the history that lists what was counted."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One group of a figure; `query` lists its incidents."""

    value: str
    spread: Spread
    query: Query

    @property
    def is_few(self) -> bool:
        return self.spread.measured < FEW


@dataclass(frozen=True, slots=True)
class FigureTable:
    """`hidden` groups have fewer cases than those of `rows`."""

    axis: Axis
    rows: Sequence[FigureRow]
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class FigureSection:
    """One figure as a whole, and by each axis. The first table has a row for each month."""

    figure: Figure
    total: FigureRow
    tables: Sequence[FigureTable]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Pages to one person in the whole period. `queries` list the incidents of each number."""

    person: str
    pages: int
    out_of_hours: int
    unknown: int
    nights: int
    queries: Mapping[Figure, Query]


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """Figures of consecutive `months`, the same for every viewer: without private incidents."""

    months: Sequence[str]
    durations: Sequence[FigureSection]
    incidents: FigureSection
    nights: FigureTable
    people: Sequence[PersonRow]
    follow_ups: FigureSection
    names: Mapping[str, str]
    severities: Mapping[str, str]


def load_figures(
    session: Session, settings: Settings, team_id: str, months: Sequence[str], at: datetime
) -> FiguresPage:
    times = load_incident_times(session, team_id, months)
    answers = acknowledgement_samples(load_outcomes(session, team_id, months), months)
    paged = person_months(load_pages(session, team_id, months, with_private=False), set(months))
    follow_ups = _follow_ups(load_follow_ups(session, team_id, at))
    persons = {row.user_id for row in paged} | {row.value for row in follow_ups.tables[1].rows}
    return FiguresPage(
        months=months,
        durations=[_duration(figure, times, answers, months) for figure in DURATIONS],
        incidents=_section(
            Figure.INCIDENTS,
            incident_samples(times, Figure.INCIDENTS),
            months,
            (Axis.SEVERITY, Axis.SERVICE, Axis.CATEGORY, Axis.CAUSE),
        ),
        nights=_nights(paged, months),
        people=_people(paged, months),
        follow_ups=follow_ups,
        names=people.find_names(session, team_id, persons),
        severities={severity.value: settings.severity_label(severity) for severity in Severity},
    )


def _duration(
    figure: Figure, times: Sequence[IncidentTimes], answers: Sequence[Sample], months: Sequence[str]
) -> FigureSection:
    samples = list(answers) if figure is Figure.ACKNOWLEDGE else incident_samples(times, figure)
    return _section(figure, samples, months, (Axis.SEVERITY, Axis.SERVICE))


def _section(figure: Figure, samples: Sequence[Sample], months: Sequence[str], axes: Sequence[Axis]) -> FigureSection:
    base = {"figure": figure.value, "month": format_months(tuple(months))}
    by_month = group_samples(samples, Axis.MONTH)
    rows = [_row(Axis.MONTH, month, by_month.get(month, []), base) for month in months]
    tables = [_table(samples, axis, base) for axis in axes]
    return FigureSection(figure, FigureRow("", spread_samples(samples), base), [FigureTable(Axis.MONTH, rows), *tables])


def _row(axis: Axis, value: str, samples: Sequence[Sample], base: Query) -> FigureRow:
    return FigureRow(value, spread_samples(samples), {**base, axis.value: value})


def _table(samples: Sequence[Sample], axis: Axis, base: Query) -> FigureTable:
    """Severities in their order, other groups by their number of cases."""
    rows = [_row(axis, value, found, base) for value, found in group_samples(samples, axis).items()]
    if axis is not Axis.SEVERITY:
        rows.sort(key=lambda row: -row.spread.cases)
    return FigureTable(axis, rows[:MAX_GROUPS], max(0, len(rows) - MAX_GROUPS))


def _follow_ups(samples: Sequence[Sample]) -> FigureSection:
    base = {"figure": Figure.FOLLOW_UPS.value}
    by_age = group_samples(samples, Axis.AGE)
    ages = FigureTable(Axis.AGE, [_row(Axis.AGE, age, by_age.get(age, []), base) for age, _ in AGES])
    total = FigureRow("", spread_samples(samples), base)
    return FigureSection(Figure.FOLLOW_UPS, total, [ages, _table(samples, Axis.PERSON, base)])


def _nights(paged: Sequence[PersonMonth], months: Sequence[str]) -> FigureTable:
    """Nights with a page, of all people together."""
    counts = {month: sum(row.nights for row in paged if row.month == month) for month in months}
    rows = [
        FigureRow(month, Spread(count, 0, None, None), {"figure": Figure.NIGHTS.value, "month": month})
        for month, count in counts.items()
    ]
    return FigureTable(Axis.MONTH, rows)


def _people(paged: Sequence[PersonMonth], months: Sequence[str]) -> list[PersonRow]:
    """The most pages out of hours first."""
    by_person: dict[str, list[PersonMonth]] = defaultdict(list)
    for row in paged:
        by_person[row.user_id].append(row)
    found = [_person(user_id, rows, months) for user_id, rows in by_person.items()]
    return sorted(found, key=lambda row: (-row.out_of_hours, -row.nights, -row.pages, row.person))


def _person(user_id: str, rows: Sequence[PersonMonth], months: Sequence[str]) -> PersonRow:
    def total(number: Callable[[PersonMonth], int]) -> int:
        return sum(map(number, rows))

    where = {"month": format_months(tuple(months)), Axis.PERSON.value: user_id}
    return PersonRow(
        user_id,
        total(lambda row: row.pages),
        total(lambda row: row.out_of_hours),
        total(lambda row: row.unknown),
        total(lambda row: row.nights),
        {figure: {"figure": figure.value, **where} for figure in (Figure.PAGES, Figure.OUT_OF_HOURS, Figure.NIGHTS)},
    )
