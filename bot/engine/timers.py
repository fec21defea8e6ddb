"""What happens when a timer falls due. A timer and what it does are one transaction, so it happens once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.services import alert_log, catching_up, escalation
from bot.store import outbox, timers
from bot.store.connections import is_passing
from bot.store.timers import Timer

Handler = Callable[[Session, Settings, Timer, datetime], None]

HANDLERS: Mapping[str, Handler] = {
    escalation.REMIND: escalation.remind,
    catching_up.LOOK: catching_up.look_again,
    alert_log.CATCH_UP: alert_log.catch_up,
}
TRIES = 5
PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Ran:
    """A timer that was carried out. `problem`: why it could not be; it is put off, or given up after some times."""

    timer: Timer
    problem: Exception | None = None
    is_given_up: bool = False


def run_one(session: Session, settings: Settings, now: datetime) -> Ran | None:
    """
    Carry out the timer that is due longest, if there is one that nobody else has in hand.

    What fails is undone and put off in this same transaction: nobody else takes it meanwhile, and the others pass. What
    the database does not grant at the moment is no fault of the timer's: it is raised as it is.
    """
    timer = timers.take_due(session, now)
    if timer is None:
        return None
    try:
        with session.begin_nested(), outbox.together(session):
            HANDLERS[timer.what](session, settings, timer, now)
            session.flush()
    except Exception as problem:
        if is_passing(problem):
            raise
        return Ran(timer, problem, _put_off(session, timer, now))
    return Ran(timer)


def _put_off(session: Session, timer: Timer, now: datetime) -> bool:
    """Try a failed timer again in a minute, a few times. True if it is given up: an operator sees that."""
    tries = int(timer.details.get("tries", 0)) + 1
    is_given_up = tries >= TRIES
    timers.put_back(
        session, timer, due_at=now + PAUSE, given_up_at=now if is_given_up else None, tries=0 if is_given_up else tries
    )
    return is_given_up
