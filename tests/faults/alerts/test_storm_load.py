"""A storm under Slack's limits, with two replicas."""

from collections import defaultdict
from pathlib import Path

from sqlalchemy import event
from sqlmodel import Session

from bot.services.alerts.ingest import receive_notifications
from bot.services.workspace.actor import Actor, Origin
from bot.sources import SOURCES
from bot.store.database.postgres_database import PostgresDatabase
from tests.faults.alerts.test_storms import CONFIG, STORM, Storming, alerts_by_incident, posts
from tests.faults.process.test_timers import Pair
from tests.support.requests.alert_storm import Monitors, one_of_many
from tests.support.servers.postgres import PostgresServer


async def test_a_storm_within_slacks_limits_loses_nothing_and_the_worst_goes_first(tmp_path: Path) -> None:
    """Forty incidents at twenty channels a minute: the worst ones come last and go first."""
    config = CONFIG.replace("incidents = 3", "incidents = 0")
    async with Storming(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=config) as world:
        world.sandbox.rate_limits(True, True)
        await world.storms(34, severity="info")
        await world.settle()
        made_before = set(world.channels)
        await world.storms(6, first=34, severity="critical")
        await world.advance(minutes=10)

        made = [each["args"]["name"] for each in world.sandbox.calls("conversations.create") if each["ok"]]
        later = [name for name in made if name.startswith("inc-") and name not in made_before]
        assert len(world.channels) == 40
        assert len(made_before) < 34
        worst = [name for name in later if "SEV1" in world.card(name)]
        assert len(worst) == 6
        assert set(worst) <= set(later[:19]), "a minute's channels are made side by side, and these are among the next"
        assert len(later) > 19, "others wait for a minute more"
        assert all(any("*Alert*" in text for text in world.texts(name)) for name in world.channels)
        refused = [each for each in world.sandbox.calls() if each["error"] == "ratelimited"]
        assert len(refused) < len(world.sandbox.calls()) * 0.05


async def test_who_takes_in_alerts_of_several_incidents_locks_lanes_last(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """Delivery locks the incident before its lanes: the other order would deadlock."""
    url = postgres_server.create_database()
    async with Storming(url, tmp_path) as world:
        await world.storms(3)
        await world.settle()
        locked: dict[object, list[str]] = defaultdict(list)

        def note(connection: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("INSERT INTO lane"):
                locked[connection].append("lane")
            elif "FROM incident" in statement and statement.endswith("FOR UPDATE"):
                locked[connection].append("incident")

        database = world.bot.database
        assert isinstance(database, PostgresDatabase)
        again = [one_of_many(world, number, pod="new") for number in range(3)]
        told = [SOURCES["alertmanager"].parse(each, world.now) for each in again]
        await world.advance(minutes=2)

        def take_in(session: Session) -> None:
            event.listen(session.connection(), "before_cursor_execute", note)
            actor = Actor("T0HARBOUR", None, world.now, Origin.ALERT)
            receive_notifications(session, world.settings(), told, actor)

        await database.run(take_in)

        ((order,),) = [locked.values()]
        assert order.count("incident") == 1, "all of them at once, in the order of their ids"
        assert order == sorted(order), "incidents, then lanes"
    postgres_server.drop_database(url)


async def test_two_replicas_open_one_storm(postgres_server: PostgresServer, tmp_path: Path) -> None:
    class Two(Storming, Pair):
        """Both ingest."""

    url = postgres_server.create_database()
    async with Two(url, tmp_path) as world:
        second = f"http://127.0.0.1:{world.second.port}"
        payloads = [one_of_many(world, number) for number in range(120)]
        answers = await Monitors(world.url, second).send([*payloads, *payloads])
        assert {status for status, _ in answers} == {200}
        await world.advance(minutes=2)

        assert len(world.channels) == 4
        assert sum("storm" in name for name in world.channels) == 1
        found = await alerts_by_incident(world)
        assert sorted(found.values()) == [1, 1, 1, 117]
        assert "117 of 117 firing" in world.card(STORM)
        assert sum("more alerts" in text for text in posts(world)) == 1
    postgres_server.drop_database(url)
