"""Delivery by signed HTTP, with Slack's retries."""

import asyncio
import json
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.sandbox.server import Sandbox


class Receiver:
    """An app's request URL. `answers`: of the next requests, responses or coroutine functions."""

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


async def test_an_app_gets_the_events_of_its_manifest(sandbox, receiver):
    sandbox.subscribe(["message.channels", "app_mention"])

    sandbox.say("dba", "room", "hello @dogwatch")
    sandbox.say("dba", sandbox.open_dm("dba"), "a direct message")
    sandbox.pin("dba", "room", sandbox.say("dba", "room", "pinned"))
    await sandbox.wait_settled()

    events = [json.loads(body)["event"] for _, body in receiver.requests]
    assert sorted((each["type"], each["text"]) for each in events if not each.get("subtype")) == [
        ("app_mention", "hello <@U0DOGWATCH>"),
        ("message", "hello <@U0DOGWATCH>"),
        ("message", "pinned"),
    ]


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
