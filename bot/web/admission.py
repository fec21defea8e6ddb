"""
How many may come in at once: a bound on requests under way, on the bytes of their bodies, and on what one sender does.

Who is turned away is told to come back (503, `Retry-After`): monitors and Slack send again after a 5xx, and give up
after most 4xx.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web
from structlog import get_logger

from bot.runtime import metrics
from bot.web.body_limits import refusal

log = get_logger(__name__)

COME_BACK = 1
"""Seconds after which whoever was turned away may try again."""
LOGGED_EVERY = 10.0
"""Seconds between two log lines about those that were turned away."""
BURST_SECONDS = 2.0
"""A sender that was quiet may send what its rate allows in so long at once."""
SENDERS_REMEMBERED = 1000
REASONS = {
    "requests": "Too many requests are under way. Send it again.",
    "sender": "Too many requests of this sender are under way. Send it again.",
    "rate": "This sender sends too fast. Send it again.",
    "bytes": "Too much is being read at once. Send it again.",
}


class Full(Exception):
    """No room for this request. `reason` is a key of REASONS."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(REASONS[reason])


@dataclass(frozen=True, slots=True)
class Room:
    """`per_second` is a rate for each sender, None for none."""

    requests: int
    per_sender: int
    megabytes: int
    per_second: int | None = None


@dataclass(slots=True)
class Place:
    """A request's place inside. `hold` asks for room for that many more bytes of its body: raises Full."""

    hold: Callable[[int], None]


@dataclass(slots=True)
class _Turned:
    """Who was turned away since the last log line."""

    reasons: Counter[str] = field(default_factory=Counter)
    senders: set[str] = field(default_factory=set)
    logged_at: float | None = None


class Door:
    """One for each kind of request. `clock` is monotonic, in seconds."""

    def __init__(self, kind: str, room: Callable[[], Room], clock: Callable[[], float] = time.monotonic) -> None:
        self._kind = kind
        self._room = room
        self._clock = clock
        self._inside: Counter[str] = Counter()
        self._bytes = 0
        self._arrivals: dict[str, float] = {}
        self._turned = _Turned()

    @property
    def under_way(self) -> int:
        return self._inside.total()

    @contextmanager
    def entered(self, sender: str, *, per_sender: int | None = None) -> Iterator[Place]:
        """A place for one request of this sender. `per_sender` goes before that of the room. Raises Full."""
        room, held = self._room(), 0
        self._check(sender, room, room.per_sender if per_sender is None else per_sender)

        def hold(size: int) -> None:
            nonlocal held
            if self._bytes + size > room.megabytes * 1024 * 1024:
                raise Full("bytes")
            held += size
            self._bytes += size

        self._inside[sender] += 1
        try:
            yield Place(hold)
        finally:
            self._bytes -= held
            self._inside[sender] -= 1
            if not self._inside[sender]:
                del self._inside[sender]

    def _check(self, sender: str, room: Room, per_sender: int) -> None:
        if self.under_way >= room.requests:
            raise Full("requests")
        if self._inside[sender] >= per_sender:
            raise Full("sender")
        if room.per_second is not None and not self._is_in_time(sender, room.per_second):
            raise Full("rate")

    def _is_in_time(self, sender: str, per_second: int) -> bool:
        """A generic cell rate: each request moves the sender's time on, which may be so far ahead of the clock."""
        now = self._clock()
        if len(self._arrivals) > SENDERS_REMEMBERED:
            self._arrivals = {name: at for name, at in self._arrivals.items() if at > now}
        at = max(self._arrivals.get(sender, now), now)
        if at - now > BURST_SECONDS:
            return False
        self._arrivals[sender] = at + 1 / per_second
        return True

    def turn_away(self, sender: str, full: Full) -> web.Response:
        """The answer; counted, and told in the log now and then."""
        metrics.INTAKE_REFUSED.labels(self._kind, full.reason).inc()
        turned, now = self._turned, self._clock()
        turned.reasons[full.reason] += 1
        if len(turned.senders) < SENDERS_REMEMBERED:
            turned.senders.add(sender)
        if turned.logged_at is None or now - turned.logged_at >= LOGGED_EVERY:
            log.warning(
                "requests are turned away and have to be sent again",
                kind=self._kind,
                senders=len(turned.senders),
                under_way=self.under_way,
                **turned.reasons,
            )
            self._turned = _Turned(logged_at=now)
        return come_back(503, str(full), reason=full.reason)


def come_back(status: int, message: str, **details: object) -> web.Response:
    """A refusal that holds for the moment: it says when to try again."""
    answer = refusal(status, message, **details)
    answer.headers["Retry-After"] = str(COME_BACK)
    return answer
