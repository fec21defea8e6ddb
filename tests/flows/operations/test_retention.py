"""Retention: previewed, in small batches, and final."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from bot.cli.commands.export import ExportOptions, export_incident
from bot.config import load
from bot.engine.retention import BATCH, INTERVAL, JOB, Retention
from bot.runtime.clock import ManualClock
from bot.runtime.metrics import REGISTRY
from bot.store.alerts.alerts import Alert
from bot.store.database.migrate import migrate
from bot.store.database.session import open_database
from bot.store.incidents.incidents import Incident
from bot.store.incidents.transcript import Message, Reaction
from bot.store.outbox import cleanup
from bot.store.outbox.models import Lane, OutboxRow, RateLimit
from bot.store.upkeep.retention import claim_periodic_task
from tests.flows.operations.test_backup import dogwatch
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

CONFIG = "[retention]\ntranscripts_days = 30\npayloads_days = 10\n"


pytestmark = pytest.mark.world(config=CONFIG, databases=BOTH_DATABASES)


async def story(world: World) -> tuple[str, str]:
    """A closed incident: the ts of a message on its timeline, and of one that is not."""
    await world.declares("checkout is down")
    marked = await world.says("engineer", "The proxies answer 502")
    await world.reacts("dba", marked, "mag")
    other = await world.says("support", "Lunch at noon?")
    await world.says("engineer", "In ten minutes", thread_ts=other)
    gone = await world.says("dba", "Wrong window")
    await world.deletes("dba", gone)
    await world.types("oncall", "/incident resolve restarted the proxies")
    await world.finish()
    return marked, other


async def transcript_texts(world: World) -> list[str]:
    """The texts of people's messages in the transcript."""

    def read(session: Session) -> list[str]:
        found = session.exec(select(Message.text).where(col(Message.is_own).is_(False)).order_by(col(Message.ts)))
        return [text for text in found if text]

    return await world.bot.database.read(read)


async def later(world: World, **length: float) -> None:
    """Without a look at the channels every ten minutes between."""
    world.clock.move_to(world.now + timedelta(**length))
    await world.settle()


async def run(world: World) -> Any:
    return await world.bot.engine.retention.run(world.now)


async def test_the_record_stays_and_the_rest_goes(world: World):
    await story(world)
    await later(world, days=31)
    before, draft = await world.exported(), await drafted(world)

    deleted = await run(world)

    assert deleted.messages == 3, "two messages, and the place of one that was deleted in Slack"
    assert await transcript_texts(world) == ["The proxies answer 502"]
    assert await world.exported() == before
    assert await drafted(world) == draft
    assert (None, "deleted by retention") in await world.audited()
    assert "Lunch" not in await world.stored(), "nowhere else either"


async def drafted(world: World, *, with_transcript: bool = False) -> str:
    return await export_incident(world.settings(), "INC-1", ExportOptions("markdown", with_transcript=with_transcript))


async def test_the_transcript_says_what_is_gone(world: World):
    await story(world)
    await later(world, days=31)
    assert "were deleted" not in await drafted(world, with_transcript=True)

    await run(world)

    appendix = await drafted(world, with_transcript=True)
    assert "Messages up to March 3, 2026" in appendix
    assert "that are not on the timeline were deleted by the retention rule." in appendix
    assert "The proxies answer 502" in appendix.rpartition("# Transcript")[2]
    assert "Lunch" not in appendix


async def test_what_is_not_over_or_not_old_enough_stays(world: World):
    await story(world)
    await later(world, days=29)
    await world.says("manager", "When is the postmortem?")
    await world.declares("search is slow")
    await world.says("engineer", "The index is being built")
    await later(world, days=2)

    await run(world)
    assert await transcript_texts(world) == [
        "The proxies answer 502",
        "When is the postmortem?",
        "The index is being built",
    ]

    await later(world, days=30)
    await run(world)
    assert await transcript_texts(world) == ["The proxies answer 502", "The index is being built"]


async def test_a_cancelled_incident_is_over_with_its_last_entry(world: World):
    await world.declares("checkout is down")
    await world.says("support", "Nobody complains")
    await world.types("oncall", "/incident cancel a false alarm")
    await later(world, days=29)
    assert (await run(world)).messages == 0
    await later(world, days=2)
    assert (await run(world)).messages == 1


async def test_nothing_brings_it_back_but_a_mark(world: World):
    marked, other = await story(world)
    await later(world, days=31)
    await run(world)

    await world.types("oncall", "/incident reopen it is back", world.channel)
    await world.advance(minutes=15)
    await world.restart()
    await world.finish()
    assert len(world.sandbox.calls("conversations.history")) > 1
    assert await transcript_texts(world) == ["The proxies answer 502"]

    await world.edits("support", other, "Lunch at one?")
    assert await transcript_texts(world) == ["The proxies answer 502"]
    await world.edits("engineer", marked, "The proxies answered 502")
    assert await transcript_texts(world) == ["The proxies answered 502"]

    await world.reacts("manager", other, "loudspeaker")
    await world.finish()
    assert await transcript_texts(world) == ["The proxies answered 502", "Lunch at one?"]
    assert "Lunch at one?" in [entry["text"] for entry in await world.timeline()]
    assert world.is_confirmed(other)


async def test_redacted_words_stay_away(world: World):
    _, other = await story(world)
    channel_id = world.sandbox.channel(world.channel)["id"]
    link = f"{world.sandbox.base_url}/archives/{channel_id}/p{other.replace('.', '')}"
    answer = await world.types("oncall", f"/incident redact {link} private")
    assert "edacted" in answer, answer
    await later(world, days=31)
    await run(world)

    await world.reacts("manager", other, "loudspeaker")
    await world.finish()

    assert "Lunch" not in await world.stored()


async def test_alerts_that_nobody_needed_go_and_those_of_incidents_stay(database_url: str, tmp_path: Path):
    config = f'{CONFIG}\n[[routes]]\nmatch = ["severity=\\"low\\""]\naction = "attach"\n'
    async with World(database_url, tmp_path, config=config) as world:
        await world.posts("generic", {"title": "Disk at 70 %", "severity": "low", "fingerprint": "loose"})
        await world.posts("generic", {"title": "5xx above 5 %", "severity": "SEV2", "fingerprint": "of an incident"})
        await world.finish()
        await later(world, days=9)
        assert (await run(world)).alerts == 0
        await later(world, days=2)
        assert (await run(world)).alerts == 1

        def names(session: Session) -> list[str]:
            return list(session.exec(select(Alert.name)))

        assert await world.bot.database.read(names) == ["5xx above 5 %"]


async def test_without_a_setting_everything_is_kept(database_url: str, tmp_path: Path):
    async with World(database_url, tmp_path) as world:
        await story(world)
        await later(world, days=3650)
        deleted = await run(world)

        assert (deleted.messages, deleted.alerts) == (0, 0)
        assert "Lunch at noon?" in await transcript_texts(world)


async def test_one_replica_a_day_does_it(world: World):
    retention = world.bot.engine.retention
    other = Retention(world.bot.database, world.clock, lambda: world.bot.settings)

    assert [await each.run_if_due() is not None for each in (retention, other)] == [False, False]
    await later(world, hours=23)
    assert [await each.run_if_due() is not None for each in (other, retention)] == [False, False]
    await later(world, hours=2)
    assert [await each.run_if_due() is not None for each in (other, retention)] == [True, False]
    await later(world, hours=25)
    assert [await each.run_if_due() is not None for each in (other, retention)] == [True, False]


async def test_a_clock_that_is_set_years_ahead_for_a_while_deletes_nothing(world: World):
    claims = [
        await world.bot.database.run(claim_periodic_task, JOB, world.now + timedelta(days=days), INTERVAL)
        for days in (0, 400, 0.5, 400.5, 1, 2)
    ]

    assert claims == [False, False, False, False, False, True]


# --- The operator's view


async def test_the_effect_is_shown_before_it_happens(world: World, world_url: str):
    await story(world)
    world.clock.move_to(datetime.now(UTC))  # the command asks the database for the time
    environment = {**world.environment(), "DATABASE_URL": world_url}

    code, shown, problem = await dogwatch(world_url, "retention", environment=environment)

    assert code == 0, problem
    assert "older than 30 days: 3 of 1 incident, from 2026-03-02 to 2026-03-02" in shown
    assert "alerts without an incident, older than 10 days: none" in shown
    assert "Lunch at noon?" in await transcript_texts(world), "it only looked"


async def test_it_is_done_now_with_the_bot_stopped(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'dogwatch.db'}"
    async with World(url, tmp_path, config=CONFIG) as world:
        await story(world)
        environment = world.environment()
        code, _, problem = await dogwatch(url, "retention", "--now", environment=environment)
        assert (code, "stop it first" in problem) == (2, True)

    code, told, problem = await dogwatch(url, "retention", "--now", environment=environment)

    assert code == 0, problem
    assert "not on a timeline: 3" in told
    found = (tmp_path / "dogwatch.db").read_bytes()
    assert b"The proxies answer 502" in found
    assert b"Lunch at noon?" not in found, "not even in what the file has free"


# --- Nobody waits for it

MANY = 5 * BATCH + 7
OLD = datetime(2025, 1, 1, tzinfo=UTC)


async def fill_database(database: Any) -> None:
    """A long channel of an incident that is over, and as many rows that were sent."""
    await migrate(database)

    def fill(session: Session) -> None:
        incident = Incident(
            team_id="T1",
            series="INC",
            number=1,
            titles={"": "long"},
            severity="SEV3",
            status="resolved",
            services=[],
            zone="UTC",
            languages=["en"],
            template="classic",
            declared_at=OLD,
            started_at=OLD,
            detected_at=OLD,
            resolved_at=OLD,
            channel_id="C1",
        )
        session.add(incident)
        session.flush()
        for number in range(MANY):
            ts = f"1735689600.{number:06d}"
            session.add(Message(team_id="T1", channel_id="C1", ts=ts, text="words", stored_at=OLD))
            session.add(
                Reaction(
                    team_id="T1", channel_id="C1", message_ts=ts, user_id="U1", emoji="+1", is_present=True, event_ts=ts
                )
            )
            session.add(
                OutboxRow(
                    team_id="T1",
                    incident_id=incident.key,
                    lane="post:1",
                    kind="say",
                    state="done",
                    not_before=OLD,
                    created_at=OLD,
                    done_at=OLD,
                )
            )

    await database.run(fill)


def count_rows(session: Session) -> tuple[int, int, int]:
    def number(model: Any) -> int:
        return int(session.exec(select(func.count()).select_from(model)).one())

    return number(Message), number(Reaction), number(OutboxRow)


async def test_each_transaction_is_small_and_people_come_between(database_url: str, tmp_path: Path):
    """Fault 49. Transactions stay below a batch, and commands run in between."""
    config = tmp_path / "dogwatch.toml"
    config.write_text(CONFIG)
    settings = load({"DATABASE_URL": database_url, "DOGWATCH_CONFIG": str(config), "DOGWATCH_SECRET_KEY": "s" * 40})
    database = open_database(database_url)
    await fill_database(database)
    deleted_before = REGISTRY.get_sample_value("dogwatch_retention_deleted_total", {"what": "messages"}) or 0
    seen: list[tuple[int, int, int]] = []

    async def people() -> None:
        """Run command after command; each sees what is left at its commit."""
        while True:
            seen.append(await database.run(count_rows))

    working = asyncio.create_task(people())
    clock = ManualClock(OLD + timedelta(days=400))
    deleted = await Retention(database, clock, lambda: settings).run(clock.now())
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    after = await database.read(count_rows)
    await database.close()

    assert (deleted.messages, deleted.sent) == (MANY, MANY)
    assert after == (0, 0, 0)
    told = REGISTRY.get_sample_value("dogwatch_retention_deleted_total", {"what": "messages"}) or 0
    assert told - deleted_before == MANY
    steps = [one[0] - next_[0] for one, next_ in pairwise(seen)]
    assert max(steps) <= BATCH, "between two commands at most one transaction of it"
    assert len([step for step in steps if step]) >= MANY // BATCH


def lanes_and_gates(session: Session) -> tuple[set[str], set[str]]:
    return set(session.exec(select(Lane.key))), set(session.exec(select(RateLimit.key)))


async def test_what_an_incident_leaves_of_lanes_and_gates_goes_too(world: World) -> None:
    """A failed row keeps its lane. A deleted lane is created again when needed."""
    refusal = world.sandbox.fault("error", "pins.add", error="too_many_pins")
    await story(world)
    world.sandbox.clear_fault(refusal)
    lanes, gates = await world.bot.database.read(lanes_and_gates)
    assert len(lanes) > 4
    assert gates

    async def cleared(days: int) -> tuple[set[str], set[str]]:
        retention = Retention(world.bot.database, world.clock, world.settings)
        await retention.run(world.now + timedelta(days=days))
        return await world.bot.database.read(lanes_and_gates)

    _, kept = await cleared(0)
    assert kept == gates, "those of the last day still count calls"
    left, shut = await cleared(8)
    assert shut == set()
    assert {lane.partition(":")[0] for lane in left} == {"pin"}

    answer = await world.types("dba", "/incident note everything goes on")
    await world.finish()
    assert any("everything goes on" in text for text in world.texts()), answer


async def test_a_lane_that_is_used_again_meanwhile_stays(world: World) -> None:
    await story(world)
    retention = Retention(world.bot.database, world.clock, world.settings)
    await retention.run(world.now + timedelta(days=8))

    def filled(session: Session, due_at: datetime | None) -> None:
        session.add(Lane(key="card:77", priority=30, due_at=due_at))

    await world.bot.database.run(filled, None)
    found = await world.bot.database.read(cleanup.find_idle_lanes, 10)
    assert "card:77" in found

    def used(session: Session) -> None:
        lane = session.get_one(Lane, "card:77")
        lane.due_at = world.now + timedelta(days=30)
        session.add(lane)

    await world.bot.database.run(used)
    assert await world.bot.database.run(cleanup.delete_idle_lanes, found) == 0
    assert "card:77" in (await world.bot.database.read(lanes_and_gates))[0]
