"""Replay of a scenario in real time, for people who watch."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.sandbox.server import Sandbox
from bot.scenario.model import Scenario, Step
from bot.simulation.player import Player


class LivePace:
    """Real time: a step happens when it is carried out."""

    TIMEOUT_SECONDS = 60.0

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def settle(self) -> None:
        """Do nothing: the pause between steps is long enough for the bot."""

    async def until(self, has_come: Callable[[], bool]) -> bool:
        try:
            await self._sandbox.wait_until(has_come, self.TIMEOUT_SECONDS)
        except TimeoutError:
            return False
        return True

    def moment(self, step: Step) -> datetime:  # noqa: ARG002  as in every pace
        return self._sandbox.now()


async def play_live(
    scenario: Scenario,
    sandbox: Sandbox,
    *,
    bot_url: str,
    token: str,
    seconds_between: float = 4.0,
    before_each: Callable[[Step], None] = lambda _step: None,
) -> None:
    """
    Carry out a step every `seconds_between` seconds, at the current time.

    Clock times in commands (`at:16:11`, `started:`, `ended:`) are removed, because they are of another day; `at:?`
    stays. Severities have the running bot's labels; the rest of the header is typed. Each replay opens an incident of
    its own. Raises PlayError for a step that cannot be done.
    """
    run = f"/{sandbox.now():%Y%m%d%H%M%S}"
    player = Player(scenario, sandbox, LivePace(sandbox), bot_url=bot_url, token=token, run=run, keeps_times=False)
    for step in scenario.steps:
        if step.number > 1:
            await asyncio.sleep(seconds_between)
        before_each(step)
        await player.perform(step)
