"""One Dogwatch publishes, another one watches its page: same words, states and times."""

import pytest

from bot.domain.vendor_status.news import find_news
from bot.feeds import parse_feed
from tests.flows.status_page.conftest import CONFIG
from tests.support.records.public_page import load_only_incident, opens_until
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(config=CONFIG)


async def test_a_watcher_reads_what_was_published(world: World) -> None:
    await world.declares("Card payments fail sev:1 service:checkout")
    await world.types("oncall", "/incident update investigating lang:en affects:online=major We see failed payments.")
    await world.advance(minutes=20)
    await world.types("oncall", "/incident update resolved lang:en It is over.")
    await opens_until(world, "/status", "It is over.")
    published = await load_only_incident(world)

    address = f"{world.url}/status/api/v2/incidents.json"
    _, body = await world.gets("/status/api/v2/incidents.json")
    look = parse_feed(body.encode(), "application/json", address=address)

    [read] = look.incidents
    assert (look.kind, look.remarks) == ("statuspage", ())
    assert read.title == published.titles["en"]
    assert [(each.state, each.text, each.told_at) for each in read.updates] == [
        (each.state, each.texts["en"], each.published_at) for each in published.updates
    ]
    assert read.is_over
    assert read.components == ("Online payments",)
    assert find_news(find_news(None, look, world.now).known, look, world.now).news == ()
