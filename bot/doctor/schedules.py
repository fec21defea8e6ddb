"""Who is on call: whether each schedule has somebody, and whether each calendar can be fetched and understood."""

import asyncio
from dataclasses import replace
from datetime import datetime

from bot.config import Settings
from bot.config.environment import CALENDAR_PREFIX, end_of
from bot.doctor.report import Finding, failed, ok, warning
from bot.doctor.slack import Slack
from bot.domain.oncall.calendar_schedule import mails_in
from bot.domain.oncall.gaps import AHEAD_IN_WORDS
from bot.domain.oncall.icalendar_reader import NoCalendar
from bot.engine.http_fetch import FeedProblem, fetch, from_file
from bot.runtime.clock import machine_now
from bot.services.oncall import coverage as schedule_check
from bot.services.oncall.calendar_sync import read

NAME = "schedules"
SECONDS = 8.0


async def schedules(settings: Settings, slack: Slack) -> list[Finding]:
    """Nothing where there are none. Calendars are fetched as the bot does it, and nothing of them is kept."""
    now = machine_now()
    found = await asyncio.gather(*(_one(settings, slack, name, now) for name in settings.schedules))
    return [finding for each in found for finding in each]


async def _one(settings: Settings, slack: Slack, name: str, now: datetime) -> list[Finding]:
    if not settings.schedules[name].calendar:
        return _told(name, list(schedule_check.of_layers(settings, name, now)), "somebody is on call")
    path, address = settings.calendar_file(name), settings.calendar_address(name)
    if path is None and address is None:
        remedy = f"Set {CALENDAR_PREFIX}{end_of(name)} to the calendar's address."
        return [failed(NAME, f"{name}: nobody is on call, as its calendar's address is not set", remedy)]
    try:
        text = await from_file(path) if path else (await fetch(address or "", seconds=SECONDS)).text
        copy = await asyncio.to_thread(read, text or "", settings, name, now)
    except (FeedProblem, NoCalendar) as problem:
        remedy = (
            "Look whether its address or path is right. While the bot cannot read it, its last good copy decides; "
            "without one nobody is on call by it."
        )
        return [failed(NAME, f"{name}: its calendar could not be read: {problem}", remedy)]
    mails = mails_in(copy.events, settings.schedules[name].names)
    people = await slack.found_by_mail(mails) if mails else {}
    copy = replace(copy, found=tuple((people or {}).items()))
    doubts = list(schedule_check.of_calendar(settings, name, copy, now, slack_was_asked=people is not None))
    if people is None:
        said = "It cannot be asked of Slack whose the mail addresses in its calendar are."
        doubts.append(schedule_check.Doubt(said, "Mend what is told above."))
    in_order = f"its calendar was read ({len(copy.events)} events), and somebody is on call"
    return _told(name, doubts, in_order)


def _told(name: str, doubts: list[schedule_check.Doubt], in_order: str) -> list[Finding]:
    if not doubts:
        return [ok(NAME, f"{name}: {in_order} at any time in {AHEAD_IN_WORDS}")]
    return [_as_warning(name, each) for each in doubts]


def _as_warning(name: str, doubt: schedule_check.Doubt) -> Finding:
    return warning(NAME, f"{name}: {doubt.said[:1].lower()}{doubt.said[1:].rstrip('.')}", doubt.remedy)
