"""
Room for bodies whose sender is not proven yet, by a signature over the body.

They have room of their own, in which bytes count when they arrive, not when they are announced. When it is full, the
body that has waited longest gives way: a real one arrives within moments, so that idle connections displace only each
other, and never what is proven.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import field

from aiohttp import web

from bot.lazy_dataclass import dataclass
from bot.runtime import metrics
from bot.web.admission import LimitExceeded
from bot.web.body_limits import Reserve, TooSlow, receive_body

READ_SECONDS = 3.0
"""Slack gives up after three seconds."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many bodies, and how many bytes of them that have arrived."""

    bodies: int
    size: int


PER_ADDRESS = Room(64, 8 * 1024 * 1024)
IN_ALL = Room(256, 32 * 1024 * 1024)


@dataclass(slots=True, eq=False)
class _Body:
    """One body on its way. `timeout` ends its reading."""

    address: str
    timeout: asyncio.Timeout
    size: int = 0
    is_displaced: bool = False


@dataclass(slots=True)
class UnprovenBodies:
    """All bodies on their way, the one that has waited longest first."""

    per_address: Room = PER_ADDRESS
    in_all: Room = IN_ALL
    _bodies: dict[_Body, None] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _sizes: Counter[str] = field(default_factory=Counter)

    @property
    def in_progress(self) -> int:
        return len(self._bodies)

    @asynccontextmanager
    async def admit(self, address: str) -> AsyncIterator[Reserve]:
        """Yield what to call with the size of each piece. Raises LimitExceeded and TooSlow."""
        body = _Body(address, asyncio.timeout(READ_SECONDS))

        def reserve(size: int) -> None:
            if body in self._bodies:  # else it is displaced, and its time ends with this turn of the loop
                body.size += size
                self._sizes[address] += size
                self._make_room(body)

        try:
            async with body.timeout:
                self._bodies[body] = None
                self._counts[address] += 1
                self._make_room(body)
                yield reserve
        except TimeoutError as problem:
            if body.is_displaced:
                raise LimitExceeded("unproven") from problem
            raise TooSlow from problem
        finally:
            self._remove(body)

    def _make_room(self, newest: _Body) -> None:
        address = newest.address
        while _exceeds(self._counts[address], self._sizes[address], self.per_address):
            self._displace(address, newest)
        while _exceeds(len(self._bodies), self._sizes.total(), self.in_all):
            by = self._counts if len(self._bodies) > self.in_all.bodies else self._sizes
            self._displace(by.most_common(1)[0][0], newest)

    def _displace(self, address: str, newest: _Body) -> None:
        """The body of this address that has waited longest; the newest only if it is the only one."""
        oldest = next((each for each in self._bodies if each.address == address and each is not newest), newest)
        self._remove(oldest)
        metrics.INTAKE_REFUSED.labels("unproven", "unproven").inc()
        if not oldest.timeout.expired():
            oldest.is_displaced = True
            oldest.timeout.reschedule(asyncio.get_running_loop().time())

    def _remove(self, body: _Body) -> None:
        if body not in self._bodies:
            return
        del self._bodies[body]
        for counts, amount in ((self._counts, 1), (self._sizes, body.size)):
            counts[body.address] -= amount
            if not counts[body.address]:
                del counts[body.address]


UNPROVEN = web.AppKey("unproven", UnprovenBodies)
"""One for all routes."""


async def read_unproven_body(request: web.Request, limit: int) -> bytes:
    """Raises the errors of `read_body`, and LimitExceeded."""
    async with request.app[UNPROVEN].admit(request.remote or "") as reserve:
        return await receive_body(request, limit, reserve)


def _exceeds(bodies: int, size: int, room: Room) -> bool:
    return bodies > room.bodies or size > room.size
