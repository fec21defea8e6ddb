"""Requests of strangers over HTTP, signed or not, and counts of their responses."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import aiohttp
from structlog.typing import EventDict

from bot.runtime.metrics import REGISTRY
from bot.sandbox.app_link.http import signature
from tests.support.worlds.world import World

Headers = list[tuple[str, str]]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


@dataclass(frozen=True)
class Answer:
    """A response. `json_body`: the body as JSON, empty if it is none."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json_body(self) -> dict[str, Any]:
        try:
            body = json.loads(self.text)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


def signed(body: bytes, secret: str, *, kind: str = JSON, age: float = 0) -> Headers:
    """A request signed as by Slack. `age`: seconds since the signature, by the machine's clock."""
    timestamp = str(int(datetime.now(UTC).timestamp() - age))
    return [("Content-Type", kind), (TIMESTAMP, timestamp), (SIGNATURE, signature(secret, timestamp, body))]


def errors_of(logged: list[EventDict]) -> list[EventDict]:
    return [each for each in logged if each["log_level"] in {"error", "critical"}]


async def send(world: World, path: str, body: Any, headers: Headers) -> Answer:
    """One request, and everything that it sets going."""
    async with sending(world, path, body, headers) as got:
        answer = Answer(got.status, await got.text(), dict(got.headers))
    await world.settle()
    return answer


@asynccontextmanager
async def sending(world: World, path: str, body: Any, headers: Headers) -> AsyncIterator[aiohttp.ClientResponse]:
    data = BytesIO(body) if isinstance(body, bytes) else body
    async with (
        aiohttp.ClientSession(auto_decompress=False) as http,
        http.post(f"{world.url}{path}", data=data, headers=headers) as got,
    ):
        yield got


async def to_slack(world: World, body: bytes, *, kind: str = JSON, secret: str | None = None, age: float = 0) -> Answer:
    headers = signed(body, secret or world.sandbox.signing_secret, kind=kind, age=age)
    return await send(world, "/slack/events", body, headers)


async def raw(world: World, head: str, pieces: list[bytes], *, pause: float = 0, patience: float = 20.0) -> bytes:
    """Send bytes on a bare connection, with a pause between pieces; returns all bytes received."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.bot.port)
    try:
        async with asyncio.timeout(patience):
            writer.write(head.replace("\n", "\r\n").encode())
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            return await reader.read()
    finally:
        writer.close()


def command(world: World, text: str, *, user: str = "U0ONCALL", trigger: str = "1.2.t", **more: str) -> bytes:
    fields = {
        "command": "/incident",
        "text": text,
        "team_id": world.sandbox.team_id,
        "user_id": user,
        "user_name": "x",
        "channel_id": "C0OPS",
        "trigger_id": trigger,
    }
    return urlencode(fields | more).encode()


def channel_id(world: World) -> str:
    """Of the newest incident's channel."""
    channel = world.sandbox.channel(world.channel)
    assert channel is not None
    return str(channel["id"])


def interaction(payload: dict[str, Any]) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def counted(name: str, **labels: str) -> float:
    """A counter's value; 0 before it was counted for the first time."""
    return REGISTRY.get_sample_value(f"{name}_total", labels) or 0.0
