"""
Bot and sandbox in one process under one simulated clock, for `dogwatch replay`.

Deterministic: the clock, the addresses in links and the order of events depend on the scenario alone.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from bot.app import Dogwatch
from bot.config import Settings, load
from bot.runtime.clock import ManualClock
from bot.sandbox.server import Sandbox
from bot.scenario.model import Step
from bot.store.database.transaction_state import DueWork

SETTLE_SECONDS = 30.0
"""Real seconds for everything to settle; a step takes a fraction of one."""
STEP_TIMEOUT = timedelta(minutes=1)
"""Simulated time that a step may wait for its precondition."""
SLACK_URL = "https://harbour.example"
BOT_URL = "https://dogwatch.example"
ALERT_TOKEN = "token-of-the-replay"  # noqa: S105  used within this process only
SECRET_KEY = "replays sign the links of their pages with this"  # noqa: S105  its links die with the process


class ReplayWorld:
    """
    Bot and sandbox, connected over HTTP, with a database in `folder`. `start`, then `stop`.

    `config`: the text of a `dogwatch.toml`.
    """

    def __init__(self, start: datetime, folder: Path, *, config: str = "") -> None:
        self.clock = ManualClock(start)
        # One delivery at a time: the effects of two concurrent ones could come in either order.
        self.sandbox = Sandbox(clock=self.clock, events_at_once=1, site_url=SLACK_URL)
        self._folder = folder
        self._config = config
        self._dogwatch: Dogwatch | None = None

    @property
    def dogwatch(self) -> Dogwatch:
        if self._dogwatch is None:
            raise RuntimeError("the replay was not started")
        return self._dogwatch

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.dogwatch.port}"

    async def start(self) -> None:
        """Raises ConfigurationError for an invalid `config`. Call `stop` afterwards in any case."""
        settings_file = self._folder / "dogwatch.toml"
        settings_file.write_text(self._config)
        await self.sandbox.start()
        self._dogwatch = Dogwatch(self._settings(settings_file), clock=self.clock, lanes_at_once=1)
        await self._dogwatch.start()
        # The outbox waits for `settle`, so that its messages do not race with the response to the request that
        # caused them: the sandbox numbers messages in order of arrival.
        self._dogwatch.database.on_commit = _ignore_commit
        self.sandbox.deliver_by_http(f"{self.url}/slack/events")

    async def stop(self) -> None:
        if self._dogwatch is not None:
            await self._dogwatch.stop()
        await self.sandbox.stop()

    def _settings(self, settings_file: Path) -> Settings:
        """Disable acknowledgement timeouts by default: a scenario has only part of the messages."""
        settings = load(
            {
                "SLACK_BOT_TOKEN": self.sandbox.bot_token,
                "SLACK_SIGNING_SECRET": self.sandbox.signing_secret,
                "SLACK_API_URL": self.sandbox.api_url,
                "DATABASE_URL": f"sqlite:///{(self._folder / 'dogwatch.db').resolve()}",
                "DOGWATCH_HOST": "127.0.0.1",
                "DOGWATCH_PORT": "0",
                "DOGWATCH_PUBLIC_URL": BOT_URL,
                "DOGWATCH_ALERT_TOKEN": ALERT_TOKEN,
                "DOGWATCH_CHANGE_TOKEN": ALERT_TOKEN,
                "DOGWATCH_SECRET_KEY": SECRET_KEY,
            },
            config_path=settings_file,
        )
        if "acknowledged_quiet" in settings.nudges.model_fields_set:
            return settings
        nudges = settings.nudges.model_copy(update={"acknowledged_quiet": {}})
        return settings.model_copy(update={"nudges": nudges})

    async def settle(self) -> None:
        """
        Wait until no request is open, nothing is in transit and nothing is due.

        Raises TimeoutError.
        """
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while not await self._is_settled():
                    if self._is_quiet():
                        self._wake()
                    await asyncio.sleep(0.002)
        except TimeoutError:
            raise TimeoutError(
                f"not settled within {SETTLE_SECONDS:g} s; in the sandbox: {self.sandbox.pending()}"
            ) from None

    def _is_quiet(self) -> bool:
        return self.sandbox.settled() and self.dogwatch.is_quiet

    async def _is_settled(self) -> bool:
        return self._is_quiet() and await self.dogwatch.is_settled() and self.sandbox.settled()

    def _wake(self) -> None:
        self.dogwatch.sender.wake()
        self.dogwatch.engine.wake()

    async def advance_to(self, moment: datetime) -> None:
        """Advance from one due row to the next, and settle each. A moment in the past only settles."""
        while await self._advance_to_next(moment):
            pass
        self.clock.move_to(max(moment, self.clock.now()))
        await self.settle()

    async def advance(self, **length: float) -> None:
        """Advance by a duration, as `advance(minutes=5)`."""
        await self.advance_to(self.clock.now() + timedelta(**length))

    async def until(self, has_come: Callable[[], bool]) -> bool:
        """Advance row by row until `has_come()`. False if it does not within STEP_TIMEOUT."""
        limit = self.clock.now() + STEP_TIMEOUT
        await self.settle()
        while not has_come():
            if not await self._advance_to_next(limit):
                return False
            await self.settle()
        return True

    async def _advance_to_next(self, limit: datetime) -> bool:
        """Advance to the next due row. False if there is none up to `limit`."""
        await self.settle()
        due = await self.dogwatch.next_due()
        if due is None or due > limit:
            return False
        self.clock.move_to(max(due, self.clock.now()))
        return True

    def moment(self, step: Step) -> datetime:
        return step.at


def _ignore_commit(_due: DueWork) -> None:
    """Replaces the wake-up after a commit."""
