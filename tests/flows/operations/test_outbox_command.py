"""The outbox for operators: the command beside a running bot, the page, the card's button."""

import json
import os
import re
import sys
import time
from asyncio import create_subprocess_exec, subprocess
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.config.crypto import operator_signature, outbox_path
from bot.store import outbox
from bot.store.outbox import State
from tests.flows.operations.test_outbox import by_state
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World, action_ids, rendered

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

ROOT = Path(__file__).parents[3]


async def outbox_command(world: World, *arguments: str, **more: str) -> tuple[int, str, str]:
    """`dogwatch outbox …` as a process of its own; returns exit code, output and errors."""
    base = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    process = await create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "outbox",
        *arguments,
        cwd=ROOT,
        env={**base, **world.environment(), "DOGWATCH_PORT": str(world.bot.port), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    return int(process.returncode or 0), out.decode(), err.decode()


async def has_a_failed_pin(world: World, text: str = "checkout is down") -> int:
    """An incident whose card could not be pinned, since permitted; returns the row's id."""
    refusal = world.sandbox.fault("error", "pins.add", error="too_many_pins")
    await world.declares(text)
    world.sandbox.clear_fault(refusal)
    (row,) = await world.bot.database.read(by_state, State.FAILED)
    return int(row.key)


# --- the command


async def test_it_is_shown_while_the_file_on_the_disk_is_broken(world: World) -> None:
    """The running bot refused that file and goes on with the one before."""
    await has_a_failed_pin(world)
    broken = world.folder / "broken.toml"
    broken.write_text("[incidents\n")

    listed = await outbox_command(world, DOGWATCH_CONFIG=str(broken))
    code, link, _ = await outbox_command(world, "--link", DOGWATCH_CONFIG=str(broken))

    assert (listed[0], code) == (0, 0)
    assert "1 refused by Slack" in listed[1]
    assert "/outbox?until=" in link


async def test_what_failed_is_listed_tried_again_and_done(world: World) -> None:
    row = await has_a_failed_pin(world, "secret plans of the merger private:yes")
    await world.bot.database.run(hold_back_posts, world)
    await world.sandbox.command("oncall", world.channel, "/incident note words that nobody else may read")

    code, out, _ = await outbox_command(world)
    _, as_json, _ = await outbox_command(world, "--json")

    assert code == 0
    assert "1 refused by Slack, 0 given up" in out
    assert "Pin the card · INC-1" in out
    assert "The channel has the maximum number of pins (too_many_pins). Remove one." in out
    assert re.search(r"Post what happened · INC-1 · post:1\n +Its turn is in \d+ s|its turn|Slack", out)
    found = json.loads(as_json)
    assert (found["refused"], found["rows"][0]["id"], found["rows"][0]["error"]) == (1, row, "too_many_pins")
    assert found["gates_closed"][0]["gate"] == "chat.postMessage in INC-1"
    assert "merger" not in out + as_json
    assert "nobody else may read" not in out + as_json

    code, out, _ = await outbox_command(world, "retry", str(row))
    await world.settle()

    assert (code, out) == (0, f"Tried again: {row}.\n")
    assert len(world.sandbox.pins(world.channel)) == 1, "the running bot went on at once"
    await world.finish()
    assert "Not everything" not in world.card()
    assert ("outbox tried again", "cli", None) in await audits(world)


def hold_back_posts(session, world: World) -> None:
    outbox.block_until(session, "chat.postMessage:incident:1", world.now.replace(year=world.now.year + 1))


async def audits(world: World) -> list[tuple[str, str, str | None]]:
    from sqlmodel import select

    from bot.store.shared.audit import AuditRow

    rows = await world.bot.database.read(lambda session: session.exec(select(AuditRow)).all())
    return [(each.action, each.origin, each.user_id) for each in rows]


async def test_a_row_that_is_dropped_lets_the_others_go_on(world: World) -> None:
    await world.declares("checkout is down")
    gone = world.sandbox.fault("cut_before", "chat.postMessage")
    await world.sandbox.command("oncall", world.channel, "/incident note the first is stuck")
    await world.sandbox.command("oncall", world.channel, "/incident note the second goes on")
    await world.settle()
    first, _second = await world.bot.database.read(by_state, State.WAITING, State.UNKNOWN)
    world.sandbox.clear_fault(gone)

    code, out, _ = await outbox_command(world, "drop", str(first.key))
    again = await outbox_command(world, "drop", str(first.key))
    await world.finish()

    assert (code, out) == (0, f"Dropped: {first.key}.\n")
    assert (again[0], again[2]) == (1, f"Row {first.key} is being sent, was sent, or no longer exists.\n")
    assert not [text for text in world.texts() if "the first is stuck" in text]
    assert [text for text in world.texts() if "the second goes on" in text]
    assert ("outbox dropped", "cli", None) in await audits(world)


async def test_what_waits_for_a_channel_is_dropped_with_the_row_that_was_to_open_it(world: World) -> None:
    refusal = world.sandbox.fault("error", "conversations.create", channel=None, error="restricted_action")
    for title in ("checkout is down", "search is down"):
        await world.types("oncall", f"/incident start {title}", "ops")
        await world.finish()
    failed = [row.key for row in await world.bot.database.read(by_state, State.FAILED) if row.kind == "create channel"]
    waiting = await world.bot.database.read(by_state, State.WAITING)
    behind = [row for row in waiting if row.incident_id == 1]
    others = [row.key for row in waiting if row.incident_id != 1]
    assert len(failed) == 2
    assert len(behind) > 1
    assert others

    code, out, err = await outbox_command(world, "drop", str(behind[-1].key), str(failed[0]))
    await world.finish()

    rest = len(behind) - 1
    first, last = sorted((failed[0], behind[-1].key))
    assert (code, out, err) == (0, f"Dropped: {first}, {last}, and {rest} that waited for them.\n", "")
    left = await world.bot.database.read(by_state, State.WAITING)
    assert [row.key for row in left] == others
    world.sandbox.clear_fault(refusal)
    await outbox_command(world, "retry", str(failed[1]))
    await world.finish()
    assert len([name for name in world.channels if name.endswith("is-down")]) == 1


async def test_without_a_bot_the_command_does_it_itself(world: World) -> None:
    row = await has_a_failed_pin(world)
    await world.bot.stop()

    code, out, err = await outbox_command(world, "retry", "--all-dead")
    world.clock.move_to(datetime.now(UTC))  # the command knows no time but the real one
    await world.starts()
    await world.finish()

    assert (code, out, err) == (0, f"Tried again: {row}.\n", "")
    assert len(world.sandbox.pins(world.channel)) == 1


async def test_a_bot_that_cannot_be_asked_is_told_of_in_words(world: World) -> None:
    await has_a_failed_pin(world)

    wrong_key = await outbox_command(
        world, "retry", "--all-dead", DOGWATCH_SECRET_KEY="another key, as long as it needs"
    )
    nobody = await outbox_command(world, "retry", "--all-dead", "--url", "http://127.0.0.1:1")
    nothing = await outbox_command(world, "retry")

    assert (wrong_key[0], nobody[0], nothing[0]) == (2, 2, 2)
    assert "its DOGWATCH_SECRET_KEY differs" in wrong_key[2]
    assert nobody[2] == "No response at http://127.0.0.1:1. If the bot is not running, leave out --url.\n"
    assert "or --all-dead" in nothing[2]
    if world.environment()["DATABASE_URL"].startswith("sqlite"):
        other_port = await outbox_command(world, "retry", "--all-dead", DOGWATCH_PORT="1")
        assert other_port[0] == 2
        assert "A bot uses the database, but there is no response at http://127.0.0.1:1" in other_port[2]
    assert len(await world.bot.database.read(by_state, State.FAILED)) == 1, "nothing was changed"


# --- orders from elsewhere


@pytest.mark.parametrize(
    ("age", "body", "status"),
    [
        (0, b'{"do": "retry", "rows": "failed"}', 200),
        (70, b'{"do": "retry", "rows": "failed"}', 403),
        (-70, b'{"do": "retry", "rows": "failed"}', 403),
        (0, b'{"do": "drop", "rows": "failed"}', 400),
        (0, b'{"do": "retry", "rows": [true]}', 400),
        (0, b'{"do": "retry", "rows": ["1; DROP TABLE outbox"]}', 400),
        (0, b'{"do": "forget", "rows": [1]}', 400),
        (0, b"\xff\xfe", 400),
        (0, b"[" * 20_000, 400),
        (0, b" " * 70_000, 400),
    ],
)
async def test_only_a_signed_order_of_this_minute_is_carried_out(
    world: World, age: int, body: bytes, status: int
) -> None:
    at = int(time.time()) - age
    headers = {"X-Dogwatch-Time": str(at), "X-Dogwatch-Signature": operator_signature(world.bot.settings, at, body)}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{world.url}/control/outbox", data=body, headers=headers) as got,
    ):
        assert got.status == status


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Dogwatch-Signature": ""},
        {"X-Dogwatch-Signature": "0" * 64},
        {"X-Dogwatch-Signature": "é"},
        {"X-Dogwatch-Time": "soon"},
        {"X-Dogwatch-Time": "٣"},
        {"X-Dogwatch-Time": "9" * 40},
    ],
    ids=str,
)
async def test_an_order_with_a_wrong_proof_changes_nothing(world: World, changed: dict[str, str]) -> None:
    await has_a_failed_pin(world)
    body, at = b'{"do": "retry", "rows": "failed"}', int(time.time())
    headers = {"X-Dogwatch-Time": str(at), "X-Dogwatch-Signature": operator_signature(world.bot.settings, at, body)}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{world.url}/control/outbox", data=body, headers={**headers, **changed}) as got,
    ):
        assert got.status == 403
    assert len(await world.bot.database.read(by_state, State.FAILED)) == 1


# --- the page


async def test_the_page_is_for_those_with_its_link_and_a_post_needs_its_key(world: World) -> None:
    row = await has_a_failed_pin(world)
    tomorrow, yesterday = int(time.time()) + 86_400, int(time.time()) - 1
    path = outbox_path(world.bot.settings, tomorrow)
    key = path.rpartition("=")[2]

    status, page = await world.gets(path)
    assert status == 200
    assert "too_many_pins" in page
    for wrong in ("/outbox", path[:-1], f"{path}0", outbox_path(world.bot.settings, yesterday)):
        assert (await world.gets(wrong))[0] == 404, wrong
    later = path.replace(str(tomorrow), str(tomorrow + 1))
    assert (await world.gets(later))[0] == 404, "the expiry is signed, too"

    async with aiohttp.ClientSession() as http:
        for form, expected in (
            ({"until": tomorrow, "key": "x", "row": row}, 403),
            ({"until": tomorrow, "key": key, "row": "first"}, 400),
            ({"until": tomorrow, "key": "x" * 3_000, "row": row}, 400),
            ({"until": tomorrow, "key": key, "row": row, "more": "x"}, 400),
            ({"until": tomorrow, "key": key, "row": row}, 303),
        ):
            async with http.post(f"{world.url}/outbox", data=form, allow_redirects=False) as got:
                assert got.status == expected, form
    await world.finish()
    assert len(world.sandbox.pins(world.channel)) == 1
    assert ("outbox tried again", "page", None) in await audits(world)


# --- in Slack


async def test_the_card_says_what_failed_and_its_button_tries_again(world: World) -> None:
    broken = world.sandbox.fault("error", "pins.add", error="too_many_pins")
    await world.declares("checkout is down")
    card = next(each for each in world.sandbox.messages(world.channel) if "incident_note" in action_ids(each))
    assert "Pin the card: The channel has the maximum number of pins" in rendered(card)

    world.sandbox.invite("oncall", world.channel, ["guest"])
    guest = await world.presses("guest", "incident_retry")
    assert "Guests" in str(world.sandbox.ephemerals("guest")) or not guest.ok
    assert len(await world.bot.database.read(by_state, State.FAILED)) == 1

    await world.presses("oncall", "incident_retry")
    await world.finish()
    assert "Pin the card: The channel has the maximum number of pins" in rendered(
        world.sandbox.message(world.channel, card["ts"]) or {}
    )

    world.sandbox.clear_fault(broken)
    await world.presses("oncall", "incident_retry")
    await world.finish()
    assert "Not everything could be done" not in world.card()
    assert ("outbox tried again", "button", "U0ONCALL") in await audits(world)


async def test_an_incident_without_a_channel_gets_one_when_it_is_allowed(world: World) -> None:
    refusal = world.sandbox.fault("error", "conversations.create", channel=None, error="restricted_action")
    await world.types("oncall", "/incident start the first one finds the channel of all", "ops")
    await world.finish()
    world.sandbox.clear_fault(refusal)
    await world.types("oncall", "/incident start checkout is down", "ops")
    await world.finish()
    world.sandbox.fault("error", "conversations.create", error="restricted_action", times=1)
    await world.types("oncall", "/incident start search is down", "ops")
    await world.finish()
    announced = next(each for each in world.sandbox.messages("incidents") if "search is down" in rendered(each))
    assert "No channel could be opened" in rendered(announced)
    assert "A workspace admin can allow it" in rendered(announced)

    await world.sandbox.click("oncall", "incidents", announced["ts"], "incident_retry")
    await world.finish()

    assert "inc-3-search-is-down" in world.channels
    assert "search is down" in world.card("inc-3-search-is-down")
    assert "No channel" not in rendered(world.sandbox.message("incidents", announced["ts"]) or {})
