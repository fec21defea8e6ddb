"""Release of rows that wait only because Slack was unreachable."""

from datetime import datetime

from sqlalchemy import bindparam, exists, text, update
from sqlmodel import Session, select

from bot.store.database.tables import is_any_of
from bot.store.database.transaction_state import Wakeup, request_wakeup
from bot.store.outbox.models import IS_UNFINISHED, LANES, ROWS, State

IS_KEPT_WAITING = (
    text(IS_UNFINISHED),
    ROWS.c.waits_for_slack.is_(True),
    ROWS.c.state != State.RUNNING.value,
    ROWS.c.not_before > bindparam("now"),
)
"""Excludes rows that wait for a limit, for a new token, or for their own time."""
SOME_WAIT = select(exists().where(*IS_KEPT_WAITING))
WAITING_LANES = select(LANES.c.key).where(LANES.c.key.in_(select(ROWS.c.lane).where(*IS_KEPT_WAITING)))
FREE_LANES = WAITING_LANES.order_by(LANES.c.key).with_for_update(skip_locked=True)
"""Locked lanes are skipped: their holder may wait for one of these."""
LETTING_GO = (
    update(ROWS)
    .where(is_any_of(ROWS.c.lane, "lanes"), *IS_KEPT_WAITING)
    .values(not_before=bindparam("at"), waits_for_slack=False)
)
MAKING_DUE = (
    update(LANES)
    .where(is_any_of(LANES.c.key, "lanes"), LANES.c.due_at > bindparam("at"))
    .values(due_at=bindparam("at"))
)
AT_ONCE = 1000
"""Lanes in one statement."""


def has_rows_waiting_for_slack(session: Session, now: datetime) -> bool:
    found: bool = session.execute(SOME_WAIT, {"now": now}).scalar_one()
    return bool(found)


def release_rows_waiting_for_slack(session: Session, now: datetime) -> bool:
    """
    Release all rows that any replica put off because Slack was unreachable.

    The most urgent lanes are claimed first, and rate limits apply, so there is no stampede. A row keeps its attempt
    count and pauses as long as before if Slack fails again. False if some lanes were locked by others.
    """
    wanted = session.execute(WAITING_LANES, {"now": now}).scalars().all()
    free = session.execute(FREE_LANES, {"now": now}).scalars().all()
    for first in range(0, len(free), AT_ONCE):
        lanes = free[first : first + AT_ONCE]
        session.execute(LETTING_GO, {"lanes": lanes, "now": now, "at": now})
        session.execute(MAKING_DUE, {"lanes": lanes, "at": now})
    if free:
        request_wakeup(session, Wakeup.ROWS)
    return len(free) == len(wanted)
