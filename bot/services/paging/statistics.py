"""Figures by month: who was paged when they were not at work, and how fast escalations were acknowledged."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.oncall.working_hours import from_json
from bot.domain.paging import statistics as figures
from bot.domain.paging.statistics import Answer, AnswerMonth, Call, PersonMonth
from bot.domain.text.durations import show_duration
from bot.store.escalation import statistics as nights
from bot.store.escalation.statistics import PageFact
from bot.store.shared import people

MARGIN = timedelta(days=1)
"""A month begins up to 14 hours earlier or later than in UTC, by whose clock it is."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`names` has those people whose name is known."""

    months: tuple[str, ...]
    people: tuple[PersonMonth, ...]
    answers: tuple[AnswerMonth, ...]
    names: dict[str, str]


def read_month(text: str) -> str:
    """`2026-11`. Raises UserError for what is no month."""
    found = re.fullmatch(r"(2\d{3})-(\d{1,2})", text.strip(), re.ASCII)
    if found is None or not 1 <= int(found[2]) <= 12:
        raise UserError(f"`{text.strip()[:40]}` is not a month. Write year and month, as in `2026-11`.")
    return f"{found[1]}-{int(found[2]):02d}"


def this_month(now: datetime, zone: ZoneInfo) -> str:
    return figures.month_of(now, zone)


def of_months(session: Session, team_id: str, months: Sequence[str]) -> Figures:
    """The figures of some months, which come in their order; there is at least one."""
    since, until = _span(months)
    calls = _calls(nights.pages(session, team_id, since, until))
    answers = [
        Answer(tuple(each.services), each.paged_at, each.acknowledged_at, ZoneInfo(each.zone))
        for each in nights.answers(session, team_id, since, until)
    ]
    counted = figures.of_people(calls, set(months))
    names = people.names(session, team_id, {each.user_id for each in counted})
    return Figures(tuple(months), tuple(counted), tuple(figures.of_answers(answers, set(months))), names)


def _span(months: Sequence[str]) -> tuple[datetime, datetime]:
    first, last = (date.fromisoformat(f"{month}-01") for month in (months[0], months[-1]))
    after = (last + timedelta(days=31)).replace(day=1)
    return _midnight(first) - MARGIN, _midnight(after) + MARGIN


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _calls(facts: Sequence[PageFact]) -> list[Call]:
    """Each call once: by several means it is the one that arrived first."""
    first: dict[tuple[object, ...], PageFact] = {}
    for fact in sorted(facts, key=lambda each: each.sent_at):
        place = (fact.level or 1, fact.round or 0, fact.ordinal)
        first.setdefault((fact.escalation_id, fact.user_id, place), fact)
    return [_call(fact) for fact in first.values()]


def _call(fact: PageFact) -> Call:
    own = zone_named(fact.own_zone)
    outside = fact.out_of_hours
    if outside is None:
        outside = figures.is_out_of_hours(from_json(fact.hours), own, fact.sent_at)
    return Call(fact.user_id, fact.sent_at, own or ZoneInfo(fact.incident_zone), outside)


def zone_named(name: str | None) -> ZoneInfo | None:
    """Slack names zones that this machine's tables need not have."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


SHOWN = 30
"""People who are named in one answer."""


def in_words(found: Figures) -> str:
    """Who was paged in the last of the months, as Slack shows it: mentions, which reach nobody in a private answer."""
    month = found.months[-1]
    rows = [row for row in found.people if row.month == month]
    if not rows:
        return f"Nobody was paged in {month}."
    lines = [f"*Paged outside working hours in {month}*", *map(_line, rows[:SHOWN])]
    if len(rows) > SHOWN:
        lines.append(f"… and {len(rows) - SHOWN} more: `dogwatch figures --month {month}` shows all of them.")
    whole = next((row for row in found.answers if row.month == month and row.service is None), None)
    if whole is not None and whole.median is not None and whole.p90 is not None:
        lines.append(
            f"Time to acknowledge: median {show_duration(whole.median)}, 9 of 10 within {show_duration(whole.p90)}."
        )
    return "\n".join(lines)


def _line(row: PersonMonth) -> str:
    told = [f"{row.out_of_hours} of {_counted(row.pages, 'page')}"]
    if row.unknown == row.pages:
        told = [f"{_counted(row.pages, 'page')}, working hours not known"]
    elif row.unknown:
        told.append(f"of {row.unknown} working hours are not known")
    if row.nights:
        told.append(f"woken in {_counted(row.nights, 'night')}")
    return f"• <@{row.user_id}>: {', '.join(told)}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
