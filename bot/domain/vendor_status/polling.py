"""When a vendor's page is read again."""

from datetime import timedelta

from bot.lazy_dataclass import dataclass

CLOSE_INTERVAL = timedelta(minutes=2)
"""While something is open there, or linked to an open incident of ours."""
LONGEST_PAUSE = timedelta(hours=1)
"""After failures, unless the interval is longer, or the server asks for more."""
JITTER = 0.1
"""Looks come earlier by up to this share, so that many vendors are not read at once."""


@dataclass(frozen=True, slots=True)
class LookResult:
    """
    Circumstances that decide about the next look.

    `failures`: looks that failed in a row, 0 after a good one. `retry_after`: as the server asked.
    """

    is_close: bool = False
    failures: int = 0
    retry_after: timedelta | None = None


def next_pause(every: timedelta, result: LookResult, chance: float) -> timedelta:
    """
    The pause until the next look. `chance` is random, from 0 to 1.

    After failures it doubles; a server that asks for a longer one gets it.
    """
    pause = min(every, CLOSE_INTERVAL) if result.is_close else every
    if result.failures:
        longest = max(LONGEST_PAUSE, every)
        pause = min(pause * 2.0 ** min(result.failures, 16), longest)
    pause *= 1 - JITTER * chance
    return max(pause, result.retry_after or timedelta())
