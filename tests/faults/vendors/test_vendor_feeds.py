"""Vendors' pages under faults: said once, and nothing else is touched."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from structlog.testing import capture_logs

from bot.config import load
from bot.doctor.vendors import check_vendors
from bot.engine.fetch.address_guard import AddressRules
from bot.engine.fetch.http_fetch import FetchError, fetch_body, read_retry_after
from bot.engine.vendors.pages import LIMITS
from bot.engine.vendors.watch import VendorWatch
from bot.services.vendors.watch import Reading, RecordedLook, claim_look, record_look
from bot.store import vendors
from bot.store.vendors import VendorFeed
from tests.support.servers.vendor_page import CONFIG, VendorPage, VendorWorld, vendor_file

MORNING = datetime(2025, 3, 27, 15, 40, tzinfo=UTC)
ALLOWED = replace(LIMITS, rules=AddressRules(allows_http=True, allows_private=True))
FIRST = "statuspage/tsr-1532-1-monitoring.json"

pytestmark = pytest.mark.world(kind=VendorWorld, config=CONFIG, start=MORNING)


@pytest.fixture
async def page() -> AsyncIterator[VendorPage]:
    found = VendorPage()
    await found.start()
    yield found
    await found.stop()


@pytest.mark.parametrize(
    ("rules", "message"),
    [(AddressRules(), "only https:// is allowed"), (AddressRules(allows_http=True), "a private address")],
)
async def test_addresses_that_are_not_allowed_are_never_asked(page: VendorPage, rules: AddressRules, message: str):
    for address in (page.url, page.url.replace("127.0.0.1", "localhost")):
        with pytest.raises(FetchError, match=message):
            await fetch_body(address, {}, replace(LIMITS, rules=rules))

    assert page.requests == []


async def test_a_redirect_into_the_own_network_is_refused_behind_a_proxy(
    page: VendorPage, monkeypatch: pytest.MonkeyPatch
):
    """The proxy is at a private address, which the operator chose. It passes a redirect on."""
    monkeypatch.setenv("http_proxy", page.host)
    monkeypatch.delenv("no_proxy", raising=False)
    page.shows(b"", {"Location": "http://169.254.169.254/latest/meta-data"}, status=302)

    with pytest.raises(FetchError, match="a private address"):
        await fetch_body("http://status.example.test/feed", {}, replace(LIMITS, rules=AddressRules(allows_http=True)))

    assert [str(each.url) for each in page.requests] == ["http://status.example.test/feed"]


@pytest.mark.parametrize(
    ("shows", "message"),
    [
        (lambda page: page.shows(b"x" * (LIMITS.max_bytes + 1)), "it is larger than 5 MB"),
        (
            lambda page: page.shows(gzip.compress(b"x" * (LIMITS.max_bytes + 1)), {"Content-Encoding": "gzip"}),
            "it is larger than 5 MB",
        ),
        (lambda page: page.shows(b"", {"Location": "/again"}, status=302), "the server redirects more than 5 times"),
        (lambda page: page.shows(b"", status=503), "the server answered 503"),
        (lambda page: setattr(page, "is_cut_off", True), "cannot be reached"),
    ],
    ids=["huge", "huge when it is decompressed", "redirects", "error", "cut off"],
)
async def test_bad_answers_are_refused(page: VendorPage, shows: Callable[[VendorPage], None], message: str):
    shows(page)

    with pytest.raises(FetchError, match=message):
        await fetch_body(page.url, {}, replace(ALLOWED, seconds=5))


async def test_a_slow_server_times_out(page: VendorPage):
    page.hangs = True

    with pytest.raises(FetchError, match="did not answer within"):
        await fetch_body(page.url, {}, replace(ALLOWED, seconds=0.2))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", timedelta(minutes=2)),
        ("999999999", timedelta(days=1)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", timedelta()),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(value: str, expected: timedelta | None):
    assert read_retry_after(value) == expected


async def find_feed(world: VendorWorld, name: str) -> VendorFeed | None:
    return await world.bot.database.read(vendors.get_feed, "T0HARBOUR", name)


async def kept(world: VendorWorld) -> VendorFeed:
    found = await find_feed(world, "payplug")
    assert found is not None
    return found


async def test_a_feed_that_fails_is_said_once_and_its_recovery_too(world: VendorWorld) -> None:
    world.page.shows(b"<html>Sign in</html>", {"Content-Type": "text/html"})
    with capture_logs() as logs:
        for _ in range(4):
            await world.advance(hours=2)
            await world.looks()
        failed = await kept(world)
        home = await world.home("oncall")
        world.page.shows_file(FIRST)
        await world.advance(hours=2)
        await world.looks()
    recovered = await kept(world)

    assert failed.failures == 4
    assert "has been unreadable since" in home
    assert (recovered.failures, recovered.problem) == (0, None)
    events = [each["event"] for each in logs]
    assert events.count("vendor's page cannot be read") == 1
    assert events.count("vendor's page can be read again") == 1


NEIGHBOUR = """
[vendors.slow]
feed = "{slow}"
allow_http = true
allow_private = true
"""


class TwoPagesWorld(VendorWorld):
    """A second page, at another address, hangs."""

    slow: VendorPage

    async def __aenter__(self) -> Self:
        self.slow = VendorPage()
        await self.slow.start()
        self.slow.hangs = True
        self._config = self._config.replace("{slow}", self.slow.url)
        return await super().__aenter__()


@pytest.mark.world(kind=TwoPagesWorld, config=NEIGHBOUR + CONFIG, start=MORNING)
async def test_a_page_that_hangs_delays_no_other_page_and_no_other_work(world: TwoPagesWorld) -> None:
    world.page.shows_file(FIRST)

    looking = asyncio.create_task(world.bot.engine.vendors.run())
    async with asyncio.timeout(10):
        while not (world.slow.requests and (feed := await find_feed(world, "payplug")) and feed.read_at):
            await asyncio.sleep(0.01)
    await world.declares("search is slow service:search")
    assert not looking.done(), "the other one is still waited for"
    await world.slow.stop()
    await looking
    await world.finish()

    assert len(world.told()) == 1
    hung = await find_feed(world, "slow")
    assert hung is not None
    assert hung.failures == 1


async def test_failures_are_asked_less_and_less_often(world: VendorWorld) -> None:
    world.page.shows(b"", {"Retry-After": "7200"}, status=429)
    await world.looks()
    await world.advance(minutes=110)
    await world.looks()
    assert len(world.page.requests) == 1, "the server asked for two hours"

    world.page.shows(b"", status=500)
    await world.advance(minutes=20)
    await world.looks()
    failed = await kept(world)

    assert len(world.page.requests) == 2
    assert failed.next_at - failed.claimed_at > timedelta(minutes=15)


async def test_a_page_that_never_changes_tells_nothing(world: VendorWorld) -> None:
    """304 for ever: validators are sent, and nothing is lost with them."""
    world.page.shows_file(FIRST)
    for _ in range(4):
        await world.looks()
        await world.advance(minutes=6)

    assert len(world.told()) == 1
    assert [each.headers.get("If-None-Match") is not None for each in world.page.requests] == [False, True, True, True]


async def test_thousands_of_old_incidents_at_the_first_look_are_history(world: VendorWorld) -> None:
    document = json.loads(vendor_file("statuspage/tsr-1532-2-resolved.json"))
    [one] = document["incidents"]
    document["incidents"] = [{**one, "id": f"old{number}"} for number in range(1500)]
    world.page.shows(document)

    await world.looks()

    assert world.told() == []
    assert (await kept(world)).problem is None


async def test_two_replicas_read_and_tell_once(world: VendorWorld) -> None:
    """Both look at the same moment; one of them has the claim, and the other one takes over when it is gone."""
    second = VendorWatch(world.bot.database, world.clock, lambda: world.bot.settings)
    world.page.shows_file(FIRST)

    await asyncio.gather(world.bot.engine.vendors.run(), second.run())
    await world.finish()
    assert len(world.page.requests) == 1
    assert len(world.told()) == 1

    await world.advance(minutes=6)
    claim = await world.bot.database.run(claim_look, world.bot.settings, "payplug", world.now)
    await second.run()
    assert len(world.page.requests) == 1, "somebody has the claim"
    assert claim is not None

    await world.advance(minutes=2)
    await second.run()
    await second.stop()
    late = await world.bot.database.run(record_look, world.bot.settings, claim, Reading(), world.now, 0.0)
    assert len(world.page.requests) == 2
    assert (late, (await kept(world)).read_at) == (RecordedLook(), world.now)


async def test_doctor_says_what_was_understood(page: VendorPage, tmp_path: Path) -> None:
    page.shows(vendor_file("statuspage/summary.json"))
    config = tmp_path / "dogwatch.toml"
    config.write_text(CONFIG.replace("{address}", page.host) + 'components = ["Nowhere"]\n')
    [unknown] = await check_vendors(load({}, config_path=config))
    config.write_text(CONFIG.replace("{address}", page.host))
    [understood] = await check_vendors(load({}, config_path=config))
    page.shows(b"<html></html>")
    [failed] = await check_vendors(load({}, config_path=config))

    assert "no component Nowhere" in unknown.found
    assert "read as statuspage" in understood.found
    assert "cannot be read" in failed.found


async def test_doctor_says_what_was_understood_of_each_language(page: VendorPage, tmp_path: Path) -> None:
    """An incident that the first language does not have would not be told."""
    english, config = VendorPage(), tmp_path / "dogwatch.toml"
    await english.start()
    for each in (page, english):
        each.shows(vendor_file(FIRST))
    config.write_text(CONFIG.replace('"{address}"', f'{{fr = "{page.url}", en = "{english.url}"}}'))
    settings = load({}, config_path=config)
    [understood] = await check_vendors(settings)
    page.shows({**json.loads(vendor_file(FIRST)), "incidents": []})
    [doubtful] = await check_vendors(settings)
    english.shows(b"<html></html>")
    [failed] = await check_vendors(settings)
    await english.stop()

    assert "fr: read as statuspage; 1 open incidents" in understood.found
    assert "en: read as statuspage; 1 open incidents" in understood.found
    assert "the page in en has open incidents that the first one does not have" in doubtful.found
    assert "the status page in en cannot be read" in failed.found
