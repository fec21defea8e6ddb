"""`dogwatch serve`: run the bot."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any

import click

from bot.app import Dogwatch
from bot.cli.environment import load_settings
from bot.cli.exit_codes import create_stop_event
from bot.config import examine
from bot.config.reloading import log_warnings
from bot.runtime import log
from bot.runtime.memory import collect_rarely
from bot.runtime.systemd import SystemdNotifier


async def start_unless_stopped(stop: asyncio.Event, starting: Coroutine[Any, Any, None]) -> None:
    """Await `starting`, and cancel it when `stop` is set."""
    tasks = [asyncio.ensure_future(starting), asyncio.ensure_future(stop.wait())]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if not task.done():
            task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(results[0], Exception):
        raise results[0]


@click.command()
def serve() -> None:
    """Run the bot: in Socket Mode if SLACK_APP_TOKEN is set, else over HTTP."""
    log.configure_logging()
    settings = load_settings()
    log.configure_logging(level=settings.log_level.upper(), form=settings.log_format)
    log_warnings(examine(os.environ).warnings)

    async def serve_until_stopped() -> None:
        stop, systemd = create_stop_event(), SystemdNotifier(os.environ, os.getpid())
        bot = Dogwatch(settings)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, bot.request_reload)
        watchdog = asyncio.create_task(systemd.keep_alive(), name="systemd watchdog")
        try:
            await start_unless_stopped(stop, bot.start())
            collect_rarely()
            if not stop.is_set():
                systemd.notify("READY=1", f"STATUS=Listening on port {bot.port}")
            await stop.wait()
        finally:
            systemd.notify("STOPPING=1", "STATUS=Stopping")
            await bot.stop()
            watchdog.cancel()

    asyncio.run(serve_until_stopped())
