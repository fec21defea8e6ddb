"""How connections to either database are made, tried, and found to be gone."""

import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS = 5_000
SERIALIZATION_FAILURES = {"40001", "40P01"}
UNUSED_SECONDS = 1.0
"""Trying a connection costs three ways to the server: it is not done between the transactions of one piece of work."""


def sqlite_engine(path: Path, *, writable: bool, **pool: Any) -> Engine:
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
        now = time.monotonic()
        if now - record.info.get("used_at", now) < UNUSED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except Exception as problem:
            raise InvalidatePoolError from problem


def is_outage(problem: DBAPIError) -> bool:
    """Whether the server is away or full, rather than asked something wrong. Codes: PostgreSQL, appendix A."""
    if problem.connection_invalidated or isinstance(problem, OperationalError):
        return True
    state = str(getattr(problem.orig, "sqlstate", "") or "")
    return state[:2] in {"08", "53", "57", "58"} or isinstance(problem.orig, OSError) or not state


def is_passing(problem: Exception) -> bool:
    """Whether the same may well succeed if it is run again: after an outage, or two that were in each other's way."""
    if not isinstance(problem, DBAPIError):
        return False
    return getattr(problem.orig, "sqlstate", None) in SERIALIZATION_FAILURES or is_outage(problem)
