"""
Windows open within the life of their trigger, three seconds, whatever the database does.

A form is made of what the record holds. If that takes longer than a moment, a window opens that says so and becomes the
form when it is there; if the database does not answer at all, it becomes a form with empty fields.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from structlog import get_logger

from bot.domain.errors import UserError
from bot.slack.api.client import Gateway, SlackError
from bot.slack.blocks import notices as windows
from bot.slack.blocks.notices import View
from bot.slack.replies.render import markup
from bot.store.database.session import DatabaseUnavailable, OutcomeUnknown

log = get_logger(__name__)

AT_ONCE = 1.0
"""Seconds that a form may take to be made before a window opens without it: the call itself takes its time, too."""
LATER = 5.0
"""Seconds that an open window waits for its form before it makes do without the database."""
SENT = 2.2
"""Seconds that a form may take to be kept before whoever sent it is told that it takes longer: Slack waits for 3 s."""
DATABASE_AWAY = "The database does not answer, so nothing was changed. Try again in a moment."
OUTCOME_UNKNOWN = (
    "The database went away while this was being saved, so it was done in full or not at all. "
    "Look whether it was before you do it again."
)
STILL_SAVING = (
    "The database is slow to answer, and this is still being saved. Wait a moment and send it again as it is: it is "
    "never done twice."
)
NOT_OPENED = "Slack did not open the window. Press again, or type the command: `/incident help` lists them."
FAILED = (
    "This could not be shown, and nothing was changed. The log of Dogwatch says why. Try again, or type the command."
)


def of_outage(problem: DatabaseUnavailable) -> str:
    """What a person is told who wanted something changed."""
    return OUTCOME_UNKNOWN if isinstance(problem, OutcomeUnknown) else DATABASE_AWAY


class Opening:
    """Opens windows, and remembers what still goes on behind them. `stop` before the database is closed."""

    def __init__(self, gateway: Gateway, *, at_once: float = AT_ONCE, later: float = LATER) -> None:
        self._gateway = gateway
        self._at_once = at_once
        self._later = later
        self._going_on: set[asyncio.Task[Any]] = set()

    @property
    def is_idle(self) -> bool:
        return not self._going_on

    def keep(self, task: asyncio.Task[Any]) -> None:
        """It goes on though nobody waits for it any more: it is let finish before the process ends."""
        self._going_on.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._going_on.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.warning("what went on behind a window failed", problem=str(problem) or type(problem).__name__)

    async def stop(self, grace: float = 5.0) -> None:
        if self._going_on:
            await asyncio.wait(set(self._going_on), timeout=grace)
        for task in set(self._going_on):
            task.cancel()

    async def open(self, trigger_id: str, making: Coroutine[Any, Any, View], plain: View | None = None) -> None:
        """
        Open the window that `making` makes. `plain`: what opens where the database does not answer; None: words.

        Raises UserError as `making` does, if it does so at once, and where Slack does not open a window.
        """
        made = asyncio.ensure_future(making)
        await asyncio.wait({made}, timeout=self._at_once)
        if made.done():
            await self._open(trigger_id, self._result(made, plain))
            return
        try:
            opened = await self._open(trigger_id, windows.loading())
        except BaseException:
            made.cancel()
            raise
        self.keep(asyncio.create_task(self._fill(str(opened["id"]), made, plain), name="fill a window"))

    def replace(self, view_id: str, making: Coroutine[Any, Any, View], plain: View | None = None) -> None:
        """The open window becomes what `making` makes, now or later: that takes no trigger, and so has time."""
        self.keep(asyncio.create_task(self._fill(view_id, asyncio.ensure_future(making), plain), name="fill a window"))

    def _result(self, made: asyncio.Future[View], plain: View | None) -> View:
        try:
            return made.result()
        except DatabaseUnavailable as problem:
            if plain is None:
                raise UserError(DATABASE_AWAY) from problem
            return windows.without_record(plain)

    async def _open(self, trigger_id: str, view: View) -> View:
        try:
            answer = await self._gateway.call("views.open", trigger_id=trigger_id, view=view)
        except SlackError as problem:
            log.warning("a window did not open", problem=str(problem))
            raise UserError(NOT_OPENED) from problem
        return dict(answer.get("view") or {})

    async def _fill(self, view_id: str, made: asyncio.Future[View], plain: View | None) -> None:
        view = await self._made_later(made, plain)
        try:
            await self._gateway.call("views.update", view_id=view_id, view=view)
        except SlackError as problem:  # it may be closed by now
            log.info("an open window stayed as it was", problem=str(problem))

    async def _made_later(self, made: asyncio.Future[View], plain: View | None) -> View:
        try:
            async with asyncio.timeout(self._later):
                return await made
        except (TimeoutError, DatabaseUnavailable):
            return windows.notice(f":warning: {DATABASE_AWAY}") if plain is None else windows.without_record(plain)
        except UserError as problem:
            return windows.notice(markup(f":warning: {problem.message}"))
        except Exception:
            log.exception("a window could not be filled")
            return windows.notice(f":warning: {FAILED}")
