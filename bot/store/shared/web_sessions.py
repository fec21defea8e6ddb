"""Sessions of people who are signed in to the pages."""

from datetime import datetime

from sqlalchemy import delete, or_, update
from sqlmodel import Field, Session, col, select

from bot.store.database.tables import StoredRow, table_of
from bot.store.database.transaction_state import Wakeup, request_wakeup


class WebSession(StoredRow, table=True):
    """
    A signed-in browser.

    `digest` is the hash of the token in its cookie: reading the table is not enough to sign in.
    `way` is how the person signed in. `seen_at` is the last request, rounded down to some minutes.
    """

    __tablename__ = "web_session"

    digest: str = Field(primary_key=True)
    team_id: str
    user_id: str = Field(index=True)
    way: str
    signed_in_at: datetime
    seen_at: datetime


def get(session: Session, digest: str) -> WebSession | None:
    return session.get(WebSession, digest)


def insert(session: Session, row: WebSession) -> None:
    session.add(row)


def mark_seen(session: Session, digest: str, at: datetime) -> None:
    table = table_of(WebSession)
    session.execute(update(table).where(table.c.digest.in_((digest,))).values(seen_at=at))


def delete_session(session: Session, digest: str) -> None:
    session.execute(delete(WebSession).where(col(WebSession.digest).in_((digest,))))
    request_wakeup(session, Wakeup.SESSIONS)


def find_of_person(session: Session, team_id: str, user_id: str) -> list[WebSession]:
    """The person's sessions, also those that are over; the latest request first."""
    statement = select(WebSession).where(WebSession.team_id == team_id, WebSession.user_id == user_id)
    return list(session.exec(statement.order_by(col(WebSession.seen_at).desc(), col(WebSession.digest))))


def find_people(session: Session, team_id: str) -> list[str]:
    """People with sessions, also those whose are over."""
    statement = select(WebSession.user_id).where(WebSession.team_id == team_id).distinct()
    return list(session.exec(statement.order_by(col(WebSession.user_id))))


def delete_of_person(session: Session, team_id: str, user_id: str) -> None:
    """Sign a person out everywhere."""
    session.execute(delete(WebSession).where(col(WebSession.team_id) == team_id, col(WebSession.user_id) == user_id))
    request_wakeup(session, Wakeup.SESSIONS)


def delete_ended(session: Session, signed_in_before: datetime, seen_before: datetime) -> None:
    """Delete sessions that are too old, or were idle for too long."""
    is_ended = or_(col(WebSession.signed_in_at) < signed_in_before, col(WebSession.seen_at) < seen_before)
    session.execute(delete(WebSession).where(is_ended))
