"""The calendars that are schedules are fetched every few minutes, by one replica each time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from structlog import get_logger

from bot.config import Settings
from bot.domain.oncall.calendar_schedule import Copy, mails_in
from bot.domain.oncall.icalendar_reader import NoCalendar
from bot.engine.http_fetch import SECONDS, Answer, FeedProblem, fetch, from_file
from bot.engine.periodic import again_and_again
from bot.runtime.clock import Clock
from bot.services.oncall import calendar_sync as rules
from bot.services.oncall.calendar_sync import Validators
from bot.store.database.session import Database
from bot.store.escalation import calendars

log = get_logger(__name__)

EVERY = timedelta(minutes=5)
MEANWHILE = "its last good copy decides who is on call, if there is one"
MOST_MAILS = 100
"""Asked for one calendar. Slack takes fifty such questions a minute."""
LOOK = timedelta(seconds=30)
READING = 60.0
"""Seconds. One that is full of events which repeat for ever keeps none of the others waiting for longer."""
FIRST_LOOK = timedelta(seconds=2)
"""A start has other things to do; but nobody is on call by a new calendar until then."""


class CannotAsk(Exception):
    """Slack does not say now whose an address is."""


Find = Callable[[str], Awaitable[str | None]]
"""The user id of whoever has a mail address; None if nobody does. Raises CannotAsk."""


class Calendars:
    """`keep` looks after them as long as the bot runs; `run` fetches once what is due."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Callable[[], Settings],
        find: Find,
        *,
        seconds: float = SECONDS,
        reading: float = READING,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._find = find
        self._seconds = seconds
        self._reading = reading
        self._read: dict[str, asyncio.Future[Copy]] = {}
        self._has_none = False
        self._running = asyncio.Lock()

    async def keep(self) -> None:
        """Runs on real time."""
        await again_and_again("calendars", self.run, first=FIRST_LOOK, pause=LOOK)

    async def run(self) -> None:
        """Fetch side by side what nobody has tried for a while: one that hangs keeps none of the others waiting."""
        async with self._running:
            await self._run()

    async def _run(self) -> None:
        names = [name for name, each in self._settings().schedules.items() if each.calendar]
        if not names and self._has_none:
            return
        if set(await self._database.read(calendars.all_of)) - set(names):
            await self._database.run(calendars.forget_others, names)
        self._has_none = not names
        for problem in await asyncio.gather(*(self._one(name) for name in names), return_exceptions=True):
            if isinstance(problem, BaseException):
                raise problem

    async def _one(self, name: str) -> None:
        settings, now = self._settings(), self._clock.now()
        if settings.calendar_address(name) is None and settings.calendar_file(name) is None:
            return
        if not await self._database.run(calendars.take, name, now, EVERY):
            return
        known = await self._database.read(rules.known, settings, name, now)
        try:
            answer = await self._asked(settings, name, known.validators)
            copy = None
            if answer.text is not None:
                copy = await self._copy(answer.text, settings, name, now)
                copy = await self._with_people(copy, settings.schedules[name].names, known, now)
        except (FeedProblem, NoCalendar) as problem:
            if await self._database.run(rules.failed, name, str(problem)):
                log.warning("a calendar could not be read", schedule=name, problem=str(problem), meanwhile=MEANWHILE)
        else:
            said = Validators(answer.etag, answer.modified)
            self._tell(name, await self._database.run(rules.fetched, name, copy, said, now))

    async def _copy(self, text: str, settings: Settings, name: str, now: datetime) -> Copy:
        """Raises NoCalendar, also where it takes too long. A thread cannot be stopped: each name has one at most."""
        under_way = self._read.get(name)
        if under_way is None or under_way.done():
            loop = asyncio.get_running_loop()
            under_way = self._read[name] = loop.run_in_executor(None, rules.read, text, settings, name, now)
            await asyncio.wait({under_way}, timeout=self._reading)
        if not under_way.done():
            raise NoCalendar(f"it takes longer than {self._reading:g} seconds to read")
        return self._read.pop(name).result()

    async def _with_people(self, copy: Copy, names: Mapping[str, str], known: rules.Known, now: datetime) -> Copy:
        """With whose the mail addresses are. While Slack cannot say, what it said before counts."""
        found: dict[str, str] = {}
        found_at: datetime | None = known.found_at or now
        for mail in mails_in(copy.events, names)[:MOST_MAILS]:
            if known.found_at is not None and mail in known.people:
                found[mail] = known.people[mail]
                continue
            try:
                found[mail] = await self._find(mail) or ""
            except CannotAsk:
                found_at = None
                if mail in known.people:
                    found[mail] = known.people[mail]
        return replace(copy, found=tuple(found.items()), found_at=found_at)

    def _tell(self, name: str, news: rules.News) -> None:
        """Each thing once, not every few minutes."""
        if news.can_be_read_again:
            log.info("a calendar can be read again", schedule=name)
        for problem in news.problems:
            log.warning("an event of a calendar cannot be read", schedule=name, problem=problem)

    async def _asked(self, settings: Settings, name: str, known: Validators) -> Answer:
        path = settings.calendar_file(name)
        if path is not None:
            return Answer(await from_file(path))
        address = settings.calendar_address(name) or ""
        return await fetch(address, etag=known.etag, modified=known.modified, seconds=self._seconds)
