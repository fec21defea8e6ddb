"""
Connections to the primary of several PostgreSQL servers.

The hosts are tried here and not by the driver, because its timeout covers all of them together: a first host that drops
every packet would keep it from trying the second.
"""

from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no annotations

from bot.config.database_url import Servers
from bot.store.database.connections import UNAVAILABLE_CLASSES


class PrimaryFinder:
    """
    Connect to the server that accepts writes, trying the last known one first.

    `without_timeout`: statements may take any time.
    """

    def __init__(self, servers: Servers, *, without_timeout: bool = False) -> None:
        self._servers = servers
        self._limit = {"command_timeout": None} if without_timeout else {}
        self._last = 0

    async def connect(self) -> Any:
        """Raises ConnectionError with each server's problem; asyncpg's errors for a refused login."""
        hosts = self._servers.hosts
        problems: list[str] = []
        for number in (*range(self._last, len(hosts)), *range(self._last)):
            try:
                connection = await self._connect_to(hosts[number])
            except (OSError, TimeoutError, asyncpg.TargetServerAttributeNotMatched) as problem:
                problems.append(_host_problem(hosts[number], problem))
            except asyncpg.PostgresError as problem:
                if str(problem.sqlstate)[:2] not in UNAVAILABLE_CLASSES:
                    raise
                problems.append(_host_problem(hosts[number], problem))
            else:
                self._last = number
                return connection
        raise ConnectionError("; ".join(problems))

    async def _connect_to(self, host: tuple[str, int] | None) -> Any:
        place = {} if host is None else {"host": host[0], "port": host[1]}
        servers = self._servers
        return await asyncpg.connect(
            **{**servers.arguments, **self._limit},
            **place,
            timeout=servers.connect_seconds,
            target_session_attrs=servers.target,
        )


def _host_problem(host: tuple[str, int] | None, problem: Exception) -> str:
    where = "this machine" if host is None else f"{host[0]}:{host[1]}"
    if isinstance(problem, asyncpg.TargetServerAttributeNotMatched):
        return f"{where}: does not take writes"
    if isinstance(problem, TimeoutError):
        return f"{where}: no answer in time"
    return f"{where}: {problem}"
