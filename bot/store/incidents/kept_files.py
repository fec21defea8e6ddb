"""Kept files of marked messages, and graphs of alerts. Their contents are in a folder."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from sqlmodel import Field, Session, UniqueConstraint, col, delete, func, select

from bot.domain.timeline.kept_files import FileRefusal, KeptFile, MediaType
from bot.store.database.tables import StoredRow
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import ended_before


class KeptFileRow(StoredRow, table=True):
    """
    A file of the message of an entry, or a graph of its alerts (`is_from_alert`).

    `file_id` is Slack's, or else a digest of the graph's address.

    `media_type` None: it was not kept, for the reason `refusal`. The row is deleted with the words of its entry.
    """

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "kept_file"
    __table_args__ = (UniqueConstraint("entry_id", "file_id"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    entry_id: int = Field(foreign_key="timeline_entry.id")
    file_id: str
    name: str
    posted_by: str | None = Field(default=None, index=True)
    media_type: str | None = None
    size: int
    digest: str = ""
    refusal: str | None = None
    is_from_alert: bool = False
    kept_at: datetime

    def as_value(self) -> KeptFile:
        return KeptFile(
            key=self.id or 0,
            entry_ref=f"entry-{self.entry_id}",
            name=self.name,
            size=self.size,
            digest=self.digest,
            media_type=MediaType(self.media_type) if self.media_type else None,
            refusal=FileRefusal(self.refusal) if self.refusal else None,
            is_from_alert=self.is_from_alert,
        )


def find_kept_files(session: Session, incident_id: int) -> list[KeptFile]:
    """Files of the incident, also those that were not kept, in the order in which they arrived."""
    statement = select(KeptFileRow).where(KeptFileRow.incident_id == incident_id).order_by(col(KeptFileRow.id))
    return [row.as_value() for row in session.exec(statement)]


def get_kept_file(session: Session, incident_id: int, file_key: int) -> KeptFile | None:
    """A file of this incident; None if it has no such file."""
    row = session.get(KeptFileRow, file_key)
    return row.as_value() if row is not None and row.incident_id == incident_id else None


def find_of_entry(session: Session, entry_id: int) -> list[KeptFileRow]:
    return list(session.exec(select(KeptFileRow).where(KeptFileRow.entry_id == entry_id)))


def find_of_person(session: Session, user_id: str) -> list[KeptFileRow]:
    """Files that a person posted."""
    return list(session.exec(select(KeptFileRow).where(KeptFileRow.posted_by == user_id)))


def find_of_ended(session: Session, before: datetime, limit: int) -> list[KeptFileRow]:
    """Files of incidents that ended before then, the oldest first."""
    statement = (
        select(KeptFileRow)
        .join(Incident, col(Incident.id) == col(KeptFileRow.incident_id))
        .where(ended_before(before))
        .order_by(col(KeptFileRow.id))
        .limit(limit)
    )
    return list(session.exec(statement))


def has_ended(session: Session, incident_id: int, before: datetime) -> bool:
    return session.exec(select(Incident.id).where(Incident.id == incident_id, ended_before(before))).first() is not None


def count_kept(session: Session, incident_id: int) -> int:
    """Number of the incident's kept files, without graphs of alerts."""
    statement = select(func.count()).where(
        KeptFileRow.incident_id == incident_id,
        col(KeptFileRow.media_type).is_not(None),
        col(KeptFileRow.is_from_alert).is_(False),
    )
    return session.exec(statement).one()


def count_of_alerts(session: Session, incident_id: int) -> int:
    """Number of the incident's graphs, also of those that were not kept."""
    statement = select(func.count()).where(
        KeptFileRow.incident_id == incident_id, col(KeptFileRow.is_from_alert).is_(True)
    )
    return session.exec(statement).one()


def find_digests(session: Session, incident_id: int, *, of_alerts: bool = False) -> frozenset[str]:
    """Digests of the contents that the incident's files, or its alerts' graphs, need."""
    statement = select(KeptFileRow.digest).where(
        KeptFileRow.incident_id == incident_id, KeptFileRow.digest != "", col(KeptFileRow.is_from_alert).is_(of_alerts)
    )
    return frozenset(session.exec(statement))


def delete_of_entries(session: Session, entry_ids: Collection[int]) -> None:
    session.execute(delete(KeptFileRow).where(col(KeptFileRow.entry_id).in_(entry_ids)))
