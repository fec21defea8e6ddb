"""How an escalation goes on: what is due is done, the next step is set, the end is reached."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import (
    End,
    Level,
    Need,
    Nothing,
    PageLevel,
    Place,
    Policy,
    Progress,
    Wait,
    next_due,
    next_step,
)
from bot.services import outbox as tell
from bot.services.escalation.page_level import (
    Work,
    call,
    keep,
    means_somebody,
    note,
    page_level,
    say_empty,
    say_level,
    write_to,
)
from bot.services.escalation.state import called_of, place_of, policy_of, timer_key
from bot.services.workspace import people
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers
from bot.store.shared.timers import Timer

SPARED = "Everybody whom it calls said that they can't, or has answered."


def begin(session: Session, settings: Settings, incident: Incident, escalation: Escalation, policy: Policy) -> None:
    """Page the first level of a new escalation; the policy is kept with it."""
    escalation.policy, escalation.policy_name = policy.as_json(), policy.name or None
    escalation.next_step_at = escalation.asked_at
    named = {person for level in policy.levels for target in level.targets for person in target.people}
    people.meet(session, incident.team_id, sorted(named), escalation.asked_at)  # the message names who comes next
    work = Work(session, settings, escalation.asked_at)
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
    work = Work(session, settings, at)
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
    work = Work(session, settings, at)
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
    work = Work(session, settings, at)
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
    work: Work, incident: Incident, escalation: Escalation, *, because: str = "due", is_nobody_left: bool = False
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
                is_nobody_left = not page_level(work, incident, escalation, policy, found, because)
                if not is_nobody_left:
                    due = next_due(policy, found.place, due_at=found.due_at, paged_at=work.at)
                    work.wait(escalation, due)
                    break
                because = "nobody left"
    work.session.add(escalation)
    tell.show_escalation(work.session, incident, escalation.key, work.at)
    tell.show_card(work.session, incident, work.at)


def _end(work: Work, incident: Incident, escalation: Escalation, policy: Policy) -> None:
    """Nobody answered: it is said, and the fallback is paged."""
    escalation.gave_up_at, escalation.next_step_at = work.at, None
    timers.cancel(work.session, timer_key(escalation))
    called = called_of(escalation)
    has_anybody = any(each.is_left(escalation.declined_by) for each in called) or not called
    said = "unanswered" if has_anybody else "all declined"
    tell.say(work.session, incident, said, work.at, escalation_id=escalation.key)
    if policy.at_end.announce and not incident.is_private:
        tell.say_to_all(work.session, incident, "unanswered elsewhere", work.at, escalation_id=escalation.key)
    note(work, incident, escalation, "gave up paging: nobody answered")
    if policy.at_end.page:
        fallback = Level(policy.at_end.page, work.at - work.at, Need.ANY)
        place = Place(len(policy.levels) + 1, escalation.round)
        last, why = call(work, incident, escalation, fallback, place, "end")
        keep(escalation, last)
        if why or not means_somebody(last):
            say_empty(work, incident, escalation, last, why or [SPARED], is_last=True)
        if means_somebody(last):
            write_to(work, incident, escalation, last)
            say_level(work, incident, escalation, policy, last)
