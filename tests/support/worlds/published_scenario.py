"""One Dogwatch plays a scenario and publishes it; a second one, with its own database and Slack, watches its page."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Self

from bot.cli.commands.replay import LEAD_TIME, scenario_config
from bot.domain.status_page.publication import PublishedIncident
from bot.local.replay_world import ALERT_TOKEN, ReplayWorld
from bot.scenario.model import Scenario
from bot.scenario.reader import read_scenario
from bot.services.status_page.load_state import load_public_state
from bot.simulation.player import Player
from tests.support.servers.requirements import conformance_data
from tests.support.worlds.world import World


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
    """Watches the page of `publisher`, at its address of each language: the vendors `payplug-en` and so on."""

    publisher: Publisher

    async def __aenter__(self) -> Self:
        self.publisher = Publisher(read_scenario(conformance_data() / "scenarios" / "payplug-tsr-1532.yaml"))
        await self.publisher.start()
        codes = list(self.publisher.scenario.titles)
        lines = ["[services.checkout]", f"vendors = {[f'payplug-{code}' for code in codes]}"]
        for code in codes:
            lines += ["", f"[vendors.payplug-{code}]", f'name = "PayPlug {code}"']
            lines += [f'feed = "{self.publisher.page_url}/{code}"', "allow_http = true", "allow_private = true"]
        self._config = "\n".join(lines)
        return await super().__aenter__()

    async def __aexit__(self, *problem: object) -> None:
        await super().__aexit__(*problem)
        await self.publisher.stop()

    async def looks(self) -> None:
        """Read the pages that are due, and deliver what comes of it."""
        await self.bot.engine.vendors.run()
        await self.finish()
