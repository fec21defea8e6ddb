"""Make rows due again that wait only because Slack was unreachable."""

from collections.abc import Callable
from datetime import datetime, timedelta

from structlog import get_logger

from bot.store import outbox
from bot.store.database.session import Database

log = get_logger(__name__)

INTERVAL = timedelta(seconds=10)
"""Between two recoveries: Slack may answer some calls and not others."""


class OutageRecovery:
    """The outage may have been seen by this process or by another one."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._is_due = True
        self._requested_at: datetime | None = None
        self._was_away = False
        """This process saw the outage, and rows may still wait."""

    def note_outage(self) -> None:
        self._was_away = True

    def request(self) -> bool:
        """
        Request a recovery after an answer of Slack, at most one within INTERVAL.

        True if it must not wait for the next search for work: this process saw the outage.
        """
        now = self._now()
        if self._requested_at is not None and timedelta(0) <= now - self._requested_at < INTERVAL:
            return False
        self._requested_at = now
        self._is_due = True
        return self._was_away

    async def run(self) -> None:
        """Release the waiting rows if that was requested. Raises DatabaseUnavailable."""
        if not self._is_due:
            return
        now, self._is_due = self._now(), False
        was_away, self._was_away = self._was_away, False  # before the look: what fails during it counts
        try:
            if await self._database.read(outbox.has_rows_waiting_for_slack, now):
                log.info("outage over; waiting rows are due")
                if not await self._database.run(outbox.release_rows_waiting_for_slack, now):
                    self._requested_at = None  # some lanes were leased: the next answer is for them
                    self._was_away = True
        except BaseException:
            self._is_due, self._was_away = True, was_away or self._was_away
            raise
