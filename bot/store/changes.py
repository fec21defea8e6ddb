"""Changes that delivery tools reported: deployments, releases, pipelines."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Index, UniqueConstraint
from sqlmodel import Field, Session, col, select

from bot.domain.changes.change import Change
from bot.domain.changes.events import ChangeKind, ChangeStatus
from bot.store.database.tables import JSON_COLUMN, StoredRow, insert_into

MAX_IN_WINDOW = 500
"""Changes of one window that are looked at, the newest first."""


class ChangeRow(StoredRow, table=True):
    """
    One change; its begin and its end are one row.

    `services` are those of the configuration where it knows the sender's names. `began_at` is the start, or the end
    where no start was stated, or the time of receipt.
    """

    __tablename__ = "change"
    __table_args__ = (
        UniqueConstraint("team_id", "source", "stated_id"),
        Index("ix_change_team_id_began_at", "team_id", "began_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    source: str
    stated_id: str
    kind: str
    title: str
    services: list[str] = Field(sa_type=JSON_COLUMN)
    status: str
    began_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    environment: str = ""
    version: str = ""
    author: str = ""
    link: str | None = None
    received_at: datetime

    def as_change(self) -> Change:
        return Change(
            change_id=self.id or 0,
            source=self.source,
            kind=ChangeKind(self.kind),
            title=self.title,
            services=tuple(self.services),
            status=ChangeStatus(self.status),
            began_at=self.began_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
            environment=self.environment,
            version=self.version,
            author=self.author,
            link=self.link,
            received_at=self.received_at,
        )


def insert_or_lock(session: Session, row: ChangeRow) -> tuple[ChangeRow, bool]:
    """The row of this change, locked, and whether it is new."""
    values = row.model_dump(exclude={"id"})
    adding = insert_into(session, ChangeRow).values(**values).on_conflict_do_nothing()
    is_new = session.connection().execute(adding).rowcount == 1
    statement = select(ChangeRow).where(
        ChangeRow.team_id == row.team_id, ChangeRow.source == row.source, ChangeRow.stated_id == row.stated_id
    )
    found = session.exec(statement.with_for_update().execution_options(populate_existing=True)).one()
    return found, is_new


def get(session: Session, team_id: str, change_id: int) -> ChangeRow | None:
    row = session.get(ChangeRow, change_id)
    return row if row is not None and row.team_id == team_id else None


def _in_window(team_id: str | ColumnElement[str], since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    began_at = col(ChangeRow.began_at)
    return (col(ChangeRow.team_id) == team_id, began_at >= since, began_at <= until)


def changes_exist(team_id: ColumnElement[str], since: datetime, until: datetime) -> ColumnElement[bool]:
    return select(ChangeRow.id).where(*_in_window(team_id, since, until)).exists()


def find_between(session: Session, team_id: str, since: datetime, until: datetime) -> Sequence[ChangeRow]:
    """Both ends included, the newest first."""
    newest = select(ChangeRow).where(*_in_window(team_id, since, until))
    ordered = newest.order_by(col(ChangeRow.began_at).desc(), col(ChangeRow.id).desc()).limit(MAX_IN_WINDOW)
    return session.exec(ordered).all()


def find_services(session: Session, team_id: str, since: datetime, until: datetime) -> set[str]:
    """The services of the newest changes."""
    newest = select(ChangeRow.services).where(*_in_window(team_id, since, until))
    listed = session.exec(newest.order_by(col(ChangeRow.began_at).desc()).limit(MAX_IN_WINDOW))
    return {name for services in listed for name in services}
