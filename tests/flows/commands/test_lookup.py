"""`/incident list`, `find` and `show`: what people look up, and what they cannot see."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.worlds.databases import BOTH_DATABASES, SQLITE
from tests.support.worlds.world import World, action_ids

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


async def three(world: World) -> None:
    """INC-1 resolved, INC-2 and DRILL-1 open."""
    await world.declares('"Checkout: Zürich ist gestört" service:checkout,payments ref:TSR-1532 sev:1')
    await world.types("oncall", "/incident note 100% of the café's pool_size is used, %x stays")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    await world.declares("search is slow service:search sev:3", user="dba")
    await world.declares("practice outage drill:yes")


def answered(world: World, user: str, channel: str = "ops") -> str:
    return str(world.sandbox.ephemerals(user, channel)[-1]["text"])


async def test_a_list_is_of_the_open_ones_the_most_severe_first_without_drills(world: World) -> None:
    await three(world)
    await world.declares("mail is late")
    await world.declares("search is slow sev:4")

    told = await world.types("engineer", "/incident list", "ops")

    assert told.splitlines()[0] == "3 open incidents, most severe first"
    assert told.index("INC-3") < told.index("INC-2") < told.index("INC-4")
    assert "INC-1" not in told
    assert "DRILL-1" not in told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("all", ["INC-2", "INC-1"]),
        ("resolved", ["INC-1"]),
        ("resolved SEV1 Checkout", ["INC-1"]),
        ("all sev3", ["INC-2"]),
        ("all pay", ["INC-1"]),
        ("investigating", ["INC-2"]),
        ("drills", ["DRILL-1"]),
        ("resolved drills", []),
        ("all nonesuch", []),
    ],
)
async def test_a_list_is_narrowed_down_by_its_words(world: World, words: str, expected: list[str]) -> None:
    await three(world)

    told = await world.types("engineer", f"/incident list {words}", "ops")

    assert [each for each in ("DRILL-1", "INC-2", "INC-1") if f"*{each}*" in told] == expected


async def test_a_long_list_has_pages_and_each_line_a_button(world: World) -> None:
    for number in range(10):
        await world.types("oncall", f"/incident start trouble {number}", "ops")

    told = await world.types("engineer", "/incident list", "ops")
    assert "10 open incidents, 1 to 8" in told
    await world.presses("engineer", "list_older", channel="ops")

    second = answered(world, "engineer")
    assert "9 to 10" in second
    assert "*INC-1*" in second
    assert "*INC-3*" not in second
    assert "list_newer" in action_ids(world.sandbox.ephemerals("engineer", "ops")[-1])
    await world.presses("engineer", "incident_show", channel="ops")
    assert "Declared" in str(world.sandbox.ephemerals("engineer", "ops")[-1]["blocks"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("zurich", ["INC-1"]),
        ("ZÜRICH", ["INC-1"]),
        ("Zu\u0308rich gestort", ["INC-1"]),
        ("tsr-1532", ["INC-1"]),
        ("CAFE zürich", ["INC-1"]),
        ("100%", ["INC-1"]),
        ("pool_size", ["INC-1"]),
        ("poolxsize", []),
        ("pool_si", ["INC-1"]),
        ("ool_size", []),
        ("rolle zurich", []),
        ("rolled zur", ["INC-1"]),
        ("inc", ["INC-2", "INC-1"]),
        ('"pool_size is used"', ["INC-1"]),
        ('"is pool_size"', []),
        ("rolled", ["INC-1"]),
        ("inc-2", ["INC-2"]),
        ("search rolled", []),
        ("practice", []),
        ("practice drills", ["DRILL-1"]),
    ],
)
async def test_what_is_found(world: World, words: str, expected: list[str]) -> None:
    await three(world)

    told = await world.types("engineer", f"/incident find {words}", "ops")

    assert [each for each in ("DRILL-1", "INC-2", "INC-1") if f"*{each}*" in told] == expected


async def test_the_line_that_fits_is_shown_with_a_link_to_where_it_was_written(world: World) -> None:
    name = await world.declares()
    ts = await world.says("dba", "the connection pool is exhausted")
    await world.reacts("dba", ts, "mag")

    told = await world.types("engineer", "/incident find exhausted", "ops")

    channel = world.sandbox.channel(name)["id"]
    assert f"archives/{channel}/p{ts.replace('.', '')}" in told
    assert "the connection pool is *exhausted*" in told


async def test_words_that_were_deleted_are_not_found(world: World) -> None:
    await world.declares()
    ts = await world.says("dba", "the password is swordfish")
    await world.reacts("dba", ts, "mag")
    await world.deletes("dba", ts)

    told = await world.types("engineer", "/incident find swordfish", "ops")

    assert "There are no incidents" in told


@pytest.mark.parametrize("line", ["show INC-1", "INC-1", "INC-1 show", "show inc-1"])
async def test_an_incident_is_shown_with_everything_to_whoever_asks(world: World, line: str) -> None:
    await three(world)

    await world.types("engineer", f"/incident {line}", "ops")

    shown = str(world.sandbox.ephemerals("engineer", "ops")[-1]["blocks"])
    assert "TSR-1532" in shown
    assert "rolled back" in shown
    assert "Resolved" in shown


@pytest.mark.world(databases=SQLITE)
async def test_looking_up_does_not_wait_for_a_writer(world: World) -> None:
    """Another transaction holds SQLite's writer; the search is answered meanwhile."""
    await three(world)
    begun, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(_session: object) -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)

    writing = asyncio.create_task(world.bot.database.run(hold))
    await begun.wait()
    answer = await world.sandbox.command("oncall", "ops", "/incident find zurich")
    go_on.set()
    await writing

    assert answer.ok
    assert "INC-1" in answer.text


@pytest.mark.parametrize("line", ["find", 'find ""', "find %_"])
async def test_a_search_needs_words(world: World, line: str) -> None:
    told = await world.types("engineer", f"/incident {line}", "ops")

    assert told.startswith(":warning:")


async def test_a_list_says_how_old_each_is_by_its_declaration(world: World) -> None:
    await world.declares()
    declared = world.now
    await world.advance(hours=2)

    told = await world.types("engineer", "/incident list", "ops")

    assert any(f"<!date^{int((declared - timedelta(minutes=ago)).timestamp())}^" in told for ago in range(5))


OWN_WORDS = """
[statuses]
identified = "Cause connue"
resolved = "Résolu"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [("cause connue", "1 Cause connue incident"), ("Résolu", "Résolu"), ("resolu checkout", "service checkout")],
)
async def test_a_list_takes_the_workspaces_own_words(tmp_path: Path, words: str, expected: str) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=OWN_WORDS) as world:
        await world.declares()
        await world.types("oncall", "/incident status cause connue")
        await world.declares("slow service:checkout")
        await world.types("oncall", "/incident resolve")
        await world.finish()

        told = await world.types("engineer", f"/incident list {words}", "ops")

    assert expected in told
    assert ("*INC-1*" in told, "*INC-2*" in told) == (words.startswith("cause"), not words.startswith("cause"))


async def test_a_list_names_who_leads_and_a_word_that_is_nearly_right(world: World) -> None:
    await world.declares("checkout is down service:checkout")
    await world.types("oncall", "/incident lead <@U0DBA|dba>")
    await world.finish()

    assert "led by @dba" in await world.types("oncall", "/incident list")
    assert "There are no open incidents of the service resolvd. Did you mean `resolved`?" in await world.types(
        "oncall", "/incident list resolvd"
    )
