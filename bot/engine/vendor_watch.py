"""Read vendors' status pages: each by one replica at a time, one request at a time per host."""

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ParamSpec, Protocol, TypeVar
from urllib.parse import urlsplit

from structlog import get_logger

from bot.config import Settings
from bot.config.sections.vendors import VendorSection
from bot.domain.vendor_status.look import Look
from bot.domain.vendor_status.news import Outcome, find_news
from bot.domain.vendor_status.polling import CLOSE_INTERVAL
from bot.domain.vendor_status.state import KnownPage
from bot.engine.fetch.address_guard import AddressRules
from bot.engine.fetch.http_fetch import FetchedBody, FetchError, FetchLimits, fetch_body
from bot.engine.periodic import run_periodically
from bot.feeds import FeedError, parse_feed, suggest_addresses
from bot.runtime.clock import Clock
from bot.services.vendor_routing import record_and_route_look
from bot.services.vendors.watch import Claim, Reading, claim_look, find_due, forget_others, record_failed_look
from bot.store.database.session import Database, DatabaseUnavailable

log = get_logger(__name__)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

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
SWITCH_SECONDS = 0.0005
"""While a page is computed, other threads get their turn after so long; Python's default is ten times that."""
SECONDS = 15.0
LIMITS = FetchLimits(seconds=SECONDS, max_bytes=5 * 1024 * 1024, redirects=5)
ACCEPT = "application/json, application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.1"
PARSE_SECONDS = 20.0


class RunInThread(Protocol):
    """How a computation is run beside the event loop, as `asyncio.to_thread` does."""

    def __call__(
        self, work: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Awaitable[Result]: ...


@dataclass(frozen=True, slots=True)
class PageBody:
    """A fetched page. `address` is the one that was asked."""

    address: str
    fetched: FetchedBody

    @property
    def checksum(self) -> str | None:
        body = self.fetched.body
        return None if body is None else sha256(body).hexdigest()


def page_headers(settings: Settings) -> dict[str, str]:
    """Headers that say who asks, so that the page's owner can reach the operator."""
    contact = f" (+{settings.public_url})" if settings.public_url else ""
    return {"Accept": ACCEPT, "User-Agent": f"dogwatch{contact}"}


def limits_of(section: VendorSection) -> FetchLimits:
    return replace(LIMITS, rules=AddressRules(section.allow_http, section.allow_private))


async def find_feed(
    settings: Settings, section: VendorSection, run_in_thread: RunInThread = asyncio.to_thread
) -> tuple[PageBody, Look]:
    """
    Fetch a page without validators: the first of its usual addresses that can be read.

    Raises FetchError or FeedError of the first address that answered at all.
    """
    problem: FetchError | FeedError | None = None
    for address in suggest_addresses(section.feed or ""):
        try:
            body = PageBody(address, await fetch_body(address, page_headers(settings), limits_of(section)))
            look = await run_in_thread(_parse, body, section.kind, section)
        except (FetchError, FeedError) as found:
            problem = found if problem is None or isinstance(found, FeedError) else problem
            if isinstance(found, FetchError) and not found.is_answer:
                break  # the host does not answer, or must not be asked
        else:
            return body, look
    raise problem or FetchError("it has no address that could be a status page's")


def _parse(body: PageBody, kind: str | None, section: VendorSection) -> Look:
    fetched = body.fetched
    return parse_feed(
        fetched.body or b"", fetched.content_type or None, address=body.address, kind=kind, zone=section.zone
    )


def _compute(work: Callable[Arguments, Result], /, *args: Arguments.args, **named: Arguments.kwargs) -> Result:
    """Compute in this thread, and let others have their turn often: answers wait for it."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        return work(*args, **named)
    finally:
        sys.setswitchinterval(usual)


def _compare(claim: Claim, look: Look, now: datetime) -> tuple[KnownPage | None, Outcome]:
    """The state before, and what the look makes of it."""
    before = claim.read_kept()
    return before, find_news(before, look, now)


def _serialize(known: KnownPage) -> str:
    return json.dumps(known.to_json())


class VendorWatch:
    """`run_forever` looks while the bot runs; `run` makes the looks that are due once."""

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._hosts: dict[str, asyncio.Lock] = {}
        self._slots = asyncio.Semaphore(CONCURRENT_LOOKS)
        self._computing = asyncio.Lock()
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

    async def _start_due(self) -> None:
        settings, now = self._settings(), self._clock.now()
        watched = frozenset(settings.watched_vendors)
        if watched != self._watched:
            if watched or self._watched:
                await self._database.run(forget_others, settings)
            self._watched, self._asks_at = watched, None
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
        host = self._hosts.setdefault(urlsplit(section.feed or "").netloc if section else "", asyncio.Lock())
        try:
            async with host, self._slots:  # the host first: a slow one takes one slot, however many pages it has
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

    async def _thread(
        self, work: Callable[Arguments, Result], /, *args: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """Compute in a thread, one thing at a time: each thread that computes delays the event loop."""
        async with self._computing:
            return await asyncio.to_thread(_compute, work, *args, **named)

    async def _look_once(self, name: str) -> None:
        settings = self._settings()
        section = settings.watched_vendors.get(name)
        claim = await self._database.run(claim_look, settings, name, self._clock.now())
        if claim is None or section is None:
            return
        try:
            async with asyncio.timeout(SECONDS + PARSE_SECONDS):
                reading = await self._read(settings, section, claim)
        except (FetchError, FeedError, TimeoutError) as problem:
            await self._record_failure(settings, claim, problem)
            return
        now = self._clock.now()
        arguments = (settings, claim, reading, now, random.random())  # noqa: S311  jitter
        if await self._database.run(record_and_route_look, *arguments):
            log.info("vendor's page can be read again", vendor=name)

    async def _record_failure(self, settings: Settings, claim: Claim, problem: Exception) -> None:
        wait = problem.retry_after if isinstance(problem, FetchError) else None
        words = str(problem) or f"it takes longer than {SECONDS + PARSE_SECONDS:g} seconds to read"
        arguments = (settings, claim, words, self._clock.now(), random.random(), wait)  # noqa: S311  jitter
        if await self._database.run(record_failed_look, *arguments):
            log.warning("vendor's page cannot be read", vendor=claim.name, problem=words)

    async def _read(self, settings: Settings, section: VendorSection, claim: Claim) -> Reading:
        """Raises FetchError and FeedError."""
        if claim.address is None:
            body, look = await find_feed(settings, section, self._thread)
        else:
            body = await self._fetch(settings, section, claim.address, claim)
            if body.fetched.body is None or (body.checksum == claim.checksum and not claim.is_close):
                return Reading()
            look = await self._thread(_parse, body, claim.kind, section)
        before, outcome = await self._thread(_compare, claim, look, self._clock.now())
        history = look.history_address if outcome.missing or outcome.may_be_past else ""
        ended = await self._read_history(settings, section, look, outcome.known) if history else None
        final = ended or outcome
        news = (*outcome.news, *ended.news) if ended is not None else outcome.news
        if not history or (ended is not None and not ended.is_older):
            kept = await self._thread(_serialize, final.known)
            fetched = body.fetched
            return Reading(look, kept, news, body.address, fetched.etag, fetched.modified, body.checksum)
        # Asked again at the next look, whatever the page's validators say.
        known = replace(final.known, changed_at=before.changed_at if before else None)
        return Reading(look, await self._thread(_serialize, known), news, body.address)

    async def _fetch(
        self, settings: Settings, section: VendorSection, address: str, claim: Claim | None = None
    ) -> PageBody:
        etag, modified = (claim.etag, claim.modified) if claim else (None, None)
        headers, limits = page_headers(settings), limits_of(section)
        return PageBody(address, await fetch_body(address, headers, limits, etag=etag, modified=modified))

    async def _read_history(
        self, settings: Settings, section: VendorSection, look: Look, known: KnownPage
    ) -> Outcome | None:
        """
        Look up the end of incidents that left a list of open ones, and postmortems.

        None if it cannot be read.
        """
        try:
            body = await self._fetch(settings, section, look.history_address)
            past = await self._thread(_parse, body, look.kind, section)
        except (FetchError, FeedError) as problem:
            log.info("vendor's past incidents not read", vendor=section.name, problem=str(problem))
            return None
        return await self._thread(find_news, known, past, self._clock.now())
