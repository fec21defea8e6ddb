"""
The database behind one door: `await database.run(fn, ...)` is one transaction, and the only commit.

Store and service functions are plain and synchronous. On SQLite they run in one writer thread, first come first served
(several writers would only wait for one another, and badly: see docs/adr/0003; what waits is committed together, see
`writer`), or in reader threads that cannot write.
On PostgreSQL they run on an `AsyncSession` by `run_sync`.
"""

import asyncio
import contextvars
import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool, QueuePool, StaticPool
from sqlmodel import Session

from bot.config.database_url import read_servers
from bot.domain.errors import UserError
from bot.runtime.clock import machine_now
from bot.store.database.connections import (
    SERIALIZATION_FAILURES,
    is_outage,
    leave_what_takes_no_writes,
    sqlite_engine,
    try_unused,
)
from bot.store.database.sqlite_writer import Writer
from bot.store.database.wakeups import Due, left_due

P = ParamSpec("P")
T = TypeVar("T")
Probe = Callable[[str], None]

READERS = 4
STUCK_AFTER = timedelta(seconds=10)
END_STUCK = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
    AND application_name = current_setting('application_name')
    AND wait_event = 'ClientRead' AND state <> 'idle' AND state_change < clock_timestamp() - CAST(:after AS interval)
""")
"""A replica that is paused (SIGSTOP, a frozen container) keeps what it has locked. The server's own limit for idle
transactions does not see one that was paused between two messages of a statement. What counts is how long its server
has waited for it: a transaction of much work may be older."""
TRIES = 4


class DatabaseInUse(UserError):
    """Another process has the SQLite file open for writing."""


class DatabaseUnavailable(Exception):
    """The database does not answer, or refuses writes. Nothing was changed; whoever asked may ask again."""


class OutcomeUnknown(DatabaseUnavailable):
    """The connection went while the commit was under way: all was changed, or nothing. Look before asking again."""


class DatabaseDamaged(DatabaseUnavailable):
    """The file is no database of SQLite, or damaged: for the operator, who is told what to do. It was not changed."""


def no_probe(_point: str) -> None:
    """What a fault test replaces: called before and after each commit."""


def name_of(fn: Callable[..., object]) -> str:
    return getattr(fn, "__name__", type(fn).__name__)


def _nobody(_due: Due) -> None:
    """Whom a database wakes that nobody carries anything out for."""


class Database(Protocol):
    dialect: str
    on_commit: Callable[[Due], None]
    """Called after a commit that left something for the sender or the engine to do."""

    async def run(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Run `fn(session, ...)` in one transaction and commit it.

        Raises what `fn` raises (then nothing is changed) and DatabaseUnavailable.
        """

    async def run_behind(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`run`, behind what people wait for: where there is one writer, theirs goes first."""

    async def read(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(session, ...)` beside the writers; what it sees is one consistent state. It cannot write."""

    async def now(self) -> datetime:
        """The database's own time."""

    async def end_stuck(self, after: timedelta = STUCK_AFTER) -> int:
        """End transactions of other replicas that have waited for their replica for so long. Returns how many."""

    async def close(self) -> None: ...


def sqlite_path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise UserError("DATABASE_URL: Dogwatch keeps its record in a file: use sqlite:///path/to/dogwatch.db.")
    return Path(url.database)


class SqliteDatabase:
    """One file, one writing process. `read_only` opens it beside a running bot and takes no lock."""

    dialect = "sqlite"

    def __init__(self, url: URL, *, read_only: bool = False, probe: Probe = no_probe) -> None:
        self.path = sqlite_path(url)
        self.on_commit: Callable[[Due], None] = _nobody
        self.wall: Callable[[], datetime] = machine_now
        """The clock that stands beside the file. People set it."""
        self._lock: int | None = None
        if read_only:
            if not self.path.exists():
                raise UserError(f"There is no database at {self.path}.")
        else:
            self._lock = self._take_lock()
        self._reading = sqlite_engine(self.path, writable=False, poolclass=QueuePool, pool_size=READERS)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-read")
        self.writing = None if read_only else sqlite_engine(self.path, writable=True, poolclass=StaticPool)
        self._writer = None if self.writing is None else Writer(self.writing, probe)

    def _take_lock(self) -> int:
        if not self.path.parent.is_dir():
            raise UserError(f"DATABASE_URL: there is no folder {self.path.parent}. Make it, or mend the path.")
        for path in (self.path, self.path.parent):
            if path.exists() and not os.access(path, os.W_OK):
                raise _not_writable(self.path, f"{path} may only be read")
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
        return await self._write(name_of(fn), lambda session: fn(session, *args, **kwargs), is_behind=False)

    async def run_behind(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._write(name_of(fn), lambda session: fn(session, *args, **kwargs), is_behind=True)

    async def _write(self, name: str, work: Callable[[Session], T], *, is_behind: bool) -> T:
        if self._writer is None:
            raise UserError(f"{self.path} was opened for reading only.")
        try:
            job = self._writer.submit(name, work, is_behind=is_behind)
            result, due = await asyncio.wrap_future(job)
        except OperationalError as problem:
            raise DatabaseUnavailable(str(_first(problem).orig)) from problem
        except DatabaseError as problem:
            raise _not_sqlite(self.path, problem) from problem
        if due:
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

        inside = contextvars.copy_context()  # a thread has none of its own, and its lines belong to the same unit
        return await asyncio.get_running_loop().run_in_executor(self._readers, lambda: inside.run(reading))

    async def now(self) -> datetime:
        return self.wall()

    async def end_stuck(self, after: timedelta = STUCK_AFTER) -> int:  # noqa: ARG002  as the other kind of database
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
    """What went wrong to begin with: on a full disk SQLite undoes everything, and then no savepoint is there either."""
    found, earlier = problem, problem.__context__
    while earlier is not None:
        found = earlier if isinstance(earlier, OperationalError) else found
        earlier = earlier.__context__
    return found


def _not_writable(path: Path, why: str) -> UserError:
    return UserError(
        f"{path} cannot be written ({why}). Give the user that runs Dogwatch the file and its folder, or set "
        "DATABASE_URL to another place."
    )


def _not_sqlite(path: Path, problem: DatabaseError) -> Exception:
    """A damaged or foreign file is for the operator; what our own statements did wrong (a constraint) stays itself."""
    if type(problem) is not DatabaseError:
        return problem
    return DatabaseDamaged(
        f"{path} cannot be used: {problem.orig}. Stop Dogwatch, move the file and those beside it to another place, "
        "and put a backup back with `dogwatch restore`; or set DATABASE_URL to another file."
    )


class PostgresDatabase:
    """A server that several replicas share."""

    dialect = "postgresql"

    def __init__(self, url: str, *, probe: Probe = no_probe, pool_size: int = 10) -> None:
        from bot.store.database.postgres_primary import Finder  # noqa: PLC0415  a bot on SQLite starts without the driver

        self.on_commit: Callable[[Due], None] = _nobody
        self._probe = probe
        try:
            self._servers = read_servers(url)
        except ValueError as problem:
            raise UserError(f"DATABASE_URL: {problem}") from problem
        self.engine = create_async_engine(
            "postgresql+asyncpg://",
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            connect_args={"async_creator_fn": Finder(self._servers).connect},
            hide_parameters=True,  # errors are logged, and the record's words must not be
        )
        try_unused(self.engine.sync_engine)
        leave_what_takes_no_writes(self.engine.sync_engine)
        self._sessions = async_sessionmaker(self.engine, sync_session_class=Session, expire_on_commit=False)
        # As options they are part of BEGIN; as a statement of their own they would be one more way to the server.
        reading = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._readings = async_sessionmaker(reading, sync_session_class=Session, expire_on_commit=False)

    def unhurried(self) -> AsyncEngine:
        """For migrations: its statements may take long, and may wait long for another replica's. Dispose of it."""
        from bot.store.database.postgres_primary import Finder  # noqa: PLC0415  as above

        finder = Finder(self._servers, is_patient=True)
        return create_async_engine(
            "postgresql+asyncpg://",
            poolclass=NullPool,
            connect_args={"async_creator_fn": finder.connect},
            hide_parameters=True,
        )

    async def run(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        for remaining in reversed(range(TRIES)):
            try:
                return await self._transaction(fn, *args, **kwargs)
            except DBAPIError as problem:
                # Two transactions that waited for one another: the server undid this one, so it may simply run again.
                # So it may if the connection went before the commit was asked for.
                state = getattr(problem.orig, "sqlstate", None)
                if remaining and (problem.connection_invalidated or state in SERIALIZATION_FAILURES):
                    continue
                if is_outage(problem):
                    raise DatabaseUnavailable(str(problem.orig)) from problem
                raise
            except (OSError, TimeoutError) as problem:
                raise DatabaseUnavailable(str(problem) or type(problem).__name__) from problem
            except PoolTimeout as problem:
                raise DatabaseUnavailable("every connection to the server is in use") from problem
        raise AssertionError("unreachable")

    async def run_behind(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run(fn, *args, **kwargs)

    async def _transaction(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._sessions() as session:
            result = await session.run_sync(lambda sync: fn(as_sqlmodel(sync), *args, **kwargs))
            self._probe(f"before commit of {name_of(fn)}")
            try:
                await session.commit()
            except (DBAPIError, OSError, TimeoutError) as problem:
                if isinstance(problem, DBAPIError) and not problem.connection_invalidated:
                    raise
                if due := left_due(as_sqlmodel(session.sync_session)):
                    self.on_commit(due)  # if it was kept, what it left is to be done
                # It may be kept or not: running it again could do it twice.
                raise OutcomeUnknown(str(getattr(problem, "orig", problem)) or type(problem).__name__) from problem
            self._probe(f"after commit of {name_of(fn)}")
            if due := left_due(as_sqlmodel(session.sync_session)):
                self.on_commit(due)
            return result

    async def read(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            async with self._readings() as session:
                return await session.run_sync(lambda sync: fn(as_sqlmodel(sync), *args, **kwargs))
        except DBAPIError as problem:
            if is_outage(problem):
                raise DatabaseUnavailable(str(problem.orig)) from problem
            raise
        except (OSError, TimeoutError) as problem:
            raise DatabaseUnavailable(str(problem) or type(problem).__name__) from problem
        except PoolTimeout as problem:
            raise DatabaseUnavailable("every connection to the server is in use") from problem

    async def now(self) -> datetime:
        try:
            async with self.engine.connect() as connection:
                found = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        except (DBAPIError, OSError, TimeoutError, PoolTimeout) as problem:
            raise DatabaseUnavailable(str(problem)) from problem
        if not isinstance(found, datetime):
            raise TypeError(f"the server's clock answered {found!r}")
        return found.astimezone(UTC)

    async def end_stuck(self, after: timedelta = STUCK_AFTER) -> int:
        try:
            async with self.engine.connect() as connection:
                return len((await connection.execute(END_STUCK, {"after": after})).all())
        except (DBAPIError, OSError, TimeoutError, PoolTimeout) as problem:
            raise DatabaseUnavailable(str(problem)) from problem

    async def close(self) -> None:
        await self.engine.dispose()


def as_sqlmodel(session: Any) -> Session:
    if not isinstance(session, Session):
        raise TypeError("the session factory must make sqlmodel sessions")
    return session


def open_database(url: str, *, read_only: bool = False, probe: Probe = no_probe) -> SqliteDatabase | PostgresDatabase:
    """
    The database that `url` names: `sqlite:///file`, `postgres://…` or `postgresql://…` with one or several hosts.

    Raises UserError for any other, and DatabaseInUse if a SQLite file belongs to a running process.
    """
    kind = url.partition(":")[0].partition("+")[0]
    if kind in {"postgres", "postgresql"}:
        return PostgresDatabase(url, probe=probe)
    try:
        parsed = make_url(url)
    except Exception as problem:
        raise UserError(
            "DATABASE_URL is not a database address. Examples: sqlite:///dogwatch.db, postgresql://user@host/dogwatch."
        ) from problem
    if kind == "sqlite":
        return SqliteDatabase(parsed, read_only=read_only, probe=probe)
    raise UserError(f"DATABASE_URL: Dogwatch keeps its record in SQLite or PostgreSQL, not in {kind!r}.")
