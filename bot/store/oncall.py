"""Who is on call other than a schedule says, who was last told of it, and calendars that are schedules."""

from datetime import datetime

from sqlmodel import Field, Index, SQLModel

from bot.store.tables import JSON_COLUMN


class ScheduleOverride(SQLModel, table=True):
    """
    One person is on call by a schedule from `starts_at` until `ends_at`.

    `replaces` is whose turn they take, None: everybody's. `swap_id` joins the two halves of a swap.
    """

    __tablename__ = "schedule_override"
    __table_args__ = (Index("ix_schedule_override_schedule", "team_id", "schedule", "ends_at"),)

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    schedule: str
    user_id: str
    replaces: str | None = None
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    made_by: str | None = None
    made_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    swap_id: int | None = None


class ScheduleWatch(SQLModel, table=True):
    """Who was on call by a schedule when it was last looked at, since when, and when they were told."""

    __tablename__ = "schedule_watch"

    team_id: str = Field(primary_key=True)
    schedule: str = Field(primary_key=True)
    people: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    since: datetime | None = None
    told_at: datetime | None = None


class Calendar(SQLModel, table=True):
    """
    The last good copy of a calendar that is a schedule. `fetched_at` is when it was got, `tried_at` the last attempt.

    `body` is what was read of it (`bot.domain.calendars.as_json`); `etag` and `modified` are its server's.

    `problem`: why the last attempt failed; None where it did not.
    """

    __tablename__ = "calendar"

    team_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    fetched_at: datetime | None = None
    tried_at: datetime | None = None
    etag: str | None = None
    modified: str | None = None
    body: str | None = None
    problem: str | None = None


class CalendarKey(SQLModel, table=True):
    """The secret in the address of somebody's own calendar of shifts, as a digest."""

    __tablename__ = "calendar_key"

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    digest: str
    made_at: datetime
