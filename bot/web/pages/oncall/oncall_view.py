"""Values of the page of on-call schedules."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from bot.domain.text.durations import format_duration
from bot.domain.times import format_time
from bot.services.oncall.override_change import OverrideChange
from bot.services.web_pages.oncall import CalendarDay, Gap, OnCallPage, OverrideRow, ScheduleWeeks, ShiftPart

INPUT_FORMAT = "%Y-%m-%dT%H:%M"


def template_values(page: OnCallPage) -> dict[str, Any]:
    """Values of `web/oncall.html.j2`, without those of a form."""
    return {
        "at": _moment(page.at, page.zone),
        "own_shifts": [
            {
                "schedule": each.name,
                "is_running": shift.starts_at <= page.at,
                "starts": _moment(shift.starts_at, each.zone),
                "ends": _moment(shift.ends_at, each.zone),
            }
            for each in page.schedules
            for shift in each.own_shifts
        ],
        "schedules": [_schedule_values(page, each, number) for number, each in enumerate(page.schedules, 1)],
        "own_contacts": [
            {
                "label": each.label,
                "delay": f"after {format_duration(each.delay)}" if each.delay else "at once",
                "problem": each.problem,
            }
            for each in page.own_contacts
        ],
        "contacts": [
            {
                "name": each.name,
                "kinds": each.kinds,
                "muted": _moment(each.muted_until, page.zone) if each.muted_until else None,
            }
            for each in page.contacts
        ],
        "policies": [
            {
                "name": each.name,
                "levels": [{"wait": format_duration(wait), "targets": targets} for wait, targets in each.levels],
                "repeat": each.repeat,
                "at_end": each.at_end,
            }
            for each in page.policies
        ],
        "suggestions": page.suggestions,
        "change": _change_values(page, page.change) if page.change else None,
    }


def _schedule_values(page: OnCallPage, schedule: ScheduleWeeks, number: int) -> dict[str, Any]:
    return {
        "id": f"schedule-{number}",
        "name": schedule.name,
        "zone": schedule.zone.key,
        "people": schedule.people_now,
        "has_viewer": schedule.has_viewer,
        "weeks": [
            {"label": f"Week of {week[0].day:%-d %B}", "days": [_day_values(page, schedule, each) for each in week]}
            for week in schedule.weeks
        ],
        "gaps": [_gap_values(page, schedule, each) for each in schedule.gaps],
        "may_have_gaps": schedule.may_have_gaps,
        "overrides": [_override_values(schedule, each) for each in schedule.overrides],
    }


def _day_values(page: OnCallPage, schedule: ScheduleWeeks, day: CalendarDay) -> dict[str, Any]:
    return {
        "label": f"{day.day:%a %-d %b}",
        "iso": day.day.isoformat(),
        "is_today": day.is_today,
        "parts": [_part_values(page, schedule, each, is_whole=len(day.parts) == 1) for each in day.parts],
    }


def _part_values(page: OnCallPage, schedule: ScheduleWeeks, part: ShiftPart, *, is_whole: bool) -> dict[str, Any]:
    starts, ends = part.starts_at.astimezone(schedule.zone), part.ends_at.astimezone(schedule.zone)
    is_gap = not part.people
    return {
        "hours": "" if is_whole else f"{starts:%H:%M}-{'24:00' if ends.time() == ends.time().min else f'{ends:%H:%M}'}",
        "people": part.people,
        "is_own": part.is_own,
        "is_override": part.is_override,
        "is_gap": is_gap,
        "is_bad": is_gap and not schedule.may_have_gaps and part.ends_at > page.at,
    }


def _gap_values(page: OnCallPage, schedule: ScheduleWeeks, gap: Gap) -> dict[str, Any]:
    starts, ends = gap
    return {
        "starts": _moment(starts, schedule.zone),
        "ends": _moment(ends, schedule.zone),
        "is_now": starts <= page.at,
        "length": format_duration(ends - starts),
        "inputs": [f"{each.astimezone(schedule.zone):{INPUT_FORMAT}}" for each in gap],
    }


def _override_values(schedule: ScheduleWeeks, row: OverrideRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "person": row.person,
        "instead": row.instead,
        "starts": _moment(row.starts_at, schedule.zone),
        "ends": _moment(row.ends_at, schedule.zone),
        "reason": row.reason,
        "is_swap": row.is_swap,
    }


def _change_values(page: OnCallPage, change: OverrideChange) -> dict[str, Any]:
    zones = {each.name: each.zone for each in page.schedules}
    halves = [change, *([change.other] if change.other else [])]
    return {
        "schedule": change.schedule,
        "is_withdrawn": change.is_withdrawn,
        "halves": [
            {
                "person": page.names.get(each.person, each.person),
                "instead": _names(page, each.relieved),
                "starts": _moment(each.starts_at, zones.get(each.schedule, page.zone)),
                "ends": _moment(each.ends_at, zones.get(each.schedule, page.zone)),
                "muted": _moment(each.muted_until, page.zone) if each.muted_until else None,
            }
            for each in halves
        ],
    }


def _names(page: OnCallPage, users: Sequence[str]) -> list[str]:
    return [page.names.get(user, user) for user in users]


def _moment(at: datetime, zone: tzinfo) -> dict[str, str]:
    """A time with its weekday, for a `time` element."""
    return {"iso": at.isoformat(), "text": f"{at.astimezone(zone):%a} {format_time(at, zone)}"}
