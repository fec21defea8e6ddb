"""How connections to either database are made, tried, and found to be gone."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.domain.text.search_key import folded

BUSY_TIMEOUT_MS = 5_000
SERIALIZATION_FAILURES = {"40001", "40P01"}
AWAY = {"08", "53", "57", "58"}
"""Classes of SQLSTATE that speak of the server and not of what it was asked: PostgreSQL's manual, appendix A."""
READ_ONLY = "25006"
TRY_SECONDS = 2.0
"""How long a connection that is tried may take: a server whose machine has gone never answers."""
UNUSED_SECONDS = 1.0
"""Trying a connection costs three ways to the server: it is not done between the transactions of one piece of work."""


def sqlite_engine(path: Path, *, writable: bool, **pool: Any) -> Engine:
    """A file that is not there yet is made for its owner alone: it holds what private incidents say."""
    if writable:
        with suppress(OSError):  # it is there, or SQLite says better what is wrong
            path.touch(mode=0o600, exist_ok=False)
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
        hide_parameters=True,  # errors are logged, and the record's words must not be
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
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("folded", 1, folded, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writable else "BEGIN")

    return engine


def try_unused(engine: Engine) -> None:
    """Try a connection that was not used for a while before it is given out: the server may have been restarted."""

    @event.listens_for(engine, "checkin")
    def used(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        used_at = record.info.get("used_at")  # a new connection has none
        if used_at is None or time.monotonic() - used_at < UNUSED_SECONDS:
            return
        try:
            connection.run_async(lambda driver: driver.execute("", timeout=TRY_SECONDS))
        except Exception as problem:
            raise InvalidatePoolError from problem


def leave_what_takes_no_writes(engine: Engine) -> None:
    """
    A server that refuses a write as read-only has been demoted: leave it, with every connection there is to it.

    The next connection looks for the server that takes writes.
    """

    @event.listens_for(engine, "handle_error")
    def look(context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) != READ_ONLY or context.connection is None:
            return
        if not context.connection.get_execution_options().get("postgresql_readonly"):  # there it is our own doing
            context.is_disconnect = True


def is_outage(problem: DBAPIError) -> bool:
    """Whether the server is away or full, rather than asked something wrong."""
    if problem.connection_invalidated or isinstance(problem, OperationalError):
        return True
    state = str(getattr(problem.orig, "sqlstate", "") or "")
    return state[:2] in AWAY or isinstance(problem.orig, OSError) or not state


def is_passing(problem: Exception) -> bool:
    """Whether the same may well succeed if it is run again: after an outage, or two that were in each other's way."""
    if not isinstance(problem, DBAPIError):
        return False
    return getattr(problem.orig, "sqlstate", None) in SERIALIZATION_FAILURES or is_outage(problem)
