"""
Admission control: limits on concurrent requests, their bytes, and each sender.

A rejected request gets 503 with `Retry-After`: monitors and Slack retry after a 5xx, but not after most 4xx.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field

from aiohttp import web
from structlog import get_logger

from bot.config.sections import IntakeSection
from bot.lazy_dataclass import dataclass
from bot.runtime import metrics
from bot.web.body_limits import error_response

log = get_logger(__name__)

RETRY_AFTER_SECONDS = 1
"""Value of `Retry-After`."""
LOG_INTERVAL = 10.0
"""Seconds between two log lines about rejected requests."""
BURST_SECONDS = 2.0
"""A sender may burst what its rate allows in this time."""
MAX_SENDERS = 1000
REASONS = {
    "requests": "Too many requests in progress. Try again in a moment.",
    "sender": "Too many requests of this sender in progress. Try again in a moment.",
    "rate": "This sender is too fast. Try again in a moment.",
    "unproven": "Too many requests that have not shown who sends them. Try again in a moment.",
    "bytes": "Too much data in progress. Try again in a moment.",
}


class LimitExceeded(Exception):
    """The request exceeds a limit. `reason`: a key of REASONS."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(REASONS[reason])


@dataclass(frozen=True, slots=True)
class Limits:
    """`per_second`: rate of each sender, None for no limit."""

    requests: int
    per_sender: int
    megabytes: int
    per_second: int | None = None

    @classmethod
    def of_webhooks(cls, intake: IntakeSection) -> "Limits":
        return cls(intake.requests, intake.requests_per_sender, intake.megabytes, intake.per_second_and_sender)


@dataclass(slots=True)
class Slot:
    """An admitted request. `reserve` accounts for more bytes of its body; raises LimitExceeded."""

    reserve: Callable[[int], None]


@dataclass(slots=True)
class _Rejections:
    """Requests rejected since the last log line."""

    reasons: Counter[str] = field(default_factory=Counter)
    senders: set[str] = field(default_factory=set)
    logged_at: float | None = None


class RequestLimiter:
    """Limits one kind of request. `clock`: monotonic, in seconds."""

    def __init__(self, kind: str, limits: Callable[[], Limits], clock: Callable[[], float] = time.monotonic) -> None:
        self._kind = kind
        self._limits = limits
        self._clock = clock
        self._active: Counter[str] = Counter()
        self._bytes = 0
        self._arrivals: dict[str, float] = {}
        self._rejections = _Rejections()

    @property
    def in_progress(self) -> int:
        return self._active.total()

    @contextmanager
    def acquire(self, sender: str, *, per_sender: int | None = None) -> Iterator[Slot]:
        """
        A slot for one request of this sender. `per_sender` overrides the limit.

        Raises LimitExceeded.
        """
        limits, reserved = self._limits(), 0
        self._check(sender, limits, limits.per_sender if per_sender is None else per_sender)

        def reserve(size: int) -> None:
            nonlocal reserved
            if self._bytes + size > limits.megabytes * 1024 * 1024:
                raise LimitExceeded("bytes")
            reserved += size
            self._bytes += size

        self._active[sender] += 1
        try:
            yield Slot(reserve)
        finally:
            self._bytes -= reserved
            self._active[sender] -= 1
            if not self._active[sender]:
                del self._active[sender]

    def _check(self, sender: str, limits: Limits, per_sender: int) -> None:
        if self.in_progress >= limits.requests:
            raise LimitExceeded("requests")
        if self._active[sender] >= per_sender:
            raise LimitExceeded("sender")
        if limits.per_second is not None and not self._is_within_rate(sender, limits.per_second):
            raise LimitExceeded("rate")

    def _is_within_rate(self, sender: str, per_second: int) -> bool:
        """Generic cell rate algorithm: a request advances its sender's time, at most BURST_SECONDS."""
        now = self._clock()
        if len(self._arrivals) > MAX_SENDERS:
            self._arrivals = {name: at for name, at in self._arrivals.items() if at > now}
        at = max(self._arrivals.get(sender, now), now)
        if at - now > BURST_SECONDS:
            return False
        self._arrivals[sender] = at + 1 / per_second
        return True

    def reject(self, sender: str, problem: LimitExceeded) -> web.Response:
        """Count the rejection, log it at most every LOG_INTERVAL, and return the response."""
        metrics.INTAKE_REFUSED.labels(self._kind, problem.reason).inc()
        rejections, now = self._rejections, self._clock()
        rejections.reasons[problem.reason] += 1
        if len(rejections.senders) < MAX_SENDERS:
            rejections.senders.add(sender)
        if rejections.logged_at is None or now - rejections.logged_at >= LOG_INTERVAL:
            log.warning(
                "requests rejected; senders have to retry",
                kind=self._kind,
                senders=len(rejections.senders),
                under_way=self.in_progress,
                **rejections.reasons,
            )
            self._rejections = _Rejections(logged_at=now)
        return retry_later(503, str(problem), reason=problem.reason)


def retry_later(status: int, message: str, **details: object) -> web.Response:
    """A refusal with `Retry-After`."""
    answer = error_response(status, message, **details)
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer
