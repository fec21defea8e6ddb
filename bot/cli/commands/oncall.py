"""`dogwatch oncall`: who is on call. Read-only; may run beside a running bot."""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlmodel import Session

from bot.config import Settings, load
from bot.domain.errors import UserError
from bot.domain.oncall.gaps import format_moment
from bot.domain.oncall.schedule import SHIFT_SEARCH_RANGE, Override, Schedule, Shift, shift_at, shifts_between
from bot.lazy_dataclass import dataclass
from bot.runtime import log
from bot.runtime.clock import machine_now
from bot.services.oncall.schedule import check_schedule_exists, explain_nobody, load_rota, load_schedule
from bot.store.database.migrate import require_current
from bot.store.database.session import open_database
from bot.store.incidents import installations
from bot.store.shared import people

LOOKAHEAD = timedelta(days=14)
CALENDAR_NOT_FETCHED = "Its calendar has not been read yet. Start the bot to read it."
NO_DATABASE = "There is no database yet. Calendars and overrides are missing from this list."


@dataclass(frozen=True, slots=True)
class OnCallShifts:
    """
    A schedule's shift at `at` and those of the next two weeks.

    `reason`: why nobody is on call; else empty.
    """

    schedule: Schedule
    at: datetime
    shift: Shift | None
    following: tuple[Shift, ...]
    reason: str
    names: Mapping[str, str]

    def name_of(self, user: str) -> str:
        """Name and id; the id alone if the name is unknown."""
        return f"{self.names[user]} ({user})" if user in self.names else user


async def load_shifts(
    settings: Settings, name: str | None, at: datetime | None
) -> tuple[list[OnCallShifts], str | None]:
    """
    Load the shifts of one schedule, or of all, at `at` or now; and a note, if there is one.

    Raises UserError for an unknown schedule, and DatabaseUnavailable.
    """
    if name is not None:
        check_schedule_exists(settings, name)
    elif not settings.schedules:
        raise UserError("There are no schedules. Add them under [schedules] in dogwatch.toml.")
    wanted = [name] if name is not None else list(settings.schedules)
    if settings.sqlite_path is not None and not settings.sqlite_path.exists():
        when = at or machine_now()
        return [_configured_shifts(settings, each, when) for each in wanted], NO_DATABASE
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        when = at or await database.now()
        return await database.read(_load_from_database, settings, wanted, when), None
    finally:
        await database.close()


def _configured_shifts(settings: Settings, name: str, at: datetime) -> OnCallShifts:
    """Shifts by the configuration alone."""
    reason = CALENDAR_NOT_FETCHED if settings.schedules[name].calendar else ""
    return _shifts_from(settings.schedule_table[name], (), at, reason, {})


def _load_from_database(
    session: Session, settings: Settings, wanted: Sequence[str], at: datetime
) -> list[OnCallShifts]:
    installation = installations.find_installation(session)
    loaded: list[OnCallShifts] = []
    for name in wanted:
        overrides: Sequence[Override] = ()
        names: Mapping[str, str] = {}
        schedule = load_schedule(session, settings, name) or settings.schedule_table[name]
        if installation is not None:
            begin, end = at - SHIFT_SEARCH_RANGE, at + SHIFT_SEARCH_RANGE
            overrides = load_rota(session, settings, installation.team_id, name, begin, end).overrides
            shifts = shifts_between(schedule, overrides, at, at + LOOKAHEAD)
            names = people.find_names(session, installation.team_id, {user for each in shifts for user in each.people})
        loaded.append(_shifts_from(schedule, overrides, at, explain_nobody(session, settings, name), names))
    return loaded


def _shifts_from(
    schedule: Schedule, overrides: Sequence[Override], at: datetime, reason: str, names: Mapping[str, str]
) -> OnCallShifts:
    shift = shift_at(schedule, overrides, at)
    following = tuple(each for each in shifts_between(schedule, overrides, at, at + LOOKAHEAD) if each.starts_at > at)
    return OnCallShifts(schedule, at, shift, following, "" if shift else reason or "No shift at this time.", names)


def format_lines(loaded: Sequence[OnCallShifts], *, with_following: bool) -> list[str]:
    """Lines for a terminal, times in each schedule's zone."""
    lines: list[str] = []
    for each in loaded:
        zone = each.schedule.zone
        if each.shift is None:
            lines.append(f"{each.schedule.name}: nobody. {each.reason}")
        else:
            who = ", ".join(each.name_of(user) for user in each.shift.people)
            lines.append(f"{each.schedule.name}: {who} until {format_moment(each.shift.ends_at, zone)} ({zone.key})")
        if with_following:
            lines += [f"  {format_moment(begin, zone)}  {who}" for begin, who in _changes(each)]
    return lines


def _changes(answer: OnCallShifts) -> Iterator[tuple[datetime, str]]:
    """Yield each change of the people on call, gaps included."""
    ended = answer.shift.ends_at if answer.shift else None
    for shift in answer.following:
        if ended is not None and ended < shift.starts_at:
            yield ended, "nobody"
        yield shift.starts_at, ", ".join(answer.name_of(user) for user in shift.people)
        ended = shift.ends_at
    if ended is not None and ended < answer.at + LOOKAHEAD:
        yield ended, "nobody"


def format_json(loaded: Sequence[OnCallShifts]) -> str:
    """A JSON list with an object for each schedule; times in UTC."""
    return json.dumps([_json_object(each) for each in loaded], ensure_ascii=False, indent=2)


def _json_object(answer: OnCallShifts) -> dict[str, Any]:
    return {
        "schedule": answer.schedule.name,
        "zone": answer.schedule.zone.key,
        "at": _iso(answer.at),
        "people": list(answer.shift.people) if answer.shift else [],
        "since": _iso(answer.shift.starts_at) if answer.shift else None,
        "until": _iso(answer.shift.ends_at) if answer.shift else None,
        "reason": answer.reason or None,
        "following": [
            {"starts_at": _iso(each.starts_at), "ends_at": _iso(each.ends_at), "people": list(each.people)}
            for each in answer.following
        ],
        "names": dict(answer.names),
    }


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@click.command("oncall")
@click.argument("schedule", required=False)
@click.option(
    "--at", "at_text", metavar="TIME", help="Another time than now: 2026-12-24T22:00, in the zone of [incidents]."
)
@click.option("--json", "as_json", is_flag=True, help="JSON, for scripts.")
def on_call(schedule: str | None, at_text: str | None, *, as_json: bool) -> None:
    """Show who is on call: all schedules, or SCHEDULE with its next two weeks."""
    settings = load(os.environ)
    log.hide_secrets(settings.secret_values())
    at = None if at_text is None else _parse_at(at_text, settings.incidents.zone)
    shifts, note = asyncio.run(load_shifts(settings, schedule, at))
    if note:
        click.echo(note, err=True)
    if as_json:
        click.echo(format_json(shifts))
    else:
        click.echo("\n".join(format_lines(shifts, with_following=schedule is not None)))


def _parse_at(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UserError(f"--at {text!r} is not ISO 8601. Write it like 2026-12-24T22:00.") from problem
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
