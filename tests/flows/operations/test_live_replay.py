"""Live replays: a scenario played in real time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.app import Dogwatch
from bot.config import load
from bot.sandbox.server import Sandbox
from bot.simulation.live_replay import play_live
from bot.simulation.player import PlayError
from tests.support.records.scenarios import FIRES, RESOLVED, scenario, typed

LIVE_TOKEN = "token-of-the-live-play"


@asynccontextmanager
async def live(folder: Path) -> AsyncIterator[tuple[Sandbox, str]]:
    """Bot and sandbox in real time; gives the sandbox and the address of the bot."""
    async with Sandbox() as sandbox:
        bot = Dogwatch(
            load(
                {
                    "SLACK_BOT_TOKEN": sandbox.bot_token,
                    "SLACK_SIGNING_SECRET": sandbox.signing_secret,
                    "SLACK_API_URL": sandbox.api_url,
                    "DATABASE_URL": f"sqlite:///{folder / 'live.db'}",
                    "DOGWATCH_PORT": "0",
                    "DOGWATCH_ALERT_TOKEN": LIVE_TOKEN,
                }
            )
        )
        await bot.start()
        sandbox.deliver_by_http(f"http://127.0.0.1:{bot.port}/slack/events")
        try:
            yield sandbox, f"http://127.0.0.1:{bot.port}"
        finally:
            await bot.stop()


async def test_a_live_play_runs_to_its_end_and_each_opens_its_own_incident(tmp_path: Path):
    """The scenario's hours are those of another day; what is typed must not be refused for it."""
    story = scenario(
        FIRES,
        {"say": {"id": "m", "who": "dba", "text": "Looking at the replica"}},
        {"react": {"who": "dba", "emoji": "mag", "to": "m"}},
        typed("/incident escalate @kitchen The oven is cold"),
        {"ack": {"who": "cook", "target": "kitchen"}},
        typed("/incident note at:23:59 kind:action Restarted"),
        RESOLVED,
    )
    async with live(tmp_path) as (sandbox, bot_url):
        for number in (1, 2):
            await play_live(story, sandbox, bot_url=bot_url, token=LIVE_TOKEN, seconds_between=0.1)
            name = f"inc-{number}-card-payments-fail"
            await sandbox.wait_until(lambda name=name: sandbox.files(name), 30)

            draft = sandbox.file_content(sandbox.files(name)[-1]["id"]).decode()
            assert "Looking at the replica" in draft
            assert "acknowledged by cook" in draft
            assert "Restarted" in draft


async def test_a_live_play_that_is_refused_ends_with_the_bots_words(tmp_path: Path):
    async with live(tmp_path) as (sandbox, bot_url):
        with pytest.raises(PlayError, match=r"step 1 \(alert\): the bot refuses it \(HTTP 401\)"):
            await play_live(scenario(FIRES), sandbox, bot_url=bot_url, token="wrong", seconds_between=0)
