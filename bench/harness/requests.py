"""
Slack's side of the bot's door: signed requests, made before the clock starts, sent over connections that stay open.

Plain sockets, because a client library would cost as much as the server that is to be measured.
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
BOTTLENECK = 0.8
"""The share of its time that the sender may be busy before the figure counts as the sender's own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`sent_at` is a wall-clock time, as the local Slack's records are; `seconds` runs to the last byte."""

    sent_at: float
    seconds: float
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Salvo:
    """What came of many requests. `busy`: the share of the time in which the sender itself was at work."""

    answers: Sequence[Answer]
    seconds: float
    busy: float

    @property
    def rate(self) -> float:
        return len(self.answers) / self.seconds

    @property
    def slowest(self) -> float:
        return max(answer.seconds for answer in self.answers)

    def notes(self) -> list[str]:
        if self.busy < BOTTLENECK:
            return []
        return [f"the load generator was busy {self.busy:.0%} of the time: the figure may be its limit"]


def signed(secret: str, path: str, body: bytes, kind: str) -> bytes:
    """A whole HTTP request, signed as Slack signs."""
    stamp = str(int(time.time()))
    signature = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: v0={signature}\r\n\r\n"
    )
    return head.encode() + body


def command(secret: str, fields: Mapping[str, str], text: str, trigger: str) -> bytes:
    """A slash command. `fields`: who typed it where."""
    form = {**fields, "command": "/incident", "text": text, "trigger_id": trigger, "response_url": ""}
    return signed(secret, "/slack/events", urlencode(form).encode(), FORM)


def event(secret: str, team_id: str, event_id: str, inner: Mapping[str, Any]) -> bytes:
    """An event of the Events API."""
    outer = {
        "token": "bench",
        "team_id": team_id,
        "api_app_id": "A0DOGWATCH",
        "event": inner,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(time.time()),
        "authorizations": [
            {"team_id": team_id, "user_id": "U0DOGWATCH", "is_bot": True, "is_enterprise_install": False}
        ],
    }
    return signed(secret, "/slack/events", json.dumps(outer).encode(), JSON)


async def fire(port: int, requests: Sequence[bytes], *, in_flight: int) -> Salvo:
    """
    Send all, `in_flight` at once, each connection with one after the other.

    Raises RuntimeError if one is not answered with 200.
    """
    waiting = iter(requests)
    answers: list[Answer] = []
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(min(in_flight, len(requests)))]

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for request in waiting:
            sent_at, began = time.time(), time.perf_counter()
            writer.write(request)
            status, body = await one_answer(reader)
            answers.append(Answer(sent_at, time.perf_counter() - began, status, body))

    began, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work(*connection) for connection in connections))
    seconds, busy = time.perf_counter() - began, time.process_time() - worked
    for _, writer in connections:
        writer.close()
    refused = [answer for answer in answers if answer.status != 200]
    if refused:
        raise RuntimeError(
            f"{len(refused)} of {len(answers)} were refused, one with {refused[0].status}: {refused[0].body!r}"
        )
    return Salvo(answers, seconds, busy / seconds)


async def one_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of the next answer on a connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return status, await reader.readexactly(int(value))
    raise RuntimeError(f"an answer without a length: {head!r}")
