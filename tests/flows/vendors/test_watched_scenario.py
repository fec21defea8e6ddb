"""The record of a vendor's incident seen from outside: one Dogwatch publishes it, a second one watches its page."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest

from bot.cli.commands.replay import LEAD_TIME, scenario_config
from bot.domain.status_page.publication import PublishedIncident
from bot.local.replay_world import ALERT_TOKEN, ReplayWorld
from bot.scenario.model import Scenario
from bot.scenario.reader import read_scenario
from bot.services.status_page.load_state import load_public_state
from bot.simulation.player import Player
from bot.store import vendors
from bot.store.vendors import VendorIncident
from tests.support.servers.requirements import conformance_data
from tests.support.worlds.world import World, rendered

MORNING = datetime(2025, 3, 27, 14, 0, tzinfo=UTC)


class Publisher:
    """A Dogwatch that plays a scenario step by step and serves its page. `start`, then `stop`."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._folder = tempfile.TemporaryDirectory(prefix="dogwatch-publisher-")
        self._world = ReplayWorld(
            scenario.steps[0].at - LEAD_TIME, Path(self._folder.name), config=scenario_config(scenario)
        )
        self._done = 0

    async def start(self) -> None:
        await self._world.start()
        self._player = Player(
            self.scenario, self._world.sandbox, self._world, bot_url=self._world.url, token=ALERT_TOKEN
        )

    async def stop(self) -> None:
        await self._world.stop()
        self._folder.cleanup()

    @property
    def page_url(self) -> str:
        return f"{self._world.url}/status"

    async def plays_until(self, moment: datetime) -> None:
        """Play the steps up to a time, and serve what they published."""
        for step in self.scenario.steps[self._done :]:
            if step.at > moment:
                break
            await self._world.advance_to(step.at)
            await self._player.perform(step)
            self._done += 1
        await self._world.advance_to(moment)
        await self._world.dogwatch.status_page.publisher.refresh()

    async def published(self) -> PublishedIncident:
        dogwatch = self._world.dogwatch
        state = await dogwatch.database.read(load_public_state, dogwatch.settings, self._world.clock.now())
        [found] = state.incidents
        return found


class WatchingWorld(World):
    """Watches the page of `publisher` as one vendor, at its address of each language."""

    publisher: Publisher

    async def __aenter__(self) -> Self:
        self.publisher = Publisher(read_scenario(conformance_data() / "scenarios" / "payplug-tsr-1532.yaml"))
        await self.publisher.start()
        feeds = [f'{code} = "{self.publisher.page_url}/{code}"' for code in self.publisher.scenario.titles]
        lines = ["[services.checkout]", 'vendors = ["payplug"]', "", "[vendors.payplug]", 'name = "PayPlug"']
        lines += [f"feed = {{{', '.join(feeds)}}}", "allow_http = true", "allow_private = true"]
        self._config = "\n".join(lines)
        return await super().__aenter__()

    async def __aexit__(self, *problem: object) -> None:
        await super().__aexit__(*problem)
        await self.publisher.stop()

    async def looks(self) -> None:
        """Read the pages that are due, and deliver what comes of it."""
        await self.bot.engine.vendors.run()
        await self.finish()


pytestmark = pytest.mark.world(kind=WatchingWorld, start=MORNING)


async def recorded(world: WatchingWorld) -> VendorIncident:
    month = timedelta(days=31)
    [found] = await world.bot.database.read(vendors.find_between, "T0HARBOUR", MORNING, MORNING + month)
    return found


def replies(world: WatchingWorld, channel: str, title: str) -> list[str]:
    """The answers below the message about a vendor's incident."""
    found = world.sandbox.messages(channel)
    heads = [each for each in found if each.get("thread_ts") in {None, each["ts"]} and ":satellite" in rendered(each)]
    [thread] = [each["ts"] for each in heads if title in rendered(each)]
    return [rendered(each) for each in found if each.get("thread_ts") == thread and each["ts"] != thread]


def words(world: WatchingWorld, incident: PublishedIncident, place: int) -> str:
    """An update in every language."""
    texts = incident.active_updates[place].texts
    return "\n\n".join(f"{code.upper()}: {texts[code]}" for code in world.publisher.scenario.titles)


def shows(world: WatchingWorld, channel: str, text: str) -> bool:
    return any(text in each for each in world.texts(channel))


async def test_a_watcher_has_the_incident_with_the_same_words_states_times_and_languages(world: WatchingWorld) -> None:
    scenario, page = world.publisher.scenario, world.publisher
    assert scenario.vendor_view is not None
    expected = [each.status for each in scenario.vendor_view]
    times = [each.published for each in expected if each.published]
    titles = " / ".join(scenario.titles.values())
    before = times[0] - timedelta(minutes=10)
    await world.advance_to(before)
    await world.declares("payments fail service:checkout")
    await page.plays_until(before)
    await world.looks()
    assert not shows(world, world.channel, "PayPlug")

    for place, (status, published) in enumerate(zip(expected, times, strict=True)):
        await page.plays_until(published)
        await world.advance_to(published)
        await world.looks()
        incident = await page.published()
        assert incident.active_updates[place].published_at == published
        row = await recorded(world)
        assert (row.state, row.title, row.first_word_at) == (status.state, titles, times[0])
        assert row.text == words(world, incident, min(place, 1))
        if place == 0:
            assert all(shows(world, world.channel, text) for text in incident.active_updates[0].texts.values())
            await world.presses("oncall", "vendor_link")
        if place == 1:
            await world.types("oncall", "/incident resolve")

    language = next(iter(scenario.titles))
    assert (row.stated_id, row.level, row.is_open) == (incident.public_id, "none", False)
    assert row.link == f"https://dogwatch.example/status/{language}/incidents/{incident.public_id}.html"
    assert times[0] <= row.seen_at < times[0] + timedelta(minutes=5)
    assert row.resolved_at is not None
    assert row.resolved_at - row.first_word_at == timedelta(hours=1, minutes=18)
    told = replies(world, "incidents", titles)
    assert [text.partition(" ")[0].strip("*:") for text in told] == ["Resolved", "Postmortem"]
    assert all(text in told[0] for text in incident.active_updates[1].texts.values())
    [linked] = (await world.exported())["vendor_incidents"]
    assert (linked["state"], linked["first_word_at"]) == ("postmortem", times[0].isoformat())
    assert linked["title"] == titles
    assert "Postmortem" in replies(world, world.channel, titles)[-1]
