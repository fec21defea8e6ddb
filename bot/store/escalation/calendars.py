"""Queries of the calendars that are schedules; the table is in `bot.store.escalation.overrides`."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, or_, select

from bot.store.database.tables import insert_into, table_of
from bot.store.escalation.overrides import Calendar
from bot.store.incidents.incidents import installation


def get(session: Session, name: str) -> Calendar | None:
    """None if it was never tried."""
    met = installation(session)
    return session.get(Calendar, (met.team_id, name)) if met else None


def all_of(session: Session) -> Mapping[str, Calendar]:
    """By name."""
    met = installation(session)
    if met is None:
        return {}
    rows = session.exec(select(Calendar).where(col(Calendar.team_id) == met.team_id))
    return {row.name: row for row in rows}


def take(session: Session, name: str, now: datetime, every: timedelta) -> bool:
    """True for the one who tries it now: nobody has for as long as `every`. False before Slack was ever reached."""
    met = installation(session)
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


def forget_others(session: Session, names: Collection[str]) -> None:
    """Copies of what is no schedule any more."""
    session.execute(delete(Calendar).where(col(Calendar.name).not_in(names)))
