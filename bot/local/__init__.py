"""
`dogwatch sandbox`: a local Slack in this process, and the bot in a subprocess.

Both keep their state in one folder. The bot connects by Socket Mode and is restarted if it dies.
"""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.config import DEFAULT_PATH, Settings, examine, load
from bot.domain.errors import UserError
from bot.lazy_dataclass import dataclass
from bot.local.addresses import HOST, Ports, choose_ports, keep_ports
from bot.local.folder import CONFIG, DATABASE, ENVIRONMENT, LOG, prepare_folder, write_environment
from bot.local.process import BotProcess
from bot.local.progress import ProgressReader
from bot.local.tour import Tour
from bot.sandbox.server import Sandbox
from bot.scenario.library import examples_folder
from bot.slack.manifest import read_manifest
from commands import COMMANDS


@dataclass(frozen=True, slots=True)
class LocalBot:
    """Sandbox and bot while they run. `greeting`: lines for the terminal."""

    sandbox: Sandbox
    bot: BotProcess
    bot_url: str
    alert_token: str
    greeting: tuple[str, ...]
    reload: Callable[[], tuple[str, ...]]
    """Reload the bot's configuration, on SIGHUP. Returns lines for the terminal."""


@asynccontextmanager
async def run_local(data: Path, *, port: int | None, fresh: bool, headless: bool) -> AsyncIterator[LocalBot]:
    """
    Run both until the block ends. `fresh` empties the folder first. Raises UserError.

    `port` None: the page has the port of the last run.
    """
    alert_token = prepare_folder(data, fresh=fresh)
    ports = choose_ports(data, page=port, bot=int(os.environ.get("DOGWATCH_PORT") or 0) or None)
    bot_url = f"http://{HOST}:{ports.bot}"
    slack = await _start_sandbox(data, ports.page)
    environment = _environment(slack, data, bot_url, ports, alert_token)
    bot = BotProcess(environment, url=bot_url, log_file=data / LOG)
    progress = ProgressReader(data / DATABASE, slack.team_id)
    tour = Tour(slack, bot, progress, examples_folder(), bot_url=bot_url, alert_token=alert_token)

    def reload() -> tuple[str, ...]:
        bot.reload()
        report = examine({**os.environ, **environment})
        if report.settings is None:
            return (*map(str, report.problems), "The bot keeps its old configuration.")
        if not headless:
            _publish_bot_features(slack, report.settings)
        return ("Configuration reloaded.",)

    try:
        if not headless:
            _publish_bot_features(slack, load({**os.environ, **environment}))
            slack.panel, slack.guide = progress.list_waiting, tour.guide()
        await bot.start()
        if port != 0:
            keep_ports(data, ports)
        write_environment(data, environment)
        greeting = _greeting(slack, bot_url, alert_token, data, headless=headless, notices=ports.notices)
        yield LocalBot(slack, bot, bot_url, alert_token, greeting, reload)
    finally:
        await tour.close()
        await bot.stop()
        await slack.stop()
        await progress.close()


async def _start_sandbox(data: Path, port: int) -> Sandbox:
    slack = Sandbox(state=data)
    slack.subscribe(read_manifest()["settings"]["event_subscriptions"]["bot_events"])
    try:
        await slack.start(port=port)
    except OSError as problem:
        raise UserError(f"Port {port} was taken in the meantime. Start again.") from problem
    return slack


def _publish_bot_features(slack: Sandbox, settings: Settings) -> None:
    """Give the page the bot's commands, shortcuts and reactions."""
    slack.commands = [
        {"name": "/incident", "usage": each.usage, "summary": each.summary.replace("`", "")} for each in COMMANDS
    ]
    slack.shortcuts, slack.global_shortcuts = _shortcuts("message"), _shortcuts("global")
    slack.marks = {emoji: kind.value for emoji, kind in settings.reactions.items()}


def _shortcuts(kind: str) -> tuple[tuple[str, str], ...]:
    """Callback id and title of the shortcuts in the app's manifest."""
    declared = read_manifest()["features"]["shortcuts"]
    return tuple((each["callback_id"], each["name"]) for each in declared if each["type"] == kind)


def _environment(slack: Sandbox, data: Path, bot_url: str, ports: Ports, alert_token: str) -> dict[str, str]:
    """Environment of the bot. The user's own configuration file replaces the sandbox's."""
    own = os.environ.get("DOGWATCH_CONFIG") or (DEFAULT_PATH if DEFAULT_PATH.exists() else None)
    return {
        "DOGWATCH_CONFIG": str(Path(own or data / CONFIG).resolve()),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "SLACK_CLIENT_ID": slack.openid.client_id,
        "SLACK_CLIENT_SECRET": slack.openid.client_secret,
        "DATABASE_URL": f"sqlite:///{(data / DATABASE).resolve()}",
        "DOGWATCH_HOST": HOST,
        "DOGWATCH_PORT": str(ports.bot),
        "DOGWATCH_PUBLIC_URL": bot_url,
        "DOGWATCH_ALERT_TOKEN": alert_token,
        "DOGWATCH_CHANGE_TOKEN": alert_token,
    }


def _greeting(
    slack: Sandbox, bot_url: str, token: str, data: Path, *, headless: bool, notices: tuple[str, ...]
) -> tuple[str, ...]:
    if headless:
        addresses = {
            "base_url": slack.base_url,
            "api_url": slack.api_url,
            "bot_url": bot_url,
            "alert_token": token,
            "data": str(data),
        }
        return (json.dumps(addresses),)
    return (
        "",
        *(f"  {notice}" for notice in notices),
        f"  Dogwatch is up. Open {slack.page_url}",
        "",
        f"  Its own pages, with a sign-in by one click: {bot_url}/",
        f"  Send alerts to {bot_url}/alerts/alertmanager with the bearer token {token}",
        f"  State and log of the bot: {data}/ (start over with --fresh). Stop with Ctrl-C.",
        f"  Other commands, in a second terminal: . {data / ENVIRONMENT}",
        "",
    )
