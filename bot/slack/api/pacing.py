"""
The last bit of the way to Slack's limit of one post a second and channel.

The gate in the database spaces the moments at which posts are taken up. Until a post goes out some milliseconds pass,
on a busy machine more, so that two that were far enough apart may not be any more: the second waits for the rest here.
"""

import asyncio
from time import monotonic

APART = 1.01
"""Seconds between two posts into one channel, as they leave this process."""
ON_ITS_WAY = 0.06
"""Seconds that a post may have been on its way, which the next one waits for if its answer came no sooner."""
LONGEST = 0.5
"""Seconds that are made up here at most. The gate does the rest; what has passed it all the same, Slack may refuse."""
REMEMBERED = 1000


class Pacer:
    """One for all posts of a process."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    async def wait(self, channel: str) -> None:
        """Return when a post may leave for this channel, which is then counted."""
        now = monotonic()
        at = max(now, min(self._last.get(channel, 0.0) + APART, now + LONGEST))
        if len(self._last) >= REMEMBERED:
            self._last = {name: last for name, last in self._last.items() if last > now - APART}
        self._last[channel] = at
        if at > now:
            await asyncio.sleep(at - now)

    def arrived(self, channel: str) -> None:
        """The last post into this channel was answered: it reached Slack between when it left and now."""
        left = self._last.get(channel)
        if left is not None:
            self._last[channel] = max(left, min(monotonic(), left + ON_ITS_WAY))
