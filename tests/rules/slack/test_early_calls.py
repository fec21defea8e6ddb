"""A call that began early is awaited by its row, once; any other row makes its own."""

import asyncio
from typing import Any

import pytest

from bot.slack.delivery.effects.early_calls import EarlyCalls

INVITE = {"channel": "C1", "users": "U1"}


class Calls:
    """Answers with the number of the call; `fails`: the first one is refused."""

    def __init__(self, *, fails: bool = False) -> None:
        self.made: list[dict[str, str]] = []
        self.fails = fails

    async def __call__(self, _method: str, **arguments: str) -> dict[str, Any]:
        self.made.append(arguments)
        if self.fails and len(self.made) == 1:
            raise ConnectionError("refused")
        return {"number": len(self.made)}


async def test_the_row_takes_the_answer_of_the_call_that_began():
    calls, early = Calls(), EarlyCalls()
    early.begin(calls, "conversations.invite", **INVITE)
    await asyncio.sleep(0)
    assert calls.made == [INVITE]

    assert await early.call(calls, "conversations.invite", **INVITE) == {"number": 1}
    assert await early.call(calls, "conversations.invite", **INVITE) == {"number": 2}


@pytest.mark.parametrize(
    ("method", "arguments"), [("pins.add", INVITE), ("conversations.invite", {**INVITE, "users": "U1,U2"})]
)
async def test_another_call_is_made_by_itself(method: str, arguments: dict[str, str]):
    calls, early = Calls(), EarlyCalls()
    early.begin(calls, "conversations.invite", **INVITE)
    await asyncio.sleep(0)

    assert await early.call(calls, method, **arguments) == {"number": 2}
    assert calls.made == [INVITE, arguments]


async def test_an_old_answer_does_not_count():
    calls, early = Calls(), EarlyCalls(seconds=0)
    early.begin(calls, "conversations.invite", **INVITE)
    await asyncio.sleep(0)

    assert await early.call(calls, "conversations.invite", **INVITE) == {"number": 2}


async def test_a_refusal_is_the_one_of_the_row():
    calls, early = Calls(fails=True), EarlyCalls()
    early.begin(calls, "conversations.invite", **INVITE)

    with pytest.raises(ConnectionError):
        await early.call(calls, "conversations.invite", **INVITE)


async def test_an_early_call_that_succeeded_needs_no_row():
    calls, early = Calls(), EarlyCalls()
    early.begin(calls, "pins.add", **INVITE)

    assert await early.succeeds(1, "pins.add", **INVITE)
    assert not await early.succeeds(1, "pins.add", **INVITE), "it is forgotten"


async def test_an_early_call_that_failed_is_left_to_its_row():
    calls, early = Calls(fails=True), EarlyCalls()
    early.begin(calls, "pins.add", **INVITE)

    assert not await early.succeeds(1, "pins.add", **INVITE)
    with pytest.raises(ConnectionError):
        await early.call(calls, "pins.add", **INVITE)
    assert len(calls.made) == 1


async def test_nobody_waits_long_for_an_early_call():
    ready, early = asyncio.Event(), EarlyCalls()

    async def wait(_method: str, **_arguments: str) -> dict[str, Any]:
        await ready.wait()
        return {"number": 1}

    early.begin(wait, "pins.add", **INVITE)

    assert not await early.succeeds(0.01, "pins.add", **INVITE)
    ready.set()
    assert await early.call(wait, "pins.add", **INVITE) == {"number": 1}, "the same call is awaited by its row"


async def test_a_call_that_no_row_awaits_ends_with_the_worker():
    never, early = asyncio.Event(), EarlyCalls()

    async def wait(_method: str, **_arguments: str) -> dict[str, Any]:
        await never.wait()
        return {}

    early.begin(wait, "conversations.invite", **INVITE)
    await asyncio.sleep(0)
    await early.stop()

    assert [each for each in asyncio.all_tasks() if each.get_name().startswith("early")] == []
