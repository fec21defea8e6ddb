"""Queueing of rows in lanes."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import JSON, ColumnElement, Executable, bindparam, cast, delete, func, text, update
from sqlmodel import Session, col, select

from bot.domain.text.payload import Payload
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule
from bot.runtime.log import request_id
from bot.store.database.tables import dialect_of, is_any_of, table_of
from bot.store.database.transaction_state import Wakeup, request_wakeup, transaction_state
from bot.store.outbox.models import IS_UNFINISHED, IS_WAITING_VIEW, Lane, OutboxRow, State
from bot.store.outbox.statements import write_rows

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
else:
    postgresql = LazyModule("sqlalchemy.dialects.postgresql")


@dataclass(frozen=True, slots=True)
class Effect:
    """
    An effect to queue. With a `target` it is a view: nothing is added while one for it waits.

    `is_open` is the initial state of a new lane; an existing lane stays unchanged.
    """

    lane: str
    kind: str
    team_id: str
    at: datetime
    priority: int
    incident_id: int | None = None
    target: str | None = None
    not_before: datetime | None = None
    is_open: bool = True
    payload: Payload | None = None


def enqueue(
    session: Session,
    *,
    lane: str,
    kind: str,
    team_id: str,
    at: datetime,
    priority: int,
    incident_id: int | None = None,
    target: str | None = None,
    not_before: datetime | None = None,
    is_open: bool = True,
    payload: Payload | None = None,
) -> None:
    """Queue one effect; arguments as in `Effect`."""
    enqueue_all(session, Effect(lane, kind, team_id, at, priority, incident_id, target, not_before, is_open, payload))


def enqueue_all(session: Session, *wanted: Effect) -> None:
    """Queue effects in this order, with two statements; within `batch`, at its end."""
    items: list[Effect] | None = transaction_state(session).outbox_batch
    if items is not None:
        items += wanted
        return
    write_rows(session, _lanes_of(wanted), [_row_of(each) for each in wanted])
    state = transaction_state(session)
    for each in wanted:
        if each.not_before is None:
            state.queued_until = max(each.at, state.queued_until or each.at)
        request_wakeup(session, Wakeup.ROWS if each.not_before is None else Wakeup.ROWS_LATER)


@contextmanager
def batch(session: Session) -> Iterator[None]:
    """
    Queue the block's effects at its end, all at once; none of them if it fails.

    So shared lanes are locked for the shortest time. Effects cannot be read back within the block.
    """
    state = transaction_state(session)
    if state.outbox_batch is not None:
        yield
        return
    state.outbox_batch, state.actions_before_lanes, state.edited_views = [], {}, set()
    try:
        yield
    finally:
        items, actions, edited = state.outbox_batch, state.actions_before_lanes, state.edited_views
        state.outbox_batch, state.actions_before_lanes, state.edited_views = None, {}, set()
    if edited:
        _mark_as_edits(session, edited)
    for key in sorted(actions):
        actions[key]()
    if items:
        enqueue_all(session, *items)


def before_lanes(session: Session, key: str, act: Callable[[], None]) -> None:
    """
    Lock a shared row, by `act`, before any lane is locked.

    At once; within `batch` at its end, sorted by key, each once: many incidents change in one transaction there, and
    two transactions would deadlock.
    """
    state = transaction_state(session)
    if state.outbox_batch is None:
        act()
    else:
        state.actions_before_lanes.setdefault(key, act)


def _lanes_of(wanted: Iterable[Effect]) -> list[dict[str, Any]]:
    """
    The lanes of effects, each once, sorted.

    Many incidents share some lanes, and two transactions that wait for one another are one too many.
    """
    lanes: dict[str, dict[str, Any]] = {}
    for each in wanted:
        due_at = each.not_before or each.at
        lane = lanes.setdefault(each.lane, {"key": each.lane, "is_open": each.is_open, "due_at": due_at})
        lane |= {"due_at": min(lane["due_at"], due_at), "priority": each.priority}
    return [lanes[key] for key in sorted(lanes)]


def _row_of(wanted: Effect) -> dict[str, Any]:
    return {
        "uuid": str(uuid4()),
        "team_id": wanted.team_id,
        "incident_id": wanted.incident_id,
        "lane": wanted.lane,
        "kind": wanted.kind,
        "target": wanted.target,
        "details": wanted.payload.as_json() if wanted.payload else {},
        "progress": {},
        "state": State.WAITING.value,
        "attempts": 0,
        "not_before": wanted.not_before or wanted.at,
        "created_at": wanted.at,
        "request_id": request_id(),
    }


def has_other_waiting(session: Session, row: OutboxRow) -> bool:
    statement = select(OutboxRow.id).where(
        OutboxRow.target == row.target, OutboxRow.state == State.WAITING, OutboxRow.id != row.id
    )
    return session.exec(statement).first() is not None


def mark_as_edit(session: Session, target: str) -> None:
    """
    The view was posted: the waiting row for it edits, and no longer counts as a post.

    Within `batch`, at its end.
    """
    state = transaction_state(session)
    if state.outbox_batch is None:
        _mark_as_edits(session, {target})
    else:
        state.edited_views.add(target)


def _mark_as_edits(session: Session, targets: Collection[str]) -> None:
    session.execute(_marking(dialect_of(session)), {"of": sorted(targets)})


@cache
def _marking(dialect: str) -> Executable:
    rows = table_of(OutboxRow)
    changed: ColumnElement[Any] = func.json_set(rows.c.details, "$.posts", func.json("false"))
    if dialect == "postgresql":
        changed = cast(func.jsonb_set(cast(rows.c.details, postgresql.JSONB), text("'{posts}'"), text("'false'")), JSON)
    marked = (is_any_of(rows.c.target, "of"), text(IS_WAITING_VIEW))
    return update(rows).where(*marked).values(details=changed)


NOT_WAITING = (
    update(OutboxRow)
    .where(
        col(OutboxRow.target) == bindparam("of"), text(IS_WAITING_VIEW), col(OutboxRow.not_before) > bindparam("now")
    )
    .values(not_before=bindparam("now"))
    .execution_options(synchronize_session=False)
)


def stop_waiting(session: Session, target: str, now: datetime) -> None:
    """Make the view's row due now if it was queued for later. Rate limits still apply."""
    session.execute(NOT_WAITING, {"of": target, "now": now})


def close_lanes(session: Session, incident_id: int) -> None:
    """
    Close an incident's lanes until `open_lanes`: it has no channel and waits for another.

    Lanes without waiting rows are deleted: new ones begin closed, like those of a new incident.
    """
    session.flush()
    of_incident = select(OutboxRow.lane).where(
        OutboxRow.incident_id == incident_id,
        *(col(OutboxRow.lane).not_like(kind) for kind in ("create:%", "dm:%", "means:%", "announcement:%")),
    )
    waiting = select(OutboxRow.lane).where(OutboxRow.incident_id == incident_id, text(IS_UNFINISHED))
    idle = delete(Lane).where(col(Lane.key).in_(of_incident), col(Lane.key).not_in(waiting), col(Lane.owner).is_(None))
    closing = update(Lane).where(col(Lane.key).in_(of_incident), col(Lane.key).in_(waiting)).values(is_open=False)
    for statement in (idle, closing):
        session.execute(statement.execution_options(synchronize_session=False))


def move_waiting_views(session: Session, targets: Collection[str], lane: str) -> None:
    """
    Put waiting views in line with the rows of another lane.

    They keep the order in which they were queued. Both lanes are closed. Nothing is moved to a lane without rows.
    """
    if session.get(Lane, lane) is None:
        return
    session.execute(
        update(OutboxRow)
        .where(col(OutboxRow.target).in_(targets), col(OutboxRow.state) == State.WAITING)
        .values(lane=lane)
        .execution_options(synchronize_session=False)
    )


def is_shown_elsewhere(session: Session, row: OutboxRow) -> bool:
    """True while an earlier row of the same view is not finished, in another lane."""
    statement = select(OutboxRow.id).where(
        OutboxRow.target == row.target,
        text(IS_UNFINISHED),
        OutboxRow.lane != row.lane,
        col(OutboxRow.id) < (row.id or 0),
        OutboxRow.incident_id == row.incident_id,
    )
    return session.exec(statement).first() is not None


OPENING = (
    update(Lane)
    .where(
        col(Lane.key).in_(
            select(OutboxRow.lane)
            .where(OutboxRow.incident_id == bindparam("of_incident"), text(IS_UNFINISHED))
            .distinct()
        ),
        col(Lane.is_open).is_(False),
    )
    .values(is_open=True, due_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)


def open_lanes(session: Session, incident_id: int, now: datetime) -> None:
    """Release the rows that waited for the incident's channel."""
    session.execute(OPENING, {"of_incident": incident_id, "now": now})
    request_wakeup(session, Wakeup.ROWS)
