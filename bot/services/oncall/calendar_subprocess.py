"""
Read an on-call calendar in a subprocess.

Zones and rules of a calendar can take for ever, and the library uses a zone that one calendar defined for the next one.
So each calendar is read in a process of its own, which ends.
"""

import asyncio
import json
import os
import signal
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.oncall.calendar_matching import CalendarCopy, copy_from_json, copy_to_json
from bot.domain.oncall.icalendar_reader import InvalidCalendar, parse_calendar
from bot.runtime.subprocess_limit import command_line, is_beyond_limits, set_limits

READ_BACK, READ_AHEAD = timedelta(days=7), timedelta(days=183)
CPU_SECONDS = 20
"""Processor time for all of it: several times what the largest calendar takes."""
WALL_SECONDS = 60.0
"""Elapsed time, on a busy machine. A calendar delays the others no longer than this."""
MEMORY_BYTES = 512 * 1024 * 1024
"""Address space: several times what the largest calendar takes."""
NICENESS = 5
"""Other work goes first."""
INVALID = 3
"""Exit code: the problem is on standard output."""


async def read_in_subprocess(
    text: str,
    source: str,
    now: datetime,
    *,
    zone: ZoneInfo | None,
    default: ZoneInfo,
    seconds: float = WALL_SECONDS,
    cpu: int = CPU_SECONDS,
) -> CalendarCopy:
    """
    Do what `parse_calendar` does, for the copy read at `now`.

    Raises InvalidCalendar, also for a calendar that takes longer than `seconds` or `cpu` seconds of processor time. A
    reading that is cancelled ends with its process.
    """
    zones = [zone.key if zone else None, default.key]
    process = await asyncio.create_subprocess_exec(
        *command_line(main, cpu),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            answer, errors = await process.communicate(json.dumps([text, source, now.isoformat(), *zones]).encode())
    except TimeoutError:
        raise InvalidCalendar(f"it takes longer than {seconds:g} seconds to read") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return await asyncio.to_thread(copy_from_json, answer.decode())
    if process.returncode == INVALID:
        raise InvalidCalendar(answer.decode())
    if is_beyond_limits(process.returncode or 0):
        raise InvalidCalendar(f"it takes more than {cpu} seconds of processor time or too much memory to read")
    last = "".join(errors.decode(errors="replace").strip().splitlines()[-1:])
    raise InvalidCalendar(f"it cannot be read ({last[:100] or process.returncode})")


def main(cpu: int) -> None:
    """Entry point of the subprocess: JSON on stdin, the copy or the problem on stdout."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # sent to all processes of a service: the bot ends this one
    os.nice(NICENESS)
    set_limits(cpu, MEMORY_BYTES)
    text, source, read_at, zone, default = json.load(sys.stdin)
    now = datetime.fromisoformat(read_at)
    try:
        found = parse_calendar(
            text, ZoneInfo(zone) if zone else None, ZoneInfo(default), since=now - READ_BACK, until=now + READ_AHEAD
        )
    except InvalidCalendar as problem:
        sys.stdout.buffer.write(str(problem).encode())
        sys.exit(INVALID)
    sys.stdout.buffer.write(copy_to_json(CalendarCopy(source, now, found.events, found.problems)).encode())
