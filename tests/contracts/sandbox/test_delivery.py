"""How the sandbox tells an app: signed HTTP with Slack's retries, and Socket Mode with the official handler."""

import asyncio
import json
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import SlackError
from tests.support.servers.sandbox_client import eventually, web_client


class Receiver:
    """An app's request URL. `answers`: what the next requests get, each a response or a coroutine function."""

    def __init__(self):
        self.requests = []
        self.answers = []

    async def handle(self, request):
        body = await request.read()
        self.requests.append((request.headers, body))
        answer = self.answers.pop(0) if self.answers else web.Response()
        return await answer() if callable(answer) else answer

    async def start(self):
        app = web.Application()
        app.router.add_post("/slack/events", self.handle)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/slack/events"

    def events(self):
        return [json.loads(body)["event"] for _, body in self.requests]


@pytest.fixture
async def receiver():
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.runner.cleanup()


@pytest.fixture
async def sandbox(receiver):
    async with Sandbox(retry_delays=(0, 0.05, 0.1), answer_seconds=0.5) as sandbox:
        sandbox.add_channel("room", members=["dogwatch", "dba"], id="CROOM")
        sandbox.subscribe(["message"])
        sandbox.deliver_by_http(receiver.url)
        yield sandbox


async def test_an_event_is_signed_as_slack_signs(sandbox, receiver):
    sandbox.say("dba", "room", "hello")
    await sandbox.wait_settled()

    [(headers, body)] = receiver.requests
    assert SignatureVerifier(sandbox.signing_secret).is_valid_request(body, headers)
    assert not SignatureVerifier("another").is_valid_request(body, headers)
    payload = json.loads(body)
    assert payload["type"] == "event_callback"
    assert payload["event"]["text"] == "hello"
    assert "x-slack-retry-num" not in headers


async def test_a_failed_event_is_told_three_times_more_with_its_reason(sandbox, receiver):
    receiver.answers = [web.Response(status=500) for _ in range(9)]

    sandbox.say("dba", "room", "hello")
    await sandbox.wait_settled()

    retries = [(h.get("x-slack-retry-num"), h.get("x-slack-retry-reason")) for h, _ in receiver.requests]
    assert retries == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert len({json.loads(body)["event_id"] for _, body in receiver.requests}) == 1
    assert [each["outcome"] for each in sandbox.deliveries("message")] == ["retry", "retry", "retry", "lost"]


async def test_success_ends_the_retries(sandbox, receiver):
    receiver.answers = [web.Response(status=503), web.Response(status=200)]

    sandbox.say("dba", "room", "hello")
    await sandbox.wait_settled()

    assert len(receiver.requests) == 2


async def test_an_app_may_forbid_retries(sandbox, receiver):
    receiver.answers = [web.Response(status=500, headers={"x-slack-no-retry": "1"})]

    sandbox.say("dba", "room", "hello")
    await sandbox.wait_settled()

    assert len(receiver.requests) == 1


async def test_who_answers_too_late_is_told_again(sandbox, receiver):
    async def late():
        await asyncio.sleep(0.8)
        return web.Response()

    receiver.answers = [late]

    sandbox.say("dba", "room", "hello")
    await sandbox.wait_settled()

    assert [h.get("x-slack-retry-reason") for h, _ in receiver.requests] == [None, "http_timeout"]


async def test_nobody_listening_and_then_somebody(receiver):
    async with Sandbox(retry_delays=(60, 60, 60)) as sandbox:
        sandbox.subscribe(["message"])
        sandbox.add_channel("room", members=["dogwatch", "dba"])
        sandbox.deliver_by_http("http://127.0.0.1:9/slack/events")
        sandbox.say("dba", "room", "hello")
        await sandbox.wait_until(lambda: sandbox.pending()["waiting_retry"] == 1)
        assert not sandbox.settled()

        sandbox.deliver_by_http(receiver.url)
        sandbox.retry_now()
        await sandbox.wait_settled()

        assert [h.get("x-slack-retry-reason") for h, _ in receiver.requests] == ["connection_failed"]


async def test_too_many_redirects(sandbox, receiver):
    receiver.answers = [web.Response(status=307, headers={"Location": receiver.url}) for _ in range(3)]

    sandbox.say("dba", "room", "hello")
    await sandbox.wait_settled()

    assert receiver.requests[-1][0]["x-slack-retry-reason"] == "too_many_redirects"


async def test_the_url_is_verified_by_its_challenge(sandbox, receiver):
    assert await sandbox.verify_url() is False  # answers 200, but not the challenge

    async def echo():
        return web.json_response({"challenge": json.loads(receiver.requests[-1][1])["challenge"]})

    receiver.answers = [echo]
    assert await sandbox.verify_url() is True


async def test_commands_come_as_forms_and_interactions_as_json_in_a_form(sandbox, receiver):
    await sandbox.command("dba", "room", "/incident start now")
    await sandbox.global_shortcut("dba", "open-incident")

    command, interaction = (parse_qs(body.decode()) for _, body in receiver.requests)
    assert (command["command"], command["text"], command["channel_id"]) == (["/incident"], ["start now"], ["CROOM"])
    assert json.loads(interaction["payload"][0])["callback_id"] == "open-incident"


async def test_a_command_is_answered_by_the_body(sandbox, receiver):
    receiver.answers = [
        web.Response(text="plain words"),
        web.json_response({"response_type": "in_channel", "text": "for all"}),
        web.Response(),
    ]
    first, second, third = [await sandbox.command("dba", "room", "/incident") for _ in range(3)]

    assert (first.text, first.ephemeral) == ("plain words", True)
    assert (second.text, second.ephemeral) == ("for all", False)
    assert third.message_ts is None
    assert [each["text"] for each in sandbox.ephemerals("dba")] == ["plain words"]
    assert [each["text"] for each in sandbox.messages("room")] == ["for all"]


async def test_a_command_that_nobody_answers_is_said_so(sandbox, receiver):
    receiver.answers = [web.Response(status=500)]

    answer = await sandbox.command("dba", "room", "/incident")

    assert (answer.ok, answer.status, answer.error) == (False, 500, "http_error")
    assert "was not carried out" in sandbox.ephemerals("dba")[0]["text"]
    assert len(receiver.requests) == 1


# --- Socket Mode


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
