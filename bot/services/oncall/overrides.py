"""Take, give and swap shifts; cancel overrides."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, StateError, UserError, errors_at
from bot.domain.oncall.overrides import (
    MAX_AHEAD,
    MAX_LENGTH,
    SEARCH_AHEAD,
    Span,
    check_override,
    limit_to_replaced,
    may_override,
    next_shift,
    override_span,
    relieved_people,
)
from bot.domain.oncall.schedule import Override, shift_at, shifts_between
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.oncall.handover import check_schedule
from bot.services.oncall.override_change import OverrideChange, build_change, join_halves
from bot.services.oncall.schedule import Rota, check_schedule_exists, load_rota
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known, refuse_bot
from bot.store.escalation import overrides
from bot.store.escalation.overrides import ScheduleOverride
from bot.store.shared import people

NO_OWN_SHIFT = "You have no shift in {schedule} within the next {days} days, so there is nothing to {act}."
NO_OTHER_SHIFT = "<@{person}> has no shift in {schedule} within the next {days} days, so there is nothing to swap with."
NOT_ALLOWED = (
    "Only the people concerned and people with shifts in {schedule} can change that. "
    "Ask one of them, or take the shift yourself: `/incident oncall take {schedule}`."
)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Times that were typed; each may be missing."""

    starts: datetime | None = None
    ends: datetime | None = None


def take_shift(
    session: Session, settings: Settings, actor: Actor, name: str, times: TimeRange, *, instead: str | None, reason: str
) -> OverrideChange:
    """Put the actor on call, from now on by default, and until the end of that shift."""
    rota = _lock_schedule(session, settings, actor, name)
    starts = times.starts or actor.at
    ends = times.ends or _end_of_shift(rota, starts)
    return set_override(
        session, settings, actor, name, actor.user_id or "", TimeRange(starts, ends), instead=instead, reason=reason
    )


def give_shift(
    session: Session, settings: Settings, actor: Actor, name: str, to: str, times: TimeRange, *, reason: str
) -> OverrideChange:
    """Give the actor's present or next shift to somebody, or the span of `times`."""
    rota, giver = _lock_schedule(session, settings, actor, name), actor.user_id or ""
    if times.starts is not None and times.ends is not None:
        wanted = times
    else:
        shift = _own_shift(rota, giver, times.starts or actor.at, name, "give")
        wanted = TimeRange(shift.starts_at, times.ends or shift.ends_at)
    return set_override(session, settings, actor, name, to, wanted, instead=giver, reason=reason)


def swap_shifts(
    session: Session,
    settings: Settings,
    actor: Actor,
    name: str,
    other: str,
    *,
    mine: datetime | None = None,
    theirs: datetime | None = None,
    reason: str = "",
) -> OverrideChange:
    """
    Swap the next shifts of two people, or those at or after `mine` and `theirs`.

    Raises UserError if one has none, or if the shifts overlap.
    """
    rota, giver = _lock_schedule(session, settings, actor, name), actor.user_id or ""
    if other == giver:
        raise UserError("You cannot swap with yourself. Name another person.")
    given = _own_shift(rota, giver, mine or actor.at, name, "swap")
    no_shift = NO_OTHER_SHIFT.format(person=other, **_message_values(name, ""))
    taken = _shift_after(rota, other, theirs or actor.at, no_shift)
    if given.starts_at < taken.ends_at and taken.starts_at < given.ends_at:
        raise UserError("Those two shifts overlap, so they cannot be swapped. Give yours away instead.")
    halves = [
        _new_row(actor, name, other, override_span(given.starts_at, given.ends_at, actor.at), giver, reason),
        _new_row(actor, name, giver, override_span(taken.starts_at, taken.ends_at, actor.at), other, reason),
    ]
    session.add_all(halves)
    session.flush()
    for half in halves:
        half.swap_id, half.relieved = halves[0].id, [half.replaces or ""]
    change = join_halves(session, halves)
    _finish(session, settings, actor, change, "swapped shifts")
    return change


def set_override(
    session: Session,
    settings: Settings,
    actor: Actor,
    name: str,
    person: str,
    times: TimeRange,
    *,
    instead: str | None,
    reason: str,
) -> OverrideChange:
    """
    Put `person` on call instead of everybody, or of `instead` during their shifts.

    Raises InvalidField or InvalidFields (`ends`, `person`) for an invalid time and a person who cannot be on call, and
    UserError for an override without effect, and an actor who may not make it.
    """
    rota = _lock_schedule(session, settings, actor, name)
    if times.starts is None or times.ends is None:
        raise UserError("Enter the start and the end.")
    errors = ErrorCollector()
    with errors.collect(), errors_at("ends"):
        when = override_span(times.starts, times.ends, actor.at)
    with errors.collect(), errors_at("person"):
        _check_person(session, actor.team_id, person)
    errors.check()
    asked = Override(when.starts_at, when.ends_at, person, instead)
    new = limit_to_replaced(rota.schedule, rota.overrides, asked)
    check_override(rota.schedule, rota.overrides, new)
    relieved = relieved_people(rota.schedule, rota.overrides, new)
    if not may_override(actor.user_id or "", [person, *relieved], rota.people):
        raise StateError(NOT_ALLOWED.format(schedule=name))
    row = _new_row(actor, name, person, Span(new.starts_at, new.ends_at), instead, reason)
    row.relieved = list(relieved)
    session.add(row)
    session.flush()
    changed = build_change(session, row)
    _finish(session, settings, actor, changed, "changed who is on call")
    return changed


def cancel_override(session: Session, settings: Settings, actor: Actor, override_id: int) -> OverrideChange:
    """
    Cancel an override, or both halves of a swap, from now on.

    Raises UserError for one that is over or cancelled, and for an actor who may not.
    """
    row = overrides.get_override(session, actor.team_id, override_id)
    if row is None:
        raise UserError(f"There is no on-call change {override_id}. `/incident oncall` lists them.")
    check_schedule_exists(settings, row.schedule)
    rota = _lock_schedule(session, settings, actor, row.schedule)
    halves = [
        each
        for each in overrides.find_swap_halves(session, row)
        if each.withdrawn_at is None and each.ends_at > actor.at
    ]
    if not halves:
        raise StateError("That change is over, or was undone already. Nothing was changed.")
    concerned = {who for each in halves for who in (each.user_id, each.replaces, each.created_by)}
    if not may_override(actor.user_id or "", concerned, rota.people):
        raise StateError(NOT_ALLOWED.format(schedule=row.schedule))
    for each in halves:
        each.withdrawn_at, each.withdrawn_by = actor.at, actor.user_id
        session.add(each)
    session.flush()
    change = join_halves(session, halves)
    _finish(session, settings, actor, change, "undid an on-call change")
    return change


def _lock_schedule(session: Session, settings: Settings, actor: Actor, name: str) -> Rota:
    """Lock the schedule against other changes, and load it."""
    overrides.lock_watch(session, actor.team_id, name)
    return load_rota(session, settings, actor.team_id, name, actor.at, actor.at + MAX_AHEAD + MAX_LENGTH)


def _message_values(name: str, act: str) -> dict[str, object]:
    return {"schedule": name, "act": act, "days": SEARCH_AHEAD.days}


def _own_shift(rota: Rota, person: str, after: datetime, name: str, act: str) -> Span:
    return _shift_after(rota, person, after, NO_OWN_SHIFT.format(**_message_values(name, act)))


def _shift_after(rota: Rota, person: str, after: datetime, otherwise: str) -> Span:
    found = next_shift(rota.schedule, rota.overrides, person, after)
    if found is None:
        raise UserError(otherwise)
    return found


def _end_of_shift(rota: Rota, at: datetime) -> datetime:
    """End of the shift at `at`, or of the gap."""
    running = shift_at(rota.schedule, rota.overrides, at)
    if running is not None:
        return running.ends_at
    coming = shifts_between(rota.schedule, rota.overrides, at, at + MAX_LENGTH)
    if not coming:
        raise UserError("Nobody is on call then or later. Add the end of your shift: `to:Mon 09:00`.")
    return coming[0].starts_at


def _check_person(session: Session, team_id: str, person: str) -> None:
    """Raise UserError for bots, guests and closed accounts, which cannot acknowledge."""
    refuse_bot(session, team_id, person)
    known = people.get(session, team_id, person)
    if known is not None and (known.is_deleted or known.is_guest):
        what = "a guest" if known.is_guest else "no longer in this workspace"
        raise UserError(f"<@{person}> is {what} and could not acknowledge a page. Name somebody else.")


def _new_row(actor: Actor, name: str, person: str, when: Span, instead: str | None, reason: str) -> ScheduleOverride:
    return ScheduleOverride(
        team_id=actor.team_id,
        schedule=name,
        user_id=person,
        replaces=instead,
        starts_at=when.starts_at,
        ends_at=when.ends_at,
        reason=reason,
        created_by=actor.user_id,
        created_at=actor.at,
    )


def _finish(session: Session, settings: Settings, actor: Actor, changed: OverrideChange, what: str) -> None:
    """Record the audit, notify the other people concerned, and reschedule the next handover."""
    concerned = {who for each in (changed, changed.other) if each for who in (each.person, *each.relieved)}
    ensure_known(session, actor.team_id, concerned, actor.at)
    audit_action(
        session,
        actor,
        what,
        schedule=changed.schedule,
        override=changed.override_id,
        person=changed.person,
        instead=list(changed.relieved),
        starts_at=changed.starts_at.isoformat(),
        ends_at=changed.ends_at.isoformat(),
    )
    for person in sorted(concerned - {actor.user_id}):
        outbox.post_override_change(
            session,
            actor.team_id,
            actor.at,
            person,
            changed.override_id,
            by=actor.user_id,
            is_withdrawn=changed.is_withdrawn,
        )
    check_schedule(session, settings, actor.team_id, changed.schedule, actor.at)
    outbox.refresh_open_homes(session, actor.team_id, actor.at)
