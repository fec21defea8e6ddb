"""What happens when a timer falls due. A timer and what it does are one transaction, so it happens once."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.services import catching_up, escalation
from bot.store import timers
from bot.store.connections import is_passing
from bot.store.timers import Timer

Handler = Callable[[Session, Settings, Timer, datetime], None]

HANDLERS: Mapping[str, Handler] = {
    escalation.REMIND: escalation.remind,
    catching_up.LOOK: catching_up.look_again,
}
TRIES = 5
PAUSE = timedelta(minutes=1)


class TimerFailed(Exception):
    """What a timer does raised something. `key` names the timer."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


def run_one(session: Session, settings: Settings, now: datetime) -> Timer | None:
    """
    Carry out the timer that is due longest, if there is one.

    Raises TimerFailed; then the transaction is undone and the timer still there: `put_off` lets the others pass. What
    the database does not grant at the moment is no fault of the timer's: it is raised as it is.
    """
    timer = timers.take_due(session, now)
    if timer is None:
        return None
    try:
        HANDLERS[timer.what](session, settings, timer, now)
        session.flush()
    except Exception as problem:
        if is_passing(problem):
            raise
        raise TimerFailed(timer.key) from problem
    return timer


def put_off(session: Session, key: str, now: datetime) -> bool:
    """Try a failed timer again in a minute, a few times. False if it was given up."""
    timer = session.get(Timer, key)
    if timer is None:
        return True
    tries = int(timer.details.get("tries", 0)) + 1
    if tries >= TRIES:
        session.delete(timer)
        return False
    timer.details, timer.due_at = {**timer.details, "tries": tries}, now + PAUSE
    session.add(timer)
    return True
