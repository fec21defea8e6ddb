"""A part of a transaction that is undone by itself if it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy

from sqlmodel import Session


@contextmanager
def undone_if_it_fails(session: Session) -> Iterator[None]:
    """
    A savepoint, with what was remembered for the transaction in `session.info`: who is held, known, or cancelled.

    The database lets go of the locks that are taken in a savepoint when it is undone; whoever still believed to hold
    them would write without.
    """
    before = {name: copy(value) for name, value in session.info.items()}
    try:
        with session.begin_nested():
            yield
    except BaseException:
        session.info.clear()
        session.info.update(before)
        raise
