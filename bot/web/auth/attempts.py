"""Limit of failed attempts to sign in, by address and by person."""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from bot.domain.text.normalize import make_storable

MAX_FAILURES = 20
WINDOW_SECONDS = 60.0
MAX_KEYS = 10_000
"""Addresses and people together."""
MAX_PERSON = 40
PERSON_PREFIX = "person "
IPV6_PREFIX_BITS = 64
"""Bits of an IPv6 address that a network hands out as one: a host may use all the others."""


class FailedAttempts:
    """
    Counts failures of the last minute. `clock`: monotonic, in seconds.

    Only failures count, and a right link is always accepted: nobody can lock others out behind a shared proxy.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[str, tuple[float, int]] = {}

    def record(self, address: str | None, person: str | None = None) -> bool:
        """
        Count a failure. False if the address had too many, or the person who was to be signed in.

        `person`: the user id that the attempt names, forged or not. An address with too many adds nothing to a person.
        """
        if not self._count(network_of(address)):
            return False
        return person is None or self._count(f"{PERSON_PREFIX}{person[:MAX_PERSON]}")

    def _count(self, key: str) -> bool:
        now = self._clock()
        if len(self._counts) >= MAX_KEYS:
            self._counts = {each: known for each, known in self._counts.items() if now - known[0] < WINDOW_SECONDS}
            if len(self._counts) >= MAX_KEYS and key not in self._counts:
                return False
        since, count = self._counts.get(key, (now, 0))
        if now - since >= WINDOW_SECONDS:
            since, count = now, 0
        self._counts[key] = (since, count + 1)
        return count < MAX_FAILURES


def network_of(address: str | None) -> str:
    """The part of an address that stands for one sender; the text itself if it is no address."""
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return make_storable(address or "")
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> (128 - IPV6_PREFIX_BITS):x}/{IPV6_PREFIX_BITS}"
