"""The process that computes vendors' pages: started when it is needed, replaced when it ends."""

import asyncio
import math
import operator
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from bot.engine.vendors.look import PageAnswer, PageMeaning, describe_answer
from bot.engine.vendors.worker import Worker
from bot.feeds import FeedError


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    found = Worker()
    yield found
    await found.stop()


def has_ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


async def test_one_process_computes_everything_until_it_is_stopped(worker: Worker) -> None:
    process = await worker.run(os.getpid)
    assert process not in {os.getpid(), None}
    assert await asyncio.gather(*(worker.run(math.sqrt, each) for each in (4, 9))) == [2, 3]
    assert await worker.run(os.getpid) == process

    await worker.stop()

    assert has_ended(process)
    assert await worker.run(os.getpid) != process


async def test_a_page_that_is_not_understood_is_refused_as_in_the_bot(worker: Worker) -> None:
    with pytest.raises(FeedError, match="The answer is a web page, not a feed"):
        await worker.run(describe_answer, PageAnswer("https://x.test/feed", b"<!doctype html><p>"), PageMeaning())


async def test_a_fault_is_raised_with_its_place(worker: Worker) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        await worker.run(operator.truediv, 1, 0)


async def test_a_process_that_is_killed_is_replaced(worker: Worker) -> None:
    process = await worker.run(os.getpid)
    with pytest.raises(FeedError, match="The process that reads it has ended"):
        await worker.run(os.kill, process, signal.SIGKILL)

    assert await worker.run(os.getpid) != process


async def test_a_job_that_is_given_up_ends_its_process(worker: Worker) -> None:
    process = await worker.run(os.getpid)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await worker.run(time.sleep, 60)

    assert has_ended(process)
    assert await worker.run(operator.add, 1, 1) == 2


async def test_the_process_ends_when_nothing_comes() -> None:
    worker = Worker(idle_seconds=0.01)
    process = await worker.run(os.getpid)

    while not has_ended(process):
        await asyncio.sleep(0.01)

    await worker.stop()
