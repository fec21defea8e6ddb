"""
An escalation goes on by its policy: a level is paged, the next is waited for, the end is reached.

Everything here is done under the lock of the escalation's row: a step and an acknowledgement never pass each other.
Escalations are locked before incidents.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import (
    Answer,
    Called,
    End,
    Level,
    Need,
    Nothing,
    PageLevel,
    Place,
    Policy,
    Progress,
    Target,
    Wait,
    next_due,
    next_step,
)
from bot.domain.terms import Kind, Precision, TargetKind
from bot.services import paging, paging_services, people, policies, resolving, tell, timeline, vendors
from bot.services.actor import Actor, Origin
from bot.services.paging import Call
from bot.store import audit, escalations, incidents, timers
from bot.store.escalations import Escalation
from bot.store.incidents import Incident
from bot.store.timers import Timer

STEP = "step of an escalation"
REMIND = "remind of an escalation"
"""What the release before calls it. Its timers are carried out as steps."""


def timer_key(escalation: Escalation) -> str:
    return f"escalation:{escalation.key}"


def policy_of(settings: Settings, escalation: Escalation) -> Policy:
    """What it keeps; for one of the release before the reminders that are configured now."""
    if escalation.policy is not None:
        return Policy.from_json(escalation.policy)
    kind = TargetKind(escalation.target_kind)
    groups = (escalation.target_id,) if kind == TargetKind.GROUP else ()
    target = Target(kind, escalation.target_id, tuple(escalation.members), groups)
    return policies.of_reminders(settings, target)


def called_of(escalation: Escalation) -> list[Called]:
    """Every level that was paged, the first one first."""
    if escalation.steps is not None:
        return [Called.from_json(each) for each in escalation.steps]
    if escalation.paged_at is None or escalation.policy is not None or escalation.is_external:
        return []
    groups = (escalation.target_id,) if escalation.target_kind == TargetKind.GROUP else ()
    at = escalation.paged_at
    return [Called(Place(1, escalation.reminders), at, at, people=tuple(escalation.members), groups=groups)]


def answers_of(escalation: Escalation) -> list[Answer]:
    return [Answer.from_json(each) for each in escalation.answers or ()]


def place_of(escalation: Escalation) -> Place | None:
    """The level that was paged last, or found empty; None before the first."""
    if escalation.level:
        return Place(escalation.level, escalation.round)
    return next((each.place for each in reversed(called_of(escalation))), None)


@dataclass(slots=True)
class _Work:
    """What steps write, gathered: in a bad hour many fall due together, and are written at once."""

    session: Session
    settings: Settings
    at: datetime
    calls: list[Call] = field(default_factory=list)
    due: dict[datetime, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def wait(self, escalation: Escalation, until: datetime) -> None:
        escalation.next_step_at = until
        self.due.setdefault(until, {})[timer_key(escalation)] = {"escalation_id": escalation.key}

    def write(self) -> None:
        self.session.flush()
        paging.page_all(self.session, self.settings, self.calls, self.at)
        for due_at, of_each in self.due.items():
            timers.set_several(self.session, STEP, of_each, due_at)


def begin(session: Session, settings: Settings, incident: Incident, escalation: Escalation, policy: Policy) -> None:
    """Page the first level of a new escalation; the policy is kept with it."""
    escalation.policy, escalation.policy_name = policy.as_json(), policy.name or None
    escalation.next_step_at = escalation.asked_at
    named = {person for level in policy.levels for target in level.targets for person in target.people}
    people.meet(session, incident.team_id, sorted(named), escalation.asked_at)  # the message names who comes next
    work = _Work(session, settings, escalation.asked_at)
    _advance(work, incident, escalation)
    work.write()


def go_on(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, at: datetime, *, because: str
) -> None:
    """
    The next level at once: nobody of the present one can come. `because` is one of `REASONS`.

    The caller holds both rows, and knows that nobody has answered.
    """
    timers.cancel(session, timer_key(escalation))
    work = _Work(session, settings, at)
    _advance(work, incident, escalation, because=because, is_nobody_left=True)
    work.write()


def resume(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, at: datetime, *, because: str
) -> None:
    """It is unanswered again: the next level is due when it would have been, or now if that is past."""
    policy, called = policy_of(settings, escalation), called_of(escalation)
    last = called[-1] if called else None
    due = next_due(policy, last.place, due_at=last.due_at, paged_at=last.paged_at) if last else at
    whole = next_due(policy, last.place, due_at=at, paged_at=at) if last else at  # should the clock have been set back
    escalation.next_step_at, escalation.gave_up_at = min(max(due, at), whole), None
    work = _Work(session, settings, at)
    _advance(work, incident, escalation, because=because)
    work.write()


def stop(session: Session, escalation: Escalation) -> None:
    """Nothing more comes by itself."""
    escalation.next_step_at = None
    session.add(escalation)
    timers.cancel(session, timer_key(escalation))


def hold(session: Session, due: Sequence[Timer]) -> None:
    """Lock what the steps are about, escalations before incidents as each of them would."""
    found = escalations.hold(session, [int(timer.details["escalation_id"]) for timer in due])
    incidents.hold(session, [escalation.incident_id for escalation in found])


def step(session: Session, settings: Settings, due: Sequence[Timer], at: datetime) -> None:
    """
    Nobody answered in time: page the next level, or say that nobody answers.

    Runs in the transaction that takes the timers, so it happens once, also if the process was down when they fell due.
    """
    work = _Work(session, settings, at)
    for timer in due:
        if timers.is_cancelled(session, timer.key):  # by one before it
            continue
        found = _still_silent(session, timer)
        if found is not None:
            incident, escalation = found
            tell.nothing_comes_due(session, incident)
            escalation.next_step_at = timer.due_at  # it was moved with the clock, where that was set
            _advance(work, incident, escalation)
    work.write()


def _still_silent(session: Session, timer: Timer) -> tuple[Incident, Escalation] | None:
    """What a step is about, held; None if nobody is needed any more."""
    escalation = escalations.lock(session, int(timer.details["escalation_id"]))
    if escalation is None or escalation.acknowledged_at is not None:
        return None
    incident = incidents.lock(session, escalation.incident_id)
    return (incident, escalation) if incident.is_open else None


def _advance(
    work: _Work, incident: Incident, escalation: Escalation, *, because: str = "due", is_nobody_left: bool = False
) -> None:
    """Do what is to be done now. A level that turns out to mean nobody is left for the next at once."""
    policy = policy_of(work.settings, escalation)
    while True:
        progress = Progress(
            due_at=escalation.next_step_at or work.at,
            place=place_of(escalation),
            is_answered=escalation.acknowledged_at is not None,
            is_over=escalation.gave_up_at is not None,
            is_nobody_left=is_nobody_left,
            more_time_until=escalation.more_time_until,
        )
        match next_step(policy, progress, work.at):
            case Nothing():
                stop(work.session, escalation)
                return
            case Wait(until):
                work.wait(escalation, until)
                break
            case End():
                _end(work, incident, escalation, policy)
                break
            case PageLevel() as found:
                is_nobody_left = not _page(work, incident, escalation, policy, found, because)
                if not is_nobody_left:
                    due = next_due(policy, found.place, due_at=found.due_at, paged_at=work.at)
                    work.wait(escalation, due)
                    break
                because = "nobody left"
    work.session.add(escalation)
    tell.show_escalation(work.session, incident, escalation.key, work.at)
    tell.show_card(work.session, incident, work.at)


def _page(
    work: _Work, incident: Incident, escalation: Escalation, policy: Policy, found: PageLevel, because: str
) -> bool:
    """Call whom the level means now. False if that is nobody."""
    level = policy.levels[found.place.level - 1]
    called, why = _call(work, incident, escalation, level, found.place, because)
    called = replace(called, due_at=found.due_at, passed_over=found.passed_over)
    is_somebody = bool(called.people or called.groups or called.vendors or called.services)
    is_still_gone = _is_still_gone(work, incident, escalation, called)
    if found.place.round and (not is_somebody or is_still_gone):  # as it was the time before, which is on record
        escalation.level, escalation.round = found.place.level, found.place.round
        return False
    is_first = escalation.level_paged_at is None and not escalation.steps
    _keep(escalation, called)
    if why:
        tell.say(
            work.session, incident, "level empty", work.at, escalation_id=escalation.key,
            level=found.place.level, why=list(why), is_somebody=is_somebody,
        )  # fmt: skip
    if not is_somebody:
        return False
    escalation.reminders = found.place.round
    _write_to(work, incident, escalation, called)
    if not is_first:
        _say_level(work, incident, escalation, policy, called)
    return True


def _is_still_gone(work: _Work, incident: Incident, escalation: Escalation, called: Called) -> bool:
    """Whether nobody of the level was to be paged the last time either: all of them are muted, or have left."""
    before = [each for each in called_of(escalation) if each.place.level == called.place.level]
    if not before or not called.people or called.groups or called.vendors or called.services:
        return False
    skipped = paging.skipped(work.session, incident.team_id, called.people, work.at)
    return set(called.people) <= {*before[-1].gone} & {*skipped}


def _call(
    work: _Work, incident: Incident, escalation: Escalation, level: Level, place: Place, because: str
) -> tuple[Called, Sequence[str]]:
    """Whom the level means, and in words why some of its targets mean nobody. Who declined or answered is spared."""
    meant = resolving.meant_by(work.session, work.settings, incident.team_id, level.targets, work.at)
    spared = {*escalation.declined_by, *(each.by for each in answers_of(escalation) if each.withdrawn_at is None)}
    called = Called(
        place, work.at, work.at, level.acknowledge, tuple(each for each in meant.people if each not in spared),
        meant.groups, meant.vendors, missing=meant.missing, because=because, services=meant.services,
    )  # fmt: skip
    return called, meant.why


def _keep(escalation: Escalation, called: Called) -> None:
    escalation.steps = [*(escalation.steps or [each.as_json() for each in called_of(escalation)]), called.as_json()]
    escalation.level, escalation.round = called.place.level, called.place.round
    escalation.level_paged_at, escalation.more_time_until = called.paged_at, None
    escalation.members = list(dict.fromkeys([*escalation.members, *called.people]))


def _write_to(work: _Work, incident: Incident, escalation: Escalation, called: Called) -> None:
    people.meet(work.session, incident.team_id, called.people, work.at)
    if incident.drill_of is None:
        tell.invite(work.session, incident, work.at, list(called.people), list(called.groups))
    late = called.late
    work.calls.append(
        Call(
            incident, escalation, called.people, called.place.level, called.place.round,
            round(late.total_seconds()) if late else None,
        )
    )  # fmt: skip
    place = called.place
    paging_services.page(work.session, incident, escalation, called.services, work.at, place.level, place.round, late)
    for vendor in called.vendors:
        _call_vendor(work, incident, escalation, vendor)


def _call_vendor(work: _Work, incident: Incident, escalation: Escalation, vendor: str) -> None:
    """A vendor has a course of its own: a case, a first answer, the end. It is told once."""
    known_as = vendors.vendor_of(work.settings, vendor, ZoneInfo(incident.zone))
    known = escalations.of_incident(work.session, incident.key)
    if any(each.follows_id == escalation.key and each.is_external and each.target_id == known_as.key for each in known):
        return
    actor = Actor(incident.team_id, None, work.at, Origin.TIMER)
    made = record(
        work.session, incident, actor, TargetKind.VENDOR, known_as.key, known_as.name, escalation.reason,
        started_by="policy", follows_id=escalation.key,
    )  # fmt: skip
    vendors.begin(work.session, work.settings, incident, made, actor)


def _say_level(work: _Work, incident: Incident, escalation: Escalation, policy: Policy, called: Called) -> None:
    """A line that mentions those who are paged: an edited message pings nobody."""
    if policy.name == "" and called.place.level == 1 and len(policy.levels) == 1:
        tell.say(work.session, incident, "reminder", work.at, escalation_id=escalation.key)
        _note(work, incident, escalation, f"paged again, reminder {escalation.reminders}")
        return
    late = round(called.late.total_seconds()) if called.late else None
    tell.say(
        work.session, incident, "level", work.at, escalation_id=escalation.key, level=called.place.level,
        levels=len(policy.levels), round=called.place.round, people=list(called.people), groups=list(called.groups),
        vendors=list(called.vendors), services=list(called.services), because=called.because, late_seconds=late,
        passed_over=[place.level for place, _ in called.passed_over],
    )  # fmt: skip
    passed = f", passed over {[place.level for place, _ in called.passed_over]}" if called.passed_over else ""
    _note(work, incident, escalation, f"paged level {called.place.level}, round {called.place.round}{passed}")


def _end(work: _Work, incident: Incident, escalation: Escalation, policy: Policy) -> None:
    """Nobody answered: it is said, and the fallback is paged."""
    escalation.gave_up_at, escalation.next_step_at = work.at, None
    timers.cancel(work.session, timer_key(escalation))
    called = called_of(escalation)
    has_anybody = any(each.is_left(escalation.declined_by) for each in called) or not called
    said = "unanswered" if has_anybody else "all declined"
    tell.say(work.session, incident, said, work.at, escalation_id=escalation.key)
    if policy.at_end.announce and not incident.is_private:
        tell.say_to_all(work.session, incident, "unanswered elsewhere", work.at, escalation_id=escalation.key)
    _note(work, incident, escalation, "gave up paging: nobody answered")
    if policy.at_end.page:
        fallback = Level(policy.at_end.page, work.at - work.at, Need.ANY)
        place = Place(len(policy.levels) + 1, escalation.round)
        last, _ = _call(work, incident, escalation, fallback, place, "end")
        _keep(escalation, last)
        if last.people or last.groups or last.vendors or last.services:
            _write_to(work, incident, escalation, last)
            _say_level(work, incident, escalation, policy, last)


def _note(work: _Work, incident: Incident, escalation: Escalation, what: str) -> None:
    audit.note(
        work.session, at=work.at, team_id=incident.team_id, incident_id=incident.key, what=what, origin=Origin.TIMER,
        escalation=escalation.key,
    )  # fmt: skip


def record(
    session: Session,
    incident: Incident,
    actor: Actor,
    kind: TargetKind,
    target_id: str,
    target_name: str,
    reason: str,
    **more: Any,
) -> Escalation:
    """A new escalation with its entry on the timeline. Nobody is paged yet. `more`: further columns."""
    entry = timeline.record(session, incident, [Kind.ESCALATION], reason, actor, when=more.pop("when", None))
    values: dict[str, Any] = {
        "paged_at": actor.at, "precision": Precision.EXACT.value, "asked_by": actor.user_id, "asked_at": actor.at,
        "is_external": kind == TargetKind.VENDOR,
    }  # fmt: skip
    escalation = Escalation(
        **{
            **values, "incident_id": incident.key, "entry_id": entry.key, "target_kind": kind.value,
            "target_id": target_id, "target_name": target_name, "reason": reason, **more,
        }
    )  # fmt: skip
    session.add(escalation)
    session.flush()
    entry.details = {**entry.details, "escalation_id": escalation.key}
    session.add(entry)
    tell.show_escalation(session, incident, escalation.key, actor.at, is_new=True)
    return escalation
