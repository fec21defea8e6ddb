"""Who is on call now and next, by one schedule or all, and when somebody's own turns are: what is shown of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import Target
from bot.domain.oncall.overrides import next_turn
from bot.domain.oncall.schedule import BY_OVERRIDE, Shift, gaps, shifts
from bot.domain.terms import TargetKind
from bot.export.schedule_image import DAYS, Bar, Roster
from bot.services.oncall import policies
from bot.services.oncall import schedule as oncall
from bot.services.oncall import targets as resolving
from bot.services.oncall.schedule import Rota
from bot.store.escalation import overrides as store
from bot.store.shared import people

AHEAD = timedelta(days=DAYS)
BACK = timedelta(days=31)
MONTH = timedelta(days=31)
ENDS = AHEAD + MONTH
"""How far the ends of the turns of two weeks are looked for."""


@dataclass(frozen=True, slots=True)
class NowLine:
    """
    Who is on call by one schedule. `until`: when that changes; None: not within a month. `then` are on call from then
    on: empty for nobody.
    """

    schedule: str
    people: Sequence[str]
    until: datetime | None
    then: Sequence[str]
    next_gap: tuple[datetime, datetime] | None


@dataclass(frozen=True, slots=True)
class NowView:
    """All schedules of the configuration. None: there is none."""

    lines: Sequence[NowLine]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change by hand that holds now or will. `number` is what takes it back."""

    number: int
    person: str
    instead: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str
    is_swap: bool


TurnLine = tuple[datetime, datetime | None, Sequence[str], bool]
"""From, up to, who, and whether it was changed by hand."""


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """
    One schedule for two weeks. `turns` are in order; one of nobody is a gap, one that ends much later has no end.
    `place` is its number, from 1.
    """

    now: NowLine
    zone: ZoneInfo
    turns: Sequence[TurnLine]
    changes: Sequence[ChangeLine]
    place: int
    is_drawn: bool
    """Whether the picture follows."""
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Called:
    """
    One target of a policy's level, by its name or Slack's id. `people` and `groups`: who that is at the moment. `why`:
    what is wrong with it now, in words.
    """

    kind: TargetKind
    name: str
    people: Sequence[str]
    groups: Sequence[str] = ()
    why: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PolicyView:
    """Whom a policy would page now, level by level, each with how long they have. `at_end`: once nobody answered."""

    name: str
    levels: Sequence[tuple[timedelta, Sequence[Called]]]
    repeat: int
    at_end: Sequence[Called]


@dataclass(frozen=True, slots=True)
class Mine:
    """Somebody's turn. `starts_at` is None for one that goes on now."""

    schedule: str
    starts_at: datetime | None
    ends_at: datetime


def of_all(session: Session, settings: Settings, team_id: str, at: datetime) -> NowView:
    return NowView([_now(_rota(session, settings, team_id, name, at), name, at) for name in sorted(settings.schedules)])


def of_schedule(
    session: Session, settings: Settings, team_id: str, name: str, at: datetime, *, is_drawn: bool
) -> ScheduleView:
    """Raises UserError for a schedule that is not known."""
    found = _rota(session, settings, team_id, name, at)
    changes = [
        ChangeLine(
            each.id or 0,
            each.user_id,
            each.replaces,
            each.starts_at,
            each.ends_at,
            each.reason,
            each.swap_id is not None,
        )
        for each in store.overrides(session, team_id, name, at, at + MONTH)
        if each.withdrawn_at is None
    ]
    return ScheduleView(
        _now(found, name, at),
        found.schedule.zone,
        _turns(found, at),
        changes,
        list(settings.schedules).index(name) + 1,
        is_drawn,
        names_of(session, team_id, found.people),
    )


def _turns(found: Rota, at: datetime) -> list[TurnLine]:
    """Those, and the gaps, that begin within two weeks."""
    until = at + ENDS
    turns: list[TurnLine] = [
        (each.starts_at, each.ends_at, each.people, each.layer == BY_OVERRIDE)
        for each in shifts(found.schedule, found.overrides, at, until)
    ]
    nobody = [(starts, ends, (), False) for starts, ends in gaps(found.schedule, found.overrides, at, until)]
    begun = sorted((each for each in [*turns, *nobody] if each[0] < at + AHEAD), key=lambda each: each[0])
    return [(starts, None if ends == until else ends, who, changed) for starts, ends, who, changed in begun]


def of_policy(session: Session, settings: Settings, team_id: str, name: str, at: datetime) -> PolicyView:
    def called(target: Target) -> Called:
        meant = resolving.meant_by(session, settings, team_id, (policies.with_people(settings, target),), at)
        vendor = settings.vendors.get(target.name) if target.kind == TargetKind.VENDOR else None
        shown_as = (vendor.name if vendor else None) or target.name
        return Called(target.kind, shown_as, meant.people, meant.groups, meant.why)

    section = settings.policies[name]
    levels = [(timedelta(minutes=each.wait), [called(target) for target in each.targets]) for each in section.levels]
    return PolicyView(name, levels, section.repeat, [called(target) for target in section.at_end.page])


def roster(session: Session, settings: Settings, team_id: str, name: str, at: datetime) -> Roster:
    """What is drawn of it. Raises UserError for a schedule that is not known any more."""
    found = _rota(session, settings, team_id, name, at)
    empty = Roster(f"On call for {name}", found.schedule.zone, at, [])
    since, until = empty.span
    turns = shifts(found.schedule, found.overrides, since, until)
    names = names_of(session, team_id, {person for each in turns for person in each.people})
    bars = [bar for each in turns for bar in _bars(each, names)]
    return Roster(empty.title, empty.zone, at, bars, gaps(found.schedule, found.overrides, at, until))


def _bars(shift: Shift, names: Mapping[str, str]) -> list[Bar]:
    return [
        Bar(shift.starts_at, shift.ends_at, person, names.get(person, person), shift.layer == BY_OVERRIDE, place)
        for place, person in enumerate(shift.people)
    ]


def of_person(session: Session, settings: Settings, team_id: str, person: str, at: datetime) -> list[Mine]:
    """The turn that somebody has or will have within two weeks by each schedule."""
    found = []
    for name in sorted(settings.schedules):
        known = _rota(session, settings, team_id, name, at)
        turn = next_turn(known.schedule, known.overrides, person, at)
        if turn is not None and turn.starts_at < at + AHEAD:
            found.append(Mine(name, turn.starts_at if turn.starts_at > at else None, turn.ends_at))
    return found


def names_of(session: Session, team_id: str, found: Sequence[str] | set[str] | frozenset[str]) -> dict[str, str]:
    return people.names(session, team_id, sorted(found))


def _rota(session: Session, settings: Settings, team_id: str, name: str, at: datetime) -> Rota:
    return oncall.rota(session, settings, team_id, name, at - BACK, at + ENDS)


def _now(found: Rota, name: str, at: datetime) -> NowLine:
    people_now = found.people_at(at)
    until = oncall.next_change(found, at, at + MONTH)
    then = found.people_at(until) if until else ()
    ahead = gaps(found.schedule, found.overrides, at, at + AHEAD)
    return NowLine(name, people_now, until, then, next(iter(ahead), None))


def unnamed(session: Session, settings: Settings, team_id: str, name: str, at: datetime) -> list[str]:
    """Those of a schedule's next two weeks whose name is not known yet."""
    found = _rota(session, settings, team_id, name, at)
    met = set(oncall.people_in(found, at - timedelta(days=1), at + AHEAD))
    return sorted(met - names_of(session, team_id, met).keys())
