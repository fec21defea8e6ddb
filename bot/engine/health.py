"""Health of the process: why it cannot work, or should get no requests."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from structlog import get_logger

from bot.runtime.clock import Clock
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents import installations
from bot.store.upkeep import clock_check

log = get_logger(__name__)

SOCKET_MODE = "socket mode"
STARTING, STOPPING = "it is starting", "it is stopping"
BeatTimes = Mapping[str, Callable[[], datetime | None]]


class Connections(Protocol):
    """The Socket Mode connections."""

    @property
    def was_connected(self) -> bool: ...

    def problem(self) -> str | None: ...


class Health:
    """The process's problems. `beat_times`: of workers; `hang_timeout` None: not compared."""

    def __init__(
        self, database: Database, clock: Clock, beat_times: BeatTimes, *, hang_timeout: timedelta | None
    ) -> None:
        self._database = database
        self._clock = clock
        self._beat_times = beat_times
        self._hang_timeout = hang_timeout
        self.connections: Connections | None = None
        self.workspace_problem: str | None = None
        """Why nothing is sent although Slack answers."""
        self.phase: str | None = STARTING
        """Why the process is not working yet or no longer; None while it works."""
        self._was_ready: bool | None = None

    async def find_problems(self) -> dict[str, str]:
        """Return the reasons why this process cannot do all of its work, by name."""
        problems: dict[str, str] = {}
        try:
            if await self._database.read(installations.find_installation) is None:
                problems["slack"] = "not connected to Slack yet"
        except DatabaseUnavailable:
            problems["database"] = "does not answer"
        else:
            problems |= await self._find_refusal()
        if self.workspace_problem is not None:
            problems["slack"] = self.workspace_problem
        if self.connections is not None and (problem := self.connections.problem()) is not None:
            problems[SOCKET_MODE] = problem
        for name, beat_at in self._beat_times.items():
            if self._hang_timeout is not None and (problem := self._find_hang(beat_at(), self._hang_timeout)):
                problems[name] = problem
        return problems

    async def _find_refusal(self) -> dict[str, str]:
        """
        Write once after a refusal: a full disk or a server that became read-only still answers.

        The upkeep writes every 15 seconds, so a refusal is met although nobody acts.
        """
        if not self._database.has_refused:
            return {}
        try:
            await self._database.run(clock_check.rewrite_mark, self._clock.now())
        except DatabaseUnavailable:
            return {"database": "does not take writes"}
        self._database.has_refused = False
        return {}

    def _find_hang(self, beat_at: datetime | None, timeout: timedelta) -> str | None:
        """`beat_at`: None before the worker's first round."""
        if beat_at is None:
            return "has not worked yet"
        return "does not work" if self._clock.now() - beat_at > timeout else None

    async def find_unreadiness(self) -> dict[str, str]:
        """
        Return the reasons to send this process no requests, by name.

        A lost Socket Mode connection is none: Slack is away for every replica, and alerts are stored all the same. The
        heartbeat reports it.
        """
        problems = {"process": self.phase} if self.phase else await self.find_problems()
        if self.connections is not None and self.connections.was_connected:
            problems.pop(SOCKET_MODE, None)
        self._log_readiness(problems)
        return problems

    def _log_readiness(self, problems: dict[str, str]) -> None:
        """Log changes only: probes come every few seconds."""
        is_ready = not problems
        if is_ready != self._was_ready:
            write = log.warning if self._was_ready and not self.phase else log.info
            write("ready" if is_ready else "not ready", **problems)
        self._was_ready = is_ready
