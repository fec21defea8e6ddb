"""Malformed bodies: too large, too slow, too deep or not text. A 4xx, and no change."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.typing import EventDict

from bot.web import body_limits, unproven
from bot.web.webhooks import alerts, slack
from tests.support.requests.strangers import counted, errors_of, raw, send, sending, signed
from tests.support.worlds.world import TOKEN, World

PROOF = [("Authorization", f"Bearer {TOKEN}"), ("Content-Type", "application/json")]
HALF, OTHER_HALF, NUL = "\ud83d", "\udd25", "\x00"
DEEP = 10_000


# --- size and speed


def head_of(path: str, length: int | str, *, headers: list[tuple[str, str]]) -> str:
    more = "".join(f"{name}: {value}\n" for name, value in headers)
    framing = f"Content-Length: {length}" if isinstance(length, int) else f"Transfer-Encoding: {length}"
    return f"POST {path} HTTP/1.1\nHost: dogwatch\nConnection: close\n{more}{framing}\n\n"


@pytest.mark.parametrize(
    ("path", "limit"), [("/alerts/alertmanager", alerts.MAX_BODY_BYTES), ("/slack/events", slack.MAX_BODY_BYTES)]
)
async def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(world: World, path: str, limit: int) -> None:
    """Not a byte of it is sent, and the answer is there."""
    headers = PROOF if path.startswith("/alerts") else signed(b"", world.sandbox.signing_secret)

    answer = await raw(world, head_of(path, limit + 1, headers=headers), [])

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"larger than" in answer


async def test_a_body_that_does_not_say_how_long_it_is_is_read_up_to_the_limit(world: World) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b"x" * 65_536

    async with asyncio.timeout(20):
        try:
            async with sending(world, "/alerts/generic", endless(), PROOF) as answer:
                assert answer.status == 413
        except (ConnectionError, OSError):
            """The bot has hung up on a sender that would not stop."""

    assert sent < 8 * alerts.MAX_BODY_BYTES, "it stopped taking them"
    assert counted("dogwatch_requests", kind="alerts/generic", outcome="413") >= 1
    assert (await world.posts("generic", {"title": "the next one is heard"}))[0] == 200


def dawdlers(world: World, pieces: list[bytes], pause: float = 0) -> list[asyncio.Task[bytes]]:
    """A hundred senders who say that a body follows, and send next to nothing of it."""
    return [
        asyncio.create_task(raw(world, head_of(path, 5_000, headers=headers), pieces, pause=pause))
        for path, headers in (("/alerts/generic", PROOF), ("/slack/events", signed(b"", world.sandbox.signing_secret)))
        for _ in range(50)
    ]


async def test_a_body_that_never_comes_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not prolong it."""
    monkeypatch.setattr(body_limits, "READ_SECONDS", 2.5)
    monkeypatch.setattr(unproven, "READ_SECONDS", 2.5)
    before = await world.tables()

    answers = await asyncio.gather(*dawdlers(world, [b"x"] * 3, pause=0.5))

    assert {answer.split(b" ")[1] for answer in answers} == {b"408"}
    assert await world.tables() == before


async def test_a_hundred_bodies_that_do_not_come_keep_nobody_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limits, "READ_SECONDS", 600.0)
    monkeypatch.setattr(unproven, "READ_SECONDS", 600.0)
    slow = dawdlers(world, [b"x"])
    waiting = [world.bot.webhooks.alerts._limiter, unproven_bodies(world)]
    await world.sandbox.wait_until(lambda: [each.in_progress for each in waiting] == [50, 50])

    answer = await world.sandbox.command("oncall", "ops", "/incident help")

    assert answer.ok
    assert answer.text
    assert [each.in_progress for each in waiting] == [50, 50], "it went past all of them"
    assert not any(each.done() for each in slow)
    await cancel(slow)


def unproven_bodies(world: World) -> unproven.UnprovenBodies:
    return world.bot._listener.site[unproven.UNPROVEN]


async def cancel(tasks: list[asyncio.Task[bytes]]) -> None:
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_connection_on_which_nothing_is_asked_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a head, and then nothing: the classic way to use up a server's connections."""
    monkeypatch.setattr("bot.web.server.IDLE_SECONDS", 1.0)
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        for head in ("", "POST /alerts/generic HTTP/1.1\nHost: dogwatch\nX-Slow: "):
            began = time.perf_counter()
            assert await raw(world, head, []) == b"", head
            assert 0.5 < time.perf_counter() - began < 15


async def test_who_shows_no_token_takes_no_room_for_a_body(world: World) -> None:
    """The refusal is there before the first byte of it."""
    answer = await raw(world, head_of("/alerts/generic", 4_000_000, headers=[("Authorization", "Bearer wrong")]), [])

    assert answer.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "head",
    [
        f"POST /alerts/generic HTTP/1.1\nHost: dogwatch\nX-Long: {'x' * 100_000}\n\n",
        "POST /alerts/generic HTTP/1.1\nHost: dogwatch\nContent-Length: 5\nContent-Length: 6\n\nabcdef",
        "POST /alerts/generic HTTP/1.1\nHost: dogwatch\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n",
        "POST /alerts/generic HTTP/1.1\nHost: dogwatch\nTransfer-Encoding: chunked\n\nZZ\n\n",
        "POST /alerts/generic HTTP/1.1\nHost: dogwatch\nContent-Length: -5\n\n",
        "POST /alerts/generic HTTP/1.1\nHost : dogwatch\n\n",
        "\x00\x01\x02\n\n",
        f"GET /{'x' * 100_000} HTTP/1.1\nHost: dogwatch\n\n",
    ],
)
async def test_a_head_that_could_mean_two_things_is_refused(world: World, head: str) -> None:
    """Two lengths, or a length and chunks, are how one request is hidden in another."""
    answer = await raw(world, head, [])

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ", b"HTTP/1.1 401 ")) or answer == b""
    assert world.channels == []


# --- what is no JSON, and what is too much of it

UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "a form": b"title=down",
    "half an object": b'{"title": ',
    "two objects": b'{"title": "a"} {"title": "b"}',
    "10,000 lists": b'{"title": "x", "labels": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "10,000 objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "10,000 open": b"[" * DEEP,
    "the same key twice": b'{"title": "one", "title": "two"}',
    "the same key twice, inside": b'{"title": "one", "labels": {"a": "1", "a": "2"}}',
    "NaN": b'{"title": "x", "labels": {"a": NaN}}',
    "Infinity": b'{"title": "x", "labels": {"a": Infinity}}',
    "-Infinity": b'{"title": "x", "labels": {"a": -Infinity}}',
    "a number beyond floats": b'{"title": "x", "labels": {"a": 1e999}}',
    "a number of 5,000 digits": b'{"title": "x", "labels": {"a": ' + b"9" * 5_000 + b"}}",
    "no UTF-8": b'{"title": "caf\xe9"}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "UTF-8 too long": b'{"title": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"title": "\xed\xa0\xbd"}',
    "NUL": b'{"title": "a\x00b"}',
    "NUL, escaped": rb'{"title": "a\u0000b"}',
    "NUL in a label": rb'{"title": "x", "labels": {"a": "\u0000"}}',
    "NUL in a label's name": rb'{"title": "x", "labels": {"a\u0000": "b"}}',
    "half a pair": rb'{"title": "a\ud83db"}',
    "half a pair in a label": rb'{"title": "x", "labels": {"a": "\udd25"}}',
    "halves the wrong way round": rb'{"title": "\udd25\ud83d"}',
}


async def test_a_body_that_cannot_be_read_is_a_bad_request(either: World, logged: list[EventDict]) -> None:
    before = await either.tables()
    counts = counted("dogwatch_requests", kind="alerts/generic", outcome="400")

    for name, body in UNREADABLE.items():
        answer = await send(either, "/alerts/generic", body, PROOF)
        assert (answer.status, bool(answer.json_body.get("error"))) == (400, True), (name, answer)
        assert len(answer.text) < 500, name

    assert await either.tables() == before
    assert errors_of(logged) == []
    assert counted("dogwatch_requests", kind="alerts/generic", outcome="400") == counts + len(UNREADABLE)
    assert (await either.posts("generic", {"title": "🔥 \ufffe \u2028 and all that is a text"}))[0] == 200


HUGE: list[dict[str, Any]] = [
    {"title": "x", "labels": {"a": 10**4_000}},
    {"title": "x", "labels": {"a": 1e308}},
    {"title": "x", "id": -(10**300)},
    {"title": "x", "starts_at": "9999-12-31T23:59:59.999999-23:59"},
    {"title": "x", "starts_at": "0002-01-01T00:00:00Z"},
    {"title": "x" * 1_000_000, "description": "y" * 1_000_000},
    {"title": "x", "labels": {f"label{n}": "v" for n in range(20_000)}},
    {"title": "x", "labels": {"l" * 100_000: "v"}},
    {"title": "x", "group": "g" * 100_000, "id": "i" * 100_000},
]


async def test_huge_values_are_kept_or_refused_and_never_an_error_of_ours(
    either: World, logged: list[EventDict]
) -> None:
    for payload in HUGE:
        status, answer = await either.posts("generic", payload)
        assert status in {200, 400}, (str(payload)[:60], status, str(answer)[:200])
    counts = {"version": "4", "groupKey": "g", "truncatedAlerts": 10**30, "alerts": []}
    assert (await either.posts("alertmanager", counts))[0] == 400
    await either.finish()

    assert errors_of(logged) == []


async def test_a_time_that_is_too_large_for_a_number_is_a_bad_request(world: World, logged: list[EventDict]) -> None:
    alert = {"title": "x", "transition": "Triggered", "cycle_key": "1", "date": 1e308}

    status, answer = await world.posts("datadog", alert)

    assert status == 400, answer
    assert "does not exist" in answer["error"]
    assert errors_of(logged) == []
