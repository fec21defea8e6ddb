"""
Slack's example payloads to a running bot: each twice, shuffled, over HTTP and Socket Mode.

All of them are acknowledged, none raises, and as they are about other channels nothing of the record changes.
"""

import copy
import json
import logging
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from structlog.testing import capture_logs

from bot.sandbox.app_link.outcome import Outcome
from tests.support.servers.requirements import conformance_data
from tests.support.worlds.world import World

TEAM, CHANNEL, TS = "T0HARBOUR", "C0FOREIGN", "1772460000.000100"
VALUES: dict[str, Any] = {
    "team_id": TEAM,
    "team": TEAM,
    "user_team": TEAM,
    "source_team": TEAM,
    "channel": CHANNEL,
    "channel_id": CHANNEL,
    "user": "U0DBA",
    "user_id": "U0DBA",
    "item_user": "U0ENGINEER",
    "inviter": "U0DBA",
    "ts": TS,
    "event_ts": TS,
    "message_ts": TS,
    "action_ts": TS,
    "deleted_ts": TS,
    "thread_ts": TS,
    "latest_reply": TS,
    "trigger_id": "1.2.3",
    "text": "words",
    "name": "words",
    "reaction": "mag",
    "command": "/incident",
    "callback_id": "a-form",
    "action_id": "an-action",
    "block_id": "a-block",
    "channel_type": "channel",
    "api_app_id": "A0DOGWATCH",
}
"""What stands for the blanks of the shapes, by the key."""
OF_A_PERSON_OR_PLACE = {"user": "U0DBA", "channel": CHANNEL, "team": TEAM, "subteam": "S0DATABASE"}
NO_RECORD = {"delivery", "person", "outbox", "lane"}
"""Tables that keep what was heard, and who people are."""


class Payloads:
    """`kind` is how Slack sends it: an event, an interaction or a command."""

    def __init__(self) -> None:
        folder = conformance_data() / "slack"
        self.examples = json.loads((folder / "payload_examples.json").read_text())["examples"]
        self.events = json.loads((folder / "event_shapes.json").read_text())["events"]
        self.interactions = json.loads((folder / "interaction_shapes.json").read_text())["interactions"]

    def all(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for name, given in self.examples.items():
            yield from self._example(name, given)
        for name, shape in self.events.items():
            filled = fill(shape) | {"type": "event_callback", "event_id": f"Ev{name}", "team_id": TEAM}
            yield f"shape {name}", "events_api", filled
            yield (
                f"shape {name}, of another team",
                "events_api",
                filled | {"event_id": f"Ev2{name}", "team_id": "T0ELSE"},
            )
        for name, shape in self.interactions.items():
            kind = "slash_commands" if name == "SlashCommand" else "interactive"
            yield f"shape {name}", kind, fill(shape) | ({"text": "help"} if kind == "slash_commands" else {})

    def _example(self, name: str, given: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
        match given:
            case {"type": "event_callback"}:
                yield name, "events_api", given
            case {"type": "app_rate_limited"}:
                yield name, "events_api", given
            case {"type": "url_verification"} | {"hello": _}:
                return  # the one is answered in a test of its own, the other is no payload but the connection's
            case {"type": str()}:
                yield name, "interactive", given
            case {"command": str()}:
                yield name, "slash_commands", given
            case str() if "command=" in given:
                yield name, "slash_commands", dict(parse_qsl(given, keep_blank_values=True))


def fill(shape: Any, key: str = "") -> Any:
    """Fill a shape's blanks with plausible values by key: person, channel, time."""
    if isinstance(shape, dict):
        filled = {inner: fill(value, inner) for inner, value in shape.items()}
        if "id" in filled and key in OF_A_PERSON_OR_PLACE:
            filled["id"] = OF_A_PERSON_OR_PLACE[key]
        return filled
    if isinstance(shape, list):
        return [fill(each, key) for each in shape]
    return VALUES.get(key, "x") if shape == "" else shape


class OverSockets(World):
    def environment(self) -> dict[str, str]:
        return super().environment() | {"SLACK_APP_TOKEN": self.sandbox.app_token}


@pytest.fixture(params=["http", "socket"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    url = f"sqlite:///{tmp_path / 'dogwatch.db'}"
    if request.param == "http":
        async with World(url, tmp_path) as built:
            yield built
    else:
        async with OverSockets(url, tmp_path) as built:
            built.sandbox.deliver_by_socket()
            await built.sandbox.wait_until(lambda: built.sandbox.sockets() > 0)
            yield built


async def record(world: World) -> dict[str, list[str]]:
    return {name: rows for name, rows in (await world.tables()).items() if name not in NO_RECORD}


async def deliver_payload(world: World, kind: str, payload: dict[str, Any]) -> Outcome:
    return await world.sandbox.delivery.request(kind, copy.deepcopy(payload))


async def test_every_payload_is_acknowledged_and_changes_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    payloads = list(Payloads().all()) * 2
    random.Random(6).shuffle(payloads)
    await world.declares()
    await world.finish()
    before = await record(world)

    with capture_logs() as logged, caplog.at_level(logging.ERROR):
        outcomes = [(name, await deliver_payload(world, kind, payload)) for name, kind, payload in payloads]
        await world.finish()

    assert [(name, outcome) for name, outcome in outcomes if not outcome.is_acknowledged] == []
    assert [each for each in logged if each["log_level"] in {"error", "critical"}] == []
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []
    assert await record(world) == before
    assert len(payloads) > 2 * 150


async def test_the_request_url_is_verified(tmp_path: Path) -> None:
    challenge = Payloads().examples["url_verification"]
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        outcome = await deliver_payload(world, "events_api", challenge)

    assert challenge["challenge"] in (outcome.text or json.dumps(outcome.body))
