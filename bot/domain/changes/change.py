"""Changes, and those that come into question for an incident."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.changes.events import ChangeKind, ChangeStatus
from bot.lazy_dataclass import dataclass

SHOWN_CHANGES = 3
"""Changes that a card lists."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    A recorded change.

    `services` are those of the configuration where it knows them, else the sender's names. `began_at` is the start, or
    the end where no start was stated.
    """

    change_id: int
    source: str
    kind: ChangeKind
    title: str
    services: tuple[str, ...]
    status: ChangeStatus
    began_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    environment: str = ""
    version: str = ""
    author: str = ""
    link: str | None = None
    received_at: datetime | None = None

    @property
    def ref(self) -> str:
        """Its name in exports."""
        return f"change-{self.change_id}"


def affected_services(services: Iterable[str], depends_on: Mapping[str, Collection[str]]) -> frozenset[str]:
    """The services and all that they depend on, directly or not, casefolded."""
    needs = {name.casefold(): tuple(each.casefold() for each in others) for name, others in depends_on.items()}
    found: set[str] = set()
    waiting = [name.casefold() for name in services]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needs.get(name, ()))
    return frozenset(found)


def select_changes(
    changes: Iterable[Change], services: frozenset[str], first_error_at: datetime, window: timedelta
) -> Sequence[Change]:
    """
    The changes of these services within `window` before the first error, newest first.

    A change that failed counts, too: it may have stopped half way.
    """
    found = [
        each
        for each in changes
        if first_error_at - window <= each.began_at <= first_error_at
        and not services.isdisjoint(name.casefold() for name in each.services)
    ]
    return sorted(found, key=lambda each: (each.began_at, each.change_id), reverse=True)
