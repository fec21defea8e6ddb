"""
Deliver outbox rows by contact methods other than Slack, and map failures to outcomes.

Pages in progress are limited for each contact method and in total: a server that hangs delays its own pages only.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import aiohttp
from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.config.crypto import CannotDecrypt
from bot.domain.paging.contact_methods import ContactMethod, ContactMethodKind, parse_contact_method
from bot.domain.slack_app.api_errors import PAGING_PREFIX
from bot.notifiers import apprise, email, ntfy, opsgenie, pagerduty, webhook
from bot.notifiers.outcome import PermanentFailure, Sent, TemporaryFailure, Timeouts
from bot.runtime.clock import Clock
from bot.runtime.metrics import PAGES, SENT_AGAIN
from bot.services.outbox import OutboxKind
from bot.services.outbox.payloads import (
    ContactMethodPagePayload,
    ContactMethodTestPayload,
    ExternalPagePayload,
    payload_of,
)
from bot.services.paging.external import OVER, PageToSend, external_state, prepare_page, record_failed, record_sent
from bot.services.paging.page_tests import prepare_test, record_test_outcome
from bot.store import outbox
from bot.store.database.session import Database
from bot.store.escalation.pages import SENT
from bot.store.outbox import Claim, Done, Failure, Outcome, Retry

log = get_logger(__name__)

T = TypeVar("T")

MAX_PER_METHOD = 6
"""Pages in progress in this process by one contact method, or by one service of it."""
MAX_IN_FLIGHT = 15
"""Pages in progress by all contact methods. There are more lanes, so that some are left for Slack."""
BUSY_DELAY = timedelta(milliseconds=500)
MAX_BACKOFF = timedelta(seconds=60)
GIVE_UP_AFTER = timedelta(hours=2)
"""By then the escalation has paged the person by other methods, and other people."""
UNRECOGNISED_REPETITION = {ContactMethodKind.EMAIL, ContactMethodKind.NTFY, ContactMethodKind.APPRISE}
"""After a lost answer the page may come twice."""
UNDECRYPTABLE = "The address cannot be decrypted: DOGWATCH_SECRET_KEY has changed. Enter the address again."


class _AtCapacity(Exception):
    """MAX_PER_METHOD or MAX_IN_FLIGHT is reached."""


class PageDelivery:
    """
    `start`, then `stop`.

    `settings` is called for each page: keys and passwords may have changed in their files.
    """

    def __init__(
        self, database: Database, clock: Clock, settings: Callable[[], Settings], timeouts: Timeouts | None = None
    ) -> None:
        self._timeouts = timeouts or Timeouts()
        self._database = database
        self._clock = clock
        self._settings = settings
        self._http: aiohttp.ClientSession | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._in_flight: Counter[str] = Counter()

    def start(self) -> None:
        # No keep-alive: pages are rare, and a connection that the server closed meanwhile would lose a page.
        connector = aiohttp.TCPConnector(force_close=True)
        timeout = aiohttp.ClientTimeout(self._timeouts.request)
        self._http = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout)
        self._threads = ThreadPoolExecutor(MAX_PER_METHOD, thread_name_prefix="page-apprise")

    def effects(self) -> Mapping[OutboxKind, Callable[[Claim], Awaitable[Outcome]]]:
        return {
            OutboxKind.CONTACT_METHOD_PAGE: self.send_page,
            OutboxKind.CONTACT_METHOD_TEST: self.send_test,
            OutboxKind.EXTERNAL_PAGE: self.update_alert,
        }

    async def stop(self) -> None:
        """A call in a thread cannot be interrupted: its thread ends with it."""
        if self._http is not None:
            await self._http.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def send_page(self, claim: Claim) -> Outcome:
        """
        Page one person or one service.

        A failure is recorded, so that the person's next contact method follows.
        """
        settings, request = self._settings(), ContactMethodPagePayload.from_json(claim.row.details)
        try:
            page = await self._database.run(prepare_page, settings, request, self._clock.now())
            if page is None:
                return Done()
            with self._slot(request.method):
                sent = await self._send(claim, request, page, settings)
        except _AtCapacity:
            return self._busy(claim)
        except CannotDecrypt:
            return self._refused(claim, PermanentFailure(UNDECRYPTABLE), request)
        except PermanentFailure as problem:
            return self._refused(claim, problem, request)
        except TemporaryFailure as problem:
            return await self._retry_later(claim, problem, request)
        PAGES.labels(_metric_label(request.method), "sent").inc()
        return Done(partial(_record_sent, page, sent, self._clock.now()))

    async def send_test(self, claim: Claim) -> Outcome:
        """Send a test page. One try: the requester sees the outcome and can test again."""
        settings, payload = self._settings(), ContactMethodTestPayload.from_json(claim.row.details)
        test_id, request = payload.test_id, ContactMethodPagePayload(payload.method, payload.user_id)
        outcome = SENT
        try:
            page = await self._database.read(prepare_test, settings, test_id, self._clock.now())
            with self._slot(request.method):
                await self._send(claim, request, page, settings)
        except _AtCapacity:
            return self._busy(claim)
        except CannotDecrypt:
            outcome = UNDECRYPTABLE
        except (PermanentFailure, TemporaryFailure) as problem:
            outcome = problem.message
        return Done(partial(record_test_outcome, test_id=test_id, outcome=outcome, at=self._clock.now()))

    async def update_alert(self, claim: Claim) -> Outcome:
        """Acknowledge or resolve a service's alert after the escalation was answered or called off."""
        settings, payload = self._settings(), ExternalPagePayload.from_json(claim.row.details)
        method, ref = payload.method, payload.ref
        state = await self._database.read(external_state, ref)
        if state is None:
            return Done()
        try:
            with self._slot(method):
                await self._send_alert_update(method, ref, state, settings)
        except _AtCapacity:
            return self._busy(claim)
        except PermanentFailure as problem:
            return self._refused(claim, problem, None)
        except TemporaryFailure as problem:
            return await self._retry_later(claim, problem, None)
        return Done()

    async def _send(
        self, claim: Claim, request: ContactMethodPagePayload, page: PageToSend, settings: Settings
    ) -> Sent:
        method, text, row, timeouts = parse_contact_method(request.method), page.text, claim.row, self._timeouts
        if claim.is_unknown and _metric_label(request.method) in UNRECOGNISED_REPETITION:
            SENT_AGAIN.labels(row.kind).inc()  # whether it arrived cannot be checked, and no page may be lost
        match method:
            case ContactMethod(ContactMethodKind.EMAIL):
                message_id, at = f"dogwatch.{row.uuid}", row.created_at
                return await email.send(text, page.address, settings, message_id=message_id, at=at, timeouts=timeouts)
            case ContactMethod(ContactMethodKind.NTFY):
                return await ntfy.send(_started(self._http), text, page.address, settings)
            case ContactMethod(ContactMethodKind.APPRISE, service):
                threads = _started(self._threads)
                return await apprise.send(text, service, page.address, settings, threads=threads, timeouts=timeouts)
            case ContactMethod(ContactMethodKind.PAGERDUTY, service):
                return await pagerduty.send(_started(self._http), text, service, settings)
            case ContactMethod(ContactMethodKind.OPSGENIE, service):
                return await opsgenie.send(_started(self._http), text, service, settings)
            case ContactMethod(ContactMethodKind.WEBHOOK, service):
                url = webhook.target_url(settings, service, page.address)
                now, http = self._clock.real_now(), _started(self._http)
                return await webhook.send(http, text, url, settings, message_id=row.uuid, real_now=now)
        raise PermanentFailure(f"This release does not support {request.method}.")

    async def _send_alert_update(self, method: str, ref: str, state: str, settings: Settings) -> None:
        is_over = state == OVER
        match parse_contact_method(method):
            case ContactMethod(ContactMethodKind.PAGERDUTY, service):
                event = pagerduty.Event.RESOLVE if is_over else pagerduty.Event.ACKNOWLEDGE
                await pagerduty.update_alert(_started(self._http), ref, service, settings, event)
            case ContactMethod(ContactMethodKind.OPSGENIE, service):
                action = opsgenie.Action.CLOSE if is_over else opsgenie.Action.ACKNOWLEDGE
                await opsgenie.update_alert(_started(self._http), ref, service, settings, action)

    @contextmanager
    def _slot(self, method: str) -> Iterator[None]:
        """Raises _AtCapacity."""
        if self._in_flight[method] >= MAX_PER_METHOD or self._in_flight.total() >= MAX_IN_FLIGHT:
            raise _AtCapacity
        self._in_flight[method] += 1
        try:
            yield
        finally:
            self._in_flight[method] -= 1

    def _busy(self, claim: Claim) -> Outcome:
        return Retry(self._clock.now() + BUSY_DELAY, "too many pages in progress", is_unknown=claim.is_unknown)

    def _refused(self, claim: Claim, problem: PermanentFailure, request: ContactMethodPagePayload | None) -> Outcome:
        method, error = _method_of(claim), PAGING_PREFIX + problem.message
        log.warning("page refused", means=method, problem=problem.message)
        PAGES.labels(_metric_label(method), "refused").inc()
        if request is None:
            return outbox.Rejected(error)
        return outbox.Rejected(error, apply=partial(_record_failure, request, problem.message, self._clock.now()))

    async def _retry_later(
        self, claim: Claim, problem: TemporaryFailure, request: ContactMethodPagePayload | None
    ) -> Outcome:
        """
        Retry until GIVE_UP_AFTER.

        The failure is recorded at once: the next contact method does not wait.
        """
        row, now, method = claim.row, self._clock.now(), _method_of(claim)
        error = PAGING_PREFIX + problem.message
        log.warning("page not delivered", means=method, problem=problem.message, maybe_done=problem.maybe_done)
        PAGES.labels(_metric_label(method), "away").inc()
        if request is not None:
            await self._database.run(record_failed, request, problem.message, now)
        if now - (row.first_attempt_at or now) > GIVE_UP_AFTER:
            return outbox.Rejected(error, is_dead=True)
        is_unknown = problem.maybe_done or claim.is_unknown
        at = now + _backoff(row.unanswered_attempts, problem.retry_after)
        return Retry(at, error, is_unknown=is_unknown, failure=Failure.METHOD_UNREACHABLE)


def _started(part: T | None) -> T:
    if part is None:
        raise RuntimeError("a page is sent before `start`")
    return part


def _backoff(unanswered_attempts: int, retry_after: float | None) -> timedelta:
    """2 s, 4 s, 8 s, … up to MAX_BACKOFF; `retry_after`, in seconds, overrides it."""
    if retry_after is not None:
        return timedelta(seconds=max(retry_after, 1.0))
    return min(timedelta(seconds=2 ** min(unanswered_attempts + 1, 6)), MAX_BACKOFF)


def _metric_label(method: str) -> str:
    """Without the configured service name, which would multiply the metric's series."""
    found = parse_contact_method(method)
    return found.kind.value if found else "unknown"


def _record_sent(page: PageToSend, sent: Sent, at: datetime, session: Session) -> None:
    record_sent(session, page.page_ids, sent.ref, at)


def _record_failure(request: ContactMethodPagePayload, error: str, at: datetime, session: Session) -> None:
    record_failed(session, request, error, at)


def _method_of(claim: Claim) -> str:
    """The contact method of a row of any kind that this module sends."""
    return str(getattr(payload_of(claim.row), "method", ""))
