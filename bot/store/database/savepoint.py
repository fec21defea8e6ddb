"""Run a block in a savepoint."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from bot.store.database.transaction_state import transaction_state


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """
    Undo what the block did if it fails, including its changes to the transaction's state.

    The database releases the locks that a rolled back savepoint took: a row that the state still
    counted as locked would be written without a lock.
    """
    state = transaction_state(session)
    before = state.snapshot()
    try:
        with session.begin_nested():
            yield
    except BaseException:
        state.restore(before)
        raise
