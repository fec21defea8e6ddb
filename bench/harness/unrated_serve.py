"""`dogwatch serve`, but for Slack's rates: it makes two hundred channels at once, which takes Slack ten minutes."""

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import replace

from bot.app import Dogwatch
from bot.config import load
from bot.runtime.log import configure_logging
from bot.slack.delivery.worker import Sender
from bot.store.outbox import OutboxRow, Rate


def no_rates(_row: OutboxRow) -> tuple[Rate, ...]:
    return ()


async def serve() -> None:
    """Until SIGTERM, or `kill -9`."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    bot = Dogwatch(load(os.environ))
    bot.sender = Sender(replace(bot.effect_context, pacer=None), rates_of=no_rates)
    await bot.start()
    await ended.wait()
    await bot.stop()


if __name__ == "__main__":
    configure_logging(level="WARNING")
    with suppress(KeyboardInterrupt):
        asyncio.run(serve())
