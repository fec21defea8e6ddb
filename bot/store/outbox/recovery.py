"""What waits only because Slack was away, as soon as Slack is back."""

from datetime import datetime

from sqlalchemy import bindparam, exists, text, update
from sqlmodel import Session, select

from bot.store.database.tables import table_of
from bot.store.database.wakeups import Due, needs_waking
from bot.store.outbox.models import IS_UNFINISHED, Lane, OutboxRow, State

LANES, ROWS = table_of(Lane), table_of(OutboxRow)

IS_KEPT_WAITING = (
    text(IS_UNFINISHED),
    ROWS.c.waits_for_slack.is_(True),
    ROWS.c.state != State.RUNNING.value,
    ROWS.c.not_before > bindparam("now"),
)
"""Not what waits for a limit, for the token to be mended, or for its own time."""
SOME_WAIT = select(exists().where(*IS_KEPT_WAITING))
WAITING_LANES = select(LANES.c.key).where(LANES.c.key.in_(select(ROWS.c.lane).where(*IS_KEPT_WAITING)))
FREE_LANES = WAITING_LANES.order_by(LANES.c.key).with_for_update(skip_locked=True)
"""Whoever holds one of the others may be waiting for one of these: nobody waits for him here."""
LETTING_GO = (
    update(ROWS)
    .where(ROWS.c.lane.in_(bindparam("lanes", expanding=True)), *IS_KEPT_WAITING)
    .values(not_before=bindparam("at"), waits_for_slack=None)
)
MAKING_DUE = (
    update(LANES)
    .where(LANES.c.key.in_(bindparam("lanes", expanding=True)), LANES.c.due_at > bindparam("at"))
    .values(due_at=bindparam("at"))
)
AT_ONCE = 1000
"""Lanes that a statement names."""


def some_wait_for_slack(session: Session, now: datetime) -> bool:
    found: bool = session.execute(SOME_WAIT, {"now": now}).scalar_one()
    return bool(found)


def slack_is_back(session: Session, now: datetime) -> bool:
    """
    Let go at once, whoever of the replicas put it off, what waits only because Slack was away.

    The most urgent lanes are claimed first, as ever, and the gates hold: so it is no stampede. What a row has counted
    stays, so that it waits as long as before if Slack does not take it. False if some lanes were held by others.
    """
    wanted = session.execute(WAITING_LANES, {"now": now}).scalars().all()
    free = session.execute(FREE_LANES, {"now": now}).scalars().all()
    for first in range(0, len(free), AT_ONCE):
        lanes = free[first : first + AT_ONCE]
        session.execute(LETTING_GO, {"lanes": lanes, "now": now, "at": now})
        session.execute(MAKING_DUE, {"lanes": lanes, "at": now})
    if free:
        needs_waking(session, Due.ROWS)
    return len(free) == len(wanted)
