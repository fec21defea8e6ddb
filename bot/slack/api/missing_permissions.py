"""Report each missing scope or plan feature once."""

import asyncio

from structlog import get_logger

from bot.domain.slack_app.missing_permissions import MissingPermission, find_missing_permission
from bot.runtime.clock import Clock
from bot.services.workspace import missing_permissions
from bot.slack.api.errors import SlackApiError
from bot.store.database.session import Database, DatabaseUnavailable

log = get_logger(__name__)


class MissingPermissionReporter:
    """
    Stores what Slack's errors say is missing, and has it posted.

    Errors that this process has reported are skipped. If the database is unavailable, the next such error counts.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._reported: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        return not self._tasks

    def on_api_error(self, problem: SlackApiError) -> None:
        """Callback for the gateway."""
        needed, provided = (str(problem.details.get(name) or "") for name in ("needed", "provided"))
        lack = find_missing_permission(problem.method, problem.error, needed, provided)
        if lack is None or lack.key in self._reported:
            return
        self._reported.add(lack.key)
        task = asyncio.create_task(self._store(lack), name=f"report missing permission {lack.key}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _store(self, lack: MissingPermission) -> None:
        try:
            new = await self._database.run(missing_permissions.report_missing, [lack], self._clock.now())
        except DatabaseUnavailable as problem:
            self._reported.discard(lack.key)
            log.warning("missing permission not stored", permission=lack.key, problem=str(problem))
            return
        _log_missing(new)

    async def check_scopes(self, scopes: frozenset[str]) -> None:
        """Report scopes that the token lacks at start. Raises DatabaseUnavailable."""
        _log_missing(await self._database.run(missing_permissions.refresh_missing_scopes, scopes, self._clock.now()))

    async def stop(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _log_missing(new: list[MissingPermission]) -> None:
    for lack in new:
        scope, without = lack.permission.scope, lack.permission.without
        if not lack.is_scope:
            log.warning("plan feature missing", reason=lack.error_code, serves=scope, without=without)
        elif lack.permission.is_required:
            log.error("required scope missing", scope=scope, without=without)
        else:
            log.warning("optional scope missing", scope=scope, without=without)
