"""
Carry out what is due, in a process that is killed (`kill -9`) before or after the commit.

`python -m tests.support.killed_step URL CONFIG NOW before|after`
"""

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from bot.engine import timers as engine
from bot.store.session import open_database
from tests.support.desk import read


async def main(url: str, config: str, now: str, when: str) -> None:
    def die(point: str) -> None:
        if point == f"{when} commit of run_due":
            os.kill(os.getpid(), signal.SIGKILL)

    database = open_database(url, probe=die)
    await database.run(engine.run_due, read(Path(config)), datetime.fromisoformat(now), 50)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
