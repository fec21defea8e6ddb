"""Read model of the page On call: weeks, own shifts, gaps, contact methods, policies."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.oncall.gaps import GAP_HORIZON
from bot.domain.oncall.overrides import Span
from bot.domain.oncall.schedule import BY_OVERRIDE, Shift, gaps_between, shifts_between
from bot.domain.paging.contact_methods import LABELS, parse_contact_method
from bot.domain.terms import TargetKind
from bot.domain.text.mentions import resolve_mentions
from bot.lazy_dataclass import dataclass
from bot.services.oncall.on_call_view import PolicyTarget, PolicyView, load_policy_view
from bot.services.oncall.override_change import OverrideChange, load_override_change
from bot.services.oncall.schedule import Rota, load_rota
from bot.services.paging.contacts import ContactLine, load_contact_settings
from bot.services.paging.pages import contact_rules_of
from bot.services.workspace.actor import Actor
from bot.store.escalation import contacts, mutes, overrides
from bot.store.shared import people

WEEK = timedelta(days=7)
MAX_SUGGESTIONS = 300
Gap = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class ShiftPart:
    """A shift, or the part of one on a day. `people` by name; empty: a gap."""

    starts_at: datetime
    ends_at: datetime
    people: Sequence[str]
    is_own: bool
    is_override: bool


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day in the zone of its schedule."""

    day: date
    is_today: bool
    parts: Sequence[ShiftPart]


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """A present or future override. `instead`: None for everybody."""

    number: int
    person: str
    instead: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str
    is_swap: bool


@dataclass(frozen=True, slots=True)
class ScheduleWeeks:
    """
    A schedule with its weeks, from the Monday of this week on.

    `gaps` are those of the next four weeks; `may_have_gaps`: they are intended. `has_viewer`: the viewer has shifts.
    """

    name: str
    zone: ZoneInfo
    people_now: Sequence[str]
    weeks: Sequence[Sequence[CalendarDay]]
    gaps: Sequence[Gap]
    may_have_gaps: bool
    overrides: Sequence[OverrideRow]
    own_shifts: Sequence[Span]
    has_viewer: bool


@dataclass(frozen=True, slots=True)
class PersonContacts:
    """Kinds of a person's contact methods. `muted_until`: None without a mute."""

    name: str
    kinds: Sequence[str]
    muted_until: datetime | None


@dataclass(frozen=True, slots=True)
class PolicyLevels:
    """A policy with its levels: the time to answer, and whom each target pages now."""

    name: str
    levels: Sequence[tuple[timedelta, Sequence[str]]]
    repeat: int
    at_end: Sequence[str]


@dataclass(frozen=True, slots=True)
class OnCallPage:
    """
    All that the viewer may see, as of `at`; schedules with the viewer's shifts come first.

    `own_contacts` are the viewer's, with delays; of others only the kinds are known. `suggestions` are names for the
    forms. `change`: the one that the viewer just made.
    """

    at: datetime
    zone: tzinfo
    schedules: Sequence[ScheduleWeeks]
    own_contacts: Sequence[ContactLine]
    contacts: Sequence[PersonContacts]
    policies: Sequence[PolicyLevels]
    suggestions: Sequence[str]
    change: OverrideChange | None
    names: Mapping[str, str]


def load_on_call_page(
    session: Session, settings: Settings, viewer: Actor, zone: tzinfo, changed: int | None = None
) -> OnCallPage:
    """`viewer` looks at the page at `viewer.at`; `changed`: the number of an override they made."""
    team_id, user_id, at = viewer.team_id, viewer.user_id or "", viewer.at
    rotas = {
        name: load_rota(session, settings, team_id, name, at - WEEK, at + GAP_HORIZON + WEEK)
        for name in sorted(settings.schedules)
    }
    policies = [load_policy_view(session, settings, team_id, name, at) for name in sorted(settings.policies)]
    everybody = people.find_all_names(session, team_id)
    names = {user: known[0] for user, known in everybody.items()}
    schedules = [_schedule_weeks(session, settings, viewer, name, rota, names) for name, rota in rotas.items()]
    on_call = {user: None for rota in rotas.values() for user in rota.people_at(at) if user != user_id}
    return OnCallPage(
        at=at,
        zone=zone,
        schedules=sorted(schedules, key=lambda each: not each.has_viewer),
        own_contacts=load_contact_settings(session, settings, team_id, user_id, at).lines,
        contacts=_contact_kinds(session, settings, team_id, [user_id, *on_call], at, names),
        policies=[policy_levels(each, names) for each in policies],
        suggestions=_suggestions(names),
        change=load_override_change(session, team_id, changed) if changed is not None else None,
        names=names,
    )


def _schedule_weeks(
    session: Session, settings: Settings, viewer: Actor, name: str, rota: Rota, names: Mapping[str, str]
) -> ScheduleWeeks:
    at, user_id, zone = viewer.at, viewer.user_id or "", rota.schedule.zone
    horizon = at + GAP_HORIZON
    today = at.astimezone(zone).date()
    first = today - timedelta(days=today.weekday())
    days = [first + timedelta(days=number) for number in range((horizon.astimezone(zone).date() - first).days + 1)]
    days += [days[-1] + timedelta(days=number + 1) for number in range(-len(days) % 7)]
    since, until = _midnight(days[0], zone), _midnight(days[-1] + timedelta(days=1), zone)
    shifts = shifts_between(rota.schedule, rota.overrides, since, until)
    holes = [Shift(starts, ends, (), 0) for starts, ends in gaps_between(rota.schedule, rota.overrides, since, until)]
    parts = sorted([*shifts, *holes], key=lambda each: each.starts_at)
    calendar = [CalendarDay(day, day == today, list(_parts_of_day(parts, day, zone, user_id, names))) for day in days]
    return ScheduleWeeks(
        name,
        zone,
        [names.get(user, user) for user in rota.people_at(at)],
        [calendar[start : start + 7] for start in range(0, len(calendar), 7)],
        gaps_between(rota.schedule, rota.overrides, at, horizon),
        settings.schedules[name].may_have_gaps,
        _override_rows(session, viewer.team_id, name, at, horizon, names),
        _own_shifts(shifts, user_id, at, horizon),
        user_id in rota.people or any(user_id in each.people for each in shifts),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _parts_of_day(
    parts: Sequence[Shift], day: date, zone: ZoneInfo, user_id: str, names: Mapping[str, str]
) -> Iterator[ShiftPart]:
    begin, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    for each in parts:
        if each.starts_at < end and each.ends_at > begin:
            yield ShiftPart(
                max(each.starts_at, begin),
                min(each.ends_at, end),
                [names.get(user, user) for user in each.people],
                user_id in each.people,
                each.layer == BY_OVERRIDE and bool(each.people),
            )


def _own_shifts(shifts: Sequence[Shift], user_id: str, at: datetime, horizon: datetime) -> list[Span]:
    """The viewer's shifts within the horizon; adjacent ones are one."""
    found: list[Span] = []
    for each in shifts:
        if user_id not in each.people or each.ends_at <= at or each.starts_at >= horizon:
            continue
        if found and found[-1].ends_at == each.starts_at:
            found[-1] = Span(found[-1].starts_at, each.ends_at)
        else:
            found.append(Span(each.starts_at, each.ends_at))
    return found


def _override_rows(
    session: Session, team_id: str, name: str, at: datetime, horizon: datetime, names: Mapping[str, str]
) -> list[OverrideRow]:
    return [
        OverrideRow(
            each.id or 0,
            names.get(each.user_id, each.user_id),
            names.get(each.replaces, each.replaces) if each.replaces else None,
            each.starts_at,
            each.ends_at,
            resolve_mentions(each.reason, names),
            each.swap_id is not None,
        )
        for each in overrides.find_overrides(session, team_id, name, at, horizon)
        if each.withdrawn_at is None
    ]


def _contact_kinds(
    session: Session, settings: Settings, team_id: str, users: Sequence[str], at: datetime, names: Mapping[str, str]
) -> list[PersonContacts]:
    """Kinds alone: names of services, addresses and delays are their owner's business."""
    own, muted = contacts.find_by_people(session, team_id, users), mutes.find_active(session, team_id, users, at)
    found = []
    for user in users:
        methods = [parse_contact_method(rule.method) for rule in contact_rules_of(settings, own.get(user, ()))]
        kinds = dict.fromkeys(LABELS[each.kind] for each in methods if each is not None)
        mute = muted.get(user)
        found.append(PersonContacts(names.get(user, user), list(kinds), mute.ends_at if mute else None))
    return found


def policy_levels(view: PolicyView, names: Mapping[str, str]) -> PolicyLevels:
    """The policy in words."""
    return PolicyLevels(
        view.name,
        [(wait, [_target_words(each, names) for each in targets]) for wait, targets in view.levels],
        view.repeat,
        [_target_words(each, names) for each in view.at_end],
    )


def _target_words(target: PolicyTarget, names: Mapping[str, str]) -> str:
    found = " and ".join(names.get(user, user) for user in target.people)
    if target.kind == TargetKind.PERSON:
        return found or resolve_mentions(" ".join(target.why), names)
    if target.kind == TargetKind.SERVICE:
        method = parse_contact_method(target.name)
        return LABELS[method.kind] if method else target.name
    label = f"{target.kind} {target.name}"
    if target.kind in {TargetKind.GROUP, TargetKind.VENDOR}:
        return label
    groups = f"user group {', '.join(target.groups)}" if target.groups else ""
    return f"{label}: {' and '.join(filter(None, [found, groups])) or 'nobody'}"


def _suggestions(names: Mapping[str, str]) -> list[str]:
    """Names for the forms; one that several people have is followed by the user id."""
    shared = Counter(name.casefold() for name in names.values())
    labels = [name if shared[name.casefold()] == 1 else f"{name} ({user})" for user, name in names.items()]
    return sorted(labels, key=str.casefold)[:MAX_SUGGESTIONS]
