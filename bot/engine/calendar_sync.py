"""Fetch the calendars of schedules every few minutes, on one replica at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from structlog import get_logger

from bot.config import Settings
from bot.domain.errors import LookupUnavailable
from bot.domain.oncall.calendar_matching import CalendarCopy, unmatched_emails
from bot.domain.oncall.icalendar_reader import InvalidCalendar
from bot.engine.fetch.http_fetch import SECONDS, FetchError, FetchResult, fetch, read_file
from bot.engine.periodic import run_periodically
from bot.runtime.clock import Clock
from bot.services.oncall.calendar_subprocess import WALL_SECONDS
from bot.services.oncall.calendar_sync import (
    CalendarChange,
    KnownCalendar,
    Validators,
    load_known_calendar,
    read_calendar,
    record_failure,
    record_fetched,
)
from bot.store.database.session import Database
from bot.store.escalation import calendars

log = get_logger(__name__)

FETCH_INTERVAL = timedelta(minutes=5)
FALLBACK_NOTE = "the last good copy is used, if there is one"
MAX_LOOKUPS = 100
"""People looked up for one calendar: Slack allows about fifty such calls a minute."""
POLL = timedelta(seconds=30)
START_DELAY = timedelta(seconds=2)
"""Short: until the first fetch nobody is on call by a new calendar."""


FindByMail = Callable[[str], Awaitable[str | None]]
"""User id of a mail address; None if unknown. Raises LookupUnavailable."""


class CalendarSync:
    """`run_forever` syncs while the bot runs; `run` fetches what is due once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Callable[[], Settings],
        find: FindByMail,
        *,
        seconds: float = SECONDS,
        parse_seconds: float = WALL_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._find = find
        self._seconds = seconds
        self._parse_seconds = parse_seconds
        self._parsing = asyncio.Lock()
        self._is_unused = False
        self._running = asyncio.Lock()

    async def run_forever(self) -> None:
        """Poll on real time."""
        await run_periodically("calendars", self.run, first=START_DELAY, pause=POLL)

    async def run(self) -> None:
        """Fetch concurrently every calendar that no replica has tried within FETCH_INTERVAL."""
        async with self._running:
            await self._run()

    async def _run(self) -> None:
        names = [name for name, each in self._settings().schedules.items() if each.calendar]
        if not names and self._is_unused:
            return
        if set(await self._database.read(calendars.find_all)) - set(names):
            await self._database.run(calendars.delete_others, names)
        self._is_unused = not names
        for problem in await asyncio.gather(*(self._sync(name) for name in names), return_exceptions=True):
            if isinstance(problem, BaseException):
                raise problem

    async def _sync(self, name: str) -> None:
        settings, now = self._settings(), self._clock.now()
        if settings.calendar_address(name) is None and settings.calendar_file(name) is None:
            return
        if not await self._database.run(calendars.claim_fetch, name, now, FETCH_INTERVAL):
            return
        known = await self._database.read(load_known_calendar, settings, name, now)
        try:
            answer = await self._fetch(settings, name, known.validators)
            copy = None
            if answer.text is not None:
                copy = await self._parse(answer.text, settings, name, now)
                copy = await self._resolve_people(copy, settings.schedules[name].names, known, now)
        except (FetchError, InvalidCalendar) as problem:
            if await self._database.run(record_failure, name, str(problem)):
                log.warning("calendar sync failed", schedule=name, problem=str(problem), meanwhile=FALLBACK_NOTE)
        else:
            validators = Validators(answer.etag, answer.modified)
            self._log_change(name, await self._database.run(record_fetched, name, copy, validators, now))

    async def _parse(self, text: str, settings: Settings, name: str, now: datetime) -> CalendarCopy:
        """One after another, for the memory. Raises InvalidCalendar."""
        async with self._parsing:
            return await read_calendar(text, settings, name, now, self._parse_seconds)

    async def _resolve_people(
        self, copy: CalendarCopy, names: Mapping[str, str], known: KnownCalendar, now: datetime
    ) -> CalendarCopy:
        """Resolve mail addresses to people. While Slack is unavailable, earlier results apply."""
        found: dict[str, str] = {}
        found_at: datetime | None = known.found_at or now
        for mail in unmatched_emails(copy.events, names)[:MAX_LOOKUPS]:
            if known.found_at is not None and mail in known.people:
                found[mail] = known.people[mail]
                continue
            try:
                found[mail] = await self._find(mail) or ""
            except LookupUnavailable:
                found_at = None
                if mail in known.people:
                    found[mail] = known.people[mail]
        return replace(copy, found=tuple(found.items()), found_at=found_at)

    def _log_change(self, name: str, change: CalendarChange) -> None:
        """Log each problem and each recovery once."""
        if change.can_be_read_again:
            log.info("calendar sync recovered", schedule=name)
        for problem in change.problems:
            log.warning("calendar event skipped; unreadable", schedule=name, problem=problem)

    async def _fetch(self, settings: Settings, name: str, known: Validators) -> FetchResult:
        path = settings.calendar_file(name)
        if path is not None:
            return FetchResult(await read_file(path))
        address = settings.calendar_address(name) or ""
        return await fetch(address, etag=known.etag, modified=known.modified, seconds=self._seconds)
