"""Maintenance that was announced on the status page. It begins and ends by its times."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from bot.domain.status_page.components import ComponentState, TextByLanguage
from bot.domain.status_page.publication import Span
from bot.lazy_dataclass import dataclass


class MaintenancePhase(StrEnum):
    """Phase of a maintenance, in the words of Statuspage, which has none for a cancelled one."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PublishedMaintenance:
    """
    A maintenance as the public knows it.

    `components`: names by language, by key. `ended_at`: it ended before its time, or was cancelled before its start.
    `changed_at`: words or times were changed after the publication. `sequence` counts the changes, for calendars.
    """

    public_id: str
    titles: TextByLanguage
    texts: TextByLanguage
    components: Mapping[str, TextByLanguage]
    starts_at: datetime
    ends_at: datetime
    published_at: datetime
    changed_at: datetime | None = None
    ended_at: datetime | None = None
    sequence: int = 0

    @property
    def is_cancelled(self) -> bool:
        return self.ended_at is not None and self.ended_at < self.starts_at

    @property
    def finishes_at(self) -> datetime:
        """When it is over: at its end, or when a person ended or cancelled it."""
        return self.ends_at if self.ended_at is None else min(self.ended_at, self.ends_at)

    @property
    def began_at(self) -> datetime:
        """When it belongs to the history: its start; of a cancelled one, its cancellation."""
        return min(self.starts_at, self.finishes_at)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(code for code, text in self.texts.items() if text)

    def phase_at(self, now: datetime) -> MaintenancePhase:
        if self.is_cancelled:
            return MaintenancePhase.CANCELLED
        if now < self.starts_at:
            return MaintenancePhase.SCHEDULED
        return MaintenancePhase.IN_PROGRESS if now < self.finishes_at else MaintenancePhase.COMPLETED

    def is_announced(self, now: datetime) -> bool:
        """True while it stands on the first page; of a cancelled one until its planned end."""
        return now < (self.ends_at if self.is_cancelled else self.finishes_at)

    def find_span(self, now: datetime) -> Span | None:
        """The time under maintenance up to now, None before it. Open while it is in progress."""
        phase = self.phase_at(now)
        if phase is MaintenancePhase.IN_PROGRESS:
            return Span(self.starts_at, None, ComponentState.MAINTENANCE)
        if phase is MaintenancePhase.COMPLETED and self.finishes_at > self.starts_at:
            return Span(self.starts_at, self.finishes_at, ComponentState.MAINTENANCE)
        return None

    def last_change(self, now: datetime) -> datetime:
        """When readers saw a change last, by a person or by its times."""
        times = [self.changed_at, None if self.is_cancelled else self.starts_at, self.finishes_at]
        return max([self.published_at, *(at for at in times if at is not None and at <= now)])


def find_next_edge(maintenances: Iterable[PublishedMaintenance], now: datetime) -> datetime | None:
    """The next time at which one begins, ends or leaves the first page; None if there is none."""
    edges = (at for each in maintenances for at in (each.starts_at, each.finishes_at, each.ends_at))
    return min((at for at in edges if at > now), default=None)
