"""
Carry out what is due, in a process that is killed (`kill -9`) before or after the commit.

`python -m tests.support.survivors.killed_step URL CONFIG NOW before|after`
"""

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from bot.engine.timers import run_due_timers
from bot.store.database.session import open_database
from bot.store.shared.timers import Timer
from tests.support.worlds.services import read


def is_next(session: Session, now: datetime) -> bool:
    """True if an escalation step is the timer due longest."""
    due = select(Timer.key).where(Timer.due_at <= now).order_by(col(Timer.due_at), Timer.key)
    return (session.exec(due).first() or "escalation:").startswith("escalation:")


async def main(url: str, config: str, now: str, when: str) -> None:
    is_armed = False

    def die(point: str) -> None:
        if is_armed and point == f"{when} commit of run_due_timers":
            os.kill(os.getpid(), signal.SIGKILL)

    database, at = open_database(url, probe=die), datetime.fromisoformat(now)
    while True:
        is_armed = await database.read(is_next, at)
        await database.run(run_due_timers, read(Path(config)), at, 50)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
