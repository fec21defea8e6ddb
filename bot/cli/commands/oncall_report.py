"""`dogwatch oncall`: reads beside a running bot, and writes nothing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.oncall.gaps import moment
from bot.domain.oncall.schedule import REACH, Override, Schedule, Shift, shift_at, shifts
from bot.runtime.clock import machine_now
from bot.services.oncall import schedule as oncall
from bot.store.database.migrate import require_current
from bot.store.database.session import open_database
from bot.store.incidents import incidents
from bot.store.shared import people

AHEAD = timedelta(days=14)
UNREAD = "Its calendar was not read yet: the bot does so from its first start on."
NO_RECORD = "There is no database yet, so this is what the configuration says: no calendars, and no changes by people."


@dataclass(frozen=True, slots=True)
class Answer:
    """Who is on call by a schedule at `at`, and in the two weeks from then on. `reason`: why nobody is; else empty."""

    schedule: Schedule
    at: datetime
    shift: Shift | None
    following: tuple[Shift, ...]
    reason: str
    names: Mapping[str, str]

    def called(self, user: str) -> str:
        """By name and id, as far as the bot knows the name."""
        return f"{self.names[user]} ({user})" if user in self.names else user


async def answers(settings: Settings, name: str | None, at: datetime | None) -> tuple[list[Answer], str | None]:
    """
    Of one schedule, or of all; now, if no time is given. Then what is to be known of the answer, if anything is.

    Raises UserError for a schedule that there is not, and DatabaseUnavailable.
    """
    if name is not None:
        oncall.check_known(settings, name)
    elif not settings.schedules:
        raise UserError("There are no schedules. They stand under [schedules] in dogwatch.toml.")
    wanted = [name] if name is not None else list(settings.schedules)
    if settings.sqlite_path is not None and not settings.sqlite_path.exists():
        when = at or machine_now()
        return [_unread(settings, each, when) for each in wanted], NO_RECORD
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        when = at or await database.now()
        return await database.read(_found, settings, wanted, when), None
    finally:
        await database.close()


def _unread(settings: Settings, name: str, at: datetime) -> Answer:
    """By the configuration alone."""
    reason = UNREAD if settings.schedules[name].calendar else ""
    return _answer(settings.schedule_table[name], (), at, reason, {})


def _found(session: Session, settings: Settings, wanted: Sequence[str], at: datetime) -> list[Answer]:
    met = incidents.installation(session)
    found: list[Answer] = []
    for name in wanted:
        overrides: Sequence[Override] = ()
        schedule = oncall.schedule_of(session, settings, name) or settings.schedule_table[name]
        if met is not None:
            rota = oncall.rota(session, settings, met.team_id, name, at - REACH, at + REACH)
            overrides = rota.overrides
        turns = shifts(schedule, overrides, at, at + AHEAD)
        names = people.names(session, met.team_id, {user for each in turns for user in each.people}) if met else {}
        found.append(_answer(schedule, overrides, at, oncall.why_nobody(session, settings, name), names))
    return found


def _answer(
    schedule: Schedule, overrides: Sequence[Override], at: datetime, reason: str, names: Mapping[str, str]
) -> Answer:
    shift = shift_at(schedule, overrides, at)
    following = tuple(each for each in shifts(schedule, overrides, at, at + AHEAD) if each.starts_at > at)
    return Answer(schedule, at, shift, following, "" if shift else reason or "Nobody has a turn then.", names)


def as_lines(found: Sequence[Answer], *, with_following: bool) -> list[str]:
    """For a terminal, times in each schedule's zone."""
    lines: list[str] = []
    for each in found:
        zone = each.schedule.zone
        if each.shift is None:
            lines.append(f"{each.schedule.name}: nobody. {each.reason}")
        else:
            who = ", ".join(each.called(user) for user in each.shift.people)
            lines.append(f"{each.schedule.name}: {who} until {moment(each.shift.ends_at, zone)} ({zone.key})")
        if with_following:
            lines += [f"  {moment(begin, zone)}  {who}" for begin, who in _changes(each)]
    return lines


def _changes(answer: Answer) -> Iterator[tuple[datetime, str]]:
    """When others are on call than before, and who; nobody counts."""
    ended = answer.shift.ends_at if answer.shift else None
    for shift in answer.following:
        if ended is not None and ended < shift.starts_at:
            yield ended, "nobody"
        yield shift.starts_at, ", ".join(answer.called(user) for user in shift.people)
        ended = shift.ends_at
    if ended is not None and ended < answer.at + AHEAD:
        yield ended, "nobody"


def as_json(found: Sequence[Answer]) -> str:
    """A list with an object for each schedule; times in UTC."""
    return json.dumps([_object(each) for each in found], ensure_ascii=False, indent=2)


def _object(answer: Answer) -> dict[str, Any]:
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
