"""
Database interface: `await database.run(fn, ...)` is one transaction, and the only commit.

Store and service functions are plain and synchronous. On SQLite they run in one writer thread, first come first served
(several writers would block one another: see docs/adr/0003), or in reader threads that cannot write. On PostgreSQL they
run on an `AsyncSession` by `run_sync`, which holds up the event loop while they compute: large readings have a thread.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import make_url
from sqlmodel import Session

from bot.domain.errors import UserError
from bot.store.database.transaction_state import DueWork

if TYPE_CHECKING:
    from bot.store.database.postgres_database import PostgresDatabase
    from bot.store.database.sqlite_database import SqliteDatabase

P = ParamSpec("P")
T = TypeVar("T")
Probe = Callable[[str], None]

STUCK_AFTER = timedelta(seconds=10)
LOW_PRIORITY_WAIT = 0.5
"""Longest wait of a low-priority transaction for those of higher priority, in seconds."""


class DatabaseInUse(UserError):
    """Another process has the SQLite file open for writing."""


class DatabaseUnavailable(Exception):
    """The database is unreachable or refuses writes. Nothing was changed; a retry is safe."""


class OutcomeUnknown(DatabaseUnavailable):
    """The connection was lost during the commit: all was changed, or nothing."""


class DatabaseDamaged(DatabaseUnavailable):
    """The file is damaged or no SQLite database. It was not changed."""


class DatabaseMoved(OutcomeUnknown):
    """The SQLite file was deleted, moved or replaced: what is written reaches nobody."""


class UrgentTransactions:
    """Transactions of this process that people or monitors wait for; others let them pass."""

    def __init__(self) -> None:
        self._running = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def running(self) -> Iterator[None]:
        self._running += 1
        self._none.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._none.set()

    async def let_pass(self, at_most: float) -> None:
        """Wait until none runs, at most so many seconds."""
        if not self._none.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(at_most):
                    await self._none.wait()


def no_probe(_point: str) -> None:
    """Default probe: does nothing. Fault tests pass one that runs before and after each commit."""


def function_name(fn: Callable[..., object]) -> str:
    return getattr(fn, "__name__", type(fn).__name__)


def wake_nobody(_due: DueWork) -> None:
    """Default `on_commit`: does nothing."""


class Database(Protocol):
    dialect: str
    on_commit: Callable[[DueWork], None]
    """Called after a commit that left work for the sender or the engine."""
    has_refused: bool
    """Whether a transaction was refused since somebody set this to False, after a write that succeeded."""
    urgent: UrgentTransactions
    """Those of `run`."""

    async def run(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Run `fn(session, ...)` in one transaction and commit it.

        Raises what `fn` raises (then nothing is changed) and DatabaseUnavailable.
        """

    async def run_low_priority(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Same as `run`, after transactions of this process that people wait for, within a limit."""

    async def read(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(session, ...)` on one consistent snapshot. It cannot write."""

    async def read_large(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Same as `read`, for what may read thousands of rows: others go on meanwhile.

        Not for answers to Slack, which has to get them within 3 s: large readings wait for one another.
        """

    async def now(self) -> datetime:
        """The database's own time."""

    async def end_stuck_transactions(self, after: timedelta = STUCK_AFTER) -> int:
        """End transactions of paused replicas; return their number."""

    async def close(self) -> None: ...


def open_database(url: str, *, read_only: bool = False, probe: Probe = no_probe) -> "SqliteDatabase | PostgresDatabase":
    """
    Open the database at `sqlite:///file` or `postgresql://…` with one or several hosts.

    Raises UserError for any other URL, and DatabaseInUse if a SQLite file belongs to a running process.
    """
    kind = url.partition(":")[0].partition("+")[0]
    if kind in {"postgres", "postgresql"}:
        from bot.store.database.postgres_database import PostgresDatabase  # noqa: PLC0415  it imports this module

        return PostgresDatabase(url, probe=probe)
    try:
        parsed = make_url(url)
    except Exception as problem:
        raise UserError(
            "DATABASE_URL is not a database address. Examples: sqlite:///dogwatch.db, postgresql://user@host/dogwatch."
        ) from problem
    if kind == "sqlite":
        from bot.store.database.sqlite_database import SqliteDatabase  # noqa: PLC0415  it imports this module

        return SqliteDatabase(parsed, read_only=read_only, probe=probe)
    raise UserError(f"DATABASE_URL: {kind!r} is not supported. Use SQLite or PostgreSQL.")
