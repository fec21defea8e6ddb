"""Read vendors' status pages: each by one replica at a time, one request at a time per host."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from structlog import get_logger

from bot.config import Settings
from bot.config.sections.vendors import VendorSection
from bot.domain.vendor_status.look import Look
from bot.domain.vendor_status.page_version import PageVersion
from bot.domain.vendor_status.polling import CLOSE_INTERVAL
from bot.engine.fetch.http_fetch import FetchError
from bot.engine.periodic import run_periodically
from bot.engine.vendors.look import Comparison, PageAnswer, PageMeaning, compare_answers, describe_answer
from bot.engine.vendors.pages import FetchedPage, fetch_page, find_feed
from bot.engine.vendors.worker import Worker
from bot.feeds import FeedError
from bot.runtime.clock import Clock
from bot.services.vendor_routing import record_and_route_look
from bot.services.vendors.watch import Claim, Reading, claim_look, find_due, forget_others, record_failed_look
from bot.store.database.session import Database, DatabaseUnavailable

log = get_logger(__name__)

POLL = timedelta(seconds=1)
LONGEST_SLEEP = timedelta(seconds=15)
"""The schedule is read at least this often: incidents are linked meanwhile, and replicas fail."""
START_DELAY = timedelta(seconds=3)
CONCURRENT_LOOKS = 8
"""In one process."""
LONGEST_GAP = 0.25
"""Seconds between the beginnings of two looks: of few vendors, none waits for long."""
SPREAD = 0.9
"""Share of the shortest interval within which each page of many is looked at. Then they stay apart."""
READ_SECONDS = 35.0
"""A whole look, with all of its pages."""


class VendorWatch:
    """`run_forever` looks while the bot runs; `run` makes the looks that are due once."""

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._hosts: dict[str, asyncio.Lock] = {}
        self._slots = asyncio.Semaphore(CONCURRENT_LOOKS)
        self._worker = Worker()
        self._next_start = 0.0
        self._asks_at: datetime | None = None
        """When the schedule is read again; None: now."""
        self._watched: frozenset[str] | None = None

    async def run_forever(self) -> None:
        """Poll on real time."""
        await run_periodically("vendors", self._start_due, first=START_DELAY, pause=POLL)

    async def run(self) -> None:
        """Make every look that is due, and wait for all of them."""
        self._asks_at = None
        await self._start_due()
        await asyncio.gather(*self._looks.values())

    async def stop(self) -> None:
        for task in self._looks.values():
            task.cancel()
        await asyncio.gather(*self._looks.values(), return_exceptions=True)
        await self._worker.stop()

    async def _start_due(self) -> None:
        settings, now = self._settings(), self._clock.now()
        watched = frozenset(settings.watched_vendors)
        if watched != self._watched:
            if watched or self._watched:
                await self._database.run(forget_others, settings)
            self._watched, self._asks_at = watched, None
            if not watched:
                await self._worker.stop()
        if not watched or (self._asks_at is not None and self._asks_at - LONGEST_SLEEP <= now < self._asks_at):
            return
        due = await self._database.read(find_due, settings, now)
        longest = now + LONGEST_SLEEP
        self._asks_at = min(due.next_at, longest) if due.next_at and due.next_at > now else longest
        for name in due.names:
            if name not in self._looks:
                self._looks[name] = asyncio.create_task(self._look_at_page(name), name=f"vendor {name}")

    async def _look_at_page(self, name: str) -> None:
        section = self._settings().watched_vendors.get(name)
        names = sorted({urlsplit(each).netloc for each in section.feeds.values()} if section else ())
        try:
            async with AsyncExitStack() as held:
                for host in names:  # the hosts first: a slow one takes one slot, however many pages it has
                    await held.enter_async_context(self._hosts.setdefault(host, asyncio.Lock()))
                await held.enter_async_context(self._slots)
                await self._wait_for_turn()
                await self._look_once(name)
        except DatabaseUnavailable as problem:
            log.warning("vendor's page not read; database unavailable", vendor=name, problem=str(problem))
        except Exception:
            log.exception("vendor's page not read", vendor=name)
        finally:
            del self._looks[name]
            self._asks_at = None

    async def _wait_for_turn(self) -> None:
        """Space looks out: many that come at once would hold other work up."""
        intervals = [each.interval for each in self._settings().watched_vendors.values()]
        shortest = min([CLOSE_INTERVAL, *intervals]).total_seconds()
        now = time.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + min(LONGEST_GAP, SPREAD * shortest / max(len(intervals), 1))
        await asyncio.sleep(start - now)

    async def _look_once(self, name: str) -> None:
        settings = self._settings()
        section = settings.watched_vendors.get(name)
        claim = await self._database.run_low_priority(claim_look, settings, name, self._clock.now())
        if claim is None or section is None:
            return
        try:
            async with asyncio.timeout(READ_SECONDS):
                reading = await self._read(settings, section, claim)
        except (FetchError, FeedError, TimeoutError) as problem:
            await self._record_failure(settings, section, claim, problem)
            return
        now = self._clock.now()
        arguments = (settings, claim, reading, now, random.random())  # noqa: S311  jitter
        recorded = await self._database.run_low_priority(record_and_route_look, *arguments)
        if recorded.is_new_problem:
            log.warning("vendor's page cannot be read", vendor=name, problem=reading.problem)
        elif recorded.was_failing and reading.problem is None:
            log.info("vendor's page can be read again", vendor=name)

    async def _record_failure(
        self, settings: Settings, section: VendorSection, claim: Claim, problem: Exception
    ) -> None:
        wait = problem.retry_after if isinstance(problem, FetchError) else None
        words = str(problem) or f"it takes longer than {READ_SECONDS:g} seconds to read"
        if language := next(iter(section.feeds)):
            words = f"{language}: {words}"
        arguments = (settings, claim, words, self._clock.now(), random.random(), wait)  # noqa: S311  jitter
        if await self._database.run_low_priority(record_failed_look, *arguments):
            log.warning("vendor's page cannot be read", vendor=claim.name, problem=words)

    async def _read(self, settings: Settings, section: VendorSection, claim: Claim) -> Reading:
        """
        Read what has changed. Raises FetchError and FeedError of the first language.

        Others that fail are a problem of the reading.
        """
        meaning = PageMeaning(section.kind or claim.kind, section.zone)
        found, problems = await self._fetch_pages(settings, section, claim.versions, section.feeds)
        if all(each.body is None for each in found.values()):
            return Reading(versions=claim.versions, problem=_describe(problems))
        unchanged = {code: each.version.address for code, each in found.items() if each.body is None}
        if unchanged:  # their words stand beside those that have changed
            again = {code: PageVersion(address) for code, address in unchanged.items()}
            refetched, failed = await self._fetch_pages(settings, section, again, again)
            found, problems = {**found, **refetched}, problems | failed
        compared = await self._compare(found, meaning, claim.kept)
        problems |= compared.problems
        ended = await self._read_history(settings, section, compared) if compared.histories else None
        is_known = not compared.histories or (ended is not None and not ended.is_older)
        versions = {code: PageVersion(each.address) for code, each in claim.versions.items() if code in problems}
        for code, page in found.items():
            is_settled = is_known and not (compared.is_older and claim.is_close) and code not in problems
            # Else it is read again at the next look, whatever its validators say.
            versions[code] = page.version if is_settled else PageVersion(page.version.address)
        last = ended if ended is not None and is_known else compared
        news = compared.news if last is compared else (*compared.news, *last.news)
        kept = last.kept if is_known else compared.kept_again
        return Reading(compared.look, kept, news, versions, _describe(problems))

    async def _fetch_pages(
        self, settings: Settings, section: VendorSection, versions: Mapping[str, PageVersion], codes: Iterable[str]
    ) -> tuple[dict[str, FetchedPage], dict[str, str]]:
        """
        The pages by language, and the problems of further ones.

        Raises FetchError and FeedError of the first language.
        """
        found: dict[str, FetchedPage] = {}
        problems: dict[str, str] = {}
        for code in codes:
            try:
                found[code] = await self._fetch_page(settings, section, section.feeds[code], versions.get(code))
            except (FetchError, FeedError) as problem:
                if code == next(iter(section.feeds)):
                    raise
                problems[code] = str(problem)
        return found, problems

    async def _fetch_page(
        self, settings: Settings, section: VendorSection, feed: str, version: PageVersion | None
    ) -> FetchedPage:
        if version is not None:
            return await fetch_page(settings, section, version.address, version)
        page, _ = await find_feed(settings, section, feed, self._describe)
        return page

    async def _describe(self, answer: PageAnswer, meaning: PageMeaning) -> Look:
        return await self._worker.run(describe_answer, answer, meaning)

    async def _compare(self, found: Mapping[str, FetchedPage], meaning: PageMeaning, kept: str | None) -> Comparison:
        answers = {code: page.answer for code, page in found.items()}
        return await self._worker.run(compare_answers, answers, meaning, kept, self._clock.now())

    async def _read_history(
        self, settings: Settings, section: VendorSection, compared: Comparison
    ) -> Comparison | None:
        """
        Look up the end of incidents that left a list of open ones, and postmortems.

        None if it cannot be read.
        """
        found: dict[str, FetchedPage] = {}
        try:
            for code, address in compared.histories.items():
                found[code] = await fetch_page(settings, section, address)
            return await self._compare(found, PageMeaning(compared.look.kind, section.zone), compared.kept)
        except (FetchError, FeedError) as problem:
            log.info("vendor's past incidents not read", vendor=section.name, problem=str(problem))
            return None


def _describe(problems: Mapping[str, str]) -> str | None:
    """The languages that could not be read; None without any."""
    return "; ".join(f"{code}: {problem}" for code, problem in problems.items()) or None
