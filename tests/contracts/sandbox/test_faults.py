"""Each setting of the sandbox, seen by the official client."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import SlackError
from tests.support.servers.requirements import conformance_data
from tests.support.servers.sandbox_client import eventually, web_client


class StillClock:
    def __init__(self):
        self.at = datetime(2023, 5, 15, 9, 0, tzinfo=UTC)

    def now(self):
        return self.at


@pytest.fixture
async def sandbox():
    async with Sandbox(clock=StillClock(), retry_delays=(0, 0.05, 0.1), answer_seconds=0.5) as sandbox:
        sandbox.add_channel("room", members=["dogwatch", "dba"], id="CROOM")
        sandbox.subscribe([])
        yield sandbox


@pytest.fixture
def client(sandbox):
    return web_client(sandbox)


def message_texts(sandbox):
    return [each["text"] for each in sandbox.messages("room") if "subtype" not in each]


async def post(client, text="x"):
    return await client.chat_postMessage(channel="CROOM", text=text)


async def test_a_named_error_for_the_next_calls(sandbox, client):
    sandbox.fault("error", method="chat.postMessage", times=2, error="fatal_error")

    for _ in range(2):
        with pytest.raises(SlackApiError, match="fatal_error"):
            await post(client)
    await post(client)

    assert message_texts(sandbox) == ["x"]
    assert [call["error"] for call in sandbox.calls("chat.postMessage")] == ["fatal_error", "fatal_error", None]
    assert sandbox.list_faults() == []


async def test_an_error_for_one_channel(sandbox, client):
    sandbox.fault("error", method="chat.postMessage", channel="#room", error="restricted_action")

    with pytest.raises(SlackApiError, match="restricted_action"):
        await post(client)
    assert (await client.chat_postMessage(channel="C0OPS", text="x"))["ok"]


async def test_an_error_page_in_html(sandbox, client):
    sandbox.fault("status", status=503, times=1)

    with pytest.raises(SlackApiError) as failed:
        await post(client)

    assert failed.value.response.status_code == 503
    assert message_texts(sandbox) == []


async def test_a_cut_before_the_effect(sandbox, client):
    sandbox.fault("cut_before", times=1)

    with pytest.raises(aiohttp.ClientError):
        await post(client)

    assert message_texts(sandbox) == []


async def test_a_cut_after_the_effect(sandbox, client):
    sandbox.fault("cut_after", times=1)

    with pytest.raises(aiohttp.ClientError):
        await post(client)

    assert message_texts(sandbox) == ["x"]


async def test_an_answer_cut_in_the_middle(sandbox, client):
    sandbox.fault("truncated", times=1)

    with pytest.raises((aiohttp.ClientError, SlackApiError)):
        await post(client)

    assert message_texts(sandbox) == ["x"]
    assert sandbox.calls()[-1]["error"] == "truncated"


async def test_latency_of_one_method(sandbox, client):
    sandbox.fault("latency", method="chat.postMessage", seconds=0.2)

    began = time.monotonic()
    await client.auth_test()
    between = time.monotonic()
    await post(client)

    assert between - began < 0.2 <= time.monotonic() - between


async def test_a_hang_has_no_effect(sandbox, client):
    sandbox.fault("hang", times=1, seconds=0.2)
    client.timeout = 0.05

    with pytest.raises(TimeoutError):
        await post(client)
    await sandbox.wait_settled()

    assert message_texts(sandbox) == []


async def test_open_requests_are_pending(sandbox, client):
    sandbox.fault("latency", seconds=0.2)
    asked = asyncio.create_task(post(client))

    await sandbox.wait_until(lambda: sandbox.pending()["requests"] == 1)
    assert not sandbox.settled()
    await asked
    await sandbox.wait_settled()


async def test_a_rate_limit_by_fault(sandbox, client):
    sandbox.fault("ratelimited", method="chat.postMessage", times=1, retry_after=30)

    with pytest.raises(SlackApiError) as refused:
        await post(client)

    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "30"


async def test_tiers_count_by_the_workspaces_time(sandbox, client):
    most = json.loads((conformance_data() / "slack" / "limits.json").read_text())["rate_limit"]["per_minute"]["t2"]
    sandbox.rate_limits(tiers=True, per_channel=False)

    for number in range(most):
        await client.conversations_create(name=f"room-{number}")
    with pytest.raises(SlackApiError) as refused:
        await client.conversations_create(name="one-more")
    assert (await client.auth_test())["ok"]
    wait = int(refused.value.response.headers["Retry-After"])
    sandbox.clock.at += timedelta(seconds=wait)

    assert 0 < wait <= 60
    assert (await client.conversations_create(name="one-more"))["ok"]


async def test_one_post_a_second_and_channel(sandbox, client):
    sandbox.rate_limits(tiers=False, per_channel=True)

    await post(client)
    await client.chat_postMessage(channel="C0OPS", text="another channel")
    with pytest.raises(SlackApiError) as refused:
        await post(client)
    sandbox.clock.at += timedelta(seconds=1)
    await post(client)

    assert refused.value.response.headers["Retry-After"] == "1"


async def test_slack_is_out(sandbox, client):
    await sandbox.set_down()
    with pytest.raises(aiohttp.ClientError):
        await post(client)
    await sandbox.set_down(False)

    assert (await post(client))["ok"]


async def test_a_response_url_lives_half_an_hour_of_the_workspaces_time(sandbox):
    from bot.sandbox.web_api import response_url

    right = response_url.create_response_url(sandbox.workspace, sandbox._channel("room"), "U0DBA", sandbox.now())
    sandbox.clock.at += timedelta(minutes=31)

    with pytest.raises(SlackError, match="expired_url"):
        response_url.use_response_url(sandbox.workspace, right.id, {"text": "late"}, sandbox.now())


async def test_faults_can_be_cleared(sandbox, client):
    one = sandbox.fault("error", error="fatal_error")
    sandbox.fault("error", method="auth.test", error="fatal_error")
    sandbox.clear_fault(one)
    assert [fault["what"] for fault in sandbox.list_faults()] == ["auth.test"]
    sandbox.clear_faults()

    assert (await client.auth_test())["ok"]


@pytest.mark.parametrize(
    "wrong", [{"kind": "earthquake"}, {"kind": "error"}, {"kind": "latency", "method": "chat.shout", "seconds": 1}]
)
async def test_a_fault_that_makes_no_sense_is_refused(wrong, sandbox):
    with pytest.raises(SlackError):
        sandbox.fault(**wrong)


# --- deliveries


@pytest.fixture
async def received_texts(sandbox):
    """Texts of the messages that a bolt app received, with the number of the retry."""
    sandbox.subscribe(["message"])
    app = AsyncApp(client=web_client(sandbox), process_before_response=True)
    found = []

    @app.event("message")
    async def hear(event, body, request):
        found.append((event["text"], body["event_id"], request.headers["x-slack-retry-num"][0]))

    handler = AsyncSocketModeHandler(app, sandbox.app_token, ping_interval=1)
    await handler.connect_async()
    await sandbox.wait_until(lambda: sandbox.sockets() == 1)
    yield found
    await handler.close_async()


async def test_an_event_twice(sandbox, received_texts):
    sandbox.delivery_fault("duplicate", event="message", times=1)
    sandbox.say("dba", "room", "one")
    await sandbox.wait_settled()

    assert [text for text, _, _ in received_texts] == ["one", "one"]
    assert received_texts[0][1] == received_texts[1][1]


async def test_events_in_another_order(sandbox, received_texts):
    sandbox.delivery_fault("reorder", times=1)
    sandbox.say("dba", "room", "one")
    sandbox.say("dba", "room", "two")
    await sandbox.wait_settled()

    assert [text for text, _, _ in received_texts] == ["two", "one"]


async def test_an_event_late(sandbox, received_texts):
    sandbox.delivery_fault("delay", times=1, seconds=0.1)
    sandbox.say("dba", "room", "one")
    sandbox.say("dba", "room", "two")
    assert not sandbox.settled()
    await sandbox.wait_settled()

    assert [text for text, _, _ in received_texts] == ["two", "one"]


async def test_an_event_never(sandbox, received_texts):
    sandbox.delivery_fault("drop", times=1)
    sandbox.say("dba", "room", "one")
    sandbox.say("dba", "room", "two")
    await sandbox.wait_settled()

    assert [text for text, _, _ in received_texts] == ["two"]


async def test_an_answer_that_is_lost(sandbox, received_texts):
    sandbox.delivery_fault("unheard", times=1)
    sandbox.say("dba", "room", "one")
    await sandbox.wait_settled()

    assert [(text, retry) for text, _, retry in received_texts] == [("one", "0"), ("one", "1")]


async def test_one_delivery_at_a_time():
    running, most = 0, 0
    async with Sandbox(events_at_once=1) as sandbox:
        sandbox.add_channel("room", members=["dogwatch", "dba"])
        sandbox.subscribe(["message"])
        app = AsyncApp(client=web_client(sandbox), process_before_response=True)

        @app.event("message")
        async def hear(event):
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1

        handler = AsyncSocketModeHandler(app, sandbox.app_token, ping_interval=1)
        await handler.connect_async()
        for _ in range(5):
            sandbox.say("dba", "room", "x")
        await sandbox.wait_settled()
        await handler.close_async()

    assert most == 1
    assert len(sandbox.deliveries("message")) == 5


async def test_slack_comes_back_with_what_waited(sandbox, received_texts):
    await sandbox.set_down()
    sandbox.say("dba", "room", "meanwhile")
    assert sandbox.pending()["queued"] == 1
    await sandbox.set_down(False)

    await eventually(lambda: received_texts, timeout=30)
    assert received_texts[0][0] == "meanwhile"
