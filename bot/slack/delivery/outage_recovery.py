"""Make rows due again that wait only because Slack was unreachable."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
        self.is_due = True
        """The next search for work asks whether rows wait."""
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
        self.is_due = True
        return self._was_away

    @contextmanager
    def search_for_work(self) -> Iterator[bool]:
        """
        Around a search for work, which asks whether rows wait if this is True.

        If the search fails, the next one asks.
        """
        is_due, was_away = self.is_due, self._was_away
        self.is_due = False
        if is_due:
            self._was_away = False  # before the search: what fails during it counts
        try:
            yield is_due
        except BaseException:
            self.is_due, self._was_away = is_due or self.is_due, was_away or self._was_away
            raise

    async def release(self) -> None:
        """Release the waiting rows. Raises DatabaseUnavailable."""
        log.info("outage over; waiting rows are due")
        is_all = False
        try:
            is_all = await self._database.run(outbox.release_rows_waiting_for_slack, self._now())
        except BaseException:
            self.is_due = True
            raise
        finally:
            if not is_all:
                self._requested_at = None  # some lanes were leased: the next answer is for them
                self._was_away = True
