"""Schedule overrides, and the last known people on call."""

from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import Field, Index, Session, col, select

from bot.store.database.tables import JSON_COLUMN, StoredRow, insert_into


class ScheduleOverride(StoredRow, table=True):
    """
    One person is on call by a schedule from `starts_at` until `ends_at`.

    `replaces` is the person they replace, None: everybody. `swap_id` joins both halves of a swap; `relieved` are those
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
    created_by: str | None = None
    created_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    swap_id: int | None = None
    relieved: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)

    @property
    def held_until(self) -> datetime:
        """End, or the time of its withdrawal."""
        return min(self.ends_at, self.withdrawn_at) if self.withdrawn_at else self.ends_at


class ScheduleWatch(StoredRow, table=True):
    """People on call at the last check, since when, and when they were notified."""

    __tablename__ = "schedule_watch"

    team_id: str = Field(primary_key=True)
    schedule: str = Field(primary_key=True)
    people: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    since: datetime | None = None
    notified_at: datetime | None = None


def find_overrides(
    session: Session, team_id: str, schedule: str, since: datetime, until: datetime
) -> list[ScheduleOverride]:
    """Overrides that apply at any time between the two moments, in the order of creation."""
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


def get_override(session: Session, team_id: str, override_id: int) -> ScheduleOverride | None:
    found = session.get(ScheduleOverride, override_id)
    return found if found is not None and found.team_id == team_id else None


def find_swap_halves(session: Session, row: ScheduleOverride) -> list[ScheduleOverride]:
    """
    The override itself, or both halves of its swap.

    They are as they are now: `row` may be from before a lock.
    """
    is_half = ScheduleOverride.id == row.id if row.swap_id is None else ScheduleOverride.swap_id == row.swap_id
    found = select(ScheduleOverride).where(ScheduleOverride.team_id == row.team_id, is_half)
    return list(session.exec(found.order_by(col(ScheduleOverride.id)).execution_options(populate_existing=True)))


def find_on_call(session: Session, team_id: str) -> list[str]:
    """People on call by any schedule, as of the last checks."""
    watches = session.exec(select(ScheduleWatch).where(ScheduleWatch.team_id == team_id))
    return sorted({user_id for watch in watches for user_id in watch.people})


def lock_watch(session: Session, team_id: str, schedule: str) -> ScheduleWatch:
    """Lock the schedule's watch: other changes and checks of it wait."""
    adding = insert_into(session, ScheduleWatch).values(team_id=team_id, schedule=schedule, people=[])
    session.execute(adding.on_conflict_do_nothing())
    wanted = select(ScheduleWatch).where(ScheduleWatch.team_id == team_id, ScheduleWatch.schedule == schedule)
    return session.exec(wanted.with_for_update().execution_options(populate_existing=True)).one()
