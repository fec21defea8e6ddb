"""Views that are read as rows are claimed, and results that are written together."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import event, text
from sqlalchemy.util import await_only
from sqlmodel import Session

from bot.config import Settings
from bot.runtime.clock import ManualClock
from bot.services.outbox import OutboxKind
from bot.services.outbox.payloads import EventPayload
from bot.services.views.card import load_card_view
from bot.slack.api.client import Gateway
from bot.slack.delivery.effects import EffectHandler, loading
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.worker import MAX_LANES, Sender
from bot.store import outbox
from bot.store.database.postgres_database import PostgresDatabase
from bot.store.database.session import Database, open_database
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.outbox import Claim, Done, FinishResult, Loaded, OutboxRow, Outcome
from tests.support.worlds.outbox_worker import LEASE, NOON, Worker, after, enqueue_row, names, states


def _add_incident(session: Session, number: int) -> int:
    incident = Incident(
        team_id="T1",
        series="INC",
        number=number,
        titles={"": "checkout is down"},
        severity="SEV2",
        status="investigating",
        services=[],
        zone="UTC",
        languages=[],
        template="sre",
        declared_at=NOON,
        started_at=NOON,
        detected_at=NOON,
    )
    incidents.add(session, incident)
    return incident.key


def _load_kind(_session: Session, row: OutboxRow) -> Loaded:
    return Loaded(f"view of {row.kind}")


def _views(claims: Sequence[Claim]) -> dict[str, object]:
    return {claim.row.kind: claim.loaded and claim.loaded.value for claim in claims}


async def test_claims_have_the_views_of_their_rows(database: Database) -> None:
    """Also many of them: by itself each view costs a transaction, and what was loaded with the row is loaded again."""
    for lane in range(MAX_LANES):
        await database.run(enqueue_row, str(lane), f"row {lane}")

    claims = await Worker(database).claim(limit=MAX_LANES, load=_load_kind)

    assert _views(claims) == {f"row {lane}": f"view of row {lane}" for lane in range(MAX_LANES)}


async def test_cards_of_one_claim_are_read_together(database: Database) -> None:
    """By itself each card of a storm costs two statements."""

    async def count_statements(numbers: Sequence[int]) -> int:
        sent: list[str] = []

        def load(session: Session, row: OutboxRow) -> Loaded:
            if not sent:
                event.listen(session.connection(), "before_cursor_execute", lambda *given: sent.append(given[2]))
            return Loaded(load_card_view(session, Settings(), row.incident_id or 0).reference)

        for number in numbers:
            incident_id = await database.run(_add_incident, number)
            await database.run(enqueue_row, f"lane {number}", f"card {number}", incident_id=incident_id)
        claims = await Worker(database).claim(limit=MAX_LANES, load=load)
        assert _views(claims) == {f"card {number}": f"INC-{number}" for number in numbers}
        return len(sent)

    assert await count_statements([1]) == await count_statements([2, 3, 4, 5])


async def test_after_a_result_only_views_of_its_own_incident_are_read(database: Database) -> None:
    """What the result read of another incident may have changed before its lane was locked."""
    own, other = await database.run(_add_incident, 1), await database.run(_add_incident, 2)
    worker = Worker(database)
    await database.run(enqueue_row, "create", "channel", incident_id=own)
    claims = await worker.claim()

    def open_channel(session: Session) -> None:
        enqueue_row(session, "card", "card", incident_id=own)
        enqueue_row(session, "other", "other card", incident_id=other)

    (ended,) = await worker.finish_several(claims, [Done(open_channel)], load=_load_kind, others=8)

    assert ended is not None
    assert _views(ended.others) == {"card": "view of card", "other card": None}


async def test_results_are_written_with_the_ends_of_their_rows(database: Database) -> None:
    own, other = await database.run(_add_incident, 1), await database.run(_add_incident, 2)
    worker = Worker(database)
    for lane, incident_id in (("one", own), ("two", other), ("three", None)):
        await database.run(enqueue_row, lane, lane, incident_id=incident_id)
    claims = await worker.claim()

    def rename(incident_id: int) -> Callable[[Session], None]:
        def write(session: Session) -> None:
            incidents.lock(session, incident_id).channel_name = f"channel {incident_id}"
            enqueue_row(session, f"next {incident_id}", "next")

        return write

    outcomes = {"one": Done(rename(own)), "two": Done(rename(other)), "three": Done()}
    ended = await worker.finish_several(claims, [outcomes[claim.row.kind] for claim in claims], others=8)

    assert all(ended)
    assert names([claim for each in ended if each is not None for claim in each.others]) == ["next", "next"]
    found = await database.read(states)
    assert {kind: found[kind] for kind in outcomes} == dict.fromkeys(outcomes, "done")
    for incident_id in (own, other):
        assert (await database.read(incidents.get, incident_id)).channel_name == f"channel {incident_id}"


async def test_a_result_that_fails_ends_no_row_of_its_group(database: Database) -> None:
    worker = Worker(database)
    await database.run(enqueue_row, "one", "first")
    await database.run(enqueue_row, "two", "second")
    claims = await worker.claim()

    def fail(_session: Session) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await worker.finish_several(claims, [Done(), Done(fail)])

    assert set((await database.read(states)).values()) == {"running"}


async def test_results_wait_for_no_incident_that_somebody_holds(database: Database, database_url: str) -> None:
    if not isinstance(database, PostgresDatabase):
        return  # one writer: two transactions never overlap
    held, free = await database.run(_add_incident, 1), await database.run(_add_incident, 2)
    worker = Worker(database)
    await database.run(enqueue_row, "held", "held", incident_id=held)
    await database.run(enqueue_row, "free", "free", incident_id=free)
    claims = sorted(await worker.claim(), key=lambda claim: claim.row.kind)
    replica = open_database(database_url)
    ended: list[FinishResult | None] = []

    def change(session: Session) -> None:
        incidents.lock(session, held)
        done = [Done(lambda _session: None)] * 2
        ended.extend(await_only(Worker(replica).finish_several(claims, done)))

    async with asyncio.timeout(10):
        await database.run(change)
    await replica.close()

    assert [each is None for each in ended] == [False, True]
    assert await database.read(states) == {"held": "running", "free": "done"}


async def test_a_view_that_no_database_can_read_stops_no_other_row(database: Database) -> None:
    ran: list[str] = []
    has_run = asyncio.Event()
    settings, clock = Settings(), ManualClock(after(0))

    def load(_context: EffectContext, session: Session, row: OutboxRow) -> str:
        statement = "SELECT missing FROM outbox" if row.lane == "bad" else "SELECT 'view'"
        return str(session.execute(text(statement)).scalar_one())

    async def run(_context: EffectContext, claim: Claim, view: str) -> Outcome:
        ran.append(f"{claim.row.lane} {view}")
        has_run.set()
        return Done()

    effects: dict[OutboxKind, EffectHandler] = dict.fromkeys(OutboxKind, loading(load, run))
    context = EffectContext(database, Gateway("xoxb-test", settings.slack_api_url), clock, lambda: settings)
    sender = Sender(context, lease=LEASE, effects=effects, rates_of=lambda _row: ())
    for lane in ("bad", "good"):
        payload = EventPayload("note", {})
        await database.run(enqueue_row, lane, OutboxKind.EVENT, payload=payload)
    sender.start()
    sender.wake()
    async with asyncio.timeout(60):  # errors are logged with their tracebacks
        await has_run.wait()
    await sender.stop()

    assert ran == ["good view"]
    rows = await database.read(outbox.count_backlog)
    assert rows.unfinished == 1, "the other one is tried again"
