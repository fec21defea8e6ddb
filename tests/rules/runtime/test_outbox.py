"""The outbox as a queue: lanes and their order, views, rate gates."""

import asyncio
from datetime import timedelta
from functools import partial

from sqlalchemy import event, text
from sqlalchemy.util import await_only
from sqlmodel import Session

from bot.services.outbox.payloads import ViewPayload
from bot.store import outbox
from bot.store.database.postgres_database import PostgresDatabase
from bot.store.database.session import Database, open_database
from bot.store.outbox import Done, Loaded, OutboxRow, Rate, Rejected, Retry
from tests.support.worlds.outbox_worker import Worker, after, enqueue_row, names, states

WAITING_FOR_LOCK = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def test_a_lane_goes_in_order_and_waits_for_its_head(database: Database) -> None:
    worker = Worker(database)
    for what in ("first", "second", "third"):
        await database.run(enqueue_row, "lane", what)

    (head,) = await worker.claim()
    assert (head.row.kind, head.is_unknown) == ("first", False)
    assert await worker.claim() == [], "the lane is leased"

    again = await worker.finish(head, Retry(after(30), "Slack is away"))
    assert again is None, "what stands behind the head waits with it"
    assert await worker.claim(29) == []

    (head,) = await worker.claim(30)
    assert head.row.kind == "first"
    second = await worker.finish(head, Done(), 30)
    assert second is not None
    assert second.row.kind == "second"
    third = await worker.finish(second, Rejected("restricted_action"), 30)
    assert third is not None
    assert third.row.kind == "third", "a refusal stops nobody behind it"
    assert await worker.finish(third, Done(), 30) is None
    assert await database.read(states) == {"first": "done", "second": "failed", "third": "done"}


async def test_lanes_go_side_by_side(database: Database) -> None:
    worker = Worker(database)
    for lane in ("one", "two", "three"):
        await database.run(enqueue_row, lane, f"{lane} a")
        await database.run(enqueue_row, lane, f"{lane} b")

    claims = await worker.claim()
    assert set(names(claims)) == {"one a", "two a", "three a"}
    await worker.finish(claims[0], Retry(after(600), "away"))

    assert await worker.finish(claims[1], Done()) is not None, "one lane waits, others go on"


async def test_a_closed_lane_waits_until_it_is_opened(database: Database) -> None:
    worker = Worker(database)
    await database.run(enqueue_row, "lane", "card", is_open=False)

    assert await worker.claim() == []
    assert await database.read(outbox.find_next_due) is None


async def test_a_row_of_its_own_time_waits_for_it(database: Database) -> None:
    worker = Worker(database)
    await database.run(enqueue_row, "lane", "later", not_before=after(60))

    assert await worker.claim(59) == []
    assert await database.read(outbox.find_next_due) == after(60)
    assert names(await worker.claim(60)) == ["later"]


async def test_the_urgent_go_first(database: Database) -> None:
    """Pages, channels of the worst incident, events, views."""
    worker = Worker(database)
    for what, priority in (("view", 40), ("SEV4 channel", 13), ("event", 30), ("page", 5), ("SEV1 channel", 10)):
        await database.run(enqueue_row, what, what, priority=priority)

    order = [names(await worker.claim(limit=1))[0] for _ in range(5)]

    assert order == ["page", "SEV1 channel", "SEV4 channel", "event", "view"]


async def test_what_waits_for_long_goes_before_what_is_newer(database: Database) -> None:
    """Cards of many incidents that change all the time do not keep an announcement back for ever."""
    worker = Worker(database)
    await database.run(enqueue_row, "announcement", "announcement", priority=22)
    order: list[str] = []

    while "announcement" not in order and len(order) < 60:
        await database.run(enqueue_row, "card", f"card {len(order)}", priority=20)
        (claim,) = await worker.claim(limit=1)
        order += names([claim])
        await worker.finish(claim, Done())

    assert order[:30] == [f"card {number}" for number in range(30)]
    assert order[-1] == "announcement"


async def test_a_page_goes_before_all_that_waits(database: Database) -> None:
    worker = Worker(database)
    await database.run(enqueue_row, "view", "view", priority=20)
    await database.run(_enqueue_many, 400)
    await database.run(enqueue_row, "page", "page", priority=5)

    assert names(await worker.claim(limit=1)) == ["page"]


async def test_lanes_that_share_a_limit_take_turns(database: Database) -> None:
    """The first incident does not use up what Slack takes of all."""
    worker = Worker(database, rates=(Rate("chat.update", timedelta(seconds=1)),))
    lanes = ("mark:1", "mark:2", "mark:3")
    for number in range(3):
        for lane in lanes:
            await database.run(enqueue_row, lane, f"{lane} {number}")
    order: list[str] = []

    for second in range(9):
        (claim,) = await worker.claim(second)
        order += names([claim])
        await worker.finish(claim, Done(), second)

    assert order == [f"{lane} {number}" for number in range(3) for lane in lanes]


def _enqueue_many(session: Session, count: int) -> None:
    for number in range(count):
        enqueue_row(session, "crowd", f"row {number}", priority=50)


async def test_a_stopping_worker_takes_nothing_more(database: Database) -> None:
    worker = Worker(database)
    await database.run(enqueue_row, "lane", "first")
    await database.run(enqueue_row, "lane", "second")
    (head,) = await worker.claim()

    assert await worker.finish(head, Done(), go_on=False) is None
    assert names(await Worker(database, "other").claim()) == ["second"], "the lane was given back at once"


async def test_views_of_one_target_wait_once(database: Database) -> None:
    worker = Worker(database)
    for _ in range(5):
        await database.run(enqueue_row, "card", "card", target="card:1")
    assert (await database.read(outbox.count_backlog)).unfinished == 1

    (running,) = await worker.claim()
    for _ in range(5):
        await database.run(enqueue_row, "card", "card", target="card:1")
    assert (await database.read(outbox.count_backlog)).unfinished == 2, (
        "what changes while one is sent is shown by another"
    )

    following = await worker.finish(running, Done())
    assert following is not None
    assert await worker.finish(following, Done()) is None


async def test_a_view_that_has_to_wait_gives_way_to_a_newer_one(database: Database) -> None:
    worker = Worker(database)
    await database.run(enqueue_row, "card", "card", target="card:1")
    (running,) = await worker.claim()
    await database.run(enqueue_row, "card", "card", target="card:1")

    following = await worker.finish(running, Retry(after(1), "ratelimited"))

    assert following is not None
    assert following.row.id != running.row.id
    assert (await database.read(outbox.count_backlog)).unfinished == 1


async def test_a_view_of_unknown_outcome_is_looked_for_although_a_newer_one_waits(database: Database) -> None:
    """It may have been posted: a worker that forgets it posts it again."""
    worker = Worker(database)
    await database.run(enqueue_row, "card", "card", target="card:1")
    (running,) = await worker.claim()
    await database.run(enqueue_row, "card", "card", target="card:1")

    await worker.finish(running, Retry(after(1), "no answer", is_unknown=True))

    (again,) = await worker.claim(1)
    assert (again.row.id, again.is_unknown) == (running.row.id, True)


async def test_a_view_that_was_posted_meanwhile_is_rated_as_an_edit(database: Database) -> None:
    worker = Worker(database)
    await database.run(enqueue_row, "card", "card", target="card:1", payload=ViewPayload(posts=True))
    (running,) = await worker.claim()
    await database.run(enqueue_row, "card", "card", target="card:1", payload=ViewPayload(posts=True))

    following = await worker.finish(running, Done(lambda session: outbox.mark_as_edit(session, "card:1")))

    assert following is not None
    assert following.row.details["posts"] is False


async def test_a_change_that_commits_late_is_shown_all_the_same(database: Database, database_url: str) -> None:
    """A waiting view is not claimed during a change: it would be shown without it."""
    if not isinstance(database, PostgresDatabase):
        return  # one writer: two transactions never overlap
    await database.run(enqueue_row, "card", "card", target="card:1")
    replica = open_database(database_url)
    taken: list[list[str]] = []

    def change(session: Session) -> None:
        def claim_meanwhile(*_: object) -> None:
            taken.append(names(await_only(Worker(replica).claim())))

        event.listen(session.connection(), "after_cursor_execute", claim_meanwhile)
        enqueue_row(session, "card", "card", target="card:1")

    await database.run(change)
    await replica.close()

    assert taken
    assert not any(taken)
    assert names(await Worker(database).claim()) == ["card"]


async def test_a_change_during_a_claim_is_queued_again(database: Database, database_url: str) -> None:
    """The claimed view no longer waits once the change gets its lane."""
    if not isinstance(database, PostgresDatabase):
        return  # one writer: two transactions never overlap
    await database.run(enqueue_row, "card", "first", target="card:1")
    replica = open_database(database_url)
    changes: list[asyncio.Task[None]] = []

    async def wait_for_lock() -> None:
        while not await replica.read(lambda session: session.execute(WAITING_FOR_LOCK).scalar_one()):
            await asyncio.sleep(0.01)

    def change_meanwhile(_session: Session, _row: OutboxRow) -> Loaded:
        queueing = partial(enqueue_row, lane="card", what="second", target="card:1")
        changes.append(asyncio.get_running_loop().create_task(replica.run(queueing)))
        await_only(wait_for_lock())
        return Loaded("view")

    async with asyncio.timeout(10):
        assert names(await Worker(database).claim(load=change_meanwhile)) == ["first"]
        await asyncio.gather(*changes)
    await replica.close()

    assert await database.read(states) == {"first": "running", "second": "waiting"}


async def test_a_gate_lets_a_burst_through_and_then_one_an_interval(database: Database) -> None:
    worker = Worker(database, rates=[Rate("posts", timedelta(seconds=10), burst=3)])
    for number in range(6):
        await database.run(enqueue_row, f"lane {number}", f"{number}")

    assert len(await worker.claim(0)) == 3
    assert await worker.claim(9) == []
    assert await database.read(outbox.find_next_due) == after(10)
    assert len(await worker.claim(10)) == 1
    assert len(await worker.claim(30)) == 2


async def test_two_gates_let_through_what_both_let_through(database: Database) -> None:
    """A lane that one gate refuses is not counted by the other."""
    wide, narrow = Rate("workspace", timedelta(seconds=1), burst=2), Rate("channel", timedelta(seconds=60))
    both, alone = Worker(database, rates=[wide, narrow]), Worker(database, "alone", [wide])
    for number in range(3):
        await database.run(enqueue_row, f"lane {number}", f"{number}")

    assert len(await both.claim(0, limit=3)) == 1
    await database.run(enqueue_row, "other", "other")
    assert names(await alone.claim(0)) == ["other"], "the refused ones have used up nothing"


async def test_a_closed_gate_holds_everybody_until_slack_said(database: Database) -> None:
    worker = Worker(database, rates=[Rate("posts", timedelta(seconds=1), burst=10)])
    for number in range(3):
        await database.run(enqueue_row, f"lane {number}", f"{number}")
    (first,) = await worker.claim(limit=1)

    await worker.finish(first, Retry(after(30), "ratelimited", blocks=("posts",)))

    assert await worker.claim(29) == []
    assert len(await worker.claim(30)) == 3
