"""Postmortems as they were generated, version by version."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, func, select

from bot.store.database.tables import JSON_COLUMN


class Postmortem(SQLModel, table=True):
    """
    One version of a draft.

    `blocks` is a list of `{section, source, language, refs, generated}`: what later editing is merged against. `refs`
    are the sources that the text was made of.
    """

    __tablename__ = "postmortem"
    __table_args__ = (UniqueConstraint("incident_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    version: int
    template: str
    languages: list[str] = Field(sa_type=JSON_COLUMN)
    state: str = "draft"
    blocks: list[dict[str, Any]] = Field(sa_type=JSON_COLUMN)
    made_by: str | None = None
    made_at: datetime
    file_id: str | None = None
    """The file that it was posted as; empty once that was deleted, None where an earlier release did not keep it."""
    """Slack's id of the file it was posted as; None once that was deleted, and for those of an early release."""


def next_version(session: Session, incident_id: int) -> int:
    newest = session.exec(select(func.max(Postmortem.version)).where(Postmortem.incident_id == incident_id)).one()
    return (newest or 0) + 1


def latest(session: Session, incident_id: int) -> Postmortem | None:
    statement = (
        select(Postmortem)
        .where(Postmortem.incident_id == incident_id)
        .order_by(col(Postmortem.version).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def of_incident(session: Session, incident_id: int) -> list[Postmortem]:
    statement = select(Postmortem).where(Postmortem.incident_id == incident_id).order_by(col(Postmortem.version))
    return list(session.exec(statement))


def file_deleted(session: Session, file_id: str) -> None:
    """The file is no more in Slack."""
    for version in session.exec(select(Postmortem).where(Postmortem.file_id == file_id)):
        version.file_id = ""
        session.add(version)


def forget_source(session: Session, incident_id: int, ref: str) -> None:
    """What was made of this source loses its text in every version: the message was deleted."""
    for version in session.exec(select(Postmortem).where(Postmortem.incident_id == incident_id)):
        if any(ref in block["refs"] for block in version.blocks):
            version.blocks = [
                {**block, "generated": {**block["generated"], "text": ""}} if ref in block["refs"] else block
                for block in version.blocks
            ]
            session.add(version)
