"""Somebody takes a turn on call, gives theirs away, or swaps it; and any of that is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.oncall import overrides as rules
from bot.domain.oncall.overrides import Span
from bot.domain.oncall.schedule import Override, shift_at, shifts
from bot.services import outbox as tell
from bot.services.oncall import handover as shift_changes
from bot.services.oncall import schedule as oncall
from bot.services.oncall.schedule import Rota
from bot.services.workspace import people
from bot.services.workspace.actor import Actor
from bot.store.escalation import mutes
from bot.store.escalation import overrides as store
from bot.store.escalation.overrides import ScheduleOverride
from bot.store.incidents import incidents
from bot.store.shared import audit
from bot.store.shared import people as store_people

MINE = "You have no turn in {schedule} within the next {days} days, so there is nothing to {act}."
THEIRS = "<@{person}> has no turn in {schedule} within the next {days} days, so there is nothing to swap with."
NOT_YOURS = (
    "Only those whom it concerns and those who have turns in {schedule} may change that. "
    "Ask one of them, or take the turn yourself: `/incident oncall take {schedule}`."
)


@dataclass(frozen=True, slots=True)
class Changed:
    """
    A change of who is on call. `relieved`: who is not on call then any more; `other`: a swap's other half.
    `muted_until`: `person` is not paged when it begins, and until when; None where they are.
    """

    override_id: int
    schedule: str
    person: str
    relieved: Sequence[str]
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    other: "Changed | None" = None
    is_withdrawn: bool = False
    muted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """What somebody says of when: neither, one of them, or both."""

    starts: datetime | None = None
    ends: datetime | None = None


ANY_TIME = Times()


def take(
    session: Session, settings: Settings, actor: Actor, name: str, times: Times, *, instead: str | None, reason: str
) -> Changed:
    """Whoever acts is on call: from now on, or as long as `times` say; without an end, until that turn is over."""
    rota = _held(session, settings, actor, name)
    starts = times.starts or actor.at
    ends = times.ends or _end_of_turn(rota, starts)
    return put(session, settings, actor, name, actor.user_id or "", Times(starts, ends), instead=instead, reason=reason)


def give(
    session: Session, settings: Settings, actor: Actor, name: str, to: str, times: Times, *, reason: str
) -> Changed:
    """Whoever acts gives their turn to somebody: the one that they have, or else their next, or what `times` say."""
    rota, giver = _held(session, settings, actor, name), actor.user_id or ""
    if times.starts is not None and times.ends is not None:
        wanted = times
    else:
        turn = _turn(rota, giver, times.starts or actor.at, MINE.format(**_about(name, "give")))
        wanted = Times(turn.starts_at, times.ends or turn.ends_at)
    return put(session, settings, actor, name, to, wanted, instead=giver, reason=reason)


def swap(
    session: Session,
    settings: Settings,
    actor: Actor,
    name: str,
    other: str,
    *,
    mine: datetime | None = None,
    theirs: datetime | None = None,
    reason: str = "",
) -> Changed:
    """
    Two people take each other's turn: the next of each, or the ones at or after `mine` and `theirs`.

    Raises UserError where one of them has none, and for turns that meet: one person cannot be on call for two.
    """
    rota, giver = _held(session, settings, actor, name), actor.user_id or ""
    if other == giver:
        raise UserError("That is yourself. Name whom you swap with.")
    given = _turn(rota, giver, mine or actor.at, MINE.format(**_about(name, "swap")))
    taken = _turn(rota, other, theirs or actor.at, THEIRS.format(person=other, **_about(name, "")))
    if given.starts_at < taken.ends_at and taken.starts_at < given.ends_at:
        raise UserError("Those two turns meet, so that neither can take the other's. Give yours away instead.")
    halves = [
        _row(actor, name, other, rules.span(given.starts_at, given.ends_at, actor.at), giver, reason),
        _row(actor, name, giver, rules.span(taken.starts_at, taken.ends_at, actor.at), other, reason),
    ]
    session.add_all(halves)
    session.flush()
    for half in halves:
        half.swap_id, half.relieved = halves[0].id, [half.replaces or ""]
    whole = _joined(session, halves)
    _finish(session, settings, actor, whole, "swapped turns on call")
    return whole


def put(
    session: Session,
    settings: Settings,
    actor: Actor,
    name: str,
    person: str,
    times: Times,
    *,
    instead: str | None,
    reason: str,
) -> Changed:
    """
    `person` is on call in that time, instead of everybody, or of `instead` while they are on call in it.

    Raises UserError for a time that cannot be, a change that changes nothing, and for whoever may not make it.
    """
    rota = _held(session, settings, actor, name)
    if times.starts is None or times.ends is None:
        raise UserError("Say from when until when.")
    when = rules.span(times.starts, times.ends, actor.at)
    asked = Override(when.starts_at, when.ends_at, person, instead)
    new = rules.of_whom_it_replaces(rota.schedule, rota.overrides, asked)
    rules.check_changes(rota.schedule, rota.overrides, new)
    relieved = rules.relieved(rota.schedule, rota.overrides, new)
    if not rules.may_change(actor.user_id or "", [person, *relieved], rota.people):
        raise UserError(NOT_YOURS.format(schedule=name))
    _check_can(session, actor.team_id, person)
    row = _row(actor, name, person, Span(new.starts_at, new.ends_at), instead, reason)
    row.relieved = list(relieved)
    session.add(row)
    session.flush()
    changed = _as_told(session, row)
    _finish(session, settings, actor, changed, "changed who is on call")
    return changed


def cancel(session: Session, settings: Settings, actor: Actor, override_id: int) -> Changed:
    """
    Take a change back, or both halves of a swap: from now on, what has been so far stays as it was.

    Raises UserError for one that is over or taken back already, and for whoever may not.
    """
    row = store.override(session, actor.team_id, override_id)
    if row is None:
        raise UserError(f"There is no change {override_id} of who is on call. `/incident oncall` lists them.")
    oncall.check_known(settings, row.schedule)
    rota = _held(session, settings, actor, row.schedule)
    halves = [each for each in store.halves_of(session, row) if each.withdrawn_at is None and each.ends_at > actor.at]
    if not halves:
        raise UserError("That change is over, or was taken back already. Nothing was changed.")
    concerned = {who for each in halves for who in (each.user_id, each.replaces, each.made_by)}
    if not rules.may_change(actor.user_id or "", concerned, rota.people):
        raise UserError(NOT_YOURS.format(schedule=row.schedule))
    for each in halves:
        each.withdrawn_at, each.withdrawn_by = actor.at, actor.user_id
        session.add(each)
    session.flush()
    whole = _joined(session, halves)
    _finish(session, settings, actor, whole, "took a change of who is on call back")
    return whole


def _held(session: Session, settings: Settings, actor: Actor, name: str) -> Rota:
    """The schedule as it stands, which nobody else changes meanwhile."""
    store.hold(session, actor.team_id, name)
    return oncall.rota(session, settings, actor.team_id, name, actor.at, actor.at + rules.FARTHEST + rules.LONGEST)


def _about(name: str, act: str) -> dict[str, object]:
    return {"schedule": name, "act": act, "days": rules.AHEAD.days}


def _turn(rota: Rota, person: str, after: datetime, otherwise: str) -> Span:
    found = rules.next_turn(rota.schedule, rota.overrides, person, after)
    if found is None:
        raise UserError(otherwise)
    return found


def _end_of_turn(rota: Rota, at: datetime) -> datetime:
    """When the turn at `at` ends, or else what nobody covers."""
    running = shift_at(rota.schedule, rota.overrides, at)
    if running is not None:
        return running.ends_at
    coming = shifts(rota.schedule, rota.overrides, at, at + rules.LONGEST)
    if not coming:
        raise UserError("Nobody is on call then, nor after it. Say until when you are: `to:Mon 09:00`.")
    return coming[0].starts_at


def _check_can(session: Session, team_id: str, person: str) -> None:
    """Raises UserError for bots, guests and closed accounts: none of them may command, or answer."""
    known, installed = store_people.get(session, team_id, person), incidents.installation(session)
    if installed is not None and person == installed.bot_user_id:
        raise UserError("Dogwatch itself cannot be on call. Name a person.")
    if known is not None and (known.is_bot or known.is_deleted or known.is_guest):
        what = "a bot" if known.is_bot else "a guest" if known.is_guest else "no longer in this workspace"
        raise UserError(f"<@{person}> is {what} and could not acknowledge a page. Name somebody else.")


def _row(actor: Actor, name: str, person: str, when: Span, instead: str | None, reason: str) -> ScheduleOverride:
    return ScheduleOverride(
        team_id=actor.team_id,
        schedule=name,
        user_id=person,
        replaces=instead,
        starts_at=when.starts_at,
        ends_at=when.ends_at,
        reason=reason,
        made_by=actor.user_id,
        made_at=actor.at,
    )


def _finish(session: Session, settings: Settings, actor: Actor, changed: Changed, what: str) -> None:
    """Kept in the audit; whoever is concerned and did not do it is told, quietly; the next change of shift moves."""
    concerned = {who for each in (changed, changed.other) if each for who in (each.person, *each.relieved)}
    people.meet(session, actor.team_id, concerned, actor.at)
    audit.note(
        session,
        at=actor.at,
        team_id=actor.team_id,
        who=actor.user_id,
        what=what,
        origin=actor.origin,
        schedule=changed.schedule,
        override=changed.override_id,
        person=changed.person,
        instead=list(changed.relieved),
        starts_at=changed.starts_at.isoformat(),
        ends_at=changed.ends_at.isoformat(),
    )
    for person in sorted(concerned - {actor.user_id}):
        tell.duty_changed(
            session,
            actor.team_id,
            actor.at,
            person,
            changed.override_id,
            by=actor.user_id,
            is_withdrawn=changed.is_withdrawn,
        )
    shift_changes.look(session, settings, actor.team_id, changed.schedule, actor.at)
    tell.show_homes(session, actor.team_id, actor.at)


def told(session: Session, team_id: str, override_id: int) -> Changed | None:
    """A change as it is told of to those it concerns; None if it is not there."""
    row = store.override(session, team_id, override_id)
    if row is None:
        return None
    return _joined(session, store.halves_of(session, row))


def _joined(session: Session, halves: Sequence[ScheduleOverride]) -> Changed:
    told = [_as_told(session, each) for each in halves]
    return replace(told[0], other=told[1] if len(told) > 1 else None)


def _as_told(session: Session, row: ScheduleOverride) -> Changed:
    """Of one that is taken back, what is left of its time."""
    begins = max(row.starts_at, row.withdrawn_at) if row.withdrawn_at else row.starts_at
    mute = mutes.standing(session, row.team_id, [row.user_id], begins).get(row.user_id)
    return Changed(
        row.id or 0,
        row.schedule,
        row.user_id,
        list(row.relieved),
        begins,
        row.ends_at,
        row.reason,
        is_withdrawn=row.withdrawn_at is not None,
        muted_until=mute.ends_at if mute else None,
    )
