"""The sandbox survives a restart, is ruled over HTTP, and keeps its own time."""

import asyncio
import inspect
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.control.http import READ_METHODS, WRITE_METHODS
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace import persistence
from bot.sandbox.workspace.records import SlackError
from tests.support.servers.sandbox_client import spawned_sandbox, web_client

PACKAGE = Path(persistence.__file__).parent


async def lived_in(sandbox):
    """A bit of everything that has to be kept."""
    client = web_client(sandbox)
    channel = (await client.conversations_create(name="room"))["channel"]["id"]
    sandbox.join("dba", channel)
    ts = sandbox.say("dba", channel, "hello @oncall")
    sandbox.say("oncall", channel, "reply", thread_ts=ts)
    sandbox.react("oncall", channel, ts, "eyes")
    sandbox.pin("oncall", channel, ts)
    sandbox.upload("dba", channel, "bytes.bin", b"\x00\xff")
    await client.chat_postMessage(channel=channel, text="m", metadata={"event_type": "e", "event_payload": {"a": 1}})
    await client.chat_postEphemeral(channel=channel, user="U0DBA", text="psst")
    await client.views_publish(user_id="U0DBA", view={"type": "home", "blocks": [{"type": "divider"}]})
    sandbox.archive("dba", "ops")
    sandbox.open_dm("dba")
    return channel


def documents_of(sandbox):
    shown = [sandbox.canvas_content(each["id"]) for each in sandbox.canvases()]
    return sandbox.bookmarks("ops"), sandbox.canvases("ops"), shown, sandbox.plan()


async def test_bookmarks_canvases_and_the_plan_survive_a_restart(tmp_path):
    async with Sandbox(state=tmp_path, site_url="http://harbour") as sandbox:
        sandbox.join("dba", "ops")
        sandbox.add_bookmark("dba", "ops", "Runbook", "https://example.org/runbook", ":book:")
        sandbox.create_canvas("dba", "ops", "Notes", "# Notes\n\n* one\n* two")
        sandbox.plan(standalone_canvases=False)
        before = documents_of(sandbox)

    async with Sandbox(state=tmp_path, site_url="http://harbour") as sandbox:
        assert documents_of(sandbox) == before
        assert before[2] == ["# Notes\n\n- one\n- two\n"]


def content_of(sandbox):
    everything = [sandbox.channels(), sandbox.users(), sandbox.usergroups(), sandbox.files(), sandbox.home("dba")]
    for channel in sandbox.channels():
        everything += [sandbox.messages(channel["id"], user="dba"), sandbox.members(channel["id"])]
    return json.loads(json.dumps(everything).replace(sandbox.base_url, "BASE"))


async def test_everything_survives_a_restart(tmp_path):
    async with Sandbox(state=tmp_path) as first:
        channel = await lived_in(first)
        before, tokens = content_of(first), (first.bot_token, first.app_token, first.signing_secret)

    async with Sandbox(state=tmp_path) as second:
        assert content_of(second) == before
        assert (second.bot_token, second.app_token, second.signing_secret) == tokens
        assert second.file_content(second.files(channel)[0]["id"]) == b"\x00\xff"
        last = second.messages(channel)[-1]["ts"]
        assert second.say("dba", channel, "later") > last
        assert second.open_dm("dba") in {each["id"] for each in second.channels() if each.get("is_im")}


async def test_a_change_is_saved_without_stopping(tmp_path):
    async with Sandbox(state=tmp_path) as sandbox:
        sandbox.say("dba", "ops", "hello")
        await sandbox.wait_until((tmp_path / persistence.FILE).exists)

        kept, _ = persistence.load(tmp_path)
        assert [each.text for each in kept.channel("ops").messages.values()] == ["hello"]


async def test_a_file_of_another_version_is_refused(tmp_path):
    (tmp_path / persistence.FILE).write_text('{"version": 99}')

    with pytest.raises(ValueError, match="version 99"):
        Sandbox(state=tmp_path)


async def test_the_same_deeds_give_the_same_ids():
    async def deeds():
        async with Sandbox() as sandbox:
            channel = await lived_in(sandbox)
            return channel, [file["id"] for file in sandbox.files()]

    assert await deeds() == await deeds()


class Clock:
    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at


async def test_messages_have_the_clocks_time_and_never_the_same():
    start = datetime(2023, 5, 15, 9, 0, tzinfo=UTC)
    async with Sandbox(clock=Clock(start)) as sandbox:
        first, second = (sandbox.say("dba", "ops", "x") for _ in range(2))
        sandbox.clock.at += timedelta(minutes=5)
        third = sandbox.say("dba", "ops", "x")

        assert first == f"{start.timestamp():.0f}.000000"
        assert first < second < third
        assert third.startswith(f"{sandbox.clock.at.timestamp():.0f}.")


async def test_something_may_have_been_said_in_the_past():
    async with Sandbox() as sandbox:
        now = sandbox.say("dba", "ops", "now")
        then = sandbox.say("dba", "ops", "then", at=datetime(2023, 5, 15, 9, 0, tzinfo=UTC))
        again = sandbox.say("dba", "ops", "then too", at=then)

        assert (then, again) == ("1684141200.000000", "1684141200.000001")
        assert [each["ts"] for each in sandbox.messages("ops")] == [then, again, now]


async def test_waiting_for_what_never_comes_says_what_is_pending():
    async with Sandbox() as sandbox:
        sandbox.add_channel("room", members=["dogwatch", "dba"])
        sandbox.say("dba", "room", "nobody hears it")

        with pytest.raises(TimeoutError, match="'queued': 1"):
            await sandbox.wait_settled(timeout=0.1)


async def test_who_may_not_see_a_channel_cannot_act_in_it():
    async with Sandbox() as sandbox:
        sandbox.add_channel("secret", is_private=True, members=["dba"])

        with pytest.raises(SlackError, match="channel_not_found"):
            sandbox.say("oncall", "secret", "x")
        with pytest.raises(SlackError, match="channel_not_found"):
            sandbox.say("guest", "ops", "x")
        assert "secret" in {each.get("name") for each in sandbox.channels("dba")}
        assert "secret" not in {each.get("name") for each in sandbox.channels("oncall")}


# --- over HTTP


async def test_a_process_of_its_own_is_ruled_over_http(tmp_path):
    async with spawned_sandbox(state=tmp_path) as sandbox:
        channel = (await web_client(sandbox).conversations_create(name="room"))["channel"]["id"]
        ts = await sandbox.say(user="dba", channel="room", text="hello")
        await sandbox.upload(user="dba", channel="room", name="a.txt", content_base64="AP8=")
        answer = await sandbox.command(user="dba", channel="room", text="/incident")
        with pytest.raises(SlackError, match="no_reaction"):
            await sandbox.unreact(user="dba", channel="room", ts=ts, name="eyes")
        with pytest.raises(SlackError, match="invalid_arguments"):
            await sandbox.say(user="dba", words="x")
        with pytest.raises(SlackError, match="unknown_method"):
            await sandbox.explode()
        files = await sandbox.files(channel=channel)
        assert await sandbox.file_content(file_id=files[0]["id"]) == "AP8="
        assert answer["error"] == "no_connection"
        assert (await sandbox.calls())[0]["method"] == "conversations.create"
        async with sandbox.session.get(f"{sandbox.base_url}/control/messages?channel=room") as response:
            shown = await response.json()
        assert [each["text"] for each in shown["result"] if "subtype" not in each] == ["hello"]

    kept = json.loads((tmp_path / persistence.FILE).read_text())
    assert "room" in {each["name"] for each in kept["channels"]}


async def test_another_sites_page_cannot_act():
    async with Sandbox() as sandbox, aiohttp.ClientSession() as session:
        url = f"{sandbox.base_url}/control/say"
        body = json.dumps({"user": "dba", "channel": "ops", "text": "x"})
        async with session.post(url, data=body, headers={"Content-Type": "text/plain"}) as simple:
            assert (await simple.json())["error"] == "invalid_content_type"
        headers = {"Content-Type": "application/json", "Origin": "http://elsewhere.example"}
        async with session.post(url, data=body, headers=headers) as foreign:
            assert (await foreign.json())["error"] == "forbidden_origin"
        async with session.get(f"{url}?user=dba&channel=ops&text=x") as look:
            assert (await look.json())["error"] == "unknown_method"

        assert sandbox.messages("ops") == []


def test_every_method_of_the_control_api_exists_and_is_described():
    for name in (*READ_METHODS, *WRITE_METHODS):
        assert inspect.isfunction(getattr(Sandbox, name)), name


async def test_the_page_has_what_it_asks_for():
    async with Sandbox(actions={"Play": asyncio.sleep}) as sandbox, aiohttp.ClientSession() as session:
        async with session.get(sandbox.page_url) as response:
            wanted = re.findall(r'"(/static/[^"]+)"', await response.text())
        for path in sorted(PACKAGE.glob("static/**/*.js")):
            wanted += re.findall(r'from "(/static/[^"]+)"', path.read_text())
        assert len(wanted) > 5
        for path in wanted:
            async with session.get(f"{sandbox.base_url}{path}") as response:
                assert response.status == 200, path
        async with session.get(f"{sandbox.base_url}/page/state") as response:
            assert (await response.json())["actions"] == ["Play"]
        async with session.get(f"{sandbox.base_url}/avatar/U0DBA.svg") as response:
            assert response.content_type == "image/svg+xml"
        async with session.get(f"{sandbox.base_url}/static/%2e%2e%2fserver.py") as response:
            assert response.status == 404


async def test_the_page_hears_of_changes_as_they_happen():
    async with (
        Sandbox() as sandbox,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{sandbox.base_url}/page/live") as live,
    ):
        (standing,) = await live.receive_json(timeout=2)
        sandbox.say("dba", "ops", "hello")

        assert (standing["stage"]["connected"], standing["stage"]["waiting"]) == (False, None)
        assert {"kind": "channel", "which": "C0OPS"} in await live.receive_json(timeout=2)


async def test_buttons_of_the_page_run_their_action():
    played = []

    async def play():
        played.append(1)

    async with Sandbox(actions={"Play": play}) as sandbox:
        await sandbox.run_action("Play")
        with pytest.raises(SlackError, match="no button"):
            await sandbox.run_action("Stop")

    assert played == [1]


def test_the_sandbox_knows_nothing_of_the_bot():
    allowed = ("bot.sandbox", "aiohttp")
    for path in PACKAGE.glob("*.py"):
        for found in re.findall(r"^\s*(?:from|import) ([\w.]+)", path.read_text(), re.MULTILINE):
            assert found.startswith(allowed) or found.partition(".")[0] in sys.stdlib_module_names, path
