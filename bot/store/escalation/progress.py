"""Paged levels and acknowledgements of escalations, one row each."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain.escalation import Acknowledgement, Need, PagedLevel, Position
from bot.store.database.tables import JSON_COLUMN, StoredRow, is_any_of
from bot.store.database.transaction_state import transaction_state


class EscalationStep(StoredRow, table=True):
    """
    A paged level (`bot.domain.escalation.PagedLevel`).

    `position` orders the steps of an escalation, from 0. `passed_over`: `level`, `round` and `due_at` (ISO 8601) of
    each skipped level.
    """

    __tablename__ = "escalation_step"

    escalation_id: int = Field(primary_key=True, foreign_key="escalation.id")
    position: int = Field(primary_key=True)
    level: int
    round: int
    due_at: datetime
    paged_at: datetime
    need: str
    because: str
    people: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    groups: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    vendors: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    services: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    gone: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    missing: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    passed_over: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON_COLUMN)


class EscalationResponse(StoredRow, table=True):
    """
    An acknowledgement (`bot.domain.escalation.Acknowledgement`).

    `position` orders the acknowledgements of an escalation, from 0. `level` and `round`: the level paged last before
    it; None before the first.
    """

    __tablename__ = "escalation_response"

    escalation_id: int = Field(primary_key=True, foreign_key="escalation.id")
    position: int = Field(primary_key=True)
    user_id: str | None = None
    name: str = ""
    at: datetime
    method: str
    level: int | None = None
    round: int | None = None
    entry_id: int | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str = ""
    is_timed_out: bool = False


Row = TypeVar("Row", EscalationStep, EscalationResponse)

STEPS = (
    select(EscalationStep)
    .where(is_any_of(col(EscalationStep.escalation_id), "ids"))
    .order_by(col(EscalationStep.escalation_id), col(EscalationStep.position))
    .execution_options(populate_existing=True)
)
RESPONSES = (
    select(EscalationResponse)
    .where(is_any_of(col(EscalationResponse.escalation_id), "ids"))
    .order_by(col(EscalationResponse.escalation_id), col(EscalationResponse.position))
    .execution_options(populate_existing=True)
)


def find_steps(session: Session, escalation_id: int) -> tuple[PagedLevel, ...]:
    """Paged levels, the first one first; queried once a transaction."""
    return tuple(map(_paged_level, _step_rows(session, escalation_id)))


def find_responses(session: Session, escalation_id: int) -> tuple[Acknowledgement, ...]:
    """All acknowledgements, the first one first; queried once a transaction."""
    return tuple(map(_acknowledgement, _response_rows(session, escalation_id)))


def preload(session: Session, escalation_ids: Collection[int]) -> None:
    """Query the steps and responses of many escalations, one statement each."""
    preload_steps(session, escalation_ids)
    preload_responses(session, escalation_ids)


def preload_steps(session: Session, escalation_ids: Iterable[int]) -> None:
    known = transaction_state(session).escalation_steps
    if ids := set(escalation_ids) - known.keys():
        known.update(_by_escalation(ids, session.exec(STEPS, params={"ids": sorted(ids)})))


def preload_responses(session: Session, escalation_ids: Iterable[int]) -> None:
    known = transaction_state(session).escalation_responses
    if ids := set(escalation_ids) - known.keys():
        known.update(_by_escalation(ids, session.exec(RESPONSES, params={"ids": sorted(ids)})))


def save_steps(session: Session, escalation_id: int, levels: Sequence[PagedLevel]) -> None:
    """Store the paged levels, at least as many as before; a flush writes the changes."""
    known, values = _step_rows(session, escalation_id), [_step_values(each) for each in levels]
    _update(known, values)
    count = len(known)
    new = [
        EscalationStep(escalation_id=escalation_id, position=n, **each) for n, each in enumerate(values[count:], count)
    ]
    _add(session, new)
    transaction_state(session).escalation_steps[escalation_id] = (*known, *new)


def save_responses(session: Session, escalation_id: int, answers: Sequence[Acknowledgement]) -> None:
    """Store the acknowledgements, at least as many as before; a flush writes the changes."""
    known, values = _response_rows(session, escalation_id), [_response_values(each) for each in answers]
    _update(known, values)
    count = len(known)
    new = [
        EscalationResponse(escalation_id=escalation_id, position=n, **each)
        for n, each in enumerate(values[count:], count)
    ]
    _add(session, new)
    transaction_state(session).escalation_responses[escalation_id] = (*known, *new)


@contextmanager
def batch(session: Session) -> Iterator[None]:
    """Add the new rows of many escalations at the end of the block: one statement a table."""
    state = transaction_state(session)
    if state.escalation_batch is not None:
        yield
        return
    state.escalation_batch = []
    try:
        yield
        session.add_all(state.escalation_batch)
    finally:
        state.escalation_batch = None


def init_new(session: Session, escalation_id: int) -> None:
    """Note that a new escalation has no rows, which saves the queries."""
    state = transaction_state(session)
    state.escalation_steps[escalation_id] = state.escalation_responses[escalation_id] = ()


def forget(session: Session, escalation_ids: Iterable[int]) -> None:
    """Query the rows again: they may have changed before the escalations were locked."""
    state = transaction_state(session)
    if state.escalation_batch:  # the next query has to find these
        session.add_all(state.escalation_batch)
        state.escalation_batch = []
    for escalation_id in escalation_ids:
        state.escalation_steps.pop(escalation_id, None)
        state.escalation_responses.pop(escalation_id, None)


def find_timed_out(session: Session, escalation_ids: Select[Any]) -> dict[int, list[Acknowledgement]]:
    """Acknowledgements that timed out, by escalation."""
    statement = (
        select(EscalationResponse)
        .where(col(EscalationResponse.escalation_id).in_(escalation_ids), col(EscalationResponse.is_timed_out))
        .order_by(col(EscalationResponse.escalation_id), col(EscalationResponse.position))
    )
    found: dict[int, list[Acknowledgement]] = {}
    for row in session.exec(statement):
        found.setdefault(row.escalation_id, []).append(_acknowledgement(row))
    return found


def _step_rows(session: Session, escalation_id: int) -> tuple[EscalationStep, ...]:
    known = transaction_state(session).escalation_steps
    if escalation_id not in known:
        preload_steps(session, _batch_of(session, escalation_id))
    rows: tuple[EscalationStep, ...] = known[escalation_id]
    return rows


def _response_rows(session: Session, escalation_id: int) -> tuple[EscalationResponse, ...]:
    known = transaction_state(session).escalation_responses
    if escalation_id not in known:
        preload_responses(session, _batch_of(session, escalation_id))
    rows: tuple[EscalationResponse, ...] = known[escalation_id]
    return rows


def _batch_of(session: Session, escalation_id: int) -> set[int]:
    """The escalation with all locked ones: one statement queries the rows of all."""
    return {escalation_id, *transaction_state(session).locked_escalations}


def _by_escalation(ids: Collection[int], rows: Iterable[Row]) -> dict[int, tuple[Row, ...]]:
    found: dict[int, list[Row]] = {each: [] for each in ids}
    for row in rows:
        found[row.escalation_id].append(row)
    return {escalation_id: tuple(of_one) for escalation_id, of_one in found.items()}


def _add(session: Session, rows: Sequence[SQLModel]) -> None:
    pending = transaction_state(session).escalation_batch
    if pending is None:
        session.add_all(rows)
    else:
        pending.extend(rows)


def _update(rows: Sequence[SQLModel], values: Sequence[Mapping[str, Any]]) -> None:
    for row, each in zip(rows, values, strict=False):
        for name, value in each.items():
            setattr(row, name, value)


def _step_values(paged: PagedLevel) -> dict[str, Any]:
    return {
        "level": paged.position.level,
        "round": paged.position.round,
        "due_at": paged.due_at,
        "paged_at": paged.paged_at,
        "need": paged.need.value,
        "because": paged.because,
        "people": list(paged.people),
        "groups": list(paged.groups),
        "vendors": list(paged.vendors),
        "services": list(paged.services),
        "gone": list(paged.gone),
        "missing": list(paged.missing),
        "passed_over": [
            {"level": position.level, "round": position.round, "due_at": due_at.isoformat()}
            for position, due_at in paged.passed_over
        ],
    }


def _response_values(given: Acknowledgement) -> dict[str, Any]:
    return {
        "user_id": given.by,
        "name": given.name,
        "at": given.at,
        "method": given.method,
        "level": given.position.level if given.position else None,
        "round": given.position.round if given.position else None,
        "entry_id": given.entry_id,
        "withdrawn_at": given.withdrawn_at,
        "withdrawal_reason": given.why,
        "is_timed_out": given.is_timed_out,
    }


def _paged_level(row: EscalationStep) -> PagedLevel:
    return PagedLevel(
        Position(row.level, row.round),
        row.due_at,
        row.paged_at,
        Need(row.need),
        tuple(row.people),
        tuple(row.groups),
        tuple(row.vendors),
        tuple(row.gone),
        tuple(row.missing),
        row.because,
        tuple(
            (Position(each["level"], each["round"]), datetime.fromisoformat(each["due_at"])) for each in row.passed_over
        ),
        tuple(row.services),
    )


def _acknowledgement(row: EscalationResponse) -> Acknowledgement:
    return Acknowledgement(
        by=row.user_id,
        at=row.at,
        method=row.method,
        position=None if row.level is None or row.round is None else Position(row.level, row.round),
        withdrawn_at=row.withdrawn_at,
        entry_id=row.entry_id,
        why=row.withdrawal_reason,
        name=row.name,
        is_timed_out=row.is_timed_out,
    )
