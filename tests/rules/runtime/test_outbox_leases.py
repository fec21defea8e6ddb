"""Leases of outbox lanes: expiry, fencing, renewal, and several workers."""

import asyncio
from collections import defaultdict
from datetime import timedelta

import pytest
from sqlmodel import Session
from structlog.testing import capture_logs

from bot.runtime.clock import SystemClock
from bot.slack.delivery.leases import LaneLeases
from bot.store import outbox
from bot.store.database.postgres_database import PostgresDatabase
from bot.store.database.session import Database, open_database
from bot.store.outbox import Claim, Done, LostLease, OutboxRow, Rate
from tests.support.worlds.outbox_worker import LEASE, Worker, after, enqueue_row, names, states


async def test_a_dead_workers_lane_is_taken_over_as_unknown(database: Database) -> None:
    await database.run(enqueue_row, "lane", "first")
    await Worker(database, "dead").claim()
    heir = Worker(database, "heir")

    assert await heir.claim(19) == []
    (claim,) = await heir.claim(21)

    assert (claim.row.kind, claim.is_unknown, claim.row.attempts) == ("first", True, 2)


async def test_a_paused_worker_that_wakes_finds_itself_fenced(database: Database) -> None:
    """Its lease expired during an outage: the row still runs here, and must not run twice."""
    await database.run(enqueue_row, "lane", "first")
    paused, heir = Worker(database, "paused"), Worker(database, "heir")
    (old,) = await paused.claim()
    (new,) = await heir.claim(21)
    written: list[str] = []

    with pytest.raises(LostLease):
        await paused.finish(old, Done(lambda _session: written.append("too late")), 22)
    with pytest.raises(LostLease):
        await database.run(outbox.save_progress, old, {"file_id": "F1"})

    assert written == []
    assert await database.read(states) == {"first": "running"}
    assert (await database.read(lambda session: session.get(OutboxRow, new.row.key))).progress == {}
    assert await heir.finish(new, Done(), 22) is None


async def test_a_lease_is_drawn_out_row_by_row(database: Database) -> None:
    worker, other = Worker(database), Worker(database, "other")
    await database.run(enqueue_row, "lane", "first")
    await database.run(enqueue_row, "lane", "second")
    (head,) = await worker.claim()
    await worker.finish(head, Done(), 15)

    assert await other.claim(30) == []
    assert names(await other.claim(36)) == ["second"]


async def test_a_long_row_renews_its_lease(database: Database) -> None:
    worker, other = Worker(database), Worker(database, "other")
    await database.run(enqueue_row, "lane", "first")
    (claim,) = await worker.claim()

    assert await database.run(outbox.renew_lease, "lane", "worker", after(40))
    assert not await database.run(outbox.renew_lease, "lane", "other", after(90))

    assert await other.claim(39) == []
    assert names(await other.claim(41)) == ["first"]
    assert not await database.run(outbox.renew_lease, "lane", "worker", after(90)), "it has been taken"
    with pytest.raises(LostLease):
        await worker.finish(claim, Done(), 42)


@pytest.mark.parametrize("is_taken", [False, True])
async def test_only_a_lane_that_another_worker_took_is_lost(database: Database, is_taken: bool) -> None:
    """The renewal of a lease may come after the commit that ended the row, and before its worker knows."""
    await database.run(enqueue_row, "lane", "first")
    worker = Worker(database)
    (claim,) = await worker.claim()
    leases = LaneLeases(database, SystemClock(), worker.name, timedelta(seconds=0.03))
    logged: list[str] = []

    async def run() -> None:
        if is_taken:
            await Worker(database, "heir").claim(21)
        else:
            await worker.finish(claim, Done())
        for _ in range(200 if is_taken else 5):
            await asyncio.sleep(0.02)
            logged[:] = [each["event"] for each in found]
            if logged:
                break

    with capture_logs() as found:
        async with asyncio.timeout(20):
            await leases.run_leased("lane", run)

    assert logged == (["lane lost while its row ran"] if is_taken else [])


async def test_a_worker_does_not_take_what_it_is_doing(database: Database) -> None:
    """Its lease expired during an outage: the row still runs here, and must not run twice."""
    await database.run(enqueue_row, "lane", "first")
    await Worker(database).claim()

    look = await database.run(
        outbox.claim_lanes,
        owner="worker",
        now=after(60),
        real_now=after(60),
        lease=LEASE,
        limit=10,
        rates_of=lambda _row: (),
        busy={"lane"},
    )

    assert look.claims == []
    assert look.passed_over == {"lane"}, "so that it is looked at again when it has ended"


async def test_leases_follow_real_time_only(database: Database) -> None:
    """A replay may move the record's clock by hours: the lanes that run stay whose they are."""
    await database.run(enqueue_row, "lane", "first")
    await Worker(database).claim()

    assert await Worker(database, "other").claim(7_200, real=1) == []


async def test_one_process_gives_back_all_leases_at_its_start(database: Database) -> None:
    await database.run(enqueue_row, "lane", "first")
    await Worker(database, "before the crash").claim()

    await database.run(outbox.release_leases)

    (claim,) = await Worker(database, "after it").claim()
    assert claim.is_unknown


async def test_a_commit_that_comes_to_nothing_writes_nothing_back(database: Database) -> None:
    """The outcome's writes and the end of the row are one transaction."""
    worker = Worker(database)
    await database.run(enqueue_row, "lane", "first")
    (claim,) = await worker.claim()

    def apply(session: Session) -> None:
        enqueue_row(session, "other", "half")
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError):
        await worker.finish(claim, Done(apply))

    assert await database.read(states) == {"first": "running"}


async def test_workers_side_by_side_run_each_row_once_and_in_order(database: Database, database_url: str) -> None:
    """Four workers, on PostgreSQL with connections of their own, share lanes and gates."""
    lanes, each = 12, 8
    replicas = [database]
    if isinstance(database, PostgresDatabase):
        replicas += [open_database(database_url) for _ in range(3)]
    rates = (
        Rate("shared", timedelta(milliseconds=1), burst=1_000_000),
        Rate("b", timedelta(milliseconds=1), 1_000_000),
    )

    def fill(session: Session) -> None:
        for number in range(each):
            for lane in range(lanes):
                enqueue_row(session, f"lane {lane}", f"{number}")

    await database.run(fill)
    ran: dict[str, list[str]] = defaultdict(list)

    async def work(number: int) -> None:
        worker = Worker(replicas[number % len(replicas)], f"worker {number}", rates)
        while (await database.read(outbox.count_backlog)).unfinished:
            for claim in await worker.claim(limit=2):
                current: Claim | None = claim
                while current is not None:
                    ran[current.row.lane].append(current.row.kind)
                    await asyncio.sleep(0)
                    current = await worker.finish(current, Done())

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(number) for number in range(4)))
    for replica in replicas[1:]:
        await replica.close()

    assert dict(ran) == {f"lane {lane}": [str(number) for number in range(each)] for lane in range(lanes)}
