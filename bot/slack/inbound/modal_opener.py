"""
Open modals within the three seconds of their trigger, however slow the database is.

If building a modal from the record takes too long, a modal that says so opens and is replaced later. If the database
does not answer at all, the form opens with empty fields.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from structlog import get_logger

from bot.domain.errors import UserError
from bot.slack.api.client import Gateway
from bot.slack.api.errors import SlackError
from bot.slack.blocks.limits import View
from bot.slack.blocks.notices import loading_modal, notice_modal, with_database_warning
from bot.slack.replies.render import escape_markup
from bot.store.database.session import DatabaseUnavailable, OutcomeUnknown

log = get_logger(__name__)

LOADING_AFTER = 1.0
"""Seconds that building a modal may take before the loading modal opens; the call itself takes time as well."""
FILL_SECONDS = 5.0
"""Seconds that the loading modal waits for the modal before it shows the one without the record."""
SUBMIT_SECONDS = 2.2
"""Seconds that a submission may take before the modal says that it continues; Slack waits 3 s."""
DATABASE_UNREACHABLE = "The database does not answer, so nothing was changed. Try again in a moment."
OUTCOME_UNKNOWN = (
    "The database stopped answering while this was saved, so it was saved in full or not at all. "
    "Check before you submit it again."
)
STILL_SAVING = (
    "The database is slow, and this is still being saved. Wait a moment and submit it again unchanged: it is never "
    "saved twice."
)
NOT_OPENED = "Slack did not open the window. Press again, or type the command: `/incident help` lists them."
FAILED = (
    "This could not be shown, and nothing was changed. The log of Dogwatch says why. Try again, or type the command."
)


def outage_text(problem: DatabaseUnavailable) -> str:
    """Return the message for a person whose change failed."""
    return OUTCOME_UNKNOWN if isinstance(problem, OutcomeUnknown) else DATABASE_UNREACHABLE


class ModalOpener:
    """
    Opens modals, and keeps the tasks that fill them later.

    `stop` before the database is closed.
    """

    def __init__(
        self, gateway: Gateway, *, loading_after: float = LOADING_AFTER, fill_seconds: float = FILL_SECONDS
    ) -> None:
        self._gateway = gateway
        self._loading_after = loading_after
        self._fill_seconds = fill_seconds
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def is_idle(self) -> bool:
        return not self._tasks

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Let a task finish before the process ends, though nobody awaits it."""
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.warning("background task of a modal failed", problem=str(problem) or type(problem).__name__)

    async def stop(self, grace: float = 5.0) -> None:
        """Wait at most `grace` seconds for the tasks, then cancel them."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=grace)
        for task in set(self._tasks):
            task.cancel()

    async def open(self, trigger_id: str, building: Coroutine[Any, Any, View], fallback: View | None = None) -> None:
        """
        Open a modal. `fallback` opens while the database is unavailable; None for an error text.

        Raises UserError from `building` if it fails at once, and if Slack does not open the modal.
        """
        built = asyncio.ensure_future(building)
        await asyncio.wait({built}, timeout=self._loading_after)
        if built.done():
            await self._open(trigger_id, _view_or_fallback(built, fallback))
            return
        try:
            opened = await self._open(trigger_id, loading_modal())
        except BaseException:
            built.cancel()
            raise
        self._keep_filling(str(opened["id"]), built, fallback)

    def replace(self, view_id: str, building: Coroutine[Any, Any, View], fallback: View | None = None) -> None:
        """Replace an open modal in the background; that needs no trigger."""
        self._keep_filling(view_id, asyncio.ensure_future(building), fallback)

    def replace_with(self, view_id: str, view: View) -> None:
        """`replace` with a modal that is built already."""

        async def build() -> View:
            return view

        self.replace(view_id, build())

    def _keep_filling(self, view_id: str, built: asyncio.Future[View], fallback: View | None) -> None:
        self.keep(asyncio.create_task(self._fill(view_id, built, fallback), name="fill modal"))

    async def _open(self, trigger_id: str, view: View) -> View:
        try:
            answer = await self._gateway.call("views.open", trigger_id=trigger_id, view=view)
        except SlackError as problem:
            log.warning("modal not opened", problem=str(problem))
            raise UserError(NOT_OPENED) from problem
        return dict(answer.get("view") or {})

    async def _fill(self, view_id: str, built: asyncio.Future[View], fallback: View | None) -> None:
        view = await self._await_view(built, fallback)
        try:
            await self._gateway.call("views.update", view_id=view_id, view=view)
        except SlackError as problem:  # the modal may be closed by now
            log.info("modal not updated", problem=str(problem))

    async def _await_view(self, built: asyncio.Future[View], fallback: View | None) -> View:
        try:
            async with asyncio.timeout(self._fill_seconds):
                return await built
        except (TimeoutError, DatabaseUnavailable):
            return (
                notice_modal(f":warning: {DATABASE_UNREACHABLE}")
                if fallback is None
                else with_database_warning(fallback)
            )
        except UserError as problem:
            return notice_modal(escape_markup(f":warning: {problem.message}"))
        except Exception:
            log.exception("modal not built")
            return notice_modal(f":warning: {FAILED}")


def _view_or_fallback(built: asyncio.Future[View], fallback: View | None) -> View:
    try:
        return built.result()
    except DatabaseUnavailable as problem:
        if fallback is None:
            raise UserError(DATABASE_UNREACHABLE) from problem
        return with_database_warning(fallback)
