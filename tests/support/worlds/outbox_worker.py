"""A worker of the outbox, and rows for it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bot.store import outbox
from bot.store.database.session import Database
from bot.store.outbox import Claim, Done, FinishResult, OutboxRow, Outcome, Rate

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=20)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Worker:
    """A worker that claims and finishes at the test's times."""

    def __init__(self, database: Database, name: str = "worker", rates: Sequence[Rate] = ()) -> None:
        self.database = database
        self.name = name
        self.rates = rates

    async def claim(self, at: float = 0, *, real: float | None = None, limit: int = 10, **more: Any) -> list[Claim]:
        look = await self.database.run(
            outbox.claim_lanes,
            owner=self.name,
            now=after(at),
            real_now=after(at if real is None else real),
            lease=LEASE,
            limit=limit,
            rates_of=lambda _row: self.rates,
            **more,
        )
        return look.claims

    async def finish_several(
        self, claims: Sequence[Claim], outcomes: Sequence[Done] | None = None, at: float = 0, **more: Any
    ) -> list[FinishResult | None]:
        return await self.database.run(
            outbox.finish_several,
            list(zip(claims, outcomes or [Done()] * len(claims), strict=True)),
            now=after(at),
            real_now=after(at),
            lease=LEASE,
            rates_of=lambda _row: self.rates,
            **more,
        )

    async def finish(self, claim: Claim, outcome: Outcome, at: float = 0, **more: Any) -> Claim | None:
        return (await self.finish_with_others(claim, outcome, at, **more)).following

    async def finish_with_others(self, claim: Claim, outcome: Outcome, at: float = 0, **more: Any) -> FinishResult:
        return await self.database.run(
            outbox.finish,
            claim,
            outcome,
            now=after(at),
            real_now=after(at),
            lease=LEASE,
            rates_of=lambda _row: self.rates,
            **more,
        )


def enqueue_row(session: Session, lane: str, what: str, *, at: float = 0, priority: int = 30, **more: Any) -> None:
    outbox.enqueue(session, lane=lane, kind=what, team_id="T1", at=after(at), priority=priority, **more)


def states(session: Session) -> dict[str, str]:
    return {row.kind: row.state for row in session.exec(select(OutboxRow).order_by(col(OutboxRow.id)))}


def names(claims: list[Claim]) -> list[str]:
    return [claim.row.kind for claim in claims]
