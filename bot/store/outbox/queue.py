"""Rows come into their lanes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import uuid4

from sqlalchemy import Executable, case, delete, or_, text, update
from sqlmodel import Session, col, select

from bot.runtime.log import request_id
from bot.store.database.tables import dialect_of, insert_for, table_of
from bot.store.database.wakeups import Due, needs_waking
from bot.store.outbox.models import IS_UNFINISHED, IS_WAITING_VIEW, Lane, OutboxRow, State

GATHERED = "gathered for the outbox"
AHEAD = "done before what was gathered is queued"


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    An effect that is to be queued. With a `target` it is a view, and nothing is added while one for that target waits.

    `is_open` is how a lane begins that does not exist yet; an existing lane stays as it is.
    """

    lane: str
    what: str
    team_id: str
    at: datetime
    priority: int
    incident_id: int | None = None
    target: str | None = None
    not_before: datetime | None = None
    is_open: bool = True
    details: Mapping[str, Any] = field(default_factory=dict)


def put(
    session: Session,
    *,
    lane: str,
    what: str,
    team_id: str,
    at: datetime,
    priority: int,
    incident_id: int | None = None,
    target: str | None = None,
    not_before: datetime | None = None,
    is_open: bool = True,
    **details: Any,
) -> None:
    """Queue one effect, as `Wanted` says it."""
    put_all(session, Wanted(lane, what, team_id, at, priority, incident_id, target, not_before, is_open, details))


def put_all(session: Session, *wanted: Wanted) -> None:
    """Queue effects, in this order, by two statements however many they are; in a block of `together`, at its end."""
    gathered: list[Wanted] | None = session.info.get(GATHERED)
    if gathered is not None:
        gathered += wanted
        return
    dialect = dialect_of(session)
    # The lane first: while it is held nobody takes a waiting view from it, so one that waits will show this change too.
    # All in one order: some lanes are shared by many incidents, and two that wait for one another are one too many.
    session.execute(_due(dialect), [_lane_of(each) for each in sorted(wanted, key=attrgetter("lane"))])
    session.execute(_adding(dialect), [_row_of(each) for each in wanted])
    for each in wanted:
        needs_waking(session, Due.ROWS if each.not_before is None else Due.ROWS_LATER)


@contextmanager
def together(session: Session) -> Iterator[None]:
    """
    Queue what is put in this block at its end, all at once; nothing of it if the block fails.

    So lanes that many share are held for the shortest time. What is put cannot be read back within the block.
    """
    if GATHERED in session.info:
        yield
        return
    gathered: list[Wanted] = []
    ahead: dict[str, Callable[[], None]] = {}
    session.info[GATHERED], session.info[AHEAD] = gathered, ahead
    try:
        yield
    finally:
        del session.info[GATHERED], session.info[AHEAD]
    for key in sorted(ahead):
        ahead[key]()
    if gathered:
        put_all(session, *gathered)


def ahead_of_lanes(session: Session, key: str, act: Callable[[], None]) -> None:
    """
    Hold a row that transactions share, as `act` does, before any lane is held.

    At once; in a block of `together` at its end, all of them in the order of their keys, each once: many incidents are
    changed in one transaction there, and two transactions would wait for one another for ever.
    """
    waiting: dict[str, Callable[[], None]] | None = session.info.get(AHEAD)
    if waiting is None:
        act()
    else:
        waiting.setdefault(key, act)


def _lane_of(wanted: Wanted) -> dict[str, Any]:
    due = wanted.not_before or wanted.at
    return {"key": wanted.lane, "is_open": wanted.is_open, "priority": wanted.priority, "due_at": due}


def _row_of(wanted: Wanted) -> dict[str, Any]:
    return {
        "uuid": str(uuid4()),
        "team_id": wanted.team_id,
        "incident_id": wanted.incident_id,
        "lane": wanted.lane,
        "what": wanted.what,
        "target": wanted.target,
        "details": wanted.details,
        "progress": {},
        "state": State.WAITING.value,
        "attempts": 0,
        "not_before": wanted.not_before or wanted.at,
        "created_at": wanted.at,
        "request_id": request_id(),
    }


@cache
def _due(dialect: str) -> Executable:
    """A lane has something to do: it is due then, or sooner if it was already."""
    due_at, lane = table_of(Lane).c.due_at, insert_for(dialect, Lane)
    sooner = case((or_(due_at.is_(None), due_at > lane.excluded.due_at), lane.excluded.due_at), else_=due_at)
    return lane.on_conflict_do_update(
        index_elements=["key"], set_={"due_at": sooner, "priority": lane.excluded.priority}
    )


@cache
def _adding(dialect: str) -> Executable:
    """Events have no target, and the index of waiting views does not hold them: they are added, always."""
    return insert_for(dialect, OutboxRow).on_conflict_do_nothing(
        index_elements=["target"], index_where=text(IS_WAITING_VIEW)
    )


def another_waits(session: Session, row: OutboxRow) -> bool:
    statement = select(OutboxRow.id).where(
        OutboxRow.target == row.target, OutboxRow.state == State.WAITING, OutboxRow.id != row.id
    )
    return session.exec(statement).first() is not None


def will_edit(session: Session, target: str) -> None:
    """The view stands in Slack now: the row that waits for it edits, and is not held to the rate of posts any more."""
    row = session.exec(select(OutboxRow).where(OutboxRow.target == target, OutboxRow.state == State.WAITING)).first()
    if row is not None:
        row.details = {**row.details, "posts": False}
        session.add(row)


def close_lanes_of(session: Session, incident_id: int) -> None:
    """
    The incident has no channel any more, and waits for another: `open_lanes_of` lets them go again.

    Lanes in which nothing waits are forgotten: they begin anew with what comes, closed as those of a new incident.
    """
    session.flush()
    of_incident = select(OutboxRow.lane).where(
        OutboxRow.incident_id == incident_id,
        *(col(OutboxRow.lane).not_like(kind) for kind in ("create:%", "dm:%", "means:%", "digest")),
    )
    waiting = select(OutboxRow.lane).where(OutboxRow.incident_id == incident_id, text(IS_UNFINISHED))
    idle = delete(Lane).where(col(Lane.key).in_(of_incident), col(Lane.key).not_in(waiting), col(Lane.owner).is_(None))
    closing = update(Lane).where(col(Lane.key).in_(of_incident), col(Lane.key).in_(waiting)).values(is_open=False)
    for statement in (idle, closing):
        session.execute(statement.execution_options(synchronize_session=False))


def open_lanes_of(session: Session, incident_id: int, now: datetime) -> None:
    """The incident's channel exists: whatever waits for it may go."""
    waiting = select(OutboxRow.lane).where(OutboxRow.incident_id == incident_id, text(IS_UNFINISHED)).distinct()
    session.execute(
        update(Lane)
        .where(col(Lane.key).in_(waiting), col(Lane.is_open).is_(False))
        .values(is_open=True, due_at=now)
        .execution_options(synchronize_session=False)
    )
    needs_waking(session, Due.ROWS)
