"""
Keep posts into one channel a second apart when they leave the process.

The gate in the database spaces when posts are claimed. Some milliseconds pass until a post leaves, more on a busy
machine, so two posts may come too close again: here the second one waits for the difference.
"""

import asyncio
from time import monotonic

SPACING = 1.01
"""Seconds between two posts into one channel."""
TRANSIT = 0.06
"""Seconds that a post may take to reach Slack; added to the spacing unless its answer came sooner."""
MAX_WAIT = 0.5
"""The longest wait in seconds. Posts that are still too close may be rate limited by Slack."""
MAX_CHANNELS = 1000
"""Channels to remember before old ones are dropped."""


class Pacer:
    """Spaces the posts of this process, by channel."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    async def wait(self, channel: str) -> None:
        """Wait until a post into this channel may leave, and count it."""
        now = monotonic()
        at = max(now, min(self._last.get(channel, 0.0) + SPACING, now + MAX_WAIT))
        if len(self._last) >= MAX_CHANNELS:
            self._last = {name: last for name, last in self._last.items() if last > now - SPACING}
        self._last[channel] = at
        if at > now:
            await asyncio.sleep(at - now)

    def record_answer(self, channel: str) -> None:
        """Note that the last post into this channel was answered: it reached Slack before now."""
        left = self._last.get(channel)
        if left is not None:
            self._last[channel] = max(left, min(monotonic(), left + TRANSIT))
