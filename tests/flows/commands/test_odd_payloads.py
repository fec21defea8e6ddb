"""Payloads that are validly signed and not what Slack sends."""

import json
import time
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from tests.support.worlds.world import World


async def sent(world: World, body: str, kind: str = "application/json") -> int:
    """The status of a signed request."""
    stamp = str(int(time.time()))
    signature = SignatureVerifier(world.sandbox.signing_secret).generate_signature(timestamp=stamp, body=body)
    headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": str(signature)}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{world.url}/slack/events", data=body.encode(), headers=headers) as answer,
    ):
        return answer.status


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "event_callback", "event": [], "team_id": "T0HARBOUR"},
        {"type": "event_callback", "event": {"type": "message"}, "event_id": 5, "team_id": []},
        {"type": "event_callback", "event": {"type": "reaction_added", "item": []}, "team_id": "T0HARBOUR"},
        {"type": "event_callback", "event": {"type": "user_change", "user": "U1"}, "team_id": "T0HARBOUR"},
    ],
)
async def test_an_event_of_a_wrong_shape_is_refused(world: World, payload: dict) -> None:
    assert 400 <= await sent(world, json.dumps(payload)) < 500


async def test_a_command_without_its_fields_is_refused(world: World) -> None:
    form = urlencode({"command": "/incident", "text": "start x"})

    assert await sent(world, form, "application/x-www-form-urlencoded") == 400
    assert world.channels == []


async def test_a_command_that_names_no_team_is_of_the_one_there_is(world: World) -> None:
    form = urlencode(
        {"command": "/incident", "text": "start x", "user_id": "U0ONCALL", "channel_id": "C0OPS", "trigger_id": "1.2"}
    )

    assert await sent(world, form, "application/x-www-form-urlencoded") == 200
    await world.finish()
    assert world.channels == ["inc-1-x"]
