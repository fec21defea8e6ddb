"""What the page offers to somebody who never ran an incident: to start one, to watch one, to break things."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from structlog import get_logger

from bot.domain.errors import UserError
from bot.local.process import Bot
from bot.local.progress import Record
from bot.sandbox.page.guide import Group, Guide, Play, Suggestion
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import Json
from bot.scenario import Scenario, Step, read_scenario
from bot.simulation.live_replay import play_live

log = get_logger(__name__)

SLOW_SECONDS = 60.0
CALL_SECONDS = 4.0
"""How long each call of Slack's API takes while Slack is slow."""
CUT_SECONDS = 30.0
STEP_SECONDS = 4.0
"""Between two steps of a story at the speed at which people can follow it."""
SHOWN_SECONDS = 6.0
"""How long it stays on the page that something is over."""
WATCHED = "checkout-500s"
SAMPLE = {"alertname": "CheckoutErrorRateHigh", "service": "checkout", "severity": "critical"}
SUMMARY = "Checkout fails for 12% of customers"


@dataclass
class Doing:
    """One thing that goes on. `until`: Unix seconds at which it ends by itself, None: not known."""

    label: str
    until: float | None = None
    failed: bool = False


class Tour:
    def __init__(
        self, slack: Sandbox, bot: Bot, record: Record, stories: Path, *, bot_url: str, alert_token: str
    ) -> None:
        self._slack = slack
        self._bot = bot
        self._record = record
        self._alerts = f"{bot_url}/alerts"
        self._token = alert_token
        self._stories = {path.stem: read_scenario(path) for path in sorted(stories.glob("*.yaml"))}
        self._doing: list[Doing] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def guide(self) -> Guide:
        watched = self._stories[WATCHED]
        return Guide(
            title="Try Dogwatch",
            words="A Slack of your own, with a bot that runs incidents. Nothing here leaves this machine.",
            groups=(
                Group(
                    "Begin",
                    (
                        Suggestion("Fire the sample alert", "A monitor reports it; an incident opens.", self.fire),
                        Suggestion("Start an incident myself", "The form behind /incident.", types="/incident"),
                        Suggestion(
                            "Watch one: checkout down (2 min)",
                            f"{len(watched.steps)} steps, from the alert to the draft.",
                            lambda: self.play(WATCHED, 1.0),
                        ),
                    ),
                ),
                Group(
                    "Break something: nothing is lost",
                    (
                        Suggestion("Make Slack slow", f"{CALL_SECONDS:g} s a call, for a minute.", self.slow),
                        Suggestion(
                            f"Cut Slack for {CUT_SECONDS:g} s", "Fire the alert meanwhile: it waits below.", self.cut
                        ),
                        Suggestion("Kill and restart the bot", "kill -9, in the middle of things.", self.kill),
                    ),
                ),
            ),
            plays=tuple(Play(name, story.title, len(story.steps)) for name, story in self._stories.items()),
            play=self.play,
            now=self.now,
        )

    async def now(self) -> Json:
        doing = [{"label": each.label, "until": each.until, "failed": each.failed} for each in self._doing]
        return {"doing": doing, "steps": await self._record.steps()}

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- what the buttons do

    async def fire(self) -> None:
        """A notification as Alertmanager sends it. It is taken while Slack is out, too."""
        labels = SAMPLE | {"run": f"{time.time():.0f}"}
        alert = {"status": "firing", "labels": labels, "annotations": {"summary": SUMMARY}}
        alert["startsAt"] = f"{self._slack.now():%Y-%m-%dT%H:%M:%SZ}"
        body = {
            "version": "4",
            "status": "firing",
            "groupKey": f'{{}}:{{run="{labels["run"]}"}}',
            "receiver": "dogwatch",
            "groupLabels": {"alertname": labels["alertname"]},
            "commonLabels": SAMPLE,
            "alerts": [alert],
            "commonAnnotations": {"summary": SUMMARY},
            "externalURL": "",
        }
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{self._alerts}/alertmanager", json=body, headers=headers) as answer,
            ):
                said = "The alert was taken" if answer.status == 200 else f"The bot refused it (HTTP {answer.status})"
                self._over(said, failed=answer.status != 200)
        except aiohttp.ClientError:
            self._over("The bot is not there; a monitor would send the alert again", failed=True)

    async def slow(self) -> None:
        async def slowly(doing: Doing) -> None:
            fault = self._slack.fault("latency", seconds=CALL_SECONDS)
            try:
                await self._for(doing, SLOW_SECONDS)
            finally:
                self._slack.clear_fault(fault)

        self._begin("Slack is slow", slowly)

    async def cut(self) -> None:
        async def out(doing: Doing) -> None:
            await self._slack.set_down(True)
            try:
                await self._for(doing, CUT_SECONDS)
            finally:
                await self._slack.set_down(False)

        self._begin("Slack is cut off", out)

    async def kill(self) -> None:
        async def dead(doing: Doing) -> None:
            began = time.monotonic()
            self._bot.kill()
            await self._slack.wait_until(lambda: not self._slack.is_connected())
            await self._bot.ready()
            await self._slack.wait_until(self._slack.is_connected, 30.0)
            doing.label = f"The bot is back after {time.monotonic() - began:.1f} s"

        self._begin("The bot was killed and starts again", dead)

    async def play(self, name: str, speed: float) -> None:
        story = self._stories[name]
        between = STEP_SECONDS / speed if speed else 0.0

        async def playing(doing: Doing) -> None:
            def told(step: Step) -> None:
                doing.label = f"Playing “{story.title}”: step {step.number} of {len(story.steps)}"

            await self._played(story, between, told)
            doing.label = f"Played “{story.title}”"

        self._begin(f"Playing “{story.title}”", playing)

    async def _played(self, story: Scenario, between: float, told: Callable[[Step], None]) -> None:
        await play_live(
            story,
            self._slack,
            alert_url=self._alerts,
            alert_token=self._token,
            seconds_between=between,
            before_each=told,
        )

    # --- what goes on meanwhile

    def _begin(self, label: str, work: Callable[[Doing], Coroutine[None, None, None]]) -> None:
        """Do it in the background, once at a time: a second press changes nothing."""
        if any(each.label == label for each in self._doing):
            return
        doing = Doing(label)
        self._doing.append(doing)
        self._keep(self._carry_out(doing, work))

    async def _carry_out(self, doing: Doing, work: Callable[[Doing], Awaitable[None]]) -> None:
        try:
            await work(doing)
        except (UserError, TimeoutError, aiohttp.ClientError) as problem:
            log.warning("could not be done", what=doing.label, why=str(problem))
            doing.label, doing.failed = str(problem) or f"{doing.label}: it took too long", True
        doing.until = None
        await asyncio.sleep(SHOWN_SECONDS)
        self._doing.remove(doing)

    async def _for(self, doing: Doing, seconds: float) -> None:
        doing.until = time.time() + seconds
        await asyncio.sleep(seconds)
        doing.label = f"{doing.label.partition(' ')[0]} is as usual again"

    def _over(self, label: str, *, failed: bool) -> None:
        async def said(_doing: Doing) -> None:
            """It is over already, and only has to be shown."""

        doing = Doing(label, failed=failed)
        self._doing.append(doing)
        self._keep(self._carry_out(doing, said))

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
