"""Alerts of an incident that ends: those that still fire."""

from collections.abc import Mapping

from sqlmodel import Session

from bot.domain.alerts.announcements import still_firing_sentence
from bot.domain.terms import AlertStatus
from bot.lazy_dataclass import dataclass
from bot.store.alerts import alerts

MAX_LISTED = 20
"""Alerts whose names are read."""


@dataclass(frozen=True, slots=True)
class FiringAlerts:
    """The number of alerts that fire, and the first of them by name and id."""

    count: int = 0
    names: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """`1 alert still fires: HighCPU.`; empty if none does."""
        return still_firing_sentence(self.names, self.count) if self.count else ""

    def event_values(self) -> Mapping[str, object]:
        """Values of an event that names them; empty if none fires."""
        return {"firing": self.count, "firing_ids": list(self.ids)} if self.count else {}


def find_firing(session: Session, incident_id: int) -> FiringAlerts:
    count = alerts.count(session, incident_id).firing
    rows = alerts.find_first(session, incident_id, AlertStatus.FIRING, MAX_LISTED) if count else []
    return FiringAlerts(count, tuple(row.name for row in rows), tuple(row.key for row in rows))


def describe_firing(session: Session, incident_id: int) -> str:
    """A sentence for the person who ended the incident, after a blank; empty if nothing fires."""
    sentence = find_firing(session, incident_id).sentence
    return f" {sentence} To continue, type `/incident reopen WHY`." if sentence else ""
