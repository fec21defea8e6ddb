"""What people are told once: that a scope is missing, that the workspace's plan lacks a feature."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class Notice(SQLModel, table=True):
    """
    One thing to be told once a workspace. `key` says which (`missing_scope:bookmarks:write`).

    `told_at` is None until it was told; `detail` what Slack answered, or whatever else helps whoever mends it.
    """

    __tablename__ = "notice"

    team_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    first_seen_at: datetime
    told_at: datetime | None = None
    detail: str | None = None
