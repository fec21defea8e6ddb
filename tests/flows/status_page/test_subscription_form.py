"""The form with which readers subscribe to the status page: what is refused, and what they are told."""

from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.store.database.session import Database, DatabaseUnavailable
from bot.web.status.subscriptions import SubscriptionPages
from bot.web.unproven import UNPROVEN, Room, UnprovenBodies
from tests.support.requests.strangers import raw
from tests.support.subscribers.subscriber_world import READER, SubscriberWorld
from tests.support.worlds.visitor import Visitor

pytestmark = pytest.mark.world(kind=SubscriberWorld)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"email": "nobody"}, 400, "This is not an e-mail address."),
        ({"email": "a@example.test\r\nBcc: b@example.test"}, 400, "This is not an e-mail address."),
        ({"email": READER, "webhook": "http://example.test/x"}, 400, "begins with https://"),
        ({"email": READER, "webhook": "https://10.0.0.8/x"}, 400, "in a private network"),
        ({"email": READER, "webhook": "https://user:secret@example.test/x"}, 400, "without a password"),
    ],
)
async def test_a_wrong_form_is_refused_and_sends_nothing(
    world: SubscriberWorld, fields: dict[str, str], status: int, words: str
) -> None:
    async with Visitor(world) as reader:
        answer = await reader.sends("/status/subscribe", origin=None, **fields)
    await world.settle()

    assert (answer.status, words in answer.words) == (status, True), answer.words
    assert world.mail.took == []


async def test_a_flood_is_limited_by_address_and_by_network_and_tells_nothing(world: SubscriberWorld) -> None:
    await world.subscribes()
    subscribed, stranger = await world.asks(READER), await world.asks("stranger@example.test")
    assert (subscribed.status, subscribed.words) == (stranger.status, stranger.words)

    for _ in range(4):
        same = await world.asks(READER)
    assert (same.status, same.words) == (stranger.status, stranger.words)
    assert len(world.subjects()) == 3, "three a day to one address"
    answers = [await world.asks(f"{number}@example.test") for number in range(20)]

    assert answers[0].status == 200
    assert answers[-1].status == 429
    assert "Too many people on your network" in answers[-1].words
    await world.advance(hours=2)
    assert (await world.asks("late@example.test")).status == 200


async def test_without_the_database_the_form_says_that_it_cannot_be_taken(world: SubscriberWorld) -> None:
    app = web.Application()
    app[UNPROVEN] = UnprovenBodies()
    away = cast("Database", AwayDatabase())
    app.add_routes(SubscriptionPages(away, world.settings, world.clock).routes("/status"))
    async with TestClient(TestServer(app)) as client:
        answer = await client.post("/status/subscribe", data={"email": READER, "language": "it"})
        text = await answer.text()

    assert answer.status == 503
    assert "Al momento non è possibile iscriversi" in text


async def test_a_form_that_does_not_arrive_is_no_wrong_address(
    world: SubscriberWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow line, a crowd and a program that sends something else are each told what is wrong."""
    monkeypatch.setattr("bot.web.unproven.READ_SECONDS", 0.2)
    head = "POST /status/subscribe HTTP/1.1\nHost: dogwatch\nConnection: close\nContent-Length: {}\n\n"
    slow = (await raw(world, head.format(500), [b"email=reader@example.com"])).decode()
    large = (await raw(world, head.format(20_000), [])).decode()
    broken = (await raw(world, head.format(2), [b"\xff\xff"])).decode()
    world.bot._listener.site[UNPROVEN].in_all = Room(0, 0)
    crowded = (await raw(world, head.format(500), [b"a="])).decode()

    for status, answer in ((408, slow), (503, crowded)):
        assert answer.startswith(f"HTTP/1.1 {status} ")
        assert "Nothing was saved. Please try again in a few minutes." in answer
        assert "\r\nRetry-After: 60\r\n" in answer
    assert (large.split(" ")[1], broken.split(" ")[1]) == ("413", "400")
    assert "The body is larger than 16 KB." in large
    assert "The body is not a form." in broken
    assert world.mail.took == []


async def test_a_network_that_is_no_text_is_one_sender_as_others(world: SubscriberWorld) -> None:
    """What a proxy passes on is what the visitor claims."""
    body = f"email={READER}".encode()
    head = f"POST /status/subscribe HTTP/1.1\nHost: dogwatch\nConnection: close\nContent-Length: {len(body)}\n"
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"

    answer = await raw(world, head, [kind + b"X-Forwarded-For: \xff\r\n\r\n" + body])
    await world.settle()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert len(world.mail.took) == 1


class AwayDatabase:
    async def run(self, *_: Any) -> None:
        raise DatabaseUnavailable("connection refused")
