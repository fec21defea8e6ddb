"""Admission of requests: accepted, refused, and in turn."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack

import pytest

from bot.domain.alerts.events import Batch
from bot.services.alerts.ingest import Receipt
from bot.store.database.session import DatabaseUnavailable
from bot.web.admission import BURST_SECONDS, LimitExceeded, Limits, RequestLimiter
from bot.web.connections import RESERVED_DESCRIPTORS, find_backlog, find_connection_limit
from bot.web.webhooks import batching
from bot.web.webhooks.batching import WebhookBatcher

MEGABYTE = 1024 * 1024


class Watch:
    """A monotonic clock that stands still."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def create_limiter(limits: Limits, clock: Watch | None = None) -> RequestLimiter:
    return RequestLimiter("alerts", lambda: limits, clock or Watch())


def refusal_reason(limiter: RequestLimiter, sender: str) -> str:
    try:
        with limiter.acquire(sender):
            return ""
    except LimitExceeded as problem:
        return problem.reason


def test_there_is_room_for_so_many_and_no_more() -> None:
    limiter = create_limiter(Limits(requests=3, per_sender=2, megabytes=1))
    with ExitStack() as inside:
        for sender in ("one", "one", "two"):
            inside.enter_context(limiter.acquire(sender))
        assert refusal_reason(limiter, "three") == "requests"
    assert refusal_reason(limiter, "three") == ""
    assert limiter.in_progress == 0


def test_one_sender_leaves_room_for_the_others() -> None:
    limiter = create_limiter(Limits(requests=10, per_sender=2, megabytes=1))
    with limiter.acquire("wild"), limiter.acquire("wild"):
        assert refusal_reason(limiter, "wild") == "sender"
        assert refusal_reason(limiter, "quiet") == ""


def test_a_rate_holds_for_each_sender_and_allows_a_burst() -> None:
    clock = Watch()
    limiter = create_limiter(Limits(requests=10**6, per_sender=10**6, megabytes=1, per_second=10), clock)

    def let_in(sender: str) -> int:
        return sum(refusal_reason(limiter, sender) == "" for _ in range(100))

    assert 10 * BURST_SECONDS <= let_in("wild") <= 10 * BURST_SECONDS + 1
    assert refusal_reason(limiter, "wild") == "rate"
    assert refusal_reason(limiter, "quiet") == ""
    clock.now += 1
    assert 10 <= let_in("wild") <= 11


def test_bytes_are_held_until_the_answer_and_given_back() -> None:
    limiter = create_limiter(Limits(requests=10, per_sender=10, megabytes=1))
    with limiter.acquire("one") as first:
        first.reserve(MEGABYTE - 10)
        with limiter.acquire("two") as second:
            second.reserve(5)
            with pytest.raises(LimitExceeded, match="Too much data"):
                second.reserve(6)
        with limiter.acquire("two") as second:
            second.reserve(10)
    with limiter.acquire("one") as again:
        again.reserve(MEGABYTE)


def test_many_that_are_turned_away_are_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Watch()
    limiter = create_limiter(Limits(requests=1, per_sender=1, megabytes=1), clock)

    def logged() -> str:
        """Wherever the log goes: that depends on who configured it before."""
        text = caplog.text + capsys.readouterr().out
        caplog.clear()
        return text

    assert {limiter.reject("one", LimitExceeded("requests")).status for _ in range(500)} == {503}
    assert logged().count("requests rejected") == 1
    clock.now += 60
    limiter.reject("one", LimitExceeded("requests"))
    line = logged()
    assert "requests rejected" in line
    assert "500" in line, "those in between are counted"


@pytest.mark.parametrize("soft", [80, 128, 256, 512, 1024, 65_536])
def test_connections_of_two_turns_leave_descriptors_for_the_rest(monkeypatch: pytest.MonkeyPatch, soft: int) -> None:
    """Those that are open, those that one turn of the loop accepts, and those that it has not closed yet."""
    monkeypatch.setattr("resource.getrlimit", lambda _which: (soft, soft))

    assert find_connection_limit() >= 8
    assert find_backlog() >= 4
    assert find_connection_limit() + 2 * find_backlog() + RESERVED_DESCRIPTORS <= soft


# --- what waits goes together


def batches(*numbers: int) -> list[Batch]:
    return [Batch("generic", (), truncated=number) for number in numbers]


class Database:
    """A database that runs one transaction after the other, each on command."""

    def __init__(self, *, breaks_at: int | None = None) -> None:
        self.transactions: list[list[int]] = []
        self.gate = asyncio.Event()
        self._breaks_at = breaks_at

    async def __call__(self, told: Sequence[Batch]) -> Sequence[Receipt | None]:
        numbers = [each.truncated for each in told]
        self.transactions.append(numbers)
        await self.gate.wait()
        if self._breaks_at in numbers:
            raise ValueError("no such thing")
        return [Receipt(recorded=number) for number in numbers]


async def put(batcher: WebhookBatcher, sender: str, *numbers: int) -> list[asyncio.Task[Receipt | None]]:
    tasks = [asyncio.create_task(batcher.submit(sender, each)) for each in batches(*numbers)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_what_comes_meanwhile_goes_together_and_senders_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_NOTIFICATIONS", 4)
    monkeypatch.setattr(batching, "SLOW_SECONDS", 60.0)
    database = Database()
    batcher = WebhookBatcher(database)
    tasks = [*await put(batcher, "wild", 1, 2, 3, 4, 5, 6), *await put(batcher, "quiet", 7)]
    database.gate.set()
    receipts = await asyncio.gather(*tasks)

    assert [receipt.recorded for receipt in receipts if receipt] == [1, 2, 3, 4, 5, 6, 7]
    assert database.transactions[0] == [1]
    assert 7 in database.transactions[1], "the quiet one does not stand behind six of the wild one"


async def test_senders_that_were_just_answered_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight that send again once they are answered share each transaction: no seven and one by turns."""
    monkeypatch.setattr(batching, "MAX_PAUSE", 60.0)
    monkeypatch.setattr(batching, "PAUSE_SHARE", 1e9)
    database = Database()
    batcher = WebhookBatcher(database)

    async def sends(sender: str) -> None:
        while True:
            await batcher.submit(sender, *batches(1))

    tasks = [asyncio.create_task(sends(f"sender {number}")) for number in range(8)]
    await asyncio.sleep(0)
    database.gate.set()
    async with asyncio.timeout(10):
        while len(database.transactions) < 5:
            await asyncio.sleep(0)
    for task in tasks:
        task.cancel()

    assert [len(each) for each in database.transactions[:5]] == [1, 8, 8, 8, 8]


async def test_nobody_waits_for_senders_that_send_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "PAUSE_SHARE", 1e9)
    database = Database()
    batcher = WebhookBatcher(database)
    tasks = [*await put(batcher, "one", 1, 2), *await put(batcher, "two", 3, 4)]
    database.gate.set()
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks)
        (last,) = await put(batcher, "three", 5)
        await last

    assert [len(each) for each in database.transactions] == [1, 3, 1]


async def test_one_that_breaks_takes_only_itself_down() -> None:
    database = Database(breaks_at=3)
    batcher = WebhookBatcher(database)
    tasks = await put(batcher, "one", 1, 2, 3, 4)
    database.gate.set()

    found = await asyncio.gather(*tasks, return_exceptions=True)

    assert [each.recorded if isinstance(each, Receipt) else repr(each) for each in found] == [
        1,
        2,
        "ValueError('no such thing')",
        4,
    ]


async def test_an_outage_is_everybody_s() -> None:
    async def away(_told: Sequence[Batch]) -> Sequence[Receipt | None]:
        raise DatabaseUnavailable("gone")

    batcher = WebhookBatcher(away)
    found = await asyncio.gather(*await put(batcher, "one", 1, 2, 3), return_exceptions=True)

    assert [type(each) for each in found] == [DatabaseUnavailable] * 3


async def test_a_transaction_that_hangs_does_not_hold_up_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "SLOW_SECONDS", 0.0)
    database = Database()
    batcher = WebhookBatcher(database)
    first = await put(batcher, "one", 1)
    second = await put(batcher, "one", 2)

    assert database.transactions == [[1], [2]]
    database.gate.set()
    await asyncio.gather(*first, *second)
