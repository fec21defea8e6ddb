"""Calendars that serve as on-call schedules, and keys of personal calendar feeds."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlmodel import Field, Session, col, delete, or_, select

from bot.store.database.tables import StoredRow, insert_into, table_of
from bot.store.incidents.installations import find_installation


class Calendar(StoredRow, table=True):
    """
    Last good copy of a calendar, from `fetched_at`. `tried_at`: last attempt.

    `body` is the parsed calendar (`bot.domain.oncall.calendar_matching.copy_to_json`); `etag` and `modified` are its
    server's. `problem`: why the last attempt failed; None if it did not.
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


class CalendarKey(StoredRow, table=True):
    """Digest of the secret in the address of a personal shift calendar."""

    __tablename__ = "calendar_key"

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    digest: str
    created_at: datetime


def get(session: Session, name: str) -> Calendar | None:
    """None before the first attempt."""
    met = find_installation(session)
    return session.get(Calendar, (met.team_id, name)) if met else None


def find_all(session: Session) -> Mapping[str, Calendar]:
    """By name."""
    met = find_installation(session)
    if met is None:
        return {}
    rows = session.exec(select(Calendar).where(col(Calendar.team_id) == met.team_id))
    return {row.name: row for row in rows}


def claim_fetch(session: Session, name: str, now: datetime, every: timedelta) -> bool:
    """True if nobody tried to fetch it for `every`. False before Slack was ever reached."""
    met = find_installation(session)
    if met is None:
        return False
    tried = table_of(Calendar).c.tried_at
    taking = (
        insert_into(session, Calendar)
        .values(team_id=met.team_id, name=name, tried_at=now)
        .on_conflict_do_update(
            index_elements=["team_id", "name"],
            set_={"tried_at": now},
            # A clock that was set back would otherwise stop it for as long.
            where=or_(tried.is_(None), tried <= now - every, tried > now + every),
        )
        .returning(table_of(Calendar).c.name)
    )
    return session.execute(taking).first() is not None


def delete_others(session: Session, names: Collection[str]) -> None:
    """Delete copies of calendars that are no longer configured."""
    session.execute(delete(Calendar).where(col(Calendar.name).not_in(names)))


def get_calendar_key(session: Session, team_id: str, user_id: str) -> CalendarKey | None:
    return session.get(CalendarKey, (team_id, user_id))


def find_calendar_key(session: Session, digest: str) -> CalendarKey | None:
    """Find by digest: a timing of the lookup reveals nothing of the secret."""
    return session.exec(select(CalendarKey).where(col(CalendarKey.digest).in_((digest,)))).first()


def delete_calendar_key(session: Session, team_id: str, user_id: str) -> None:
    """Invalidate the address of somebody's shift calendar."""
    known = get_calendar_key(session, team_id, user_id)
    if known is not None:
        session.delete(known)
        session.flush()
