"""Versions of postmortem drafts."""

from datetime import datetime
from typing import Any
from typing import cast as cast_type

from sqlalchemy import String, cast, or_
from sqlalchemy.orm import InstrumentedAttribute, defer
from sqlmodel import Field, Session, UniqueConstraint, col, func, select

from bot.store.database.tables import JSON_COLUMN, StoredRow

DRAFT, PUBLIC_PREVIEW, PUBLISHED = "draft", "public", "published"
"""
States of a version.

A preview of the public postmortem is kept for redactions. A published version is read on its page.
"""


class Postmortem(StoredRow, table=True):
    """
    One version of a draft, or a published postmortem.

    `blocks` is a list of `{section, source, language, refs, generated}`, the base for merging later edits. `refs` are
    the sources of the text. A published one has a row for each line.
    """

    __tablename__ = "postmortem"
    __table_args__ = (UniqueConstraint("incident_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    version: int
    template: str
    languages: list[str] = Field(sa_type=JSON_COLUMN)
    state: str = DRAFT
    blocks: list[dict[str, Any]] = Field(sa_type=JSON_COLUMN)
    created_by: str | None = None
    created_at: datetime
    file_id: str | None = None
    """Slack's id of the file it was posted as; None before, empty after the file was deleted."""
    picture_id: str | None = None
    """The same of the picture beside that file; None without one."""
    has_transcript: bool = False
    """The file quotes the channel's messages, which `blocks` do not have."""
    digest: str | None = None
    """SHA-256 of the Markdown as it was published; None for others."""


ALL_BUT_BLOCKS = defer(cast_type("InstrumentedAttribute[Any]", Postmortem.blocks))
"""The blocks of a long record are megabytes. They are loaded where they are asked for."""


def next_version(session: Session, incident_id: int) -> int:
    newest = session.exec(select(func.max(Postmortem.version)).where(Postmortem.incident_id == incident_id)).one()
    return (newest or 0) + 1


def find_latest(session: Session, incident_id: int) -> Postmortem | None:
    """The newest draft."""
    statement = (
        select(Postmortem)
        .options(ALL_BUT_BLOCKS)
        .where(Postmortem.incident_id == incident_id, Postmortem.state == DRAFT)
        .order_by(col(Postmortem.version).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def find_published(session: Session, incident_id: int) -> list[Postmortem]:
    """Published versions, the oldest first."""
    statement = select(Postmortem).where(Postmortem.incident_id == incident_id, Postmortem.state == PUBLISHED)
    return list(session.exec(statement.order_by(col(Postmortem.version))))


def find_posted(session: Session, incident_id: int) -> list[Postmortem]:
    """Versions whose file was not deleted."""
    statement = select(Postmortem).where(
        Postmortem.incident_id == incident_id, or_(col(Postmortem.file_id).is_(None), col(Postmortem.file_id) != "")
    )
    return list(session.exec(statement.options(ALL_BUT_BLOCKS).order_by(col(Postmortem.version))))


def find_picture(session: Session, incident_id: int) -> str | None:
    """Slack's id of the newest picture; None without one."""
    return next((each.picture_id for each in reversed(find_posted(session, incident_id)) if each.picture_id), None)


def find_with_transcript(session: Session, incident_id: int) -> list[Postmortem]:
    """Posted versions whose file quotes the channel's messages."""
    return [each for each in find_posted(session, incident_id) if each.has_transcript]


def clear_file(session: Session, file_id: str) -> None:
    """The file or picture was deleted in Slack."""
    is_named = or_(col(Postmortem.file_id) == file_id, col(Postmortem.picture_id) == file_id)
    for version in session.exec(select(Postmortem).where(is_named)):
        if version.file_id == file_id:
            version.file_id = ""
        else:
            version.picture_id = ""
        session.add(version)


def clear_source(session: Session, incident_id: int, ref: str) -> None:
    """Clear the text made from this source in every version."""
    names_it = cast(col(Postmortem.blocks), String).contains(f'"{ref}"', autoescape=True)
    for version in session.exec(select(Postmortem).where(Postmortem.incident_id == incident_id, names_it)):
        if any(ref in block["refs"] for block in version.blocks):
            version.blocks = [
                {**block, "generated": {**block["generated"], "text": ""}} if ref in block["refs"] else block
                for block in version.blocks
            ]
            session.add(version)
