"""Queries of the calendars that are schedules; the table is in `bot.store.oncall`."""

from collections.abc import Mapping

from sqlmodel import Session, col, select

from bot.store.incidents import installation
from bot.store.oncall import Calendar


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
