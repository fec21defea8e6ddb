"""The outbox as a queue, asked directly: lanes and their order, leases and fencing, views, gates, failures."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.util import await_only
from sqlmodel import Session, col, select

from bot.store import outbox
from bot.store.database.migrate import migrate
from bot.store.database.session import Database, PostgresDatabase, open_database
from bot.store.database.wakeups import Due
from bot.store.outbox import Again, Claim, Done, Failure, Finished, LostLease, OutboxRow, Outcome, Rate, Refused, State
from bot.store.outbox import models as rows

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=20)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    await migrate(opened)
    yield opened
    await opened.close()


class Worker:
    """Whoever runs lanes: claims and finishes, at times that the test says."""

    def __init__(self, database: Database, name: str = "worker", rates: Sequence[Rate] = ()) -> None:
        self.database = database
        self.name = name
        self.rates = rates

    async def claim(self, at: float = 0, *, real: float | None = None, limit: int = 10) -> list[Claim]:
        look = await self.database.run(
            outbox.claim,
            owner=self.name,
            now=after(at),
            real_now=after(at if real is None else real),
            lease=LEASE,
            limit=limit,
            rates_of=lambda _row: self.rates,
        )
        return look.claims

    async def finish_several(self, claims: Sequence[Claim], at: float = 0) -> list[Finished | None]:
        return await self.database.run(
            outbox.finish_several,
            claims,
            now=after(at),
            real_now=after(at),
            lease=LEASE,
            rates_of=lambda _row: self.rates,
        )

    async def finish(self, claim: Claim, outcome: Outcome, at: float = 0, **more: Any) -> Claim | None:
        return (await self.finish_with_others(claim, outcome, at, **more)).following

    async def finish_with_others(self, claim: Claim, outcome: Outcome, at: float = 0, **more: Any) -> Finished:
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


def put(session: Session, lane: str, what: str, *, at: float = 0, priority: int = 30, **more: Any) -> None:
    outbox.put(session, lane=lane, what=what, team_id="T1", at=after(at), priority=priority, **more)


def states(session: Session) -> dict[str, str]:
    return {row.what: row.state for row in session.exec(select(OutboxRow).order_by(col(OutboxRow.id)))}


def names(claims: list[Claim]) -> list[str]:
    return [claim.row.what for claim in claims]


# --- lanes


async def test_a_lane_goes_in_order_and_waits_for_its_head(database: Database) -> None:
    worker = Worker(database)
    for what in ("first", "second", "third"):
        await database.run(put, "lane", what)

    (head,) = await worker.claim()
    assert (head.row.what, head.is_unknown) == ("first", False)
    assert await worker.claim() == [], "the lane is leased"

    again = await worker.finish(head, Again(after(30), "Slack is away"))
    assert again is None, "what stands behind the head waits with it"
    assert await worker.claim(29) == []

    (head,) = await worker.claim(30)
    assert head.row.what == "first"
    second = await worker.finish(head, Done(), 30)
    assert second is not None
    assert second.row.what == "second"
    third = await worker.finish(second, Refused("restricted_action"), 30)
    assert third is not None
    assert third.row.what == "third", "a refusal stops nobody behind it"
    assert await worker.finish(third, Done(), 30) is None
    assert await database.read(states) == {"first": "done", "second": "failed", "third": "done"}


async def test_lanes_go_side_by_side(database: Database) -> None:
    worker = Worker(database)
    for lane in ("one", "two", "three"):
        await database.run(put, lane, f"{lane} a")
        await database.run(put, lane, f"{lane} b")

    claims = await worker.claim()
    assert set(names(claims)) == {"one a", "two a", "three a"}
    await worker.finish(claims[0], Again(after(600), "away"))

    assert await worker.finish(claims[1], Done()) is not None, "one lane waits, others go on"


async def test_a_closed_lane_waits_until_it_is_opened(database: Database) -> None:
    worker = Worker(database)
    await database.run(put, "lane", "card", is_open=False)

    assert await worker.claim() == []
    assert await database.read(outbox.next_due) is None


async def test_a_row_of_its_own_time_waits_for_it(database: Database) -> None:
    worker = Worker(database)
    await database.run(put, "lane", "later", not_before=after(60))

    assert await worker.claim(59) == []
    assert await database.read(outbox.next_due) == after(60)
    assert names(await worker.claim(60)) == ["later"]


async def test_the_urgent_go_first(database: Database) -> None:
    """Pages, channels of the worst incident, events, views."""
    worker = Worker(database)
    for what, priority in (("view", 40), ("SEV4 channel", 13), ("event", 30), ("page", 5), ("SEV1 channel", 10)):
        await database.run(put, what, what, priority=priority)

    order = [names(await worker.claim(limit=1))[0] for _ in range(5)]

    assert order == ["page", "SEV1 channel", "SEV4 channel", "event", "view"]


async def test_a_stopping_worker_takes_nothing_more(database: Database) -> None:
    worker = Worker(database)
    await database.run(put, "lane", "first")
    await database.run(put, "lane", "second")
    (head,) = await worker.claim()

    assert await worker.finish(head, Done(), go_on=False) is None
    assert names(await Worker(database, "other").claim()) == ["second"], "the lane was given back at once"


# --- views


async def test_views_of_one_target_wait_once(database: Database) -> None:
    worker = Worker(database)
    for _ in range(5):
        await database.run(put, "card", "card", target="card:1")
    assert (await database.read(outbox.backlog)).unfinished == 1

    (running,) = await worker.claim()
    for _ in range(5):
        await database.run(put, "card", "card", target="card:1")
    assert (await database.read(outbox.backlog)).unfinished == 2, "what changes while one is sent is shown by another"

    following = await worker.finish(running, Done())
    assert following is not None
    assert await worker.finish(following, Done()) is None


async def test_a_view_that_has_to_wait_gives_way_to_a_newer_one(database: Database) -> None:
    worker = Worker(database)
    await database.run(put, "card", "card", target="card:1")
    (running,) = await worker.claim()
    await database.run(put, "card", "card", target="card:1")

    following = await worker.finish(running, Again(after(1), "ratelimited"))

    assert following is not None
    assert following.row.id != running.row.id
    assert (await database.read(outbox.backlog)).unfinished == 1


async def test_a_view_of_unknown_outcome_is_looked_for_although_a_newer_one_waits(database: Database) -> None:
    """It may have been posted: who forgets it posts it again."""
    worker = Worker(database)
    await database.run(put, "card", "card", target="card:1")
    (running,) = await worker.claim()
    await database.run(put, "card", "card", target="card:1")

    await worker.finish(running, Again(after(1), "no answer", is_unknown=True))

    (again,) = await worker.claim(1)
    assert (again.row.id, again.is_unknown) == (running.row.id, True)


async def test_a_view_that_was_posted_meanwhile_is_rated_as_an_edit(database: Database) -> None:
    worker = Worker(database)
    await database.run(put, "card", "card", target="card:1", posts=True)
    (running,) = await worker.claim()
    await database.run(put, "card", "card", target="card:1", posts=True)

    following = await worker.finish(running, Done(lambda session: outbox.will_edit(session, "card:1")))

    assert following is not None
    assert following.row.details["posts"] is False


async def test_a_change_that_commits_late_is_shown_all_the_same(database: Database, database_url: str) -> None:
    """While a change is being written nobody takes the view that waits: it would be shown without the change."""
    if not isinstance(database, PostgresDatabase):
        return  # one writer: two transactions never overlap
    await database.run(put, "card", "card", target="card:1")
    replica = open_database(database_url)
    taken: list[list[str]] = []

    def change(session: Session) -> None:
        def claim_meanwhile(*_: object) -> None:
            taken.append(names(await_only(Worker(replica).claim())))

        event.listen(session.connection(), "after_cursor_execute", claim_meanwhile)
        put(session, "card", "card", target="card:1")

    await database.run(change)
    await replica.close()

    assert len(taken) >= 2
    assert not any(taken)
    assert names(await Worker(database).claim()) == ["card"]


# --- leases


async def test_a_dead_workers_lane_is_taken_over_as_unknown(database: Database) -> None:
    await database.run(put, "lane", "first")
    await Worker(database, "dead").claim()
    heir = Worker(database, "heir")

    assert await heir.claim(19) == []
    (claim,) = await heir.claim(21)

    assert (claim.row.what, claim.is_unknown, claim.row.attempts) == ("first", True, 2)


async def test_a_paused_worker_that_wakes_finds_itself_fenced(database: Database) -> None:
    """Its lease ran out while it slept: nothing of what it says is taken."""
    await database.run(put, "lane", "first")
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
    await database.run(put, "lane", "first")
    await database.run(put, "lane", "second")
    (head,) = await worker.claim()
    await worker.finish(head, Done(), 15)

    assert await other.claim(30) == []
    assert names(await other.claim(36)) == ["second"]


async def test_a_long_row_renews_its_lease(database: Database) -> None:
    worker, other = Worker(database), Worker(database, "other")
    await database.run(put, "lane", "first")
    (claim,) = await worker.claim()

    assert await database.run(outbox.renew, "lane", "worker", after(40))
    assert not await database.run(outbox.renew, "lane", "other", after(90))

    assert await other.claim(39) == []
    assert names(await other.claim(41)) == ["first"]
    assert not await database.run(outbox.renew, "lane", "worker", after(90)), "it has been taken"
    with pytest.raises(LostLease):
        await worker.finish(claim, Done(), 42)


async def test_a_worker_does_not_take_what_it_is_doing(database: Database) -> None:
    """Its lease ran out because the database was away: the row still runs here, and must not run twice."""
    await database.run(put, "lane", "first")
    await Worker(database).claim()

    look = await database.run(
        outbox.claim,
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
    await database.run(put, "lane", "first")
    await Worker(database).claim()

    assert await Worker(database, "other").claim(7_200, real=1) == []


async def test_one_process_gives_back_all_leases_at_its_start(database: Database) -> None:
    await database.run(put, "lane", "first")
    await Worker(database, "before the crash").claim()

    await database.run(outbox.release_all)

    (claim,) = await Worker(database, "after it").claim()
    assert claim.is_unknown


async def test_a_commit_that_comes_to_nothing_writes_nothing_back(database: Database) -> None:
    """What an outcome writes back and that it is done are one transaction."""
    worker = Worker(database)
    await database.run(put, "lane", "first")
    (claim,) = await worker.claim()

    def apply(session: Session) -> None:
        put(session, "other", "half")
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError):
        await worker.finish(claim, Done(apply))

    assert await database.read(states) == {"first": "running"}


async def test_workers_side_by_side_run_each_row_once_and_in_order(database: Database, database_url: str) -> None:
    """Four workers, on PostgreSQL with connections of their own, all at the same lanes and gates."""
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
                put(session, f"lane {lane}", f"{number}")

    await database.run(fill)
    ran: dict[str, list[str]] = defaultdict(list)

    async def work(number: int) -> None:
        worker = Worker(replicas[number % len(replicas)], f"worker {number}", rates)
        while (await database.read(outbox.backlog)).unfinished:
            for claim in await worker.claim(limit=2):
                current: Claim | None = claim
                while current is not None:
                    ran[current.row.lane].append(current.row.what)
                    await asyncio.sleep(0)
                    current = await worker.finish(current, Done())

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(number) for number in range(4)))
    for replica in replicas[1:]:
        await replica.close()

    assert dict(ran) == {f"lane {lane}": [str(number) for number in range(each)] for lane in range(lanes)}


# --- gates


async def test_a_gate_lets_a_burst_through_and_then_one_an_interval(database: Database) -> None:
    worker = Worker(database, rates=[Rate("posts", timedelta(seconds=10), burst=3)])
    for number in range(6):
        await database.run(put, f"lane {number}", f"{number}")

    assert len(await worker.claim(0)) == 3
    assert await worker.claim(9) == []
    assert await database.read(outbox.next_due) == after(10)
    assert len(await worker.claim(10)) == 1
    assert len(await worker.claim(30)) == 2


async def test_two_gates_let_through_what_both_let_through(database: Database) -> None:
    """And who is refused by one of them is not counted by the other."""
    wide, narrow = Rate("workspace", timedelta(seconds=1), burst=2), Rate("channel", timedelta(seconds=60))
    both, alone = Worker(database, rates=[wide, narrow]), Worker(database, "alone", [wide])
    for number in range(3):
        await database.run(put, f"lane {number}", f"{number}")

    assert len(await both.claim(0, limit=3)) == 1
    await database.run(put, "other", "other")
    assert names(await alone.claim(0)) == ["other"], "the refused ones have used up nothing"


async def test_a_closed_gate_holds_everybody_until_slack_said(database: Database) -> None:
    worker = Worker(database, rates=[Rate("posts", timedelta(seconds=1), burst=10)])
    for number in range(3):
        await database.run(put, f"lane {number}", f"{number}")
    (first,) = await worker.claim(limit=1)

    await worker.finish(first, Again(after(30), "ratelimited", blocks=("posts",)))

    assert await worker.claim(29) == []
    assert len(await worker.claim(30)) == 3


# --- what does not work


async def test_progress_outlives_the_worker(database: Database) -> None:
    await database.run(put, "lane", "draft")
    (claim,) = await Worker(database, "dead").claim()
    await database.run(outbox.save_progress, claim, {"file_id": "F1"})
    await database.run(outbox.save_progress, claim, {"is_sent": True})

    (again,) = await Worker(database, "heir").claim(21)

    assert again.row.progress == {"file_id": "F1", "is_sent": True}


async def test_what_failed_is_counted_and_can_be_tried_again(database: Database) -> None:
    worker = Worker(database)
    await database.run(put, "one", "refused")
    await database.run(put, "two", "given up")
    for claim in await worker.claim():
        await worker.finish(claim, Refused("error", is_dead=claim.row.what == "given up"))
    backlog = await database.read(outbox.backlog)
    assert (backlog.unfinished, backlog.failed, backlog.dead) == (0, 1, 1)

    rows = {row.what: row.key for row in await database.read(lambda session: list(session.exec(select(OutboxRow))))}
    assert await database.run(outbox.retry, rows["refused"], after(5))
    assert await database.run(outbox.retry, rows["given up"], after(5))
    assert not await database.run(outbox.retry, rows["refused"], after(5)), "it waits already"
    assert not await database.run(outbox.retry, 4711, after(5))

    again = {claim.row.what: claim for claim in await worker.claim(5)}
    assert not again["refused"].is_unknown
    assert again["given up"].is_unknown, "it may have arrived"
    assert again["given up"].row.attempts == 1


async def test_a_view_is_not_tried_again_beside_a_newer_one(database: Database) -> None:
    worker = Worker(database)
    await database.run(put, "card", "card", target="card:1")
    (claim,) = await worker.claim()
    await worker.finish(claim, Refused("is_archived"))
    await database.run(put, "card", "card", target="card:1")

    assert await database.run(outbox.retry, claim.row.key, after(5))

    assert (await database.read(outbox.backlog)).unfinished == 1


async def test_each_kind_of_failure_is_counted_for_itself(database: Database) -> None:
    """Silences in a row, defects all together; a limit is neither, and whoever gets on begins to count anew."""
    worker = Worker(database)
    await database.run(put, "lane", "row")
    counted: list[tuple[int | None, int | None]] = []
    course = [
        Failure.SLACK_AWAY,
        Failure.DATABASE_AWAY,
        None,
        Failure.SLACK_AWAY,
        Failure.DEFECT,
        Failure.SLACK_AWAY,
        Failure.SLACK_AWAY,
    ]
    for second, failure in enumerate(course):
        (claim,) = await worker.claim(second)
        await worker.finish(claim, Again(after(second + 1), "error", failure=failure), second)
        counted.append(await database.read(counts))
    assert counted == [(1, 0), (2, 0), (0, 0), (1, 0), (0, 1), (1, 1), (2, 1)]

    (claim,) = await worker.claim(20)
    await database.run(outbox.save_progress, claim, {"before": "1.0"})
    assert claim.row.silences == 0, "the next pause is the first one again"
    await worker.finish(claim, Again(after(21), "error", failure=Failure.SLACK_AWAY), 20)
    assert await database.read(counts) == (1, 1)


def counts(session: Session) -> tuple[int | None, int | None]:
    row = session.exec(select(OutboxRow)).one()
    return row.silences, row.defects


async def test_done_rows_are_forgotten_and_failures_kept(database: Database) -> None:
    worker = Worker(database)
    for what in ("done", "refused", "waiting"):
        await database.run(put, what, what)
    for claim in await worker.claim():
        if claim.row.what != "waiting":
            await worker.finish(claim, Done() if claim.row.what == "done" else Refused("error"))
    await database.run(lambda session: session.execute(update(OutboxRow).values(first_attempt_at=after(0))))

    assert await database.run(outbox.forget_done, after(0), 100) == 0
    assert await database.run(outbox.forget_done, after(1), 100) == 1
    assert set(await database.read(states)) == {"refused", "waiting"}


def test_states_are_all_known() -> None:
    """The database's partial indexes name them as text."""
    named = rows.IS_UNFINISHED + rows.IS_WAITING_VIEW
    assert {state for state in State if f"'{state}'" in named} == set(outbox.UNFINISHED)


# --- ends that are written down together


async def test_ends_together_are_as_each_alone(database: Database) -> None:
    """Each lane goes on with its next row, waits for its gate, or has nothing more to do."""
    worker = Worker(database)
    for lane, whats in {"one": ("a", "b"), "two": ("c",), "three": ("d", "e")}.items():
        for what in whats:
            await database.run(put, lane, what)
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
    await database.run(put, "lost", "first")
    (late,) = await old.claim()
    await new.claim(60)
    await database.run(put, "own", "second")
    (own,) = await old.claim(60)

    lost, ended = await old.finish_several([late, own], 60)

    assert lost is None
    assert ended is not None
    assert await database.read(states) == {"first": "running", "second": "done"}


async def test_ends_together_wait_for_no_lane_that_somebody_holds(database: Database, database_url: str) -> None:
    """Who holds it may want another of these: that one ends by itself, and takes what was put into it meanwhile."""
    if not isinstance(database, PostgresDatabase):
        return  # one writer: two transactions never overlap
    worker = Worker(database)
    await database.run(put, "held", "first")
    await database.run(put, "free", "second")
    claims = sorted(await worker.claim(), key=lambda claim: claim.row.lane)
    replica = open_database(database_url)
    ended: list[Finished | None] = []

    def change(session: Session) -> None:
        put(session, "held", "third")
        ended.extend(await_only(Worker(replica).finish_several(claims)))

    async with asyncio.timeout(10):
        await database.run(change)
    await replica.close()

    assert [each is None for each in ended] == [False, True]
    following = await worker.finish(claims[1], Done())
    assert following is not None
    assert following.row.what == "third"


# --- what an end makes due


async def test_what_an_end_makes_due_goes_with_it(database: Database) -> None:
    """The channel exists, and what waited for it is in hand at once, the most urgent first; no one is woken for it."""
    woken: list[Due] = []
    database.on_commit = woken.append
    worker = Worker(database)
    await database.run(put, "create", "channel")
    (channel,) = await worker.claim()
    woken.clear()

    def made(session: Session) -> None:
        put(session, "topic", "topic", priority=31)
        put(session, "card", "card", priority=20)

    finished = await worker.finish_with_others(channel, Done(made), others=8)

    assert (finished.following, names(finished.others), finished.due_at) == (None, ["card", "topic"], None)
    assert await Worker(database, "other").claim() == [], "the lanes are leased"
    assert woken == []


async def test_an_end_takes_no_more_than_there_are_places_for(database: Database) -> None:
    woken: list[Due] = []
    database.on_commit = woken.append
    worker = Worker(database)
    await database.run(put, "create", "channel")
    (channel,) = await worker.claim()
    woken.clear()

    def made(session: Session) -> None:
        for lane in ("one", "two", "three"):
            put(session, lane, lane)

    finished = await worker.finish_with_others(channel, Done(made), others=2)

    assert len(finished.others) == 2
    assert woken == [Due.ROWS], "somebody has to look for the third"
    assert len(await worker.claim()) == 1


async def test_what_a_gate_holds_back_at_an_end_is_named_with_its_time(database: Database) -> None:
    worker = Worker(database, rates=[Rate("posts", timedelta(seconds=10))])
    await database.run(put, "create", "channel")
    (channel,) = await worker.claim()

    finished = await worker.finish_with_others(channel, Done(lambda session: put(session, "card", "card")), 4, others=8)

    assert (finished.others, finished.due_at) == ([], after(10))
    assert names(await worker.claim(10)) == ["card"]


async def test_an_end_that_makes_nothing_due_leaves_the_others_alone(database: Database) -> None:
    """Each end would look for work else, and in a storm there are many ends."""
    worker = Worker(database)
    await database.run(put, "one", "one")
    (one,) = await worker.claim()
    await database.run(put, "two", "two")

    assert (await worker.finish_with_others(one, Done(), others=8)).others == []
    assert names(await worker.claim()) == ["two"]


async def test_a_lost_lane_brings_no_others(database: Database) -> None:
    """Whoever comes too late is fenced off before anything is written, what it would have made due included."""
    old, new = Worker(database, "old"), Worker(database, "new")
    await database.run(put, "lane", "first")
    (late,) = await old.claim()
    await new.claim(60)

    with pytest.raises(LostLease):
        await old.finish_with_others(late, Done(lambda session: put(session, "card", "card")), 60, others=8)
    assert await new.claim(60) == []


async def test_an_end_that_makes_a_lane_due_which_is_under_way_wakes_its_worker(database: Database) -> None:
    """That lane may have looked for its next row a moment before, and found none."""
    worker = Worker(database)
    await database.run(put, "pin", "pin")
    await database.run(put, "digest", "announcement")
    digest, pin = await worker.claim()
    assert await worker.finish(digest, Done()) is None
    woken: list[Due] = []
    database.on_commit = woken.append

    finished = await worker.finish_with_others(
        pin, Done(lambda session: put(session, "digest", "again")), others=8, busy={"pin", "digest"}
    )

    assert finished.others == []
    assert woken == [Due.ROWS]
