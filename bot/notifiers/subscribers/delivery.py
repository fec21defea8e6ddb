"""
Tell subscribers of publications, in batches.

Progress is saved behind each mail, so that after a crash nobody is left out, and at most the one mail that was under
way comes twice, with the same Message-ID. The row ends with each batch: whatever is more urgent goes first.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.config.crypto import CannotDecrypt, subscriber_webhook_secret
from bot.config.sections.status_page import StatusPageSection
from bot.domain.status_page.subscribers import SubscriberKind
from bot.lazy_dataclass import dataclass
from bot.notifiers.outcome import PermanentFailure, TemporaryFailure, Timeouts
from bot.notifiers.subscribers.email import MailFrame, compose_notice, compose_sign_up, open_connection, send_mail
from bot.notifiers.subscribers.outcome import Result
from bot.notifiers.subscribers.webhook import build_payload, open_client, send_webhook
from bot.runtime.clock import Clock
from bot.runtime.metrics import SENT_AGAIN, SUBSCRIBER_NOTICES
from bot.services.outbox import OutboxKind
from bot.services.outbox.payloads import PublicationPayload, SignUpPayload, SubscriberNoticesPayload
from bot.services.status_page.notice_text import NoticeText, word_notice
from bot.services.status_page.notices import SubscriberBatch, expand_publication, finish_notices, load_batch
from bot.services.status_page.subscriptions import read_address, read_token
from bot.store import outbox
from bot.store.database.session import Database
from bot.store.outbox import Claim, Done, Failure, OutboxRow, Outcome, Retry
from bot.store.subscribers import Subscriber

log = get_logger(__name__)

BATCH = 50
"""Subscribers that are looked at before the row gives way to others."""
BATCH_SECONDS = 5.0
"""A batch is cut after this time, so that a stop of the process seldom has to interrupt one."""
WEBHOOKS_AT_ONCE = 10
MAX_IN_FLIGHT = 6
"""Rows of all these kinds at once: most of the worker's lanes are always free for others."""
BUSY_DELAY = timedelta(seconds=1)
MAX_BACKOFF = timedelta(minutes=10)
AGAIN_AFTER, MAX_AGAIN = timedelta(minutes=5), timedelta(hours=1)
"""Pause before those are tried again who could not be reached: it grows with the age of the publication."""
GIVE_UP_AFTER = timedelta(hours=48)
SUSPECT = 20
"""So many addresses that are refused, with none accepted: it is the server, not the addresses."""
ALL_REFUSED = "The mail server refuses every address. Check [paging.email]. No subscription was ended."

Send = Callable[[Subscriber, NoticeText], Awaitable[Result]]


class _AtCapacity(Exception):
    """MAX_IN_FLIGHT is reached."""


@dataclass(slots=True)
class Progress:
    """How far a row has come. `again` and `ended` are ids of subscribers."""

    after: int = 0
    sent: int = 0
    failed: int = 0
    again: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Progress":
        counts = {name: int(stored.get(name, 0)) for name in ("after", "sent", "failed")}
        return cls(**counts, again=list(stored.get("again", [])), ended=list(stored.get("ended", [])))

    def as_json(self) -> dict[str, Any]:
        return {"after": self.after, "sent": self.sent, "failed": self.failed, "again": self.again, "ended": self.ended}

    def count(self, subscriber: Subscriber, result: Result) -> None:
        self.after = subscriber.key
        match result:
            case Result.SENT:
                self.sent += 1
            case Result.FAILED:
                self.failed += 1
            case Result.AGAIN:
                self.again.append(subscriber.key)
            case Result.ENDED:
                self.ended.append(subscriber.key)

    @property
    def is_suspect(self) -> bool:
        return self.sent == 0 and len(self.ended) >= SUSPECT


class SubscriberDelivery:
    """`settings` is called for each row: passwords may have changed in their files."""

    def __init__(
        self, database: Database, clock: Clock, settings: Callable[[], Settings], timeouts: Timeouts | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._timeouts = timeouts or Timeouts()
        self._in_flight = 0

    def effects(self) -> Mapping[OutboxKind, Callable[[Claim], Awaitable[Outcome]]]:
        return {
            OutboxKind.PUBLICATION: self.expand,
            OutboxKind.SUBSCRIBER_NOTICES: self.send_notices,
            OutboxKind.SIGN_UP_MAIL: self.send_sign_up_mail,
        }

    async def expand(self, claim: Claim) -> Outcome:
        """Queue the rows of a publication for each way in which subscribers are told."""
        return Done(partial(_expand, self._settings(), claim, self._clock.now()))

    async def send_sign_up_mail(self, claim: Claim) -> Outcome:
        """Send the link that confirms. A stranger typed the address: a refusal is nobody's mistake."""
        settings, token = self._settings(), SignUpPayload.from_json(claim.row.details).token
        page, now = settings.status, self._clock.now()
        wanted = read_token(settings, token, now)
        done = Done(partial(outbox.clear_payload, row_id=claim.row.key))
        if page is None or not page.subscribers.email or wanted is None:
            return done
        url = f"{settings.subscription_url}/subscribe/confirm/{token}"
        frame = MailFrame(wanted.mailbox, f"sign-up.{claim.row.uuid}", claim.row.created_at, wanted.language)
        try:
            with self._slot():
                message = compose_sign_up(settings, page, url, frame)
                async with open_connection(settings, self._timeouts) as client:
                    result = await send_mail(client, message, frame, self._timeouts)
        except _AtCapacity:
            return self._busy(claim)
        except PermanentFailure as problem:
            return outbox.Rejected(problem.message)
        except TemporaryFailure as problem:
            return self._retry_later(claim, problem, claim.row.progress)
        if result is Result.AGAIN:
            again = TemporaryFailure("The mail server does not accept it now.", maybe_done=False)
            return self._retry_later(claim, again, claim.row.progress)
        SUBSCRIBER_NOTICES.labels("sign-up", result.value).inc()
        return done

    async def send_notices(self, claim: Claim) -> Outcome:
        """Tell the next batch of subscribers; the last one ends the row."""
        settings, payload = self._settings(), SubscriberNoticesPayload.from_json(claim.row.details)
        progress = Progress.from_json(claim.row.progress)
        batch = await self._database.read(load_batch, settings, payload, progress.after, BATCH, self._clock.now())
        page = settings.status
        if batch is None or page is None:
            return Done()
        if claim.is_unknown:
            SENT_AGAIN.labels(claim.row.kind).inc()  # one may have got it before the crash
        try:
            with self._slot():
                is_whole = await self._send_batch(claim, settings, page, payload, batch, progress)
        except _AtCapacity:
            return self._busy(claim)
        except PermanentFailure as problem:
            log.warning("subscribers not told", kind=payload.kind, problem=problem.message)
            return outbox.Rejected(problem.message)
        except TemporaryFailure as problem:
            return self._retry_later(claim, problem, progress.as_json())
        if progress.is_suspect:
            return outbox.Rejected(ALL_REFUSED, is_dead=True)
        progress.after = batch.last_id if is_whole else progress.after
        if not (is_whole and batch.is_last):
            return Retry(self._clock.now(), "more subscribers follow", progress=progress.as_json())
        return self._finish(claim, payload, progress)

    def _finish(self, claim: Claim, payload: SubscriberNoticesPayload, progress: Progress) -> Outcome:
        """End the row. Those who could not be reached get a row of their own, until GIVE_UP_AFTER."""
        now = self._clock.now()
        age = now - PublicationPayload.from_json(payload.publication).published_at
        is_late = age > GIVE_UP_AFTER
        again = () if is_late else tuple(progress.again)
        log.info(
            "subscribers told",
            kind=payload.kind,
            sent=progress.sent,
            failed=progress.failed + (len(progress.again) if is_late else 0),
            ended=len(progress.ended),
            again=len(again),
        )
        again_at = now + min(max(age / 4, AGAIN_AFTER), MAX_AGAIN)
        return Done(partial(_finish, claim.row, tuple(progress.ended), again, now, again_at))

    async def _send_batch(
        self,
        claim: Claim,
        settings: Settings,
        page: StatusPageSection,
        payload: SubscriberNoticesPayload,
        batch: SubscriberBatch,
        progress: Progress,
    ) -> bool:
        """
        Return whether the whole batch was told: a slow server's batch is shorter.

        Raises LostLease if another worker has the row.
        """
        if not batch.subscribers:
            return True
        texts: dict[str, NoticeText] = {}
        ends_at = asyncio.get_running_loop().time() + BATCH_SECONDS
        async with self._open(claim, settings, page, payload, batch) as (send, at_once):
            groups = _groups(batch.subscribers, at_once)
            for group in groups:
                for each in group:
                    if each.language not in texts:
                        texts[each.language] = word_notice(settings, page, batch.notice, each.language)
                results = await asyncio.gather(*(send(each, texts[each.language]) for each in group))
                for each, result in zip(group, results, strict=True):
                    SUBSCRIBER_NOTICES.labels(payload.kind, result.value).inc()
                    progress.count(each, result)
                await self._database.run_low_priority(outbox.save_progress, claim, progress.as_json())
                if progress.is_suspect or asyncio.get_running_loop().time() > ends_at:
                    return group is groups[-1]
        return True

    @asynccontextmanager
    async def _open(
        self,
        claim: Claim,
        settings: Settings,
        page: StatusPageSection,
        payload: SubscriberNoticesPayload,
        batch: SubscriberBatch,
    ) -> AsyncIterator[tuple[Send, int]]:
        """How one subscriber is told, and how many at once."""
        notice, uuid = batch.notice, claim.row.uuid

        async def send_by_mail(subscriber: Subscriber, text: NoticeText) -> Result:
            try:
                address = read_address(settings, subscriber)
            except CannotDecrypt:
                return Result.FAILED
            message_id = f"status.{uuid}.{subscriber.key}"
            leave_url = find_leave_url(settings, subscriber)
            frame = MailFrame(address, message_id, claim.row.created_at, text.language, notice.public_id, leave_url)
            return await send_mail(client, compose_notice(settings, page, text, frame), frame, self._timeouts)

        async def send_by_webhook(subscriber: Subscriber, text: NoticeText) -> Result:
            try:
                address = read_address(settings, subscriber)
            except CannotDecrypt:
                return Result.FAILED
            body = build_payload(notice, text, f"{uuid}.{subscriber.key}", find_leave_url(settings, subscriber))
            secret = subscriber_webhook_secret(settings, subscriber.leave_key)
            hosts, now = page.subscribers.private_hosts, self._clock.real_now()
            return await send_webhook(http, address, body, secret, private_hosts=hosts, real_now=now)

        if payload.kind == SubscriberKind.EMAIL:
            async with open_connection(settings, self._timeouts) as client:
                yield send_by_mail, 1
        else:
            async with open_client(page.subscribers.private_hosts) as http:
                yield send_by_webhook, WEBHOOKS_AT_ONCE

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """Raises _AtCapacity."""
        if self._in_flight >= MAX_IN_FLIGHT:
            raise _AtCapacity
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    def _busy(self, claim: Claim) -> Outcome:
        at = self._clock.now() + BUSY_DELAY
        return Retry(at, "too many notices in progress", is_unknown=claim.is_unknown)

    def _retry_later(self, claim: Claim, problem: TemporaryFailure, progress: Mapping[str, Any]) -> Outcome:
        """Retry until GIVE_UP_AFTER: a mail server may be away for a day."""
        row, now = claim.row, self._clock.now()
        log.warning("mail to subscribers postponed", kind=row.kind, problem=problem.message)
        if now - (row.first_attempt_at or now) > GIVE_UP_AFTER:
            return outbox.Rejected(problem.message, is_dead=True)
        delay = min(timedelta(seconds=2 ** min(row.unanswered_attempts + 2, 10)), MAX_BACKOFF)
        is_unknown = problem.maybe_done or claim.is_unknown
        failure = Failure.METHOD_UNREACHABLE
        return Retry(now + delay, problem.message, is_unknown, dict(progress), failure=failure)


def find_leave_url(settings: Settings, subscriber: Subscriber) -> str:
    """The link that ends a subscription."""
    return f"{settings.subscription_url}/subscribe/leave/{subscriber.leave_key}?lang={subscriber.language}"


def _groups(subscribers: Sequence[Subscriber], size: int) -> list[Sequence[Subscriber]]:
    return [subscribers[first : first + size] for first in range(0, len(subscribers), size)]


def _expand(settings: Settings, claim: Claim, at: datetime, session: Session) -> None:
    expand_publication(session, settings, claim.row, at)


def _finish(
    row: OutboxRow, ended: Sequence[int], again: Sequence[int], at: datetime, again_at: datetime, session: Session
) -> None:
    finish_notices(session, row, ended=ended, again=again, at=at, again_at=again_at)
