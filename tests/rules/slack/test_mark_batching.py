"""Marks of one channel that come together are one transaction."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bot.slack.inbound.events import mark_batching
from bot.slack.inbound.events.mark_batching import Body, MarkBatcher
from bot.store.database.session import DatabaseUnavailable


class Database:
    """A database that runs one transaction after the other, each on command."""

    def __init__(self, *, breaks_at: str | None = None) -> None:
        self.transactions: list[list[str]] = []
        self.gate = asyncio.Event()
        self._breaks_at = breaks_at

    async def __call__(self, bodies: Sequence[Body]) -> Sequence[bool]:
        names = [str(each["event_id"]) for each in bodies]
        self.transactions.append(names)
        await self.gate.wait()
        if self._breaks_at in names:
            raise ValueError("no such thing")
        return [not name.endswith("again") for name in names]


async def put(batcher: MarkBatcher, *marks: tuple[str, str, str]) -> list[asyncio.Task[bool]]:
    """Channel, message and event of each."""
    tasks = [
        asyncio.create_task(batcher.submit(channel, message, {"event_id": name})) for channel, message, name in marks
    ]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def results(tasks: Sequence[asyncio.Task[bool]]) -> list[Any]:
    async with asyncio.timeout(10):
        found = await asyncio.gather(*tasks, return_exceptions=True)
    return [each if isinstance(each, bool) else repr(each) for each in found]


async def test_those_that_come_meanwhile_go_together_and_channels_do_not_wait_for_one_another() -> None:
    database = Database()
    batcher = MarkBatcher(database)
    tasks = [
        *await put(batcher, ("C1", "1", "a")),
        *await put(batcher, ("C1", "2", "b"), ("C1", "3", "c again"), ("C2", "4", "d")),
    ]
    assert database.transactions == [["a"], ["d"]]
    database.gate.set()

    assert await results(tasks) == [True, True, False, True]
    assert database.transactions[2:] == [["b", "c again"]]
    last = await put(batcher, ("C1", "5", "e"))
    assert (await results(last), database.transactions[3:]) == ([True], [["e"]])


async def test_a_second_mark_on_a_message_waits_for_the_first() -> None:
    database = Database()
    batcher = MarkBatcher(database)
    tasks = await put(batcher, ("C1", "1", "a"))
    tasks += await put(batcher, ("C1", "1", "b"), ("C1", "2", "c"), ("C1", "1", "d"), ("C1", "1", "e"))
    database.gate.set()

    assert await results(tasks) == [True] * 5
    assert database.transactions == [["a"], ["b", "c"], ["d"], ["e"]]


async def test_a_transaction_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mark_batching, "MAX_MARKS", 2)
    database = Database()
    batcher = MarkBatcher(database)
    tasks = await put(batcher, *(("C1", str(number), f"{number}") for number in range(5)))
    database.gate.set()

    assert await results(tasks) == [True] * 5
    assert [len(each) for each in database.transactions] in ([2, 2, 1], [1, 2, 2])


async def test_one_that_breaks_takes_only_itself_down() -> None:
    database = Database(breaks_at="c")
    batcher = MarkBatcher(database)
    tasks = await put(batcher, *(("C1", name, name) for name in "abcd"))
    database.gate.set()

    assert await results(tasks) == [True, True, "ValueError('no such thing')", True]


async def test_one_whose_sender_is_gone_holds_up_nobody() -> None:
    database = Database()
    batcher = MarkBatcher(database)
    tasks = await put(batcher, ("C1", "1", "a"))
    gone, *others = await put(batcher, ("C1", "2", "b"), ("C1", "3", "c"))
    gone.cancel()
    database.gate.set()

    assert await results([*tasks, *others]) == [True, True]


async def test_an_outage_is_everybody_s() -> None:
    async def away(_bodies: Sequence[Body]) -> Sequence[bool]:
        raise DatabaseUnavailable("gone")

    found = await results(await put(MarkBatcher(away), ("C1", "1", "a"), ("C1", "2", "b")))

    assert found == ["DatabaseUnavailable('gone')"] * 2
