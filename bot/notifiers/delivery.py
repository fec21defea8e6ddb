"""
Rows of the outbox that leave by something else than Slack: what is called for each, and what a failure means for a row.

Each means has a few places at a time, and threads of its own where it blocks: a server that does not answer holds up
whoever is paged by it, and nobody else.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

import aiohttp
from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.crypto.encryption import CannotOpen
from bot.domain.paging.channels import Kind, Means, read
from bot.domain.slack_app.api_errors import BY_MEANS
from bot.notifiers import apprise, email, opsgenie, pagerduty, webhook
from bot.notifiers.outcome import Away, Patience, Refused, Sent
from bot.runtime.clock import Clock
from bot.runtime.metrics import PAGES, SENT_AGAIN
from bot.services.paging import external as paging_out
from bot.services.paging import test_pages as page_tests
from bot.services.paging.external import Asked, ToSend
from bot.store import outbox
from bot.store.database.session import Database
from bot.store.escalation.escalations import SENT
from bot.store.outbox import Again, Claim, Done, Failure, Outcome

log = get_logger(__name__)

AT_ONCE = 6
"""Pages by one means, or by one service of it, that are under way in this process. There are more lanes than that."""
PLACES = 15
"""Pages by all of them together: Slack's own lanes always have some left."""
A_MOMENT = timedelta(milliseconds=500)
LONGEST_PAUSE = timedelta(seconds=60)
GIVEN_UP_AFTER = timedelta(hours=2)
"""Whoever is still needed then has been paged by other means, and others with them."""
CANNOT_OPEN = "The address cannot be opened: it was kept with another DOGWATCH_SECRET_KEY. It has to be typed anew."


class _Full(Exception):
    """Every place is taken."""


class MeansOfPaging:
    """`start`, then `stop`. `settings` is asked for each page: keys and passwords may have changed in their files."""

    def __init__(
        self, database: Database, clock: Clock, settings: Callable[[], Settings], patience: Patience | None = None
    ) -> None:
        self._patience = patience or Patience()
        self._database = database
        self._clock = clock
        self._settings = settings
        self._http: aiohttp.ClientSession | None = None
        self._threads: dict[Kind, ThreadPoolExecutor] = {}
        self._under_way: Counter[str] = Counter()

    def start(self) -> None:
        # No connection is kept: pages are rare, and one that was closed meanwhile at the other end would lose a page.
        connector = aiohttp.TCPConnector(force_close=True)
        self._http = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(self._patience.call)
        )
        self._threads = {
            kind: ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"page-{kind}") for kind in (Kind.EMAIL, Kind.APPRISE)
        }

    async def stop(self) -> None:
        """What is under way in a thread ends with its call."""
        if self._http is not None:
            await self._http.close()
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    async def page(self, claim: Claim) -> Outcome:
        """One person, or one service. What came of it is kept, and a failure lets their next means go at once."""
        settings, asked = self._settings(), Asked.of(claim.row.details)
        try:
            found = await self._database.run(paging_out.begin, settings, asked, self._clock.now())
            if found is None:
                return Done()
            with self._a_place(asked.means):
                sent = await self._sent(claim, asked, found, settings)
        except _Full:
            return Again(self._clock.now() + A_MOMENT, "others go first", is_unknown=claim.is_unknown)
        except CannotOpen:
            return self._refused(claim, Refused(CANNOT_OPEN), asked)
        except Refused as problem:
            return self._refused(claim, problem, asked)
        except Away as problem:
            return await self._away(claim, problem, asked)
        PAGES.labels(_kind(asked.means), "sent").inc()
        return Done(partial(_sent, found, sent, self._clock.now()))

    async def test(self, claim: Claim) -> Outcome:
        """A marked test, tried once: whoever asked for it reads what came of it."""
        settings, details = self._settings(), claim.row.details
        test_id, asked = int(details["test_id"]), Asked(str(details["means"]), str(details["user_id"]), (), None)
        outcome = SENT
        try:
            found = await self._database.read(page_tests.to_send, settings, test_id, self._clock.now())
            with self._a_place(asked.means):
                await self._sent(claim, asked, found, settings)
        except _Full:
            return Again(self._clock.now() + A_MOMENT, "others go first", is_unknown=claim.is_unknown)
        except CannotOpen:
            outcome = CANNOT_OPEN
        except (Refused, Away) as problem:
            outcome = problem.message
        return Done(partial(page_tests.came_of, test_id=test_id, outcome=outcome, at=self._clock.now()))

    async def stand_down(self, claim: Claim) -> Outcome:
        """A service that rings on is told that somebody answered, or that nobody is needed any more."""
        settings, details = self._settings(), claim.row.details
        state = await self._database.read(paging_out.standing, str(details["ref"]))
        if state is None:
            return Done()
        try:
            with self._a_place(str(details["means"])):
                await self._settle(str(details["means"]), str(details["ref"]), state, settings)
        except _Full:
            return Again(self._clock.now() + A_MOMENT, "others go first", is_unknown=claim.is_unknown)
        except Refused as problem:
            return self._refused(claim, problem, None)
        except Away as problem:
            return await self._away(claim, problem, None)
        return Done()

    async def _sent(self, claim: Claim, asked: Asked, found: ToSend, settings: Settings) -> Sent:
        means, text, row = read(asked.means), found.text, claim.row
        if claim.is_unknown and _kind(asked.means) in {Kind.EMAIL, Kind.APPRISE}:
            SENT_AGAIN.labels(row.what).inc()  # nobody can look whether it arrived, and nobody may be missed
        match means:
            case Means(Kind.EMAIL):
                name = f"dogwatch.{row.uuid}"
                return await email.send(
                    text,
                    found.address,
                    settings,
                    message_id=name,
                    at=row.created_at,
                    threads=self._threads[Kind.EMAIL],
                    patience=self._patience,
                )
            case Means(Kind.APPRISE, service):
                return await apprise.send(
                    text, service, found.address, settings, threads=self._threads[Kind.APPRISE], patience=self._patience
                )
            case Means(Kind.PAGERDUTY, service):
                return await pagerduty.send(self._client, text, service, settings)
            case Means(Kind.OPSGENIE, service):
                return await opsgenie.send(self._client, text, service, settings)
            case Means(Kind.WEBHOOK, service):
                url = webhook.address_for(settings, service, found.address)
                now = self._clock.real_now()
                return await webhook.send(self._client, text, url, settings, message_id=row.uuid, real_now=now)
        raise Refused(f"This release pages nobody by {asked.means}.")

    async def _settle(self, means: str, ref: str, state: str, settings: Settings) -> None:
        is_over = state == paging_out.OVER
        match read(means):
            case Means(Kind.PAGERDUTY, service):
                event = pagerduty.Event.RESOLVE if is_over else pagerduty.Event.ACKNOWLEDGE
                await pagerduty.settle(self._client, ref, service, settings, event)
            case Means(Kind.OPSGENIE, service):
                act = opsgenie.Act.CLOSE if is_over else opsgenie.Act.ACKNOWLEDGE
                await opsgenie.settle(self._client, ref, service, settings, act)

    @property
    def _client(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("somebody is paged before the means were started")
        return self._http

    @contextmanager
    def _a_place(self, means: str) -> Iterator[None]:
        """Raises _Full."""
        if self._under_way[means] >= AT_ONCE or self._under_way.total() >= PLACES:
            raise _Full
        self._under_way[means] += 1
        try:
            yield
        finally:
            self._under_way[means] -= 1

    def _refused(self, claim: Claim, problem: Refused, asked: Asked | None) -> Outcome:
        means, error = str(claim.row.details["means"]), BY_MEANS + problem.message
        log.warning("a page was refused", means=means, problem=problem.message)
        PAGES.labels(_kind(means), "refused").inc()
        if asked is None:
            return outbox.Refused(error)
        return outbox.Refused(error, apply=partial(_failed, asked, problem.message, self._clock.now()))

    async def _away(self, claim: Claim, problem: Away, asked: Asked | None) -> Outcome:
        """It is tried again as long as somebody is needed; the next means does not wait for that."""
        row, now, means = claim.row, self._clock.now(), str(claim.row.details["means"])
        error = BY_MEANS + problem.message
        log.warning("a page did not go out", means=means, problem=problem.message, maybe_done=problem.maybe_done)
        PAGES.labels(_kind(means), "away").inc()
        if asked is not None:
            await self._database.run(paging_out.failed, asked, problem.message, now)
        if now - (row.first_attempt_at or now) > GIVEN_UP_AFTER:
            return outbox.Refused(error, is_dead=True)
        is_unknown = problem.maybe_done or claim.is_unknown
        at = now + _pause(row.silences or 0, problem.retry_after)
        return Again(at, error, is_unknown=is_unknown, failure=Failure.MEANS_AWAY)


def _pause(silences: int, asked_for: float | None) -> timedelta:
    """2 s, 4 s, 8 s, … and at most a minute, if nobody said how long."""
    if asked_for is not None:
        return timedelta(seconds=max(asked_for, 1.0))
    return min(timedelta(seconds=2 ** min(silences + 1, 6)), LONGEST_PAUSE)


def _kind(means: str) -> str:
    """For the metric: no name of the configuration's, so that there are only so many."""
    found = read(means)
    return found.kind.value if found else "unknown"


def _sent(found: ToSend, sent: Sent, at: datetime, session: Session) -> None:
    paging_out.sent(session, found.page_ids, sent.ref, at)


def _failed(asked: Asked, error: str, at: datetime, session: Session) -> None:
    paging_out.failed(session, asked, error, at)
