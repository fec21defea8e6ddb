"""The database hangs: it neither answers nor fails. Windows open all the same, and what they send is done once."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.services.workspace.access import REFUSAL
from bot.slack.blocks import modals, notices
from bot.slack.blocks.incidents import card
from bot.slack.blocks.menu import MENU
from bot.slack.handlers import BUTTONS
from bot.slack.inbound.modal_opener import DATABASE_UNREACHABLE, STILL_SAVING
from bot.store.database.postgres_database import PostgresDatabase
from bot.store.database.sqlite_database import READERS
from tests.support.worlds.world import World, action_ids, rendered

SLACK_WAITS = 3.0
"""Seconds, for an answer and for a trigger: what these tests are about."""
HELD = "LOCK TABLE person, incident, delivery, timeline_entry IN ACCESS EXCLUSIVE MODE"


@pytest.fixture
async def either(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, answered_within=SLACK_WAITS) as built:
        yield built


pytestmark = pytest.mark.world(answered_within=SLACK_WAITS)


@asynccontextmanager
async def hanging(world: World) -> AsyncIterator[None]:
    """Nothing is read and nothing written until it ends."""
    database = world.bot.database
    if isinstance(database, PostgresDatabase):
        async with database.engine.begin() as connection:
            await connection.execute(text(HELD))
            yield
        return
    gate = threading.Event()
    held = [asyncio.create_task(database.read(lambda _session: gate.wait())) for _ in range(READERS)]
    held.append(asyncio.create_task(database.run(lambda _session: gate.wait())))
    try:
        yield
    finally:
        gate.set()
        await asyncio.gather(*held)


def patience(world: World, *, at_once: float = 0.1, later: float = 30.0) -> None:
    """How long windows wait for the database, so that a test need not."""
    world.bot.modal_opener._loading_after, world.bot.modal_opener._fill_seconds = at_once, later


def on_screen(world: World, user: str = "oncall") -> dict:
    """The one window that is open."""
    shown = world.sandbox.views(user)
    assert len(shown) == 1, shown
    return shown[0]


async def becomes(world: World, callback_id: str, user: str = "oncall") -> dict:
    await world.sandbox.wait_until(lambda: on_screen(world, user)["callback_id"] == callback_id)
    return on_screen(world, user)


async def click(world: World, action_id: str) -> None:
    pinned = world.sandbox.pins(world.channel)[0]["ts"]
    answer = await world.sandbox.click("oncall", world.channel, pinned, action_id)
    assert answer.ok, answer


async def test_a_window_opens_in_time_and_becomes_the_form_when_the_record_is_read(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve")
    await world.finish()

    async with hanging(world):
        await click(world, card.EDIT)
        assert on_screen(world)["callback_id"] == notices.LOADING
        assert world.sandbox.calls("views.open")[-1]["ok"], "within the three seconds of its trigger"

    form = await becomes(world, modals.EDIT_FORM)
    assert "checkout is down" in str(form["blocks"])
    answer = await world.sandbox.submit_view("oncall", form["id"], {"category": "Production"})
    await world.finish()
    assert answer.ok, answer
    assert (await world.exported())["incident"]["category"] == "Production"


async def test_each_form_of_the_card_opens_without_the_database_and_says_so(world: World) -> None:
    await world.declares()
    pinned = world.sandbox.pins(world.channel)[0]
    asking = sorted(action_ids(pinned) & {each.action_id for each in BUTTONS if each.modal is not None} - {card.MORE})
    assert len(asking) >= 4, asking
    patience(world, later=0.1)

    async with hanging(world):
        for action_id in asking:
            await click(world, action_id)
            await world.sandbox.wait_until(lambda: on_screen(world)["callback_id"] != notices.LOADING)
            form = on_screen(world)
            assert "The database does not answer, so these fields" in rendered(form), action_id
            assert form["submit"] is not None, action_id
            await world.sandbox.close_view("oncall", form["id"])
        await click(world, card.MORE)
        menu = await becomes(world, MENU)
        await world.sandbox.click_view("oncall", menu["id"], "do_impact")
        assert "The database does not answer, so these fields" in rendered(await becomes(world, "do_impact"))


async def test_declaring_needs_no_database_to_open(world: World) -> None:
    """By the command alone, by the shortcut from anywhere, and by the one on a message."""
    patience(world, later=0.1)
    ts = world.sandbox.say("support", "ops", "Customers cannot pay")

    async with hanging(world):
        for opening in (
            world.sandbox.command("oncall", "ops", "/incident"),
            world.sandbox.global_shortcut("oncall", "declare_incident"),
            world.sandbox.shortcut("oncall", "ops", ts, "open_incident"),
        ):
            answer = await opening
            assert answer.ok, answer
            form = await becomes(world, modals.DECLARE)
            await world.sandbox.close_view("oncall", form["id"])


async def test_who_amends_an_entry_is_told_where_nobody_can_look_it_up(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "the cache is cold")
    await world.reacts("oncall", ts, "mag")
    patience(world, later=0.1)

    async with hanging(world):
        await world.sandbox.shortcut("oncall", world.channel, ts, "amend_entry")
        assert DATABASE_UNREACHABLE in rendered(await becomes(world, notices.NOTICE))


async def test_a_form_that_is_sent_meanwhile_stays_and_is_done_once(either: World) -> None:
    world = either
    await world.declares()
    await click(world, card.NOTE)
    form = on_screen(world)["id"]

    async with hanging(world):
        answer = await world.sandbox.submit_view("oncall", form, {"text": "the fans are loud"})
        assert answer.ok, answer
        assert list(answer.errors.values()) == [STILL_SAVING]
        assert on_screen(world)["state"]["values"]["text"]["text"]["value"] == "the fans are loud"

    answer = await world.sandbox.submit_view("oncall", form)
    await world.finish()
    assert answer.errors == {}
    assert world.sandbox.views("oncall") == []
    assert [each["text"] for each in await world.timeline()].count("the fans are loud") == 1


async def test_what_was_saved_is_not_done_again_with_other_words(world: World) -> None:
    """Who changes what they sent while it was being saved would lose it, or have it twice."""
    await world.declares()
    await click(world, card.NOTE)
    form = on_screen(world)["id"]
    async with hanging(world):
        await world.sandbox.submit_view("oncall", form, {"text": "the fans are loud"})

    answer = await world.sandbox.submit_view("oncall", form, {"text": "the fans are very loud"})
    await world.finish()

    assert "saved already" in str(answer.errors)
    assert "very loud" not in str(await world.timeline())


async def test_a_guest_gets_words_in_place_of_the_form_that_came_late(world: World) -> None:
    await world.declares()
    patience(world)
    world.sandbox.invite("oncall", world.channel, ["guest"])
    async with hanging(world):
        pinned = world.sandbox.pins(world.channel)[0]["ts"]
        await world.sandbox.click("guest", world.channel, pinned, card.NOTE)

    assert REFUSAL in rendered(await becomes(world, notices.NOTICE, "guest"))
