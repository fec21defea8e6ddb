"""Calls that begin while the result of the one before is being stored."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from bot.slack.api.client import CALL_SECONDS

Answer = dict[str, Any]
Call = Callable[..., Coroutine[Any, Any, Answer]]
"""Calls a method of Slack: the method's name and its arguments."""
Key = tuple[str, frozenset[tuple[str, str]]]


class EarlyCalls:
    """
    Calls that have no further effect if they are repeated.

    The row that would make such a call awaits it instead. If this process dies first, or another one claims the row,
    the call is made again, and Slack answers that there is nothing to do. `seconds`: for how long an answer counts.
    """

    def __init__(self, seconds: float = CALL_SECONDS) -> None:
        self._seconds = seconds
        self._tasks: dict[Key, tuple[float, asyncio.Task[Answer]]] = {}
        """By what is called, with the time at which the answer is too old for the row."""

    def begin(self, call: Call, method: str, **arguments: str) -> None:
        """Start a call whose row is queued in the transaction that follows."""
        now = asyncio.get_running_loop().time()
        self._tasks = {key: (until, task) for key, (until, task) in self._tasks.items() if now < until}
        task = asyncio.create_task(call(method, **arguments), name=f"early {method}")
        task.add_done_callback(_note_failure)
        self._tasks[_key(method, arguments)] = (now + self._seconds, task)

    async def call(self, call: Call, method: str, **arguments: str) -> Answer:
        """The answer of the call that began, else of a new one. Raises its errors."""
        until, task = self._tasks.pop(_key(method, arguments), (0.0, None))
        if task is None or asyncio.get_running_loop().time() >= until:
            return await call(method, **arguments)
        return await task

    async def succeeds(self, seconds: float, method: str, **arguments: str) -> bool:
        """
        Wait up to `seconds` for the call that began. It is forgotten if it succeeded.

        False if it failed or is still under way: it is left to the row that makes this call.
        """
        _, task = self._tasks.get(_key(method, arguments), (0.0, None))
        if task is None:
            return False
        await asyncio.wait([task], timeout=seconds)
        if not task.done() or task.cancelled() or task.exception() is not None:
            return False
        self._tasks.pop(_key(method, arguments), None)
        return True

    async def stop(self) -> None:
        """Cancel the calls that no row awaits any more."""
        left = [task for _, task in self._tasks.values()]
        self._tasks.clear()
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _key(method: str, arguments: dict[str, str]) -> Key:
    return method, frozenset(arguments.items())


def _note_failure(task: asyncio.Task[Answer]) -> None:
    """Read the failure, which its row may never do: asyncio would report it as lost."""
    if not task.cancelled():
        task.exception()
