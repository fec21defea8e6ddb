"""A scenario played for people who watch, in real time."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.sandbox.server import Sandbox
from bot.scenario import Scenario, Step
from bot.simulation.player import Player


class LivePace:
    """Real time. What people would wait for is waited for; a step happens when it is done."""

    PATIENCE = 60.0

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def settle(self) -> None:
        """Nothing: the pause between steps is long enough to watch, and so for the bot."""

    async def until(self, has_come: Callable[[], bool]) -> bool:
        try:
            await self._sandbox.wait_until(has_come, self.PATIENCE)
        except TimeoutError:
            return False
        return True

    def moment(self, step: Step) -> datetime:  # noqa: ARG002  as in every pace
        return self._sandbox.now()


async def play_live(
    scenario: Scenario,
    sandbox: Sandbox,
    *,
    alert_url: str,
    alert_token: str,
    seconds_between: float = 4.0,
    before_each: Callable[[Step], None] = lambda _step: None,
) -> None:
    """
    Play for people who watch: a step every `seconds_between` seconds, each at the moment at which it is done.

    Clock times in commands (`at:16:11`, `started:`, `ended:`) are left out, because the scenario's day is not today and
    its hours may be yet to come; `at:?` stays. The severities' names are those of the running
    bot; the rest of the head is typed. Each playing opens an incident of its own.

    Raises PlayError for a step that cannot be done.
    """
    run = f"/{sandbox.now():%Y%m%d%H%M%S}"
    player = Player(
        scenario, sandbox, LivePace(sandbox), alert_url=alert_url, alert_token=alert_token, run=run, keeps_times=False
    )
    for step in scenario.steps:
        if step.number > 1:
            await asyncio.sleep(seconds_between)
        before_each(step)
        await player.perform(step)
