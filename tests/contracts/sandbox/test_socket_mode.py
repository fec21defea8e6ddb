"""Delivery over Socket Mode, with the official handler and by hand."""

import asyncio

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import SlackError
from tests.support.servers.sandbox_client import eventually, web_client


@pytest.fixture
async def socket_sandbox():
    async with Sandbox(retry_delays=(0, 0.05, 0.1), answer_seconds=0.5) as sandbox:
        sandbox.add_channel("room", members=["dogwatch", "dba"], id="CROOM")
        sandbox.subscribe(["message"])
        yield sandbox


@pytest.fixture
async def app(socket_sandbox):
    """A bolt app, connected; what it heard is in `app.heard`."""
    app = AsyncApp(client=web_client(socket_sandbox), process_before_response=True)
    app.heard = []
    app.refuse = 0

    @app.event("message")
    async def hear(event, request):
        app.heard.append((event["text"], request.headers.get("x-slack-retry-num")))
        if app.refuse:
            app.refuse -= 1
            raise RuntimeError("refused on purpose")

    @app.command("/incident")
    async def run(ack, command):
        await ack(f"you said {command['text']}")

    handler = AsyncSocketModeHandler(app, socket_sandbox.app_token, ping_interval=1)
    handler.client.default_auto_reconnect_enabled = True
    await handler.connect_async()
    await socket_sandbox.wait_until(lambda: socket_sandbox.sockets() == 1)
    app.handler = handler
    yield app
    await handler.close_async()


async def test_bolt_hears_events_and_answers_commands(app, socket_sandbox):
    socket_sandbox.say("dba", "room", "hello")
    answer = await socket_sandbox.command("oncall", "room", "/incident help")
    await socket_sandbox.wait_settled()

    assert app.heard == [("hello", ["0"])]
    assert answer.text == "you said help"


async def test_an_event_that_is_not_acknowledged_comes_again(app, socket_sandbox):
    app.refuse = 1

    socket_sandbox.say("dba", "room", "hello")
    await socket_sandbox.wait_settled()

    assert app.heard == [("hello", ["0"]), ("hello", ["1"])]
    assert [each["reason"] for each in socket_sandbox.deliveries("message")] == ["timeout", ""]


async def test_bolt_comes_back_after_a_refresh(app, socket_sandbox):
    await socket_sandbox.disconnect("refresh_requested")
    socket_sandbox.say("dba", "room", "after")

    await eventually(lambda: app.heard)
    await socket_sandbox.wait_settled()

    assert [text for text, _ in app.heard] == ["after"]


async def test_bolt_comes_back_after_a_cut(app, socket_sandbox):
    await socket_sandbox.drop_sockets()
    socket_sandbox.say("dba", "room", "after")

    await eventually(lambda: app.heard, timeout=10)

    assert [text for text, _ in app.heard] == ["after"]


async def test_without_a_connection_events_wait_and_commands_fail(socket_sandbox):
    socket_sandbox.say("dba", "room", "early")
    answer = await socket_sandbox.command("dba", "room", "/incident")

    assert answer.error == "no_connection"
    assert socket_sandbox.pending()["queued"] == 1


async def connected(sandbox, session):
    url = (await web_client(sandbox).apps_connections_open(app_token=sandbox.app_token))["url"]
    ws = await session.ws_connect(url)
    return ws, await ws.receive_json(timeout=2), url


async def test_each_payload_goes_to_one_of_ten_connections(socket_sandbox):
    async with aiohttp.ClientSession() as session:
        sockets = [(await connected(socket_sandbox, session)) for _ in range(10)]
        _, eleventh, _ = await connected(socket_sandbox, session)
        for _ in range(20):
            socket_sandbox.say("dba", "room", "hello")

        got = []
        for ws, _, _ in sockets:
            for _ in range(2):
                envelope = await ws.receive_json(timeout=2)
                await ws.send_json({"envelope_id": envelope["envelope_id"]})
                got.append(envelope["payload"]["event_id"])
        await socket_sandbox.wait_settled()

        assert [hello["type"] for _, hello, _ in sockets] == ["hello"] * 10
        assert sockets[9][1]["num_connections"] == 10
        assert eleventh["reason"] == "too_many_websockets"
        assert len(set(got)) == 20
        for ws, _, _ in sockets:
            await ws.close()


async def test_a_ticket_opens_one_connection(socket_sandbox):
    async with aiohttp.ClientSession() as session:
        ws, _, url = await connected(socket_sandbox, session)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
        await ws.close()


async def test_the_frames_of_an_envelope(socket_sandbox):
    async with aiohttp.ClientSession() as session:
        ws, _, _ = await connected(socket_sandbox, session)
        socket_sandbox.say("dba", "room", "hello")
        event = await ws.receive_json(timeout=2)
        await ws.send_json({"envelope_id": event["envelope_id"]})
        typed = asyncio.create_task(socket_sandbox.command("dba", "room", "/incident"))
        command = await ws.receive_json(timeout=2)
        await ws.send_json({"envelope_id": command["envelope_id"], "payload": {"text": "yes"}})

        assert (event["type"], event["accepts_response_payload"], event["retry_attempt"]) == ("events_api", False, 0)
        assert (command["type"], command["accepts_response_payload"]) == ("slash_commands", True)
        assert (await typed).text == "yes"
        await ws.close()


async def acknowledge(ws):
    """Take the next envelope and acknowledge it; returns its event_id."""
    envelope = await ws.receive_json(timeout=2)
    await ws.send_json({"envelope_id": envelope["envelope_id"]})
    return envelope["payload"]["event_id"]


async def test_one_connection_of_several_is_warned_cut_or_refreshed(socket_sandbox):
    async with aiohttp.ClientSession() as session:
        (first, _, _), (second, _, _) = [await connected(socket_sandbox, session) for _ in range(2)]
        one, two = [each["n"] for each in socket_sandbox.connections()]

        await socket_sandbox.disconnect("warning", one)
        assert (await first.receive_json(timeout=2))["reason"] == "warning"
        assert socket_sandbox.sockets() == 2
        await socket_sandbox.disconnect("refresh_requested", one)
        assert (await first.receive_json(timeout=2))["reason"] == "refresh_requested"
        assert (await first.receive(timeout=2)).type is aiohttp.WSMsgType.CLOSE
        await socket_sandbox.drop_sockets(two)
        assert (await second.receive(timeout=2)).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
        assert socket_sandbox.sockets() == 0
        with pytest.raises(SlackError):
            socket_sandbox.silence(one)


async def test_a_silent_connection_answers_no_ping_and_brings_nothing(socket_sandbox):
    async with aiohttp.ClientSession() as session:
        url = (await web_client(socket_sandbox).apps_connections_open(app_token=socket_sandbox.app_token))["url"]
        ws = await session.ws_connect(url, autoping=False)
        await ws.receive_json(timeout=2)
        await ws.ping(b"are you there")
        assert (await ws.receive(timeout=2)).type is aiohttp.WSMsgType.PONG

        socket_sandbox.silence()
        await ws.ping(b"and now")
        socket_sandbox.say("dba", "room", "hello")
        with pytest.raises(TimeoutError):
            await ws.receive(timeout=0.3)

        assert socket_sandbox.connections()[0]["is_silent"]
        assert socket_sandbox.connections()[0]["sent"] >= 1


async def test_an_answer_that_is_cut_off_is_delivered_again_over_another_connection(socket_sandbox):
    async with aiohttp.ClientSession() as session:
        sockets = [(await connected(socket_sandbox, session))[0] for _ in range(2)]
        socket_sandbox.delivery_fault("cut", event="message", times=1)
        socket_sandbox.say("dba", "room", "hello")

        told = [asyncio.create_task(acknowledge(ws)) for ws in sockets]
        got = [each for each in await asyncio.gather(*told, return_exceptions=True) if isinstance(each, str)]
        await socket_sandbox.wait_settled()

        assert len(got) == 2
        assert len(set(got)) == 1
        assert socket_sandbox.sockets() == 1
        assert [each["reason"] for each in socket_sandbox.deliveries("message")] == ["connection_failed", ""]


async def test_an_acknowledgement_over_another_connection_says_nothing(socket_sandbox):
    async with aiohttp.ClientSession() as session:
        sockets = [(await connected(socket_sandbox, session))[0] for _ in range(2)]
        socket_sandbox.say("dba", "room", "hello")
        waiting = {asyncio.create_task(ws.receive_json(timeout=2)): ws for ws in sockets}
        [got], [idle] = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()

        await waiting[idle].send_json({"envelope_id": got.result()["envelope_id"]})
        await socket_sandbox.wait_until(lambda: socket_sandbox.deliveries("message"))

        assert socket_sandbox.deliveries("message")[0]["reason"] == "timeout"


async def test_connections_live_as_long_as_their_hello_says(socket_sandbox):
    socket_sandbox.connection_lives(0.3, warned=0.2)
    async with aiohttp.ClientSession() as session:
        ws, hello, _ = await connected(socket_sandbox, session)
        reasons = [(await ws.receive_json(timeout=2))["reason"] for _ in range(2)]

        assert hello["debug_info"]["approximate_connection_time"] == 0.3
        assert reasons == ["warning", "refresh_requested"]
        assert (await ws.receive(timeout=2)).type is aiohttp.WSMsgType.CLOSE


async def test_socket_mode_that_is_switched_off_and_fewer_connections_than_ten(socket_sandbox):
    async with aiohttp.ClientSession() as session:
        ws, _, _ = await connected(socket_sandbox, session)
        socket_sandbox.socket_limit(1)
        assert (await connected(socket_sandbox, session))[1]["reason"] == "too_many_websockets"
        await socket_sandbox.socket_mode(on=False)
        assert (await ws.receive_json(timeout=2))["reason"] == "link_disabled"
        assert (await connected(socket_sandbox, session))[1]["reason"] == "link_disabled"
        await socket_sandbox.socket_mode(on=True)
        assert (await connected(socket_sandbox, session))[1]["type"] == "hello"
