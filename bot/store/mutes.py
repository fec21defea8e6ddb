"""People who are not paged for a while."""

from datetime import datetime

from sqlmodel import Field, Index, SQLModel


class Mute(SQLModel, table=True):
    """One person from `starts_at` until `ends_at`; None: until somebody withdraws it. `by` is who asked for it."""

    __tablename__ = "mute"
    __table_args__ = (Index("ix_mute_person", "team_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    user_id: str
    starts_at: datetime
    ends_at: datetime | None = None
    reason: str = ""
    by: str | None = None
    withdrawn_at: datetime | None = None
