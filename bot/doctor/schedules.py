"""Check that each schedule has somebody on call, and that each calendar can be read."""

import asyncio
from dataclasses import replace
from datetime import datetime

from bot.config import Settings
from bot.config.environment import CALENDAR_PREFIX, variable_suffix
from bot.doctor.report import CheckResult, failed, ok, warning
from bot.doctor.slack import SlackChecks
from bot.domain.oncall.calendar_matching import unmatched_emails
from bot.domain.oncall.gaps import GAP_HORIZON_TEXT
from bot.domain.oncall.icalendar_reader import InvalidCalendar
from bot.engine.fetch.http_fetch import FetchError, fetch, read_file
from bot.runtime.clock import machine_now
from bot.services.oncall.calendar_sync import read_calendar
from bot.services.oncall.coverage import CoverageProblem, check_calendar, check_layers

NAME = "schedules"
SECONDS = 8.0


async def check_schedules(settings: Settings, slack: SlackChecks) -> list[CheckResult]:
    """Check all schedules; no result if there are none. Fetched calendars are not stored."""
    now, reading = machine_now(), asyncio.Lock()
    results = await asyncio.gather(
        *(_check_schedule(settings, slack, name, now, reading) for name in settings.schedules)
    )
    return [result for each in results for result in each]


async def _check_schedule(
    settings: Settings, slack: SlackChecks, name: str, now: datetime, reading: asyncio.Lock
) -> list[CheckResult]:
    """`reading`: calendars are read one after another."""
    if not settings.schedules[name].calendar:
        return _schedule_results(name, list(check_layers(settings, name, now)), "somebody is on call")
    path, address = settings.calendar_file(name), settings.calendar_address(name)
    if path is None and address is None:
        remedy = f"Set {CALENDAR_PREFIX}{variable_suffix(name)} to the calendar's address."
        return [failed(NAME, f"{name}: nobody is on call, because the calendar's address is not set", remedy)]
    try:
        text = await read_file(path) if path else (await fetch(address or "", seconds=SECONDS)).text
        async with reading:
            copy = await read_calendar(text or "", settings, name, now)
    except (FetchError, InvalidCalendar) as problem:
        remedy = "Check its address or path. Until then the last good copy applies. Without a copy, nobody is on call."
        return [failed(NAME, f"{name}: the calendar cannot be read: {problem}", remedy)]
    mails = unmatched_emails(copy.events, settings.schedules[name].names)
    people = await slack.find_users_by_mail(mails) if mails else {}
    copy = replace(copy, found=tuple((people or {}).items()))
    doubts = list(check_calendar(settings, name, copy, now, slack_was_asked=people is not None))
    if people is None:
        text = "Slack cannot look up the mail addresses in the calendar."
        doubts.append(CoverageProblem(text, "Fix the failed checks above."))
    in_order = f"calendar with {len(copy.events)} events; somebody is on call"
    return _schedule_results(name, doubts, in_order)


def _schedule_results(name: str, doubts: list[CoverageProblem], in_order: str) -> list[CheckResult]:
    if not doubts:
        return [ok(NAME, f"{name}: {in_order} at any time in {GAP_HORIZON_TEXT}")]
    return [_as_warning(name, each) for each in doubts]


def _as_warning(name: str, doubt: CoverageProblem) -> CheckResult:
    return warning(NAME, f"{name}: {doubt.said[:1].lower()}{doubt.said[1:].rstrip('.')}", doubt.remedy)
