"""PostgreSQL: pooled connections to the primary, for several replicas."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Concatenate

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from bot.config.database_url import parse_database_url
from bot.domain.errors import UserError
from bot.runtime.threads import ThreadLoop
from bot.store.database.connections import (
    PREPARED_STATEMENTS,
    SERIALIZATION_FAILURES,
    check_idle_connections,
    drop_read_only_connections,
    is_outage,
)
from bot.store.database.session import (
    LOW_PRIORITY_WAIT,
    STUCK_AFTER,
    DatabaseUnavailable,
    OutcomeUnknown,
    P,
    Probe,
    T,
    UrgentTransactions,
    function_name,
    no_probe,
    wake_nobody,
)
from bot.store.database.tables import serialize_json
from bot.store.database.transaction_state import DueWork, TrackedSession, due_work

END_STUCK = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
    AND application_name = current_setting('application_name')
    AND wait_event = 'ClientRead' AND state <> 'idle'
    AND state_change < pg_catalog.clock_timestamp() - CAST(:after AS interval)
""")
"""
Ends transactions of replicas that are paused (SIGSTOP, a frozen container) and keep their locks.

The server's own limit for idle transactions does not see one that was paused between two messages of a statement. The
age is how long the server has waited for the replica: a transaction with much work may be older.
"""
TRIES = 4
"""Attempts at a transaction that the server aborted."""
LARGE_READINGS = 3
"""Connections of the process that are kept for large readings."""
LARGE_TIMEOUT = 30
"""Longest wait for one of these connections, in seconds."""


class PostgresDatabase:
    """A server that several replicas share."""

    dialect = "postgresql"

    def __init__(self, url: str, *, probe: Probe = no_probe, pool_size: int = 7) -> None:
        self.on_commit: Callable[[DueWork], None] = wake_nobody
        self.has_refused = False
        self._probe = probe
        self.urgent = UrgentTransactions()
        try:
            self._servers = parse_database_url(url)
        except ValueError as problem:
            raise UserError(f"DATABASE_URL: {problem}") from problem
        self.engine = self._create_engine(pool_size, timeout=5)
        self._sessions = async_sessionmaker(self.engine, sync_session_class=TrackedSession, expire_on_commit=False)
        self._readings = _readings(self.engine)
        self._beside = ThreadLoop("db-read")
        # Connections belong to one event loop.
        self._large_engine = self._create_engine(LARGE_READINGS, timeout=LARGE_TIMEOUT)
        self._large_readings = _readings(self._large_engine)

    def _create_engine(self, pool_size: int, *, timeout: float) -> AsyncEngine:
        from bot.store.database.postgres_primary import PrimaryFinder  # noqa: PLC0415  a bot on SQLite starts without the driver

        engine = create_async_engine(
            "postgresql+asyncpg://",
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=timeout,
            pool_use_lifo=True,  # the last one used has its statements ready, and needs no check
            connect_args={
                "async_creator_fn": PrimaryFinder(self._servers).connect,
                "prepared_statement_cache_size": PREPARED_STATEMENTS,
            },
            hide_parameters=True,  # errors are logged, and the record's words must not be
            json_serializer=serialize_json,
        )
        check_idle_connections(engine.sync_engine)
        drop_read_only_connections(engine.sync_engine)
        return engine

    def migration_engine(self) -> AsyncEngine:
        """Engine without statement timeouts, for migrations. The caller disposes of it."""
        from bot.store.database.postgres_primary import PrimaryFinder  # noqa: PLC0415  not for SQLite either

        finder = PrimaryFinder(self._servers, without_timeout=True)
        return create_async_engine(
            "postgresql+asyncpg://",
            poolclass=NullPool,
            connect_args={"async_creator_fn": finder.connect},
            hide_parameters=True,
        )

    async def run(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self.urgent.running():
            return await self._run(fn, *args, **kwargs)

    async def run_low_priority(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        await self.urgent.let_pass(LOW_PRIORITY_WAIT)
        return await self._run(fn, *args, **kwargs)

    async def _run(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await self._run_repeating(fn, *args, **kwargs)
        except DatabaseUnavailable:
            self.has_refused = True
            raise

    async def _run_repeating(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
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

    async def _transaction(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._sessions() as session:
            result = await session.run_sync(lambda sync: fn(as_sqlmodel(sync), *args, **kwargs))
            self._probe(f"before commit of {function_name(fn)}")
            try:
                await session.commit()
            except (DBAPIError, OSError, TimeoutError) as problem:
                if isinstance(problem, DBAPIError) and not problem.connection_invalidated:
                    raise
                if (due := due_work(as_sqlmodel(session.sync_session))).wakeup:
                    self.on_commit(due)  # if it was kept, what it left is to be done
                # It may be kept or not: running it again could do it twice.
                raise OutcomeUnknown(str(getattr(problem, "orig", problem)) or type(problem).__name__) from problem
            self._probe(f"after commit of {function_name(fn)}")
            if (due := due_work(as_sqlmodel(session.sync_session))).wakeup:
                self.on_commit(due)
            return result

    async def read(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._read(self._readings, lambda session: fn(session, *args, **kwargs))

    async def read_large(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def reading(session: Session) -> T:
            return fn(session, *args, **kwargs)

        return await self._beside.run(partial(self._read, self._large_readings, reading))

    async def _read(self, readings: async_sessionmaker[AsyncSession], fn: Callable[[Session], T]) -> T:
        try:
            async with readings() as session:
                return await session.run_sync(lambda sync: fn(as_sqlmodel(sync)))
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

    async def end_stuck_transactions(self, after: timedelta = STUCK_AFTER) -> int:
        try:
            try:
                return await _end_stuck(self.engine, after)
            except PoolTimeout:  # it may be these transactions for which every connection waits
                beside = self.migration_engine()
                try:
                    return await _end_stuck(beside, after)
                finally:
                    await beside.dispose()
        except (DBAPIError, OSError, TimeoutError, PoolTimeout) as problem:
            raise DatabaseUnavailable(str(problem)) from problem

    async def close(self) -> None:
        await self._beside.close(self._large_engine.dispose)
        await self.engine.dispose()


def _readings(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions that each read one consistent snapshot."""
    # As options they are part of BEGIN; as a statement of their own they would be one more way to the server.
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return async_sessionmaker(reading, sync_session_class=Session, expire_on_commit=False)


async def _end_stuck(engine: AsyncEngine, after: timedelta) -> int:
    async with engine.connect() as connection:
        return len((await connection.execute(END_STUCK, {"after": after})).all())


def as_sqlmodel(session: Any) -> Session:
    if not isinstance(session, Session):
        raise TypeError("the session factory must make sqlmodel sessions")
    return session
