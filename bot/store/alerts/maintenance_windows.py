"""Maintenance windows of services: alerts are recorded, and nobody is paged."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Field, Index, Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.store.database.tables import StoredRow, is_any_of


class MaintenanceWindow(StoredRow, table=True):
    """From `starts_at` until `ends_at`, or `ended_at` if it was ended early."""

    __tablename__ = "maintenance_window"
    __table_args__ = (Index("ix_maintenance_window_team", "team_id", "ends_at"),)

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


RUNNING = (
    select(MaintenanceWindow)
    .where(
        MaintenanceWindow.team_id == bindparam("of_team"),
        col(MaintenanceWindow.ended_at).is_(None),
        col(MaintenanceWindow.starts_at) <= bindparam("now"),
        col(MaintenanceWindow.ends_at) > bindparam("now"),
        is_any_of(col(MaintenanceWindow.service), "services"),
    )
    .order_by(col(MaintenanceWindow.ends_at).desc(), col(MaintenanceWindow.id))
)


def find_running(session: Session, team_id: str, services: Collection[str], at: datetime) -> list[MaintenanceWindow]:
    """Open windows of these services, the last to end first."""
    if not services:
        return []
    values = {"of_team": team_id, "now": at, "services": sorted(set(services))}
    return list(session.exec(RUNNING, params=values))


def find_unfinished(
    session: Session, team_id: str, at: datetime, service: str | None = None
) -> list[MaintenanceWindow]:
    """Open and planned windows, of one service or of all, the first to begin first."""
    statement = _not_over(team_id, at)
    if service is not None:
        statement = statement.where(MaintenanceWindow.service == service)
    return list(session.exec(statement.order_by(col(MaintenanceWindow.starts_at), col(MaintenanceWindow.id))))


def lock(session: Session, window_id: int) -> MaintenanceWindow | None:
    statement = select(MaintenanceWindow).where(MaintenanceWindow.id == window_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def _not_over(team_id: str, at: datetime) -> SelectOfScalar[MaintenanceWindow]:
    return select(MaintenanceWindow).where(
        MaintenanceWindow.team_id == team_id, col(MaintenanceWindow.ended_at).is_(None), MaintenanceWindow.ends_at > at
    )
