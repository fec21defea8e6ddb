"""Calendar feeds under faults: the schedule is never lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.config import load
from bot.engine.calendar_sync import CalendarSync
from bot.engine.fetch.http_fetch import MAX_BYTES, FetchError, fetch, resolve_redirect
from bot.engine.gauges import update_gauges
from bot.runtime.metrics import REGISTRY
from bot.services.oncall.schedule import explain_nobody, people_on_call
from bot.store.escalation import calendars
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

CALENDAR = (Path(__file__).parents[2] / "data" / "calendars" / "pagerduty.ics").read_bytes()
ON_DUTY = datetime(2026, 11, 18, 12, tzinfo=UTC)
CONFIG = '[schedules.legacy]\ncalendar = true\n[schedules.legacy.names]\n"First Line" = "UFIRST"\n'


async def nobody(_mail: str) -> None:
    """Lookup that finds nobody."""


Answering = Callable[[web.Request], web.Response]


class Feed:
    """A server with a calendar; `answers` replace its response."""

    def __init__(self) -> None:
        self.body = CALENDAR
        self.requests: list[web.Request] = []
        self.answers: Answering | None = None
        self.hangs = False
        self.let_go = asyncio.Event()

    async def start(self) -> None:
        site = web.Application()
        site.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(site)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/private-0123456789abcdef/basic.ics"

    async def stop(self) -> None:
        self.let_go.set()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if self.hangs:
            await self.let_go.wait()
        if self.answers is not None:
            return self.answers(request)
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(body=self.body, headers={"ETag": '"1"', "Last-Modified": "Sat, 21 Nov 2026 00:00:00 GMT"})


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    found = Feed()
    await found.start()
    yield found
    await found.stop()


def moved(to: str, status: int = 302) -> Answering:
    return lambda _request: web.Response(status=status, headers={"Location": to})


async def test_a_calendar_is_fetched_with_conditional_requests(feed: Feed):
    first = await fetch(feed.url)
    second = await fetch(feed.url, etag=first.etag, modified=first.modified)

    assert first.text == CALENDAR.decode()
    assert second.text is None
    assert feed.requests[1].headers["If-Modified-Since"] == "Sat, 21 Nov 2026 00:00:00 GMT"


async def test_validators_that_are_no_text_are_not_kept():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nETag: "a\xffb"\r\nLast-Modified: \xfe\r\nContent-Length: 1\r\n\r\nx')
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        found = await fetch(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")

    assert (found.text, found.etag, found.modified) == ("x", None, None)


async def test_a_few_redirects_are_followed(feed: Feed):
    def answers(request: web.Request) -> web.Response:
        return web.Response(body=CALENDAR) if request.path == "/there" else moved("/there", 307)(request)

    feed.answers = answers

    assert (await fetch(feed.url)).text == CALENDAR.decode()


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (lambda _request: web.Response(status=500), "the server answered 500"),
        (lambda _request: web.Response(status=404), "the server answered 404"),
        (lambda _request: web.Response(body=b"x" * (MAX_BYTES + 1)), "it is larger than 4 MB"),
        (lambda _request: web.Response(body=b"\xff\xfe\x00"), "it is not UTF-8 text"),
        (moved("/again"), "the server redirects more than 3 times"),
        (moved("file:///etc/passwd"), "the server redirects to file://, which is not followed"),
    ],
)
async def test_invalid_calendars_are_refused_without_their_address(feed: Feed, answers: Answering, message: str):
    feed.answers = answers

    with pytest.raises(FetchError) as problem:
        await fetch(feed.url)

    assert str(problem.value) == message


def test_no_redirect_from_https_to_http():
    assert resolve_redirect("http://a.example/x", "https://b.example/y") == "https://b.example/y"
    with pytest.raises(FetchError, match="redirects to http://"):
        resolve_redirect("https://a.example/x", "http://a.example/x")


@pytest.mark.parametrize("location", ["https://[::1]@", "https://[::1", "https://a.example:99999/"])
def test_a_redirect_to_what_is_no_address_is_refused(location):
    with pytest.raises(FetchError, match="no web address"):
        resolve_redirect("https://a.example/x", location)


async def test_a_decompression_bomb_is_refused(feed: Feed):
    def packed(_request: web.Request) -> web.Response:
        response = web.Response(body=b"x" * (3 * MAX_BYTES))
        response.enable_compression()
        return response

    feed.answers = packed

    with pytest.raises(FetchError, match="larger than 4 MB"):
        await fetch(feed.url)


async def test_a_hanging_server_times_out(feed: Feed):
    feed.hangs = True

    with pytest.raises(FetchError, match=r"did not answer within 0\.2 seconds"):
        await fetch(feed.url, seconds=0.2)


async def test_an_unreachable_server_is_reported(feed: Feed):
    await feed.stop()

    with pytest.raises(FetchError, match="cannot be reached") as problem:
        await fetch(feed.url)

    assert "private" not in str(problem.value)


class Scheduled(World):
    """A bot with a schedule from a calendar."""

    feed: Feed

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "DOGWATCH_CALENDAR_LEGACY": self.feed.url}

    async def fetches(self) -> None:
        await self.bot.engine.calendars.run()

    async def on_call(self) -> tuple[str, ...]:
        return await self.bot.database.read(people_on_call, self.bot.settings, "legacy", self.now)

    async def reason(self) -> str:
        return await self.bot.database.read(explain_nobody, self.bot.settings, "legacy")

    async def later(self, **length: float) -> None:
        await self.advance(**length)
        await self.fetches()


@pytest.fixture
async def world(database_url: str, tmp_path: Path, feed: Feed) -> AsyncIterator[Scheduled]:
    found = Scheduled(database_url, tmp_path, config=CONFIG, start=ON_DUTY)
    found.feed = feed
    async with found:
        yield found


async def test_the_last_good_copy_is_used(world: Scheduled, feed: Feed):
    before = await world.reason()
    await world.fetches()
    await world.fetches()
    assert len(feed.requests) == 1, "it is not asked for again at once"
    assert await world.on_call() == ("UFIRST",)

    for broken in (b"<html>Sign in</html>", CALENDAR[:400], b""):
        feed.answers = lambda _request, body=broken: web.Response(body=body)
        await world.later(minutes=6)
        assert await world.on_call() == ("UFIRST",)
    kept = await world.bot.database.read(calendars.get, "legacy")
    feed.answers, feed.body = None, CALENDAR.replace(b"First Line", b"Second Line")
    await world.later(minutes=6)

    assert before == 'The calendar of the schedule "legacy" could not be read yet.'
    assert kept is not None
    assert (kept.problem, kept.fetched_at) == ("it is not iCalendar", ON_DUTY)
    assert len(feed.requests) == 5
    assert feed.requests[1].headers["If-None-Match"] == '"1"'
    assert await world.on_call() == ("UFIRST",), "304: as it was"
    await world.later(days=1, minutes=1)
    assert await world.on_call() == (), "after a day it is read anew, whatever its server says"
    assert "has only unknown names at this time: On Call - Second Line - Payments Primary" in await world.reason()


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_what_no_database_stores_is_taken_out(world: Scheduled, feed: Feed):
    feed.body = CALENDAR.replace(b"On Call - First Line", b"On Call - First Line - \x00")
    await world.fetches()
    feed.body = b"BEGIN:VCALENDAR\r\nX-A:\x00\r\nEND:VCALENDAR\r\n" * 2
    feed.answers = lambda _request: web.Response(body=feed.body)
    await world.later(minutes=6)

    kept = await world.bot.database.read(calendars.get, "legacy")
    assert kept is not None
    assert kept.problem
    assert kept.body
    assert "First Line - \ufffd" in kept.body or "First Line - \\ufffd" in kept.body
    assert await world.on_call() == ("UFIRST",)


async def test_email_lookups_are_cached_while_slack_is_unreachable(world: Scheduled, feed: Feed):
    feed.body = CALENDAR.replace(b"On Call - First Line", b"Oncall@harbour.example")
    await world.fetches()
    assert await world.on_call() == ("U0ONCALL",)
    calls = len(world.sandbox.calls("users.lookupByEmail"))

    await world.later(minutes=6)
    assert len(world.sandbox.calls("users.lookupByEmail")) == calls, "what is known is not asked for again at once"
    world.sandbox.fault("error", "users.lookupByEmail", error="missing_scope")
    await world.later(hours=2)

    assert await world.on_call() == ("U0ONCALL",)
    assert len(world.sandbox.calls("users.lookupByEmail")) > calls


async def test_a_missing_calendar_is_counted_and_reported(world: Scheduled, feed: Feed):
    await world.fetches()
    feed.answers = lambda _request: web.Response(status=500)
    await world.later(minutes=10)
    await world.later(minutes=10)
    await update_gauges(world.bot.database, world.now)

    assert REGISTRY.get_sample_value("dogwatch_calendar_broken", {"schedule": "legacy"}) == 1
    assert REGISTRY.get_sample_value("dogwatch_calendar_age_seconds", {"schedule": "legacy"}) == 20 * 60


async def test_a_slow_calendar_delays_no_other(world: Scheduled, feed: Feed):
    await world.fetches()
    repeats = b"BEGIN:VEVENT\r\nDTSTART:19800101T000000Z\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n"
    feed.answers = lambda _request: web.Response(
        body=CALENDAR.replace(b"BEGIN:VEVENT", 2 * repeats + b"BEGIN:VEVENT", 1)
    )
    await world.advance(minutes=6)
    hasty = CalendarSync(world.bot.database, world.bot.clock, world.settings, find=nobody, parse_seconds=0.001)
    await hasty.run()
    kept = await world.bot.database.read(calendars.get, "legacy")

    assert kept is not None
    assert kept.problem == "it takes longer than 0.001 seconds to read"
    assert await world.on_call() == ("UFIRST",)
    await world.later(minutes=6)
    again = await world.bot.database.read(calendars.get, "legacy")
    assert again is not None
    assert again.problem is None


async def test_a_removed_schedule_is_deleted(world: Scheduled):
    await world.fetches()
    world._config = ""
    world.bot.configuration.replace(load(world.environment()))
    await world.fetches()

    assert await world.bot.database.read(calendars.get, "legacy") is None
    assert await world.on_call() == ()
    assert await world.reason() == 'The schedule "legacy" no longer exists.'


async def test_calendars_are_fetched_after_the_start(tmp_path: Path, feed: Feed):
    world = Scheduled(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=CONFIG, start=ON_DUTY)
    world.feed = feed
    async with world, asyncio.timeout(60):
        while await world.on_call() != ("UFIRST",):
            await asyncio.sleep(0.05)

    assert len(feed.requests) == 1
