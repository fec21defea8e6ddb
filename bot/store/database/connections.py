"""Connections to either database: setup, health checks, outages."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.domain.text.search_key import search_key
from bot.store.database.tables import serialize_json

BUSY_TIMEOUT_MS = 5_000
PREPARED_STATEMENTS = 600
"""
Statements that a connection keeps ready. The acts of an incident make about 200 different ones.

By default the drivers keep 128 and 100, and prepare the others again and again, which on PostgreSQL is one more way to
the server and back.
"""
SQLITE_STATEMENTS = 300
"""The same for the writing connection to SQLite. Each takes 16 kB of this process, and lists of all lengths differ."""
READER_STATEMENTS = 100
"""The same for each reading connection."""
READER_CACHE_KB = 512
"""Size of the pages that each reading connection keeps. SQLite's own value is 2 MB; the system keeps them anyway."""
SERIALIZATION_FAILURES = {"40001", "40P01"}
UNAVAILABLE_CLASSES = {"08", "53", "57", "58"}
"""Classes of SQLSTATE that mean an outage of the server (PostgreSQL's manual, appendix A)."""
TIME_LIMITS = {"55P03", "25P03", "25P04"}
"""The server's limits for a lock, an idle transaction and a whole one: others held it up. The statement was right."""
READ_ONLY = "25006"
CHECK_SECONDS = 2.0
"""Timeout of a connection check: a server whose machine is gone never answers."""
IDLE_SECONDS = 1.0
"""Idle time after which a connection is checked. A check is one way to the server and back."""


def sqlite_engine(path: Path, *, writable: bool, **pool: Any) -> Engine:
    """Engine of a SQLite file. A new file is readable by its owner only."""
    if writable:
        with suppress(OSError):  # it is there, or SQLite says better what is wrong
            path.touch(mode=0o600, exist_ok=False)
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={
            "check_same_thread": False,
            "timeout": BUSY_TIMEOUT_MS / 1000,
            "cached_statements": SQLITE_STATEMENTS if writable else READER_STATEMENTS,
        },
        hide_parameters=True,  # errors are logged, and the record's words must not be
        json_serializer=serialize_json,
        **pool,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late and too weak
        for pragma in (
            "journal_mode=WAL" if writable else "query_only=ON",
            "synchronous=FULL",
            "secure_delete=FAST",  # what is deleted is overwritten, where that takes no further write
            "foreign_keys=ON",
            *([] if writable else [f"cache_size=-{READER_CACHE_KB}"]),
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("folded", 1, search_key, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writable else "BEGIN")

    return engine


def check_idle_connections(engine: Engine) -> None:
    """
    Check a connection that was idle before it is used: the server may have been restarted.

    If one is broken all are replaced, which costs a login and each statement's preparation.
    """
    from asyncpg import InterfaceError, PostgresError  # type: ignore[import-untyped]  # noqa: PLC0415  not for SQLite

    @event.listens_for(engine, "checkin")
    def note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        used_at = record.info.get("used_at")  # a new connection has none
        if used_at is None or time.monotonic() - used_at < IDLE_SECONDS:
            return
        try:
            connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=CHECK_SECONDS))
        except (OSError, InterfaceError, PostgresError) as problem:
            raise InvalidatePoolError from problem


def drop_read_only_connections(engine: Engine) -> None:
    """
    Close all connections to a server that refuses a write as read-only: it was demoted.

    The next connection finds the new primary.
    """

    @event.listens_for(engine, "handle_error")
    def mark_disconnected(context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) != READ_ONLY or context.connection is None:
            return
        if not context.connection.get_execution_options().get("postgresql_readonly"):  # there it is our own doing
            context.is_disconnect = True


def is_outage(problem: DBAPIError) -> bool:
    """True if the server is unreachable, full or held up, false if the statement was wrong."""
    if problem.connection_invalidated or isinstance(problem, OperationalError):
        return True
    state = str(getattr(problem.orig, "sqlstate", "") or "")
    is_refused = state[:2] in UNAVAILABLE_CLASSES or state in TIME_LIMITS
    return is_refused or isinstance(problem.orig, OSError) or not state


def is_transient(problem: Exception) -> bool:
    """True if a retry may succeed: after an outage, a deadlock or a serialization failure."""
    if not isinstance(problem, DBAPIError):
        return False
    return getattr(problem.orig, "sqlstate", None) in SERIALIZATION_FAILURES or is_outage(problem)
