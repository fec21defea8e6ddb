"""Nights in which the clocks change, a day that most years have not, and the turn of a year."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.process.test_timers import pages, reminders
from tests.flows.timeline.test_time_questions import choose, newest_question
from tests.support.worlds.story import drafts
from tests.support.worlds.world import World

AUTUMN = datetime(2026, 10, 25, 2, 0, tzinfo=UTC)
"""03:00 in Paris: from 02:00 to 03:00 every time came twice."""
SPRING = datetime(2026, 3, 29, 2, 0, tzinfo=UTC)
"""04:00 in Paris: from 02:00 to 03:00 there was no time."""
LEAP_DAY = datetime(2028, 2, 29, 14, 0, tzinfo=UTC)
YEARS_END = datetime(2026, 12, 31, 22, 50, tzinfo=UTC)
"""23:50 in Paris."""

Opened = Callable[[datetime], Any]


@pytest.fixture
async def world_at(tmp_path: Path) -> AsyncIterator[Opened]:
    async with AsyncExitStack() as stack:

        async def opened(start: datetime) -> World:
            return await stack.enter_async_context(
                World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, start=start)
            )

        yield opened


async def noted(world: World, text: str) -> datetime:
    [entry] = [each for each in await world.timeline() if text in each["text"]]
    return datetime.fromisoformat(entry["happened_at"]).astimezone(UTC)


def drafted(world: World) -> str:
    """The one draft, its spaces plain ones."""
    [draft] = drafts(world)
    return " ".join(draft.split())


@pytest.mark.parametrize(
    ("number", "meant"),
    [(0, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)), (1, datetime(2026, 10, 25, 1, 30, tzinfo=UTC))],
)
async def test_a_time_that_came_twice_is_asked_about(world_at: Opened, number: int, meant: datetime) -> None:
    world = await world_at(AUTUMN)
    await world.declares("checkout is down tz:Europe/Paris at:01:30")

    answer = await world.types("oncall", "/incident note at:02:30 the pool was full")

    assert "Nothing was done yet" in answer
    await choose(world, newest_question(world), number)
    assert await noted(world, "the pool was full") == meant


async def test_a_time_that_never_came_is_asked_about(world_at: Opened) -> None:
    world = await world_at(SPRING)
    await world.declares("checkout is down tz:Europe/Paris at:01:30")

    answer = await world.types("oncall", "/incident note at:02:30 the pool was full")

    assert "Nothing was done yet" in answer
    assert "the pool was full" not in str(await world.timeline())
    await choose(world, newest_question(world), 0)
    assert await noted(world, "the pool was full") in {SPRING - timedelta(minutes=30), SPRING - timedelta(minutes=90)}


@pytest.mark.parametrize("start", [datetime(2026, 10, 25, 0, 55, tzinfo=UTC), datetime(2026, 3, 29, 0, 55, tzinfo=UTC)])
async def test_a_reminder_knows_no_change_of_the_clocks(world_at: Opened, start: datetime) -> None:
    world = await world_at(start)
    await world.declares("checkout is down tz:Europe/Paris")
    await world.types("oncall", "/incident escalate @dba the primary is full")

    await world.advance(minutes=4)
    assert (pages(world), reminders(world)) == (1, 0)
    await world.advance(minutes=2)
    assert (pages(world), reminders(world)) == (2, 1)


async def test_an_hour_that_came_twice_lasts_two(world_at: Opened) -> None:
    world = await world_at(datetime(2026, 10, 25, 0, 10, tzinfo=UTC))
    await world.declares("checkout is down tz:Europe/Paris")
    await world.advance(minutes=58)
    await world.types("oncall", "/incident resolve took the release back")
    await world.finish()

    whole = (await world.exported())["incident"]
    assert whole["duration_seconds"] == 60 * 60
    assert "1h, from 02:10 (CEST) to 02:10 (CET) on October 25, 2026" in drafted(world)


async def test_the_29th_of_february(world_at: Opened) -> None:
    world = await world_at(LEAP_DAY)
    await world.declares("checkout is down tz:Europe/Paris")
    await world.types("oncall", "/incident task renew the certificate due:tomorrow owner:@dba")
    await world.types("oncall", "/incident task look at the pool due:2028-02-29 owner:@dba")
    refused = await world.types("oncall", "/incident task look at the disk due:2027-02-29 owner:@dba")
    await world.advance_to(datetime(2028, 3, 1, 9, 0, tzinfo=UTC))
    await world.types("oncall", "/incident note at:yesterday 16:21 the pool was full")
    await world.types("oncall", "/incident resolve it held over night")
    await world.finish()

    assert ":warning:" in refused
    whole = await world.exported()
    assert [each["due"] for each in whole["actions"]] == ["2028-03-01", "2028-02-29"]
    assert await noted(world, "the pool was full") == datetime(2028, 2, 29, 15, 21, tzinfo=UTC)
    assert "19h, from February 29, 2028 at 15:00 to March 1, 2028 at 10:00 (CET)" in drafted(world)


async def test_the_turn_of_the_year(world_at: Opened) -> None:
    world = await world_at(YEARS_END)
    await world.declares("checkout is down tz:Europe/Paris")
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.advance(minutes=20)
    await world.types("oncall", "/incident note at:23:55 the pool was full")
    await world.types("oncall", "/incident task renew the certificate due:5 January owner:@dba")
    await world.types("oncall", "/incident resolve took the release back")
    await world.finish()

    assert await noted(world, "the pool was full") == datetime(2026, 12, 31, 22, 55, tzinfo=UTC)
    whole = await world.exported()
    assert [date.fromisoformat(each["due"]) for each in whole["actions"]] == [date(2027, 1, 5)]
    assert whole["incident"]["duration_seconds"] == 22 * 60
    assert (pages(world), reminders(world)) == (4, 3)
    assert "22m, from December 31, 2026 at 23:50 to January 1, 2027 at 00:12 (CET)" in drafted(world)
