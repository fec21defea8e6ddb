"""
Migrate a database, killed (`kill -9`) three statements later at each attempt, until done.

`python -m tests.support.records.interrupted_migration URL FOLDER` takes the migrations in FOLDER, and prints the
revision after each attempt. Every attempt is a process of its own; this one never has a connection while it makes
another.
"""

import asyncio
import os
import signal
import sys
from itertools import count
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, event
from sqlmodel import Session

from bot.store.database import migrate
from bot.store.database.session import open_database


def die_at(statement_number: int) -> None:
    """Listen to each connection: on PostgreSQL migrations have one of their own."""
    statements = count(1)

    @event.listens_for(Engine, "after_cursor_execute")
    def executed(*_: object) -> None:
        if next(statements) == statement_number:
            os.kill(os.getpid(), signal.SIGKILL)


async def attempt(url: str, statement_number: int) -> None:
    database = open_database(url)
    die_at(statement_number)
    await migrate.migrate(database)
    await database.close()


async def revision(url: str) -> str | None:
    def read(session: Session) -> str | None:
        return MigrationContext.configure(session.connection()).get_current_revision()

    database = open_database(url)
    try:
        return await database.run(read)
    finally:
        await database.close()


def in_a_child(url: str, statement_number: int) -> int:
    """Run an attempt in a child process; returns its exit code, or minus the signal."""
    child = os.fork()
    if child == 0:
        asyncio.run(attempt(url, statement_number))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(url: str, folder: Path) -> None:
    migrate.migrations_folder = lambda: folder
    for statement_number in count(1, 3):
        ended = in_a_child(url, statement_number)
        found = asyncio.run(revision(url))
        sys.stdout.write(f"{found}\n")
        if ended == 0:
            return
        if ended != -signal.SIGKILL:
            sys.exit(f"attempt {statement_number} ended with {ended}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
