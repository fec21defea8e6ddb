"""Hears each time that Slack says no for want of a permission or of a plan, and has it told once."""

import asyncio

from structlog import get_logger

from bot.domain.slack_app.scopes import Lack, lacking
from bot.runtime.clock import Clock
from bot.services.workspace import missing_permissions as notices
from bot.slack.api.client import Refused
from bot.store.database.session import Database, DatabaseUnavailable

log = get_logger(__name__)


class Noticing:
    """
    `heard` is for the gateway, `started` for a start. What this process has kept is not looked up again.

    A database that is away loses nothing: the next refusal brings the same.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        return not self._tasks

    def heard(self, problem: Refused) -> None:
        needed, provided = (str(problem.details.get(name) or "") for name in ("needed", "provided"))
        lack = lacking(problem.method, problem.error, needed, provided)
        if lack is None or lack.key in self._known:
            return
        self._known.add(lack.key)
        task = asyncio.create_task(self._keep(lack), name=f"notice {lack.key}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, lack: Lack) -> None:
        try:
            new = await self._database.run(notices.lacks, [lack], self._clock.now())
        except DatabaseUnavailable as problem:
            self._known.discard(lack.key)
            log.warning("a notice could not be kept", notice=lack.key, problem=str(problem))
            return
        _say(new)

    async def started(self, scopes: frozenset[str]) -> None:
        """With the scopes that the token has at this start. Raises DatabaseUnavailable."""
        _say(await self._database.run(notices.granted, scopes, self._clock.now()))

    async def stop(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _say(new: list[Lack]) -> None:
    for lack in new:
        scope, without = lack.permission.scope, lack.permission.without
        if not lack.is_scope:
            log.warning("the workspace does not offer something", reason=lack.word, serves=scope, without=without)
        elif lack.permission.is_required:
            log.error("the app lacks a permission that it needs", scope=scope, without=without)
        else:
            log.warning("the app lacks a permission", scope=scope, without=without)
