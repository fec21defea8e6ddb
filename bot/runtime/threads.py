"""Threads of the process: none waits long for its turn in the interpreter."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")

TURN_SECONDS = 0.0005
"""
A thread that computes keeps the interpreter for so long while others wait; Python's own value is ten times that.

Each statement of a command gives the interpreter away while the database works, and has to wait for it again. Beside a
thread that read a record of 8,500 entries, 19 in 20 readings of a card took 156 ms with Python's value and 17 ms with
this one; both threads together got the same done.
"""


def take_short_turns() -> None:
    """Let threads take turns often: a long draft does not slow down what people wait for."""
    sys.setswitchinterval(TURN_SECONDS)


class ThreadLoop:
    """
    An event loop in a thread of its own, for work that would hold up the process's own loop.

    The thread starts at first use.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None

    async def run(self, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """
        Run the coroutine there and wait for it here, in the context of the caller.

        Who is cancelled here cancels it there.
        """
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = Thread(target=self._loop.run_forever, name=self._name, daemon=True)
            self._thread.start()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(start(), self._loop))

    async def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Cancel what runs there, run `last`, and end the thread, if it was ever started."""
        if self._loop is None or self._thread is None:
            return
        loop, thread, self._loop, self._thread = self._loop, self._thread, None, None

        async def finish() -> None:
            running = asyncio.all_tasks() - {asyncio.current_task()}
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await last()

        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(finish(), loop))
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join)
        loop.close()
