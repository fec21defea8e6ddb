"""Rows that end close together are finished in one transaction; none waits long for another."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from bot.slack.delivery import batch_finish
from bot.slack.delivery.batch_finish import BatchFinisher
from bot.store.outbox import Claim, Done, FinishResult, OutboxRow

AT = datetime(2026, 3, 1, tzinfo=UTC)


def claim(number: int) -> Claim:
    row = OutboxRow(id=number, team_id="T1", lane=f"post:{number}", kind="say", not_before=AT, created_at=AT)
    return Claim(row, "owner", is_unknown=False)


class Written:
    """The transactions, as ids of rows. `running` rows are under way."""

    def __init__(self, running: int) -> None:
        self.running = running
        self.batches: list[list[int]] = []
        self.finisher = BatchFinisher(self._write, lambda: self.running)

    async def _write(self, ended: Sequence[tuple[Claim, Done]]) -> list[FinishResult]:
        await asyncio.sleep(0)
        self.batches.append([each.row.key for each, _ in ended])
        return [FinishResult(None, [], None) for _ in ended]

    async def finish(self, *numbers: int, is_urgent: bool = False) -> None:
        await asyncio.gather(*(self.finisher.finish(claim(each), Done(), is_urgent=is_urgent) for each in numbers))


async def test_the_last_row_under_way_waits_for_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch_finish, "GATHER_SECONDS", 3600)
    written = Written(running=3)

    await written.finish(1, 2, 3)

    assert written.batches == [[1, 2, 3]]


async def test_a_row_waits_a_moment_for_others():
    written = Written(running=2)

    await written.finish(1)

    assert written.batches == [[1]]


async def test_a_row_waits_until_the_others_have_ended_in_another_way(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch_finish, "GATHER_SECONDS", 3600)
    written = Written(running=2)
    finishing = asyncio.create_task(written.finish(1))
    await asyncio.sleep(0)
    assert written.batches == []

    written.running = 1  # the other one was refused
    written.finisher.start_batch()
    await finishing

    assert written.batches == [[1]]


async def test_an_urgent_row_is_written_at_once_with_those_that_wait(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch_finish, "GATHER_SECONDS", 3600)
    written = Written(running=9)
    waiting = asyncio.create_task(written.finish(1))
    await asyncio.sleep(0)

    await written.finish(2, is_urgent=True)
    await waiting

    assert written.batches == [[1, 2]]


async def test_rows_that_end_during_a_transaction_are_written_after_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch_finish, "GATHER_SECONDS", 0)
    written = Written(running=30)

    await written.finish(*range(1, 31), is_urgent=True)

    assert written.batches == [[1], list(range(2, 26)), list(range(26, 31))]
