"""What a transaction leaves to be done at once, and for whom: they are woken after its commit."""

from enum import Flag, auto

from sqlmodel import Session

KEY = "due"


class Due(Flag):
    """Rows are the sender's, now or at a time of their own; timers the engine's."""

    NOTHING = 0
    ROWS = auto()
    ROWS_LATER = auto()
    TIMERS = auto()


def needs_waking(session: Session, due: Due) -> None:
    """Say, inside a transaction, that something is due now."""
    session.info[KEY] = left_due(session) | due


def is_in_hand(session: Session, due: Due) -> None:
    """Take that back: whoever carries it out took all of it in this very transaction."""
    session.info[KEY] = left_due(session) & ~due


def left_due(session: Session) -> Due:
    found: Due = session.info.get(KEY, Due.NOTHING)
    return found
