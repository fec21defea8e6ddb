"""
Who is on call, by the schedules of the configuration, by calendars as they were last fetched, and by what people
changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, did_you_mean
from bot.domain.oncall.calendar_schedule import Understood, understood
from bot.domain.oncall.schedule import Fixed, Override, Schedule, on_call, shifts
from bot.domain.terms import TargetKind
from bot.store.escalation import calendars
from bot.store.escalation import overrides as store
from bot.store.incidents import incidents

MOMENT = timedelta(microseconds=1)
WORDS = ("oncall", "on-call")
"""What is typed for it."""
PREFIX = "schedule:"
"""What may stand before a schedule's name, as where policies name it."""


@dataclass(frozen=True, slots=True)
class Rota:
    """A schedule and the changes of it that hold in the time that was asked for, in the order they were made."""

    schedule: Schedule
    overrides: Sequence[Override]

    @property
    def people(self) -> frozenset[str]:
        """All who have turns in it by the configuration or its calendar."""
        found: set[str] = set()
        for layer in self.schedule.layers:
            turns = (each.people for each in layer.made) if isinstance(layer, Fixed) else layer.people
            found |= {person for turn in turns for person in turn}
        return frozenset(found)

    def people_at(self, at: datetime) -> tuple[str, ...]:
        return on_call(self.schedule, self.overrides, at)


def schedule_of(session: Session, settings: Settings, name: str) -> Schedule | None:
    """The schedule with all its turns; None if the configuration has none of that name."""
    found = settings.schedule_table.get(name)
    if found is None or not settings.schedules[name].calendar:
        return found
    calendar = calendar_of(session, settings, name)
    return replace(found, layers=(calendar.layer,)) if calendar else found


def calendar_of(session: Session, settings: Settings, name: str) -> Understood | None:
    """What the last good copy of a schedule's calendar says; None if there never was one."""
    kept = calendars.get(session, name)
    if kept is None or kept.body is None:
        return None
    return understood(kept.body, tuple(settings.schedules[name].names.items()))


def is_known(session: Session, settings: Settings, name: str) -> bool:
    """Whether anything is known of who is on call: not by a calendar that was never read."""
    return not settings.schedules[name].calendar or calendar_of(session, settings, name) is not None


def people_of(session: Session, settings: Settings, schedule_name: str, at: datetime) -> tuple[str, ...]:
    """Who is on call by a schedule at `at` (aware). Empty if nobody is: `why_nobody` says why."""
    known = incidents.installation(session)
    if known is None or schedule_name not in settings.schedules:
        return ()
    return rota(session, settings, known.team_id, schedule_name, at, at + MOMENT).people_at(at)


def why_nobody(session: Session, settings: Settings, schedule_name: str) -> str:
    """Why `people_of` found nobody, in words that whoever waits for help can be shown."""
    section = settings.schedules.get(schedule_name)
    if section is None:
        return f'There is no schedule "{schedule_name}" any more.'
    if not section.calendar:
        if not section.layers:
            return f'The schedule "{schedule_name}" is empty.'
        return f'The schedule "{schedule_name}" has nobody at this time.'
    kept = calendars.get(session, schedule_name)
    if kept is None or kept.body is None:
        return f'The calendar of the schedule "{schedule_name}" could not be read yet.'
    if kept.problem:
        return f'The calendar of the schedule "{schedule_name}", as it was last read, has nobody at this time.'
    calendar = calendar_of(session, settings, schedule_name)
    if calendar and calendar.unknown:
        return (
            f'The calendar of the schedule "{schedule_name}" has nobody whom Dogwatch knows at this time. '
            f"It does not know: {', '.join(calendar.unknown[:3])}."
        )
    return f'The calendar of the schedule "{schedule_name}" has nobody at this time.'


def check_known(settings: Settings, name: str) -> None:
    """Raises UserError for a schedule that the configuration does not have, or has no more."""
    if name not in settings.schedules:
        known = list(settings.schedules)
        there = f"There are {', '.join(f'`{each}`' for each in known)}." if known else "None is configured."
        raise UserError(f"There is no schedule `{name}`.{did_you_mean(name, known)} {there}")


def rota(session: Session, settings: Settings, team_id: str, name: str, since: datetime, until: datetime) -> Rota:
    """Raises UserError for a schedule that is not known."""
    check_known(settings, name)
    schedule = schedule_of(session, settings, name) or settings.schedule_table[name]
    rows = store.overrides(session, team_id, name, since, until)
    return Rota(schedule, [Override(each.starts_at, each.held_until, each.user_id, each.replaces) for each in rows])


def people_in(found: Rota, since: datetime, until: datetime) -> list[str]:
    """All who are on call between two moments, in the order of their turns."""
    turns = shifts(found.schedule, found.overrides, since, until)
    return list(dict.fromkeys(person for each in turns for person in each.people))


def next_change(found: Rota, at: datetime, until: datetime) -> datetime | None:
    """The first moment behind `at` at which others are on call than then; None: not before `until`."""
    now, ended = set(found.people_at(at)), at
    for shift in shifts(found.schedule, found.overrides, at, until):
        if now and shift.starts_at > ended:
            return ended
        if set(shift.people) != now:
            return shift.starts_at
        ended = shift.ends_at
    return ended if now and ended < until else None


def without_prefix(text: str) -> str:
    return text[len(PREFIX) :].lstrip() if text.casefold().startswith(PREFIX) else text


def named(settings: Settings, text: str) -> str | None:
    """The schedule whose name `text` begins with, as it is spelled in the configuration."""
    folded = f"{text.casefold()} "
    longest_first = sorted(settings.schedules, key=len, reverse=True)
    return next((each for each in longest_first if folded.startswith(f"{each.casefold()} ")), None)


def one_named(settings: Settings, text: str) -> str:
    """The schedule that `text` names, or the only one if it names none. Raises UserError for any other text."""
    if not text:
        return the_only_one(settings, text)
    found = named(settings, text)
    if found is None or len(found) != len(text):
        check_known(settings, text)
    return found or text


def the_only_one(settings: Settings, text: str) -> str:
    """The schedule that is meant where none is named. Raises UserError unless there is just one."""
    known = list(settings.schedules)
    if len(known) == 1:
        return known[0]
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    if not known or (word and not word.startswith("<@")):
        check_known(settings, word)
    raise UserError(f"Which schedule? Add its name to the line: {' or '.join(f'`{each}`' for each in known)}.")


def zone_of_line(settings: Settings, text: str) -> ZoneInfo | None:
    """In which zone the times of a line about a schedule are meant; None for a line about something else."""
    words = text.split()
    if not words or words[0].casefold() not in WORDS:
        return None
    known, typed = list(settings.schedules), {each.casefold().removeprefix(PREFIX) for each in words[1:4]}
    named_ones = [each for each in known if each.casefold() in typed] or (known if len(known) == 1 else [])
    return settings.schedule_table[named_ones[0]].zone if named_ones else None


def services_of(settings: Settings, name: str) -> frozenset[str] | None:
    """The services whose policies call a schedule; None: those of all incidents, or there is no policy that does."""
    policies = {
        policy
        for policy, section in settings.policies.items()
        if any(
            target.name == name and target.kind == TargetKind.SCHEDULE
            for each in section.levels
            for target in each.targets
        )
    }
    general = {settings.incidents.policy, *(each.policy for each in settings.severities.values())}
    if general & policies:
        return None
    found = {each for each, section in settings.services.items() if policies & set((section.policy or {}).values())}
    return frozenset(found) or None
