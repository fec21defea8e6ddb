"""
`dogwatch sandbox`: a local Slack in this process, and the bot beside it as a process of its own, as in earnest.

Both keep their state in one folder. The bot is connected by Socket Mode; if it dies it is started again.
"""

import json
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.config import DEFAULT_PATH, Settings, examine, load
from bot.domain.errors import UserError
from bot.local.folder import CONFIG, DATABASE, LOG, prepared
from bot.local.gallery import gallery
from bot.local.process import Bot
from bot.local.progress import Record
from bot.local.tour import Tour
from bot.sandbox.server import Sandbox
from bot.scenario.library import examples_folder
from bot.slack.manifest import read_manifest
from commands import COMMANDS


@dataclass(frozen=True, slots=True)
class Local:
    """A running pair. `greeting` is what the person at the terminal is told."""

    sandbox: Sandbox
    bot: Bot
    bot_url: str
    alert_token: str
    greeting: tuple[str, ...]
    read_again: Callable[[], tuple[str, ...]]
    """For SIGHUP: the bot reads its configuration anew, and the page offers what it says then. Gives what to say."""


@asynccontextmanager
async def run_local(data: Path, *, port: int, fresh: bool, headless: bool) -> AsyncIterator[Local]:
    """
    Run both until the block ends. `fresh` empties the folder first.

    Raises UserError if the port is taken or the bot does not come up.
    """
    alert_token = prepared(data, fresh=fresh)
    bot_port = int(os.environ.get("DOGWATCH_PORT") or 0) or _free_port()
    bot_url = f"http://127.0.0.1:{bot_port}"
    slack = Sandbox(state=data)
    try:
        await slack.start(port=port)
    except OSError as problem:
        raise UserError(f"Port {port} is taken. Choose another with --port, or 0 for any free one.") from problem
    environment = _environment(slack, data, bot_url, bot_port, alert_token)
    bot = Bot(environment, url=bot_url, log_file=data / LOG)
    record = Record(data / DATABASE, slack.team_id)
    tour = Tour(slack, bot, record, examples_folder(), bot_url=bot_url, alert_token=alert_token)

    def read_again() -> tuple[str, ...]:
        bot.hang_up()
        report = examine({**os.environ, **environment})
        if report.settings is None:
            return (*map(str, report.problems), "The bot goes on with the configuration of before.")
        if not headless:
            _tell_of_the_bot(slack, report.settings)
        return ("The configuration is read again.",)

    try:
        if not headless:
            _tell_of_the_bot(slack, load({**os.environ, **environment}))
            slack.panel, slack.guide = record.waiting, tour.guide()
        await bot.start()
        yield Local(
            slack,
            bot,
            bot_url,
            alert_token,
            _greeting(slack, bot_url, alert_token, data, headless=headless),
            read_again,
        )
    finally:
        await tour.close()
        await bot.stop()
        await slack.stop()
        await record.close()


def _tell_of_the_bot(slack: Sandbox, settings: Settings) -> None:
    """What the page offers of the bot: what can be typed, marked and chosen, and all that the bot can say."""
    slack.commands = [
        {"name": "/incident", "usage": each.usage, "summary": each.summary.replace("`", "")} for each in COMMANDS
    ]
    slack.shortcuts, slack.global_shortcuts = _shortcuts("message"), _shortcuts("global")
    slack.marks = {emoji: kind.value for emoji, kind in settings.reactions.items()}
    slack.gallery = gallery(settings)


def _shortcuts(kind: str) -> tuple[tuple[str, str], ...]:
    """Those that the app's manifest declares, by callback id and title: what people find in Slack."""
    declared = read_manifest()["features"]["shortcuts"]
    return tuple((each["callback_id"], each["name"]) for each in declared if each["type"] == kind)


def _environment(slack: Sandbox, data: Path, bot_url: str, bot_port: int, alert_token: str) -> dict[str, str]:
    """What the bot is started with. A configuration of one's own, where there is one, goes before the sandbox's."""
    own = os.environ.get("DOGWATCH_CONFIG") or (DEFAULT_PATH if DEFAULT_PATH.exists() else None)
    return {
        "DOGWATCH_CONFIG": str(own or (data / CONFIG).resolve()),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "DATABASE_URL": f"sqlite:///{(data / DATABASE).resolve()}",
        "DOGWATCH_HOST": "127.0.0.1",
        "DOGWATCH_PORT": str(bot_port),
        "DOGWATCH_PUBLIC_URL": bot_url,
        "DOGWATCH_ALERT_TOKEN": alert_token,
    }


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
