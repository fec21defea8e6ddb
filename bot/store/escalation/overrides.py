"""Who is on call other than a schedule says, who was last told of it, and calendars that are schedules."""

from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import Field, Index, Session, SQLModel, col, select

from bot.store.database.tables import JSON_COLUMN, insert_into


class ScheduleOverride(SQLModel, table=True):
    """
    One person is on call by a schedule from `starts_at` until `ends_at`.

    `replaces` is whose turn they take, None: everybody's. `swap_id` joins both halves of a swap; `relieved` are those
    who would have been on call when it was made.
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
    relieved: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)

    @property
    def held_until(self) -> datetime:
        """One that was taken back held until then, if it had begun."""
        return min(self.ends_at, self.withdrawn_at) if self.withdrawn_at else self.ends_at


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

    `body` is what was read of it (`bot.domain.oncall.calendar_schedule.as_json`); `etag` and `modified` are
    its server's.

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


def overrides(
    session: Session, team_id: str, schedule: str, since: datetime, until: datetime
) -> list[ScheduleOverride]:
    """Those that hold at any time between the two moments, in the order in which they were made."""
    found = (
        select(ScheduleOverride)
        .where(
            ScheduleOverride.team_id == team_id,
            ScheduleOverride.schedule == schedule,
            or_(
                col(ScheduleOverride.withdrawn_at).is_(None),
                and_(
                    col(ScheduleOverride.withdrawn_at) > col(ScheduleOverride.starts_at),
                    col(ScheduleOverride.withdrawn_at) > since,
                ),
            ),
            col(ScheduleOverride.ends_at) > since,
            col(ScheduleOverride.starts_at) < until,
        )
        .order_by(col(ScheduleOverride.id))
    )
    return list(session.exec(found))


def override(session: Session, team_id: str, override_id: int) -> ScheduleOverride | None:
    found = session.get(ScheduleOverride, override_id)
    return found if found is not None and found.team_id == team_id else None


def halves_of(session: Session, row: ScheduleOverride) -> list[ScheduleOverride]:
    """The override itself, or both halves of the swap that it belongs to."""
    if row.swap_id is None:
        return [row]
    found = select(ScheduleOverride).where(
        ScheduleOverride.team_id == row.team_id, ScheduleOverride.swap_id == row.swap_id
    )
    return list(session.exec(found.order_by(col(ScheduleOverride.id))))


def hold(session: Session, team_id: str, schedule: str) -> ScheduleWatch:
    """What is known of a schedule's last change, held: whoever else changes or looks at it waits."""
    adding = insert_into(session, ScheduleWatch).values(team_id=team_id, schedule=schedule, people=[])
    session.execute(adding.on_conflict_do_nothing())
    wanted = select(ScheduleWatch).where(ScheduleWatch.team_id == team_id, ScheduleWatch.schedule == schedule)
    return session.exec(wanted.with_for_update().execution_options(populate_existing=True)).one()


def key_of(session: Session, team_id: str, user_id: str) -> CalendarKey | None:
    return session.get(CalendarKey, (team_id, user_id))


def owner_of(session: Session, digest: str) -> CalendarKey | None:
    """Looked up by the digest: how long that takes tells nothing of a secret of which it is one."""
    return session.exec(select(CalendarKey).where(col(CalendarKey.digest).in_((digest,)))).first()


def forget_key(session: Session, team_id: str, user_id: str) -> None:
    """The address of somebody's own turns leads nowhere from now on."""
    known = key_of(session, team_id, user_id)
    if known is not None:
        session.delete(known)
        session.flush()
