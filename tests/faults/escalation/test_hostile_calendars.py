"""Calendars that never end or that contradict one another: each is read alone, within limits."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.oncall.calendar_matching import CalendarCopy
from bot.domain.oncall.icalendar_reader import InvalidCalendar, parse_calendar
from bot.engine.calendar_sync import CalendarSync
from bot.sandbox.server import Sandbox
from bot.services.oncall.calendar_subprocess import READ_AHEAD, READ_BACK, read_in_subprocess
from bot.services.oncall.schedule import people_on_call
from bot.store.escalation import calendars
from tests.flows.operations.test_serve import environment
from tests.support.servers.serve_process import served
from tests.support.worlds.world import World

CALENDARS = Path(__file__).parents[2] / "data" / "calendars"
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
PARIS, UTC_ZONE = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
CONFIG = '[schedules.legacy]\ncalendar = "oncall.ics"\n[schedules.legacy.names]\n"First Line" = "UFIRST"\n'
LIMIT = 30.0
"""Seconds within which everything ends, on a busy machine."""


def zone(rule: str = "", offset: str = "+0100") -> str:
    part = f"DTSTART:20200101T000000\r\nTZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\n{rule}"
    parts = f"BEGIN:STANDARD\r\n{part}END:STANDARD\r\n" * 2
    return f"BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\n{parts}END:VTIMEZONE\r\n"


def calendar(head: str, *rules: str, start: str = ";TZID=Customized Time Zone:20261201T090000") -> str:
    lines = ["BEGIN:VEVENT", "UID:1", f"DTSTART{start}", "DURATION:PT1H", "SUMMARY:First Line", *rules, "END:VEVENT"]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *head.splitlines(), *lines, "END:VCALENDAR", ""])


YEAR = ",".join(map(str, range(1, 366)))
ENDLESS = {
    "a zone with a rule that never goes on": calendar(zone("RRULE:FREQ=DAILY;INTERVAL=0\r\n")),
    "a zone that changes every second": calendar(zone("RRULE:FREQ=SECONDLY\r\n")),
    "one event with rules that are searched for long": calendar(
        "", *[f"RRULE:FREQ=YEARLY;BYYEARDAY={YEAR};BYSETPOS=366"] * 10, start=":00010101T090000Z"
    ),
}


async def read(text: str, cpu: int = 20) -> CalendarCopy:
    return await read_in_subprocess(text, "here", NOW, zone=None, default=PARIS, cpu=cpu)


def running() -> set[str]:
    """The subprocesses of this process."""
    return {
        number for children in Path("/proc/self/task").glob("*/children") for number in children.read_text().split()
    }


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
async def test_a_calendar_that_never_ends_is_given_up_after_its_processor_time(text: str) -> None:
    async with asyncio.timeout(LIMIT):
        with pytest.raises(InvalidCalendar, match="it takes more than 1 seconds of processor time or too much memory"):
            await read(text, cpu=1)


async def test_a_zone_of_another_calendar_is_not_used() -> None:
    """Outlook gives this name to every zone that it cannot name."""
    copies = await asyncio.gather(*(read(calendar(zone(offset=each))) for each in ("+0100", "-0800", "+0100")))

    assert [copy.events[0].starts_at.hour for copy in copies] == [8, 17, 8]
    assert [copy.problems for copy in copies] == [()] * 3


@pytest.mark.parametrize("name", sorted(each.stem for each in CALENDARS.glob("*.ics")))
async def test_calendars_of_several_tools_are_read_as_they_are(name: str) -> None:
    text = (CALENDARS / f"{name}.ics").read_text()

    copy = await read(text)

    parsed = parse_calendar(text, None, PARIS, since=NOW - READ_BACK, until=NOW + READ_AHEAD)
    assert (copy.source, copy.read_at) == ("here", NOW)
    assert (copy.events, copy.problems) == (parsed.events, parsed.problems)


async def test_a_reading_that_is_cancelled_ends_with_its_process() -> None:
    before = running()
    reading = asyncio.create_task(read(ENDLESS["a zone that changes every second"]))
    async with asyncio.timeout(LIMIT):
        while running() == before:
            await asyncio.sleep(0.01)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    assert running() <= before


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "oncall.ics").write_bytes((CALENDARS / "pagerduty.ics").read_bytes())
    async with World(database_url, tmp_path, config=CONFIG, start=NOW) as found:
        yield found


async def test_people_stay_on_call_while_the_calendar_never_ends(world: World, tmp_path: Path) -> None:
    async def nobody(_mail: str) -> None:
        """Lookup that finds nobody."""

    await world.bot.engine.calendars.run()
    (tmp_path / "oncall.ics").write_text(ENDLESS["a zone with a rule that never goes on"])
    await world.advance(minutes=6)

    hasty = CalendarSync(world.bot.database, world.bot.clock, world.settings, find=nobody, parse_seconds=1)
    async with asyncio.timeout(LIMIT):
        await hasty.run()

    kept = await world.bot.database.read(calendars.get, "legacy")
    assert kept is not None
    assert kept.problem == "it takes longer than 1 seconds to read"
    assert await world.bot.database.read(people_on_call, world.bot.settings, "legacy", world.now) == ("UFIRST",)


async def test_a_bot_that_reads_such_a_calendar_can_be_stopped(tmp_path: Path) -> None:
    (tmp_path / "oncall.ics").write_text(ENDLESS["a zone with a rule that never goes on"])
    (tmp_path / "dogwatch.toml").write_text(CONFIG)
    async with Sandbox() as sandbox:
        told = environment(sandbox, f"sqlite:///{tmp_path / 'dogwatch.db'}")
        async with served({**told, "DOGWATCH_CONFIG": str(tmp_path / "dogwatch.toml")}) as bot, asyncio.timeout(LIMIT):
            await bot.becomes_ready()
            children = Path(f"/proc/{bot.process.pid}/task")
            while not any(each.read_text() for each in children.glob("*/children")):  # noqa: ASYNC240
                await asyncio.sleep(0.05)

            assert await bot.stops() == 0
