"""Announcements of an incident's alerts: the first by name, the rest counted in summaries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

ANNOUNCEMENT_LIMIT = 10
"""Notifications with news that an incident announces one by one within `ANNOUNCEMENT_WINDOW`."""
ANNOUNCEMENT_WINDOW = timedelta(minutes=10)
SUMMARY_DELAY = timedelta(minutes=1)
"""Time that a summary collects, from the first alert that it counts."""
CARD_REFRESH_DELAY = timedelta(seconds=1)
"""Least time between two edits of the card while alerts pour in."""


@dataclass(frozen=True, slots=True)
class AnnouncementBudget:
    """Number of notifications that an incident has announced one by one since `since`."""

    count: int = 0
    since: datetime | None = None


def spend_announcement(told: AnnouncementBudget, now: datetime) -> AnnouncementBudget | None:
    """The budget with one more announcement at `now`; None if it has to wait for the summary."""
    if told.since is None or now - told.since >= ANNOUNCEMENT_WINDOW:
        return AnnouncementBudget(1, now)
    return AnnouncementBudget(told.count + 1, told.since) if told.count < ANNOUNCEMENT_LIMIT else None
