"""What happens when timers fall due. A timer and what it does are one transaction, so it happens once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.services import escalation as escalating
from bot.services import outbox as tell
from bot.services.alerts import announcements as alert_log
from bot.services.alerts import maintenance_end as maintenance_over
from bot.services.channel import backfill as catching_up
from bot.services.escalation import page_timers as paging_steps
from bot.services.escalation import silence_check as quiet
from bot.services.incidents import drills as drilling
from bot.services.incidents import maintenance_windows as maintenance
from bot.services.oncall import handover as shift_changes
from bot.services.oncall import image_cleanup as drawn
from bot.services.paging import pages as paging
from bot.services.reminders import reminders as nudges
from bot.services.vendors import calls as vendors
from bot.store import outbox
from bot.store.database.connections import is_passing
from bot.store.database.savepoint import undone_if_it_fails
from bot.store.incidents import incidents
from bot.store.shared import timers
from bot.store.shared.timers import Timer

Handler = Callable[[Session, Settings, Sequence[Timer], datetime], None]
Hold = Callable[[Session, Sequence[Timer]], None]


def _hold_incidents(session: Session, due: Sequence[Timer]) -> None:
    incidents.hold(session, [int(timer.details["incident_id"]) for timer in due])


def _hold_nothing(_session: Session, _due: Sequence[Timer]) -> None:
    """They lock what they need themselves."""


def _one_by_one(handle: Callable[[Session, Settings, Timer, datetime], None]) -> Handler:
    def handle_all(session: Session, settings: Settings, due: Sequence[Timer], now: datetime) -> None:
        for timer in due:
            if not timers.is_cancelled(session, timer.key):  # by one before it
                handle(session, settings, timer, now)

    return handle_all


HANDLERS: Mapping[str, tuple[Handler, Hold]] = {
    escalating.STEP: (escalating.step, escalating.hold),
    escalating.REMIND: (escalating.step, escalating.hold),
    vendors.ASK: (_one_by_one(vendors.ask), escalating.hold),
    catching_up.LOOK: (_one_by_one(catching_up.look_again), _hold_incidents),
    drilling.PLAY: (_one_by_one(drilling.play), _hold_incidents),
    paging.LATER: (paging_steps.later, escalating.hold),
    paging.UNREACHABLE: (_one_by_one(paging_steps.unreachable), escalating.hold),
    paging.WATCH: (_one_by_one(paging_steps.watch), escalating.hold),
    maintenance.OVER: (_one_by_one(maintenance_over.over), maintenance_over.hold),
    drawn.FORGET: (_one_by_one(drawn.forget), _hold_nothing),
    shift_changes.WATCH: (_one_by_one(shift_changes.due), shift_changes.hold),
    quiet.CHECK: (_one_by_one(quiet.check), escalating.hold),
    tell.LOOK_AT_NUDGES: (nudges.look, _hold_nothing),
    alert_log.CATCH_UP: (_one_by_one(alert_log.catch_up), _hold_incidents),
}
"""What each kind does, and what several of it lock first: in one order, so that nobody waits in a ring."""
TRIES = 5
PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Ran:
    """A timer that was carried out. `problem`: why it could not be; it is put off, or given up after some times."""

    timer: Timer
    problem: Exception | None = None
    is_given_up: bool = False


def run_due(session: Session, settings: Settings, now: datetime, most: int) -> list[Ran]:
    """
    Carry out up to `most` of the timers that are due longest; none if there are none that nobody else has in hand.

    Several go together; if one of them fails, each is tried alone. What fails alone is undone and put off in this same
    transaction: nobody else takes it meanwhile, and the others pass. What the database does not grant at the moment is
    no fault of the timers: it is raised as it is.
    """
    due = timers.take_due(session, now, most)
    try:
        _carry_out(session, settings, due, now)
    except Exception as problem:
        if is_passing(problem):
            raise
        if len(due) == 1:
            return [_failed(session, due[0], problem, now)]
        return [_alone(session, settings, timer, now) for timer in due]
    return [Ran(timer) for timer in due]


def _carry_out(session: Session, settings: Settings, due: Sequence[Timer], now: datetime) -> None:
    """Raises what one of them raises; then nothing is done."""
    if not due:
        return
    with undone_if_it_fails(session), outbox.together(session):
        if len(due) > 1:
            HANDLERS[due[0].what][1](session, due)
        HANDLERS[due[0].what][0](session, settings, due, now)
        session.flush()


def _alone(session: Session, settings: Settings, timer: Timer, now: datetime) -> Ran:
    try:
        _carry_out(session, settings, [timer], now)
    except Exception as problem:
        if is_passing(problem):
            raise
        return _failed(session, timer, problem, now)
    return Ran(timer)


def _failed(session: Session, timer: Timer, problem: Exception, now: datetime) -> Ran:
    """Put it off by a minute, a few times; then it is given up: an operator sees that."""
    tries = int(timer.details.get("tries", 0)) + 1
    is_given_up = tries >= TRIES
    timers.put_back(
        session, timer, due_at=now + PAUSE, given_up_at=now if is_given_up else None, tries=0 if is_given_up else tries
    )
    return Ran(timer, problem, is_given_up)
