"""Views of schedules, policies and a person's own shifts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import Target
from bot.domain.oncall.overrides import next_shift
from bot.domain.oncall.schedule import BY_OVERRIDE, gaps_between, shifts_between
from bot.domain.terms import TargetKind
from bot.export.schedule_text import DAYS
from bot.lazy_dataclass import dataclass
from bot.services.oncall.policies import expand_team
from bot.services.oncall.schedule import Rota, load_rota, next_change_at
from bot.services.oncall.targets import resolve_targets
from bot.store.escalation import overrides
from bot.store.shared import people

AHEAD = timedelta(days=DAYS)
BACK = timedelta(days=31)
MONTH = timedelta(days=31)
ENDS = AHEAD + MONTH
"""Search range for the ends of the shifts of two weeks."""


@dataclass(frozen=True, slots=True)
class NowLine:
    """
    Present state of a schedule. `until`: time of the next change, None beyond a month.

    `then`: people on call afterwards; may be empty.
    """

    schedule: str
    people: Sequence[str]
    until: datetime | None
    then: Sequence[str]
    next_gap: tuple[datetime, datetime] | None


@dataclass(frozen=True, slots=True)
class NowView:
    """All schedules of the configuration; may be empty."""

    lines: Sequence[NowLine]


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """A present or future override. `number`: its id, for cancelling it."""

    number: int
    person: str
    instead: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str
    is_swap: bool


ShiftLine = tuple[datetime, datetime | None, Sequence[str], bool]
"""Start, end (None: open), people, and whether it is an override."""


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """
    A schedule for two weeks. `shifts` are in order; a gap has no people.

    `number`: its position in the configuration, from 1.
    """

    now: NowLine
    zone: ZoneInfo
    shifts: Sequence[ShiftLine]
    overrides: Sequence[OverrideLine]
    number: int
    has_image: bool
    """An image of the schedule follows."""
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PolicyTarget:
    """
    A target of a policy, by name or Slack id. `people` and `groups`: its present resolution.

    `why`: problems with it, in words.
    """

    kind: TargetKind
    name: str
    people: Sequence[str]
    groups: Sequence[str] = ()
    why: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PolicyView:
    """Levels of a policy with their waits, resolved now. `at_end`: the fallback."""

    name: str
    levels: Sequence[tuple[timedelta, Sequence[PolicyTarget]]]
    repeat: int
    at_end: Sequence[PolicyTarget]


@dataclass(frozen=True, slots=True)
class OwnShift:
    """A person's shift. `starts_at`: None for a running one."""

    schedule: str
    starts_at: datetime | None
    ends_at: datetime


def load_on_call_now(session: Session, settings: Settings, team_id: str, at: datetime) -> NowView:
    return NowView(
        [
            _now_line(load_rota_around(session, settings, team_id, name, at), name, at)
            for name in sorted(settings.schedules)
        ]
    )


def load_schedule_view(
    session: Session, settings: Settings, team_id: str, name: str, at: datetime, *, has_image: bool
) -> ScheduleView:
    """Raises UserError for an unknown schedule."""
    found = load_rota_around(session, settings, team_id, name, at)
    override_lines = [
        OverrideLine(
            each.id or 0,
            each.user_id,
            each.replaces,
            each.starts_at,
            each.ends_at,
            each.reason,
            each.swap_id is not None,
        )
        for each in overrides.find_overrides(session, team_id, name, at, at + MONTH)
        if each.withdrawn_at is None
    ]
    return ScheduleView(
        _now_line(found, name, at),
        found.schedule.zone,
        _shift_lines(found, at),
        override_lines,
        list(settings.schedules).index(name) + 1,
        has_image,
        load_names(session, team_id, found.people),
    )


def _shift_lines(found: Rota, at: datetime) -> list[ShiftLine]:
    """Shifts and gaps that start within two weeks."""
    until = at + ENDS
    shifts: list[ShiftLine] = [
        (each.starts_at, each.ends_at, each.people, each.layer == BY_OVERRIDE)
        for each in shifts_between(found.schedule, found.overrides, at, until)
    ]
    nobody = [(starts, ends, (), False) for starts, ends in gaps_between(found.schedule, found.overrides, at, until)]
    starting = sorted((each for each in [*shifts, *nobody] if each[0] < at + AHEAD), key=lambda each: each[0])
    return [(starts, None if ends == until else ends, who, changed) for starts, ends, who, changed in starting]


def load_policy_view(session: Session, settings: Settings, team_id: str, name: str, at: datetime) -> PolicyView:
    def resolve(target: Target) -> PolicyTarget:
        resolved = resolve_targets(session, settings, team_id, (expand_team(settings, target),), at)
        vendor = settings.vendors.get(target.name) if target.kind == TargetKind.VENDOR else None
        label = (vendor.name if vendor else None) or target.name
        return PolicyTarget(target.kind, label, resolved.people, resolved.groups, resolved.why)

    section = settings.policies[name]
    levels = [(timedelta(minutes=each.wait), [resolve(target) for target in each.targets]) for each in section.levels]
    return PolicyView(name, levels, section.repeat, [resolve(target) for target in section.at_end.page])


def load_own_shifts(session: Session, settings: Settings, team_id: str, person: str, at: datetime) -> list[OwnShift]:
    """The present or next shift of a person within two weeks, by schedule."""
    found = []
    for name in sorted(settings.schedules):
        known = load_rota_around(session, settings, team_id, name, at)
        shift = next_shift(known.schedule, known.overrides, person, at)
        if shift is not None and shift.starts_at < at + AHEAD:
            found.append(OwnShift(name, shift.starts_at if shift.starts_at > at else None, shift.ends_at))
    return found


def load_names(session: Session, team_id: str, found: Sequence[str] | set[str] | frozenset[str]) -> dict[str, str]:
    return people.find_names(session, team_id, sorted(found))


def load_rota_around(session: Session, settings: Settings, team_id: str, name: str, at: datetime) -> Rota:
    return load_rota(session, settings, team_id, name, at - BACK, at + ENDS)


def _now_line(found: Rota, name: str, at: datetime) -> NowLine:
    people_now = found.people_at(at)
    until = next_change_at(found, at, at + MONTH)
    then = found.people_at(until) if until else ()
    ahead = gaps_between(found.schedule, found.overrides, at, at + AHEAD)
    return NowLine(name, people_now, until, then, next(iter(ahead), None))
