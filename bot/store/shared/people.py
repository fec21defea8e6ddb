"""People as Slack knows them. Ids are stored everywhere else; names are looked up here when they are shown."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlmodel import Field, Index, Session, SQLModel, col, select

from bot.store.database.tables import insert_into

OPENED = text("home_opened_at IS NOT NULL")


class Person(SQLModel, table=True):
    """
    A user or bot of the workspace. `name` is empty until Slack told it.

    `dm_channel_id` is where the bot writes to them. Guests and people of other workspaces may not command.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_home", "team_id", "home_opened_at", postgresql_where=OPENED, sqlite_where=OPENED),
    )

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    name: str = ""
    handle: str = ""
    home_team_id: str | None = None
    is_bot: bool = False
    is_guest: bool = False
    is_deleted: bool = False
    zone: str | None = None
    dm_channel_id: str | None = None
    learned_at: datetime | None = None
    home_opened_at: datetime | None = None
    """When they last looked at App Home."""


KNOWN = select(Person.user_id).where(Person.team_id == bindparam("team_id"), Person.user_id == bindparam("user_id"))


def meet(session: Session, team_id: str, user_ids: Collection[str]) -> list[str]:
    """
    Make sure that each of these has a row. Returns those that are new, whose names have to be asked for.

    Who has one is asked once a transaction: a command meets its author again and again.
    """
    known = _known(session)
    new = []
    for user_id in sorted(set(user_ids)):
        if (team_id, user_id) in known:
            continue
        if session.exec(KNOWN, params={"team_id": team_id, "user_id": user_id}).first() is None:
            new.append(user_id)
        else:
            known[team_id, user_id] = None
    if new:
        insert = insert_into(session, Person)
        rows: list[dict[str, Any]] = [Person(team_id=team_id, user_id=user_id).model_dump() for user_id in new]
        session.execute(insert.values(rows).on_conflict_do_nothing())
    return new


def get(session: Session, team_id: str, user_id: str) -> Person | None:
    """Whoever was read is kept for the transaction: the session itself forgets rows that nobody holds."""
    found = session.get(Person, (team_id, user_id))
    if found is not None:
        _known(session)[team_id, user_id] = found
    return found


def _known(session: Session) -> dict[tuple[str, str], Person | None]:
    """Who has a row, by team and id; with the row where it was read whole."""
    known: dict[tuple[str, str], Person | None] = session.info.setdefault("known people", {})
    return known


def with_home_open(session: Session, team_id: str, since: datetime, limit: int) -> list[str]:
    """Who looked at App Home since then, the last ones first."""
    statement = (
        select(Person.user_id)
        .where(Person.team_id == team_id, col(Person.home_opened_at) >= since)
        .order_by(col(Person.home_opened_at).desc())
        .limit(limit)
    )
    return list(session.exec(statement))


def ids(session: Session, team_id: str) -> list[str]:
    return list(session.exec(select(Person.user_id).where(Person.team_id == team_id)))


def names(session: Session, team_id: str, user_ids: Collection[str]) -> dict[str, str]:
    """Names by id, of those whose name is known."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    statement = select(Person).where(Person.team_id == team_id, col(Person.user_id).in_(wanted), Person.name != "")
    return {person.user_id: person.name for person in session.exec(statement)}


def by_handle(session: Session, team_id: str, handle: str) -> Person | None:
    """Whoever is called so, by handle or shown name, in any case; None where nobody or more than one is."""
    folded = handle.casefold()
    statement = select(Person).where(Person.team_id == team_id, col(Person.is_deleted).is_(False))
    found = [p for p in session.exec(statement) if folded in {p.handle.casefold(), p.name.casefold()}]
    return found[0] if len(found) == 1 else None
