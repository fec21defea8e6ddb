"""Announcements of an incident's alerts: the first by name, the rest counted in summaries."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.lazy_dataclass import dataclass

ANNOUNCEMENT_LIMIT = 10
"""Notifications with news that an incident announces one by one within `ANNOUNCEMENT_WINDOW`."""
ANNOUNCEMENT_WINDOW = timedelta(minutes=10)
SUMMARY_DELAY = timedelta(minutes=1)
"""Time that a summary collects, from the first alert that it counts."""
CARD_REFRESH_DELAY = timedelta(seconds=1)
"""Least time between two edits of the card while alerts pour in."""
GRACE_AFTER_END = timedelta(minutes=10)
"""Time that a monitor has, after an incident was resolved, to see that its alerts are over."""
NAMES_LISTED = 5
"""Names of alerts that a sentence lists."""


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


def is_repetition_news(resolved_at: datetime | None, announced_at: datetime | None, now: datetime) -> bool:
    """
    True if an alert that is repeated after its incident's end has to be announced.

    Once for each end: `announced_at` is when that was done last.
    """
    if resolved_at is None or now - resolved_at < GRACE_AFTER_END:
        return False
    return announced_at is None or announced_at < resolved_at


def list_alert_names(names: Sequence[str], count: int) -> str:
    """`HighCPU, DiskFull, …`: each name once. `names` are the known ones of `count` alerts."""
    shown = list(dict.fromkeys(names))[:NAMES_LISTED]
    is_whole = count == sum(name in shown for name in names)
    return ", ".join([*shown, *([] if is_whole else ["…"])])


def still_firing_sentence(names: Sequence[str], count: int) -> str:
    """`1 alert still fires: HighCPU.` Without `names` it only counts."""
    verb = "alert still fires" if count == 1 else "alerts still fire"
    text = f"{count:,} {verb}: {list_alert_names(names, count)}" if names else f"{count:,} {verb}"
    return text if text.endswith("…") else f"{text}."
