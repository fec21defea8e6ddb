"""The guided tour on the sandbox's page: start an incident, watch one, inject faults."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

import aiohttp
from structlog import get_logger

from bot.domain.errors import UserError
from bot.lazy_dataclass import dataclass
from bot.local.process import BotProcess
from bot.local.progress import ProgressReader
from bot.sandbox.page.guide import Group, Guide, Play, Suggestion
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import Json
from bot.scenario.model import Scenario, Step
from bot.scenario.reader import read_scenario
from bot.simulation.live_replay import play_live

log = get_logger(__name__)

SLOW_SECONDS = 60.0
CALL_SECONDS = 4.0
"""Latency of each API call while Slack is slow."""
CUT_SECONDS = 30.0
STEP_SECONDS = 4.0
"""Between two steps of a scenario at normal speed."""
DISPLAY_SECONDS = 6.0
"""How long a finished activity stays on the page."""
DEMO_SCENARIO = "checkout-500s"
SAMPLE_LABELS = {"alertname": "CheckoutErrorRateHigh", "service": "checkout", "severity": "critical"}
SUMMARY = "Checkout fails for 12% of customers"


PUBLIC_GROUP = Group(
    "Tell the public",
    (
        Suggestion(
            "Publish an update",
            "In an incident’s channel. The answer has the link to the status page.",
            types="/incident update investigating lang:en affects:checkout=partial Some orders fail. We look into it.",
        ),
        Suggestion(
            "Publish it in French",
            "The same update, in a second language.",
            types="/incident update investigating lang:fr Des commandes échouent. Nous cherchons la cause.",
        ),
    ),
)


@dataclass
class Activity:
    """A background activity. `until`: Unix time of its end; None if unknown."""

    label: str
    until: float | None = None
    failed: bool = False


class Tour:
    def __init__(
        self,
        slack: Sandbox,
        bot: BotProcess,
        progress: ProgressReader,
        scenarios: Path,
        *,
        bot_url: str,
        alert_token: str,
    ) -> None:
        self._slack = slack
        self._bot = bot
        self._progress = progress
        self._bot_url = bot_url
        self._token = alert_token
        self._scenarios = {path.stem: read_scenario(path) for path in sorted(scenarios.glob("*.yaml"))}
        self._activities: list[Activity] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def guide(self) -> Guide:
        return Guide(
            title="Try Dogwatch",
            words="A Slack of your own, with a bot that runs incidents. Nothing here leaves this machine.",
            groups=(self._start_group(), PUBLIC_GROUP, self._fault_group()),
            plays=tuple(Play(name, scenario.title, len(scenario.steps)) for name, scenario in self._scenarios.items()),
            play=self.play,
            now=self.now,
        )

    def _start_group(self) -> Group:
        demo = self._scenarios[DEMO_SCENARIO]
        suggestions = (
            Suggestion("Fire the sample alert", "A monitor reports it, and an incident opens.", self.fire_alert),
            Suggestion("Start an incident myself", "The form behind /incident.", types="/incident"),
            Suggestion(
                "Watch one: checkout down (2 min)",
                f"{len(demo.steps)} steps, from the alert to the draft.",
                lambda: self.play(DEMO_SCENARIO, 1.0),
            ),
        )
        return Group("Begin", suggestions)

    def _fault_group(self) -> Group:
        slow = f"{CALL_SECONDS:g} s a call, for a minute."
        cut = f"Cut Slack for {CUT_SECONDS:g} s"
        suggestions = (
            Suggestion("Make Slack slow", slow, self.slow_slack_down),
            Suggestion(cut, "Fire the alert during that time: it waits below.", self.cut_slack_off),
            Suggestion("Kill and restart the bot", "kill -9, at any moment.", self.kill_bot),
        )
        return Group("Break something", suggestions)

    async def now(self) -> Json:
        activities = [{"label": each.label, "until": each.until, "failed": each.failed} for each in self._activities]
        return {"doing": activities, "steps": await self._progress.list_steps()}

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- actions of the buttons

    async def fire_alert(self) -> None:
        """Send a notification as Alertmanager does. The bot accepts it while Slack is down, too."""
        labels = SAMPLE_LABELS | {"run": f"{time.time():.0f}"}
        alert = {"status": "firing", "labels": labels, "annotations": {"summary": SUMMARY}}
        alert["startsAt"] = f"{self._slack.now():%Y-%m-%dT%H:%M:%SZ}"
        body = {
            "version": "4",
            "status": "firing",
            "groupKey": f'{{}}:{{run="{labels["run"]}"}}',
            "receiver": "dogwatch",
            "groupLabels": {"alertname": labels["alertname"]},
            "commonLabels": SAMPLE_LABELS,
            "alerts": [alert],
            "commonAnnotations": {"summary": SUMMARY},
            "externalURL": "",
        }
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{self._bot_url}/alerts/alertmanager", json=body, headers=headers) as answer,
            ):
                text = (
                    "The bot accepted the alert"
                    if answer.status == 200
                    else f"The bot refused it (HTTP {answer.status})"
                )
                self._announce(text, failed=answer.status != 200)
        except aiohttp.ClientError:
            self._announce("The bot is not running. A monitor would send the alert again", failed=True)

    async def slow_slack_down(self) -> None:
        async def work(activity: Activity) -> None:
            fault = self._slack.fault("latency", seconds=CALL_SECONDS)
            try:
                await self._wait(activity, SLOW_SECONDS)
            finally:
                self._slack.clear_fault(fault)

        self._start("Slack is slow", work)

    async def cut_slack_off(self) -> None:
        async def work(activity: Activity) -> None:
            await self._slack.set_down(True)
            try:
                await self._wait(activity, CUT_SECONDS)
            finally:
                await self._slack.set_down(False)

        self._start("Slack is cut off", work)

    async def kill_bot(self) -> None:
        async def work(activity: Activity) -> None:
            began = time.monotonic()
            self._bot.kill()
            await self._slack.wait_until(lambda: not self._slack.is_connected())
            await self._bot.wait_until_ready()
            await self._slack.wait_until(self._slack.is_connected, 30.0)
            activity.label = f"The bot is back after {time.monotonic() - began:.1f} s"

        self._start("The bot was killed and is restarting", work)

    async def play(self, name: str, speed: float) -> None:
        scenario = self._scenarios[name]
        pause = STEP_SECONDS / speed if speed else 0.0

        async def work(activity: Activity) -> None:
            def show_step(step: Step) -> None:
                activity.label = f"Playing “{scenario.title}”: step {step.number} of {len(scenario.steps)}"

            await self._play(scenario, pause, show_step)
            activity.label = f"Played “{scenario.title}”"

        self._start(f"Playing “{scenario.title}”", work)

    async def _play(self, scenario: Scenario, pause: float, before_each: Callable[[Step], None]) -> None:
        await play_live(
            scenario,
            self._slack,
            bot_url=self._bot_url,
            token=self._token,
            seconds_between=pause,
            before_each=before_each,
        )

    # --- background activities

    def _start(self, label: str, work: Callable[[Activity], Coroutine[None, None, None]]) -> None:
        """Run in the background. A second press while it runs does nothing."""
        if any(each.label == label for each in self._activities):
            return
        activity = Activity(label)
        self._activities.append(activity)
        self._create_task(self._run(activity, work))

    async def _run(self, activity: Activity, work: Callable[[Activity], Awaitable[None]]) -> None:
        try:
            await work(activity)
        except (UserError, TimeoutError, aiohttp.ClientError) as problem:
            log.warning("tour activity failed", activity=activity.label, why=str(problem))
            activity.label, activity.failed = str(problem) or f"{activity.label}: timed out", True
        activity.until = None
        await asyncio.sleep(DISPLAY_SECONDS)
        self._activities.remove(activity)

    async def _wait(self, activity: Activity, seconds: float) -> None:
        activity.until = time.time() + seconds
        await asyncio.sleep(seconds)
        activity.label = f"{activity.label.partition(' ')[0]} works normally again"

    def _announce(self, label: str, *, failed: bool) -> None:
        async def work(_activity: Activity) -> None:
            """Only the label is displayed."""

        activity = Activity(label, failed=failed)
        self._activities.append(activity)
        self._create_task(self._run(activity, work))

    def _create_task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
