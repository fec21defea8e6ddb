"""On-call schedules from the configuration, the last copies of calendars, and overrides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, did_you_mean, offer_closest
from bot.domain.oncall.calendar_matching import MatchedCalendar, match_copy
from bot.domain.oncall.schedule import FixedLayer, Override, Schedule, on_call_at, shifts_between
from bot.domain.terms import TargetKind
from bot.lazy_dataclass import dataclass
from bot.store.escalation import calendars, overrides
from bot.store.incidents import installations

MOMENT = timedelta(microseconds=1)
WORDS = ("oncall", "on-call")
"""Command words."""
PREFIX = "schedule:"
"""Optional prefix of a schedule's name, as in policies."""


@dataclass(frozen=True, slots=True)
class Rota:
    """A schedule with its overrides of the requested time, in the order of their creation."""

    schedule: Schedule
    overrides: Sequence[Override]

    @property
    def people(self) -> frozenset[str]:
        """People with shifts by the configuration or calendar."""
        found: set[str] = set()
        for layer in self.schedule.layers:
            groups = (each.people for each in layer.layer_shifts) if isinstance(layer, FixedLayer) else layer.people
            found |= {person for group in groups for person in group}
        return frozenset(found)

    def people_at(self, at: datetime) -> tuple[str, ...]:
        return on_call_at(self.schedule, self.overrides, at)


def load_schedule(session: Session, settings: Settings, name: str) -> Schedule | None:
    """The schedule with its layers or calendar; None for an unknown name."""
    found = settings.schedule_table.get(name)
    if found is None or not settings.schedules[name].calendar:
        return found
    calendar = load_calendar(session, settings, name)
    return replace(found, layers=(calendar.layer,)) if calendar else found


def load_calendar(session: Session, settings: Settings, name: str) -> MatchedCalendar | None:
    """The last good copy of a schedule's calendar; None if there never was one."""
    kept = calendars.get(session, name)
    if kept is None or kept.body is None:
        return None
    return match_copy(kept.body, tuple(settings.schedules[name].names.items()))


def has_schedule_data(session: Session, settings: Settings, name: str) -> bool:
    """False for a calendar that was never read."""
    return not settings.schedules[name].calendar or load_calendar(session, settings, name) is not None


def people_on_call(session: Session, settings: Settings, schedule_name: str, at: datetime) -> tuple[str, ...]:
    """People on call at `at` (aware); if empty, `explain_nobody` has the reason."""
    known = installations.find_installation(session)
    if known is None or schedule_name not in settings.schedules:
        return ()
    return load_rota(session, settings, known.team_id, schedule_name, at, at + MOMENT).people_at(at)


def explain_nobody(session: Session, settings: Settings, schedule_name: str) -> str:
    """Reason for an empty `people_on_call`, as a sentence for people."""
    section = settings.schedules.get(schedule_name)
    if section is None:
        return f'The schedule "{schedule_name}" no longer exists.'
    if not section.calendar:
        if not section.layers:
            return f'The schedule "{schedule_name}" is empty.'
        return f'The schedule "{schedule_name}" has nobody at this time.'
    kept = calendars.get(session, schedule_name)
    if kept is None or kept.body is None:
        return f'The calendar of the schedule "{schedule_name}" could not be read yet.'
    if kept.problem:
        return f'The calendar of the schedule "{schedule_name}", as it was last read, has nobody at this time.'
    calendar = load_calendar(session, settings, schedule_name)
    if calendar and calendar.unknown:
        return (
            f'The calendar of the schedule "{schedule_name}" has only unknown names at this time: '
            f"{', '.join(calendar.unknown[:3])}."
        )
    return f'The calendar of the schedule "{schedule_name}" has nobody at this time.'


def check_schedule_exists(settings: Settings, name: str, *, also: Sequence[str] = ()) -> None:
    """Raise UserError for an unknown schedule. `also`: other words that may be meant."""
    if name not in settings.schedules:
        known = list(settings.schedules)
        there = f"There are {', '.join(f'`{each}`' for each in known)}." if known else "None is configured."
        meant = list(dict.fromkeys([*known, *also]))
        raise UserError(
            f"There is no schedule `{name}`.{did_you_mean(name, meant)} {there}",
            mistake=name,
            offers=offer_closest(name, meant),
        )


def load_rota(session: Session, settings: Settings, team_id: str, name: str, since: datetime, until: datetime) -> Rota:
    """Raises UserError for an unknown schedule."""
    check_schedule_exists(settings, name)
    schedule = load_schedule(session, settings, name) or settings.schedule_table[name]
    rows = overrides.find_overrides(session, team_id, name, since, until)
    return Rota(schedule, [Override(each.starts_at, each.held_until, each.user_id, each.replaces) for each in rows])


def people_between(found: Rota, since: datetime, until: datetime) -> list[str]:
    """People on call between two moments, in the order of their shifts."""
    shifts = shifts_between(found.schedule, found.overrides, since, until)
    return list(dict.fromkeys(person for each in shifts for person in each.people))


def next_change_at(found: Rota, at: datetime, until: datetime) -> datetime | None:
    """Time after `at` of the next change of people; None if not before `until`."""
    now, ended = set(found.people_at(at)), at
    for shift in shifts_between(found.schedule, found.overrides, at, until):
        if now and shift.starts_at > ended:
            return ended
        if set(shift.people) != now:
            return shift.starts_at
        ended = shift.ends_at
    return ended if now and ended < until else None


def strip_prefix(text: str) -> str:
    return text[len(PREFIX) :].lstrip() if text.casefold().startswith(PREFIX) else text


def match_schedule_name(settings: Settings, text: str) -> str | None:
    """The configured schedule name at the start of `text`, if any."""
    folded = f"{text.casefold()} "
    longest_first = sorted(settings.schedules, key=len, reverse=True)
    return next((each for each in longest_first if folded.startswith(f"{each.casefold()} ")), None)


def find_schedule(settings: Settings, text: str, *, also: Sequence[str] = ()) -> str:
    """
    The schedule named by `text`, or the only one if empty.

    Raises UserError for other text; `also` has other words that may be meant.
    """
    if not text:
        return only_schedule(settings, text)
    found = match_schedule_name(settings, text)
    if found is None or len(found) != len(text):
        check_schedule_exists(settings, text, also=also)
    return found or text


def only_schedule(settings: Settings, text: str) -> str:
    """The only schedule. Raises UserError unless there is exactly one."""
    known = list(settings.schedules)
    if len(known) == 1:
        return known[0]
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    if not known or (word and not word.startswith("<@")):
        check_schedule_exists(settings, word)
    raise UserError(f"Which schedule? Add its name to the line: {' or '.join(f'`{each}`' for each in known)}.")


def zone_for_line(settings: Settings, text: str) -> ZoneInfo | None:
    """Zone for times in a command about a schedule; None for other commands."""
    words = text.split()
    if not words or words[0].casefold() not in WORDS:
        return None
    known, typed = list(settings.schedules), {each.casefold().removeprefix(PREFIX) for each in words[1:4]}
    named_ones = [each for each in known if each.casefold() in typed] or (known if len(known) == 1 else [])
    return settings.schedule_table[named_ones[0]].zone if named_ones else None


def services_using(settings: Settings, name: str) -> frozenset[str] | None:
    """Services whose policies use a schedule; None for all services, or if no policy does."""
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
