"""Windows in which a service is worked on: its alerts are recorded, and nobody is paged."""

from datetime import datetime

from sqlmodel import Field, Index, SQLModel


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
