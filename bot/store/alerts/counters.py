"""Budget of an incident's alert announcements, and the counts on its card."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Field, Session

from bot.domain.alerts.flapping import AlertChanges
from bot.store.database.tables import JSON_COLUMN, StoredRow
from bot.store.database.transaction_state import retain, transaction_state
from bot.store.incidents import incidents


class AlertCounter(StoredRow, table=True):
    """
    One row for each incident that ever had an alert.

    `told` notifications were announced one by one since `announced_since`. `shown` are the numbers of alerts and of
    firing ones when the card was last refreshed. `repetition_at`: when it was last announced that an alert still fires
    after the incident's end. `changes` are the last ones of each alert by `changes_key`: whether it flaps, and times.
    """

    __tablename__ = "alert_counter"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    told: int = 0
    announced_since: datetime | None = None
    repetition_at: datetime | None = None
    shown: list[int] = Field(default_factory=list, sa_type=JSON_COLUMN)
    changes: dict[str, tuple[bool, list[str]]] = Field(default_factory=dict, sa_type=JSON_COLUMN)

    def read_changes(self) -> dict[str, AlertChanges]:
        return {
            key: AlertChanges(tuple(map(datetime.fromisoformat, times)), is_flapping)
            for key, (is_flapping, times) in self.changes.items()
        }

    def store_changes(self, changes: Mapping[str, AlertChanges]) -> None:
        self.changes = {key: (each.is_flapping, [at.isoformat() for at in each.at]) for key, each in changes.items()}


def get(session: Session, incident_id: int) -> AlertCounter | None:
    return retain(session, _find(session, incident_id))


def _find(session: Session, incident_id: int, *, reads_again: bool = False) -> AlertCounter | None:
    """A new incident's row was made by this transaction, or there is none."""
    if not incidents.is_new(session, incident_id):
        return session.get(AlertCounter, incident_id, populate_existing=reads_again)
    known: AlertCounter | None = transaction_state(session).new_counters.get(incident_id)
    return known


def lock(session: Session, incident_id: int) -> AlertCounter:
    """The present row, inserted if needed. The caller has locked the incident."""
    found = _find(session, incident_id, reads_again=True)
    if found is None:
        found = transaction_state(session).new_counters[incident_id] = AlertCounter(incident_id=incident_id)
        session.add(found)
    return retain(session, found)
