"""Windows in which a service is worked on: its alerts are recorded, and nobody is paged."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Field, Index, Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar


class Maintenance(SQLModel, table=True):
    """One service from `starts_at` until `ends_at`, or until `ended_at` where somebody ended it before."""

    __tablename__ = "maintenance"
    __table_args__ = (Index("ix_maintenance_team", "team_id", "ends_at"),)

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    service: str
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    by: str | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the window was never stored")
        return self.id


def running(session: Session, team_id: str, services: Collection[str], at: datetime) -> list[Maintenance]:
    """The windows of these services that are open at this time, the last to end first."""
    if not services:
        return []
    statement = _not_over(team_id, at).where(
        col(Maintenance.service).in_(sorted(set(services))), Maintenance.starts_at <= at
    )
    return list(session.exec(statement.order_by(col(Maintenance.ends_at).desc(), col(Maintenance.id))))


def not_over(session: Session, team_id: str, at: datetime, service: str | None = None) -> list[Maintenance]:
    """Those that are open or to come, of one service or of all, the first to begin first."""
    statement = _not_over(team_id, at)
    if service is not None:
        statement = statement.where(Maintenance.service == service)
    return list(session.exec(statement.order_by(col(Maintenance.starts_at), col(Maintenance.id))))


def lock(session: Session, window_id: int) -> Maintenance | None:
    statement = select(Maintenance).where(Maintenance.id == window_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def _not_over(team_id: str, at: datetime) -> SelectOfScalar[Maintenance]:
    return select(Maintenance).where(
        Maintenance.team_id == team_id, col(Maintenance.ended_at).is_(None), Maintenance.ends_at > at
    )
