"""Outcomes of outbox rows: failures, counts, and rows that end together."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.util import await_only
from sqlmodel import Session, select

from bot.store import outbox
from bot.store.database.postgres_database import PostgresDatabase
from bot.store.database.session import Database, open_database
from bot.store.database.transaction_state import Wakeup, cancel_wakeup, pending_wakeups
from bot.store.outbox import Done, Failure, FinishResult, LostLease, OutboxRow, Rate, Rejected, Retry, State
from bot.store.outbox.models import IS_UNFINISHED, IS_WAITING_VIEW
from tests.support.worlds.outbox_worker import Worker, after, enqueue_row, names, states


async def test_progress_outlives_the_worker(database: Database) -> None:
    await database.run(enqueue_row, "lane", "draft")
    (claim,) = await Worker(database, "dead").claim()
    await database.run(outbox.save_progress, claim, {"file_id": "F1"})
    await database.run(outbox.save_progress, claim, {"is_sent": True})

    (again,) = await Worker(database, "heir").claim(21)

    assert again.row.progress == {"file_id": "F1", "is_sent": True}


async def test_what_failed_is_counted_and_can_be_tried_again(database: Database) -> None:
    worker = Worker(database)
    await database.run(enqueue_row, "one", "refused")
    await database.run(enqueue_row, "two", "given up")
    for claim in await worker.claim():
        await worker.finish(claim, Rejected("error", is_dead=claim.row.kind == "given up"))
    backlog = await database.read(outbox.count_backlog)
    assert (backlog.unfinished, backlog.failed, backlog.dead) == (0, 1, 1)

    rows = {row.kind: row.key for row in await database.read(lambda session: list(session.exec(select(OutboxRow))))}
    assert await database.run(outbox.retry_row, rows["refused"], after(5))
    assert await database.run(outbox.retry_row, rows["given up"], after(5))
    assert not await database.run(outbox.retry_row, rows["refused"], after(5)), "it waits already"
    assert not await database.run(outbox.retry_row, 4711, after(5))

    again = {claim.row.kind: claim for claim in await worker.claim(5)}
    assert not again["refused"].is_unknown
    assert again["given up"].is_unknown, "it may have arrived"
    assert again["given up"].row.attempts == 1


async def test_a_view_is_not_tried_again_beside_a_newer_one(database: Database) -> None:
    worker = Worker(database)
    await database.run(enqueue_row, "card", "card", target="card:1")
    (claim,) = await worker.claim()
    await worker.finish(claim, Rejected("is_archived"))
    await database.run(enqueue_row, "card", "card", target="card:1")

    assert await database.run(outbox.retry_row, claim.row.key, after(5))

    assert (await database.read(outbox.count_backlog)).unfinished == 1


async def test_each_kind_of_failure_is_counted_for_itself(database: Database) -> None:
    """Silences count in a row, defects in total, limits not; a success resets the count."""
    worker = Worker(database)
    await database.run(enqueue_row, "lane", "row")
    counted: list[tuple[int | None, int | None]] = []
    course = [
        Failure.SLACK_UNREACHABLE,
        Failure.DATABASE_UNREACHABLE,
        None,
        Failure.SLACK_UNREACHABLE,
        Failure.DEFECT,
        Failure.SLACK_UNREACHABLE,
        Failure.SLACK_UNREACHABLE,
    ]
    for second, failure in enumerate(course):
        (claim,) = await worker.claim(second)
        await worker.finish(claim, Retry(after(second + 1), "error", failure=failure), second)
        counted.append(await database.read(counts))
    assert counted == [(1, 0), (2, 0), (0, 0), (1, 0), (0, 1), (1, 1), (2, 1)]

    (claim,) = await worker.claim(20)
    await database.run(outbox.save_progress, claim, {"before": "1.0"})
    assert claim.row.unanswered_attempts == 0, "the next pause is the first one again"
    await worker.finish(claim, Retry(after(21), "error", failure=Failure.SLACK_UNREACHABLE), 20)
    assert await database.read(counts) == (1, 1)


def counts(session: Session) -> tuple[int | None, int | None]:
    row = session.exec(select(OutboxRow)).one()
    return row.unanswered_attempts, row.defects


async def test_done_rows_are_forgotten_and_failures_kept(database: Database) -> None:
    worker = Worker(database)
    for what in ("done", "refused", "waiting"):
        await database.run(enqueue_row, what, what)
    for claim in await worker.claim():
        if claim.row.kind != "waiting":
            await worker.finish(claim, Done() if claim.row.kind == "done" else Rejected("error"))
    await database.run(lambda session: session.execute(update(OutboxRow).values(first_attempt_at=after(0))))

    assert await database.run(outbox.delete_finished, after(0), 100) == 0
    assert await database.run(outbox.delete_finished, after(1), 100) == 1
    assert set(await database.read(states)) == {"refused", "waiting"}


def test_states_are_all_known() -> None:
    """The database's partial indexes name them as text."""
    named = IS_UNFINISHED + IS_WAITING_VIEW
    assert {state for state in State if f"'{state}'" in named} == set(outbox.UNFINISHED)


async def test_ends_together_are_as_each_alone(database: Database) -> None:
    """Each lane continues with its next row, waits for its gate, or is done."""
    worker = Worker(database)
    for lane, whats in {"one": ("a", "b"), "two": ("c",), "three": ("d", "e")}.items():
        for what in whats:
            await database.run(enqueue_row, lane, what)
    claims = await worker.claim()
    worker.rates = [Rate("shared", timedelta(seconds=10))]

    ended = await worker.finish_several(claims)

    assert all(ended)
    following = [each.following for each in ended if each is not None and each.following is not None]
    assert len(following) == 1, "the gate lets one through"
    assert {each.due_at for each in ended if each is not None} == {after(10)}
    found = await database.read(states)
    assert [what for what, state in found.items() if state == "done"] == ["a", "c", "d"]
    assert sorted(found[what] for what in "be") == ["running", "waiting"]
    assert await worker.claim(9) == []
    assert len(await worker.claim(10)) == 1


async def test_a_lost_lane_does_not_end_with_the_others(database: Database) -> None:
    old, new = Worker(database, "old"), Worker(database, "new")
    await database.run(enqueue_row, "lost", "first")
    (late,) = await old.claim()
    await new.claim(60)
    await database.run(enqueue_row, "own", "second")
    (own,) = await old.claim(60)

    lost, ended = await old.finish_several([late, own], at=60)

    assert lost is None
    assert ended is not None
    assert await database.read(states) == {"first": "running", "second": "done"}


async def test_ends_together_wait_for_no_lane_that_somebody_holds(database: Database, database_url: str) -> None:
    """The holder may want another of these: it ends by itself, with rows added meanwhile."""
    if not isinstance(database, PostgresDatabase):
        return  # one writer: two transactions never overlap
    worker = Worker(database)
    await database.run(enqueue_row, "held", "first")
    await database.run(enqueue_row, "free", "second")
    claims = sorted(await worker.claim(), key=lambda claim: claim.row.lane)
    replica = open_database(database_url)
    ended: list[FinishResult | None] = []

    def change(session: Session) -> None:
        enqueue_row(session, "held", "third")
        ended.extend(await_only(Worker(replica).finish_several(claims)))

    async with asyncio.timeout(10):
        await database.run(change)
    await replica.close()

    assert [each is None for each in ended] == [False, True]
    following = await worker.finish(claims[1], Done())
    assert following is not None
    assert following.row.kind == "third"


async def test_a_row_that_the_end_did_not_see_goes_on_all_the_same(database: Database) -> None:
    """Whether it is the last row of the lane is read as the row ends, before the lane is released."""
    worker = Worker(database)
    await database.run(enqueue_row, "lane", "first")
    (claim,) = await worker.claim()

    def add_unseen(session: Session) -> None:
        before = pending_wakeups(session)
        enqueue_row(session, "lane", "second")
        cancel_wakeup(session, ~before)

    (ended,) = await worker.finish_several([claim], [Done(add_unseen)])

    assert ended is not None
    assert ended.following is not None
    assert ended.following.row.kind == "second"


async def test_rows_queued_while_others_end_are_all_run(database: Database, database_url: str) -> None:
    lanes, each = 3, 40
    replica = open_database(database_url) if isinstance(database, PostgresDatabase) else database
    worker = Worker(replica)
    ran: list[str] = []

    async def queue() -> None:
        for number in range(each):
            for lane in range(lanes):
                await database.run(enqueue_row, f"lane {lane}", f"{lane}-{number}")

    async def work() -> None:
        while len(ran) < lanes * each:
            claims = await worker.claim()
            while claims:
                ran.extend(names(claims))
                ended = await worker.finish_several(claims)
                following = [
                    together.following if together else await worker.finish(claim, Done())
                    for claim, together in zip(claims, ended, strict=True)
                ]
                claims = [claim for claim in following if claim is not None]

    async with asyncio.timeout(60):
        await asyncio.gather(queue(), work())
    if replica is not database:
        await replica.close()

    assert sorted(ran) == sorted(f"{lane}-{number}" for lane in range(lanes) for number in range(each))


async def test_what_an_end_makes_due_goes_with_it(database: Database) -> None:
    """The channel exists, and its waiting rows run at once, the most urgent first."""
    woken: list[Wakeup] = []
    database.on_commit = lambda due: woken.append(due.wakeup)
    worker = Worker(database)
    await database.run(enqueue_row, "create", "channel")
    (channel,) = await worker.claim()
    woken.clear()

    def made(session: Session) -> None:
        enqueue_row(session, "topic", "topic", priority=31)
        enqueue_row(session, "card", "card", priority=20)

    finished = await worker.finish_with_others(channel, Done(made), others=8)

    assert (finished.following, names(finished.others), finished.due_at) == (None, ["card", "topic"], None)
    assert await Worker(database, "other").claim() == [], "the lanes are leased"
    assert woken == []


@pytest.mark.parametrize("together", [False, True])
async def test_what_an_end_queues_a_moment_later_goes_with_it(database: Database, together: bool) -> None:
    """Its result reads the clock after the worker did."""
    worker = Worker(database)
    await database.run(enqueue_row, "card", "card")
    (card,) = await worker.claim()
    outcome = Done(lambda session: enqueue_row(session, "pin", "pin", at=0.002))

    finished = (
        (await worker.finish_several([card], [outcome], others=8))[0]
        if together
        else await worker.finish_with_others(card, outcome, others=8)
    )

    assert finished is not None
    assert names(finished.others) == ["pin"]


async def test_an_end_takes_no_more_than_there_are_places_for(database: Database) -> None:
    woken: list[Wakeup] = []
    database.on_commit = lambda due: woken.append(due.wakeup)
    worker = Worker(database)
    await database.run(enqueue_row, "create", "channel")
    (channel,) = await worker.claim()
    woken.clear()

    def made(session: Session) -> None:
        for lane in ("one", "two", "three"):
            enqueue_row(session, lane, lane)

    finished = await worker.finish_with_others(channel, Done(made), others=2)

    assert len(finished.others) == 2
    assert woken == [Wakeup.ROWS], "somebody has to look for the third"
    assert len(await worker.claim()) == 1


async def test_what_a_gate_holds_back_at_an_end_is_named_with_its_time(database: Database) -> None:
    worker = Worker(database, rates=[Rate("posts", timedelta(seconds=10))])
    await database.run(enqueue_row, "create", "channel")
    (channel,) = await worker.claim()

    finished = await worker.finish_with_others(
        channel, Done(lambda session: enqueue_row(session, "card", "card")), 4, others=8
    )

    assert (finished.others, finished.due_at) == ([], after(10))
    assert names(await worker.claim(10)) == ["card"]


async def test_an_end_that_makes_nothing_due_leaves_the_others_alone(database: Database) -> None:
    """Each end would look for other work, and in a storm there are many ends."""
    worker = Worker(database)
    await database.run(enqueue_row, "one", "one")
    (one,) = await worker.claim()
    await database.run(enqueue_row, "two", "two")

    assert (await worker.finish_with_others(one, Done(), others=8)).others == []
    assert names(await worker.claim()) == ["two"]


async def test_a_lost_lane_brings_no_others(database: Database) -> None:
    """A late worker is fenced off before anything is written."""
    old, new = Worker(database, "old"), Worker(database, "new")
    await database.run(enqueue_row, "lane", "first")
    (late,) = await old.claim()
    await new.claim(60)

    with pytest.raises(LostLease):
        await old.finish_with_others(late, Done(lambda session: enqueue_row(session, "card", "card")), 60, others=8)
    assert await new.claim(60) == []


async def test_an_end_that_makes_a_lane_due_which_is_under_way_wakes_its_worker(database: Database) -> None:
    """That lane may have looked for its next row a moment before, and found none."""
    worker = Worker(database)
    await database.run(enqueue_row, "pin", "pin")
    await database.run(enqueue_row, "topic", "topic")
    pin, topic = await worker.claim()
    assert await worker.finish(topic, Done()) is None
    woken: list[Wakeup] = []
    database.on_commit = lambda due: woken.append(due.wakeup)

    finished = await worker.finish_with_others(
        pin, Done(lambda session: enqueue_row(session, "topic", "again")), others=8, busy={"pin", "topic"}
    )

    assert finished.others == []
    assert woken == [Wakeup.ROWS]
