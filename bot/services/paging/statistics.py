"""Paging statistics by month: pages outside working hours, time to acknowledge."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.oncall.working_hours import hours_from_json
from bot.domain.paging.statistics import (
    AcknowledgementMonth,
    EscalationOutcome,
    PersonMonth,
    PersonPage,
    acknowledgement_months,
    is_out_of_hours,
    month_of,
    person_months,
)
from bot.domain.text.durations import format_duration
from bot.domain.times.zones import known_zone
from bot.lazy_dataclass import dataclass
from bot.store.escalation import statistics
from bot.store.escalation.statistics import PageFacts
from bot.store.shared import people

MARGIN = timedelta(days=1)
"""A month starts up to 14 hours earlier or later than in UTC, by local time."""


@dataclass(frozen=True, slots=True)
class PagingStatistics:
    """`names`: known names by user id."""

    months: tuple[str, ...]
    people: tuple[PersonMonth, ...]
    answers: tuple[AcknowledgementMonth, ...]
    names: dict[str, str]


def parse_month(text: str) -> str:
    """Parse a month like `2026-11`. Raises UserError for other text."""
    found = re.fullmatch(r"(2\d{3})-(\d{1,2})", text.strip(), re.ASCII)
    if found is None or not 1 <= int(found[2]) <= 12:
        raise UserError(f"`{text.strip()[:40]}` is not a month. Write year and month, as in `2026-11`.")
    return f"{found[1]}-{int(found[2]):02d}"


def current_month(now: datetime, zone: ZoneInfo) -> str:
    return month_of(now, zone)


def load_statistics(session: Session, team_id: str, months: Sequence[str]) -> PagingStatistics:
    """Load the statistics of consecutive months, at least one, in order."""
    counted = person_months(load_pages(session, team_id, months), set(months))
    answers = load_outcomes(session, team_id, months)
    names = people.find_names(session, team_id, {each.user_id for each in counted})
    return PagingStatistics(tuple(months), tuple(counted), tuple(acknowledgement_months(answers, set(months))), names)


def load_pages(session: Session, team_id: str, months: Sequence[str], *, with_private: bool = True) -> list[PersonPage]:
    """Pages to people in these months, and some around them."""
    return _first_pages(statistics.find_pages(session, team_id, *month_span(months), with_private=with_private))


def load_outcomes(session: Session, team_id: str, months: Sequence[str]) -> list[EscalationOutcome]:
    """Escalations of these months, and some around them."""
    return [
        EscalationOutcome(
            tuple(each.services),
            each.paged_at,
            each.acknowledged_at,
            ZoneInfo(each.zone),
            each.severity,
            each.incident_id,
        )
        for each in statistics.find_acknowledgements(session, team_id, *month_span(months))
    ]


def month_span(months: Sequence[str]) -> tuple[datetime, datetime]:
    """From before the first month to after the last, in every zone."""
    first, last = (date.fromisoformat(f"{month}-01") for month in (months[0], months[-1]))
    after = (last + timedelta(days=31)).replace(day=1)
    return _midnight(first) - MARGIN, _midnight(after) + MARGIN


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _first_pages(facts: Sequence[PageFacts]) -> list[PersonPage]:
    """One page for each person, level and round: of several contact methods the first."""
    first: dict[tuple[object, ...], PageFacts] = {}
    for fact in sorted(facts, key=lambda each: each.sent_at):
        step = (fact.level, fact.round, fact.ordinal)
        first.setdefault((fact.escalation_id, fact.user_id, step), fact)
    return [_person_page(fact) for fact in first.values()]


def _person_page(fact: PageFacts) -> PersonPage:
    own = known_zone(fact.own_zone)
    outside = fact.out_of_hours
    if outside is None:
        outside = is_out_of_hours(hours_from_json(fact.hours), own, fact.sent_at)
    return PersonPage(fact.user_id, fact.sent_at, own or ZoneInfo(fact.incident_zone), outside, fact.incident_id)


MAX_PEOPLE = 30
"""Longest list of people in a reply."""


def format_statistics(found: PagingStatistics) -> str:
    """The last month as markup, for a private reply, in which mentions notify nobody."""
    month = found.months[-1]
    rows = [row for row in found.people if row.month == month]
    if not rows:
        return f"Nobody was paged in {month}."
    lines = [f"*Paged outside working hours in {month}*", *map(_person_line, rows[:MAX_PEOPLE])]
    if len(rows) > MAX_PEOPLE:
        lines.append(f"… and {len(rows) - MAX_PEOPLE} more: `dogwatch figures --month {month}` shows all of them.")
    whole = next((row for row in found.answers if row.month == month and row.service is None), None)
    if whole is not None and whole.median is not None and whole.p90 is not None:
        lines.append(
            f"Time to acknowledge: median {format_duration(whole.median)}, 9 of 10 within {format_duration(whole.p90)}."
        )
    return "\n".join(lines)


def _person_line(row: PersonMonth) -> str:
    parts = [f"{row.out_of_hours} of {_count_noun(row.pages, 'page')}"]
    if row.unknown == row.pages:
        parts = [f"{_count_noun(row.pages, 'page')}, working hours not known"]
    elif row.unknown:
        parts.append(f"of {row.unknown} working hours are not known")
    if row.nights:
        parts.append(f"woken in {_count_noun(row.nights, 'night')}")
    return f"• <@{row.user_id}>: {', '.join(parts)}"


def _count_noun(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
