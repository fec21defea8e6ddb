"""
`dogwatch sandbox`: a local Slack in this process, and the bot beside it as a process of its own, as in earnest.

Both keep their state in one folder. The bot is connected by Socket Mode; if it dies it is started again.
"""

import asyncio
import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from structlog import get_logger

from bot.domain.errors import UserError
from bot.player import play_live
from bot.sandbox.server import Sandbox
from bot.scenario import read_scenario

log = get_logger(__name__)

READY_SECONDS = 30.0
BREATH = 1.0
"""Seconds before a bot that died is started again."""
PLAYED = "checkout-500s"
LOG = "dogwatch.log"
LAST_WORDS = 2_000
"""Characters of the log that are shown when the bot does not come up."""


@dataclass(frozen=True, slots=True)
class Local:
    """A running pair. `greeting` is what the person at the terminal is told."""

    sandbox: Sandbox
    bot_url: str
    alert_token: str
    greeting: tuple[str, ...]


def examples_folder() -> Path:
    """The scenarios: inside the package in a wheel, at the top of the tree in a checkout."""
    package = Path(__file__).parent
    return next(path for path in (package / "examples", package.parent / "examples") if path.is_dir())


class Bot:
    """The bot's process, kept alive."""

    def __init__(self, environment: dict[str, str], log_file: Path) -> None:
        self._environment = {**os.environ, **environment}
        self._log_file = log_file
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep(), name="bot keeper")

    async def _spawn(self) -> None:
        with await asyncio.to_thread(self._log_file.open, "ab") as told:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.cli", "serve", env=self._environment, stderr=told
            )

    async def _keep(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            log.warning("the bot ended and is started again", exit_code=code)
            await asyncio.sleep(BREATH)
            await self._spawn()

    @property
    def has_ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


@asynccontextmanager
async def run_local(data: Path, *, port: int, fresh: bool, headless: bool) -> AsyncIterator[Local]:
    """
    Run both until the block ends. `fresh` empties the folder first.

    Raises UserError if the port is taken or the bot does not come up.
    """
    alert_token = _prepared(data, fresh=fresh)
    bot_port = int(os.environ.get("DOGWATCH_PORT") or 0) or _free_port()
    bot_url = f"http://127.0.0.1:{bot_port}"
    slack = Sandbox(state=data, actions={})
    try:
        await slack.start(port=port)
    except OSError as problem:
        raise UserError(f"Port {port} is taken. Choose another with --port, or 0 for any free one.") from problem
    if not headless:
        scenario = read_scenario(examples_folder() / f"{PLAYED}.yaml")

        async def play() -> None:
            await play_live(scenario, slack, alert_url=f"{bot_url}/alerts", alert_token=alert_token)

        slack.actions[f"Play {PLAYED}"] = play
    bot = Bot(
        {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "DATABASE_URL": f"sqlite:///{(data / 'dogwatch.db').resolve()}",
            "DOGWATCH_HOST": "127.0.0.1",
            "DOGWATCH_PORT": str(bot_port),
            "DOGWATCH_PUBLIC_URL": bot_url,
            "DOGWATCH_ALERT_TOKEN": alert_token,
        },
        data / LOG,
    )
    try:
        await bot.start()
        await _ready(bot, bot_url, data / LOG)
        yield Local(slack, bot_url, alert_token, _greeting(slack, bot_url, alert_token, data, headless=headless))
    finally:
        await bot.stop()
        await slack.stop()


def _greeting(slack: Sandbox, bot_url: str, token: str, data: Path, *, headless: bool) -> tuple[str, ...]:
    if headless:
        found = {
            "base_url": slack.base_url,
            "api_url": slack.api_url,
            "bot_url": bot_url,
            "alert_token": token,
            "data": str(data),
        }
        return (json.dumps(found),)
    return (
        "",
        f"  Dogwatch is up. Open {slack.page_url}",
        "",
        f"  Alerts are taken at {bot_url}/alerts/alertmanager with the bearer token {token}",
        f"  State and the bot's log are kept in {data}/ (begin anew with --fresh). Stop with Ctrl-C.",
        "",
    )


async def _ready(bot: Bot, url: str, log_file: Path) -> None:
    """Wait until the bot says that it can work. Raises UserError if it ends or takes too long."""
    async with aiohttp.ClientSession() as session:
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not bot.has_ended:
                    try:
                        async with session.get(f"{url}/readyz") as answer:
                            if answer.status == 200:
                                return
                    except aiohttp.ClientError:
                        pass
                    await asyncio.sleep(0.1)
        except TimeoutError as problem:
            raise UserError(
                f"The bot did not become ready within {READY_SECONDS:g} s.\n{_end_of(log_file)}"
            ) from problem
    raise UserError(f"The bot did not start.\n{_end_of(log_file)}")


def _end_of(log_file: Path) -> str:
    return log_file.read_text(errors="replace")[-LAST_WORDS:]


def _prepared(data: Path, *, fresh: bool) -> str:
    """The folder, and the token for alerts in it."""
    if fresh and data.exists():
        _empty(data)
    data.mkdir(parents=True, exist_ok=True)
    return _kept(data / "alert-token")


def _kept(path: Path) -> str:
    """A token that is made once and kept."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16))
    return path.read_text().strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


OURS = (
    "dogwatch.db", "dogwatch.db-wal", "dogwatch.db-shm", "dogwatch.db.lock", "dogwatch.db.key", "alert-token", LOG,
)  # fmt: skip


def _empty(data: Path) -> None:
    """
    Forget the state. Only a folder that holds nothing but ours is removed whole.

    Raises UserError for a folder that does not look like one of ours.
    """
    found = {each.name for each in data.iterdir()}
    if found and not found & {*OURS, "workspace.json"}:
        raise UserError(f"{data} holds other things than Dogwatch's state; nothing was removed.")
    for name in (*OURS, "workspace.json", "sandbox.json"):
        (data / name).unlink(missing_ok=True)
    if not any(data.iterdir()):
        shutil.rmtree(data)
