"""SQLite: one writer thread and several reader threads on one file."""

import asyncio
import contextvars
import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Concatenate

from sqlalchemy import URL
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import QueuePool, StaticPool
from sqlmodel import Session
from structlog import get_logger

from bot.domain.errors import UserError
from bot.lazy_dataclass import dataclass
from bot.runtime.clock import machine_now
from bot.store.database.connections import sqlite_engine
from bot.store.database.session import (
    STUCK_AFTER,
    DatabaseDamaged,
    DatabaseInUse,
    DatabaseMoved,
    DatabaseUnavailable,
    P,
    Probe,
    T,
    UrgentTransactions,
    function_name,
    no_probe,
    wake_nobody,
)
from bot.store.database.sqlite_writer import Writer
from bot.store.database.transaction_state import DueWork

log = get_logger(__name__)

READERS = 4
"""Reader threads."""


def sqlite_path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise UserError("DATABASE_URL: the database must be a file. Use sqlite:///path/to/dogwatch.db.")
    return Path(url.database)


@dataclass(slots=True)
class FileWatch:
    """
    Detection of a file that was deleted, moved or replaced. SQLite itself notices nothing.

    The same for the log beside it, which has the newest transactions.
    """

    path: Path
    _known: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _is_reported: bool = False

    def remember(self) -> None:
        """Take the present files for the right ones, unless they are known."""
        for path in (self.path, Path(f"{self.path}-wal")):
            if path not in self._known and (found := _identify(path)) is not None:
                self._known[path] = found

    def check(self) -> None:
        """Raises DatabaseMoved."""
        gone = next((path for path, known in self._known.items() if _identify(path) != known), None)
        if gone is not None and not self._is_reported:
            log.error(
                "database file missing",
                path=str(gone),
                fix="Put the file back where it was, or restore a backup, and restart Dogwatch.",
            )
        self._is_reported = gone is not None
        if gone is not None:
            raise DatabaseMoved(f"{gone} was deleted, moved or replaced while Dogwatch uses it")


def _identify(path: Path) -> tuple[int, int] | None:
    """Device and inode; None if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class SqliteDatabase:
    """One file, one writing process. `read_only` opens it beside a running bot, without a lock."""

    dialect = "sqlite"

    def __init__(self, url: URL, *, read_only: bool = False, probe: Probe = no_probe) -> None:
        self.path = sqlite_path(url)
        self.on_commit: Callable[[DueWork], None] = wake_nobody
        self.has_refused = False
        self.urgent = UrgentTransactions()
        self.wall: Callable[[], datetime] = machine_now
        """The machine's clock, which people can set."""
        self._lock: int | None = None
        if read_only:
            if not self.path.exists():
                raise UserError(f"There is no database at {self.path}.")
        else:
            self._lock = self._take_lock()
        # The connection used last first: each keeps pages and statements of its own, and most reads find one free.
        self._reading = sqlite_engine(
            self.path, writable=False, poolclass=QueuePool, pool_size=READERS, pool_use_lifo=True
        )
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-read")
        self.writing = None if read_only else sqlite_engine(self.path, writable=True, poolclass=StaticPool)
        self._writer = None if self.writing is None else Writer(self.writing, probe)
        self._watch = FileWatch(self.path)

    def _take_lock(self) -> int:
        if not self.path.parent.is_dir():
            raise UserError(f"DATABASE_URL: there is no folder {self.path.parent}. Create it, or fix the path.")
        for path in (self.path, self.path.parent):
            if path.exists() and not os.access(path, os.W_OK):
                raise _not_writable(self.path, f"{path} is read-only")
        try:
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise _not_writable(self.path, str(problem.strerror)) from problem
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            os.close(lock)
            raise DatabaseInUse(
                f"{self.path} is in use by another Dogwatch process. Stop that one first, "
                "or use PostgreSQL if you want several."
            ) from problem
        return lock

    async def run(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self.urgent.running():
            return await self._write(
                function_name(fn), lambda session: fn(session, *args, **kwargs), is_low_priority=False
            )

    async def run_low_priority(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._write(function_name(fn), lambda session: fn(session, *args, **kwargs), is_low_priority=True)

    async def _write(self, name: str, work: Callable[[Session], T], *, is_low_priority: bool) -> T:
        if self._writer is None:
            raise UserError(f"{self.path} was opened for reading only.")
        self._watch.check()
        try:
            job = self._writer.submit(name, work, is_low_priority=is_low_priority)
            result, due = await asyncio.wrap_future(job)
            self._watch.remember()
        except OperationalError as problem:
            self.has_refused = True
            raise DatabaseUnavailable(str(_first(problem).orig)) from problem
        except DatabaseError as problem:
            raise _not_sqlite(self.path, problem) from problem
        self._watch.check()  # between the commit and its acknowledgement
        if due.wakeup:
            self.on_commit(due)
        return result

    async def read(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def reading() -> T:
            try:
                with Session(self._reading, expire_on_commit=False) as session:
                    return fn(session, *args, **kwargs)
            except OperationalError as problem:
                raise DatabaseUnavailable(str(problem.orig)) from problem
            except DatabaseError as problem:
                raise _not_sqlite(self.path, problem) from problem

        self._watch.check()
        inside = contextvars.copy_context()  # a thread has no context, and its lines belong to the same unit
        return await asyncio.get_running_loop().run_in_executor(self._readers, lambda: inside.run(reading))

    async def read_large(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.read(fn, *args, **kwargs)  # each has a thread

    async def now(self) -> datetime:
        return self.wall()

    async def end_stuck_transactions(self, after: timedelta = STUCK_AFTER) -> int:  # noqa: ARG002  as the other kind of database
        return 0  # the file has one process: nobody else can be in its way

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._readers.shutdown)
        if self._writer is not None:
            await loop.run_in_executor(None, self._writer.close)
        self._reading.dispose()
        if self.writing is not None:
            self.writing.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _first(problem: OperationalError) -> OperationalError:
    """The original error: after a full disk SQLite rolls back, and the savepoint is missing too."""
    found, earlier = problem, problem.__context__
    while earlier is not None:
        found = earlier if isinstance(earlier, OperationalError) else found
        earlier = earlier.__context__
    return found


def _not_writable(path: Path, why: str) -> UserError:
    return UserError(
        f"{path} cannot be written ({why}). Let the user that runs Dogwatch write to it and its folder, or set "
        "DATABASE_URL to another place."
    )


def _not_sqlite(path: Path, problem: DatabaseError) -> Exception:
    """DatabaseDamaged for a damaged or foreign file; any other error (a constraint) unchanged."""
    if type(problem) is not DatabaseError:
        return problem
    return DatabaseDamaged(
        f"{path} cannot be used: {problem.orig}. Stop Dogwatch, move the file and those beside it to another place, "
        "and restore a backup with `dogwatch restore`; or set DATABASE_URL to another file."
    )
