"""People as Slack describes them. Other tables hold their ids only."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlmodel import Field, Session, col, select

from bot.store.database.tables import StoredRow, insert_into, is_any_of, partial_index
from bot.store.database.transaction_state import transaction_state

OPENED = text("home_opened_at IS NOT NULL")


class Person(StoredRow, table=True):
    """
    A user or bot of the workspace. `name` is empty until it was looked up.

    `dm_channel_id` is the direct message channel. Guests and people of other workspaces may not command.
    """

    __tablename__ = "person"
    __table_args__ = (partial_index("ix_person_home", "team_id", "home_opened_at", where=OPENED),)

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    name: str = ""
    handle: str = ""
    home_team_id: str | None = None
    """Workspace, or organisation if an organisation installed the app and Slack names theirs."""
    is_bot: bool = False
    is_guest: bool = False
    is_deleted: bool = False
    zone: str | None = None
    dm_channel_id: str | None = None
    profile_fetched_at: datetime | None = None
    home_opened_at: datetime | None = None
    """When they last opened App Home."""


KNOWN = select(Person.user_id).where(Person.team_id == bindparam("team_id"), Person.user_id == bindparam("user_id"))
ALL_KNOWN = select(Person.user_id).where(
    Person.team_id == bindparam("team_id"), is_any_of(col(Person.user_id), "user_ids")
)
HOME_VIEWERS = (
    select(Person.user_id)
    .where(Person.team_id == bindparam("team_id"), col(Person.home_opened_at) >= bindparam("since"))
    .order_by(col(Person.home_opened_at).desc())
    .limit(bindparam("most"))
)


def find_by_direct_channels(session: Session, team_id: str, channel_ids: Collection[str]) -> dict[str, str]:
    """Ids of people by the channel of their direct messages."""
    statement = select(Person.dm_channel_id, Person.user_id).where(
        Person.team_id == team_id, col(Person.dm_channel_id).in_(sorted(channel_ids))
    )
    return {channel_id: user_id for channel_id, user_id in session.exec(statement) if channel_id is not None}


def insert_missing(session: Session, team_id: str, user_ids: Collection[str]) -> list[str]:
    """
    Insert rows for people who have none, and return their ids; their names are not known yet.

    Existing rows are looked up once a transaction.
    """
    known = _known_people(session)
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


def note_known(session: Session, team_id: str, user_id: str) -> None:
    """Note for the transaction that this person has a row."""
    _known_people(session).setdefault((team_id, user_id), None)


def note_all_known(session: Session, team_id: str, user_ids: Collection[str]) -> None:
    """Note for the transaction which of these people have a row, with one statement."""
    for user_id in session.exec(ALL_KNOWN, params={"team_id": team_id, "user_ids": sorted(user_ids)}):
        note_known(session, team_id, user_id)


def get(session: Session, team_id: str, user_id: str) -> Person | None:
    """Look a person up, and keep the row for the transaction."""
    found = session.get(Person, (team_id, user_id))
    if found is not None:
        _known_people(session)[team_id, user_id] = found
    return found


def find_direct_channel(session: Session, team_id: str, user_id: str) -> str | None:
    """Channel of the bot's direct messages to a person; None if it was never opened."""
    person = get(session, team_id, user_id)
    return (person.dm_channel_id or None) if person else None


def _known_people(session: Session) -> dict[tuple[str, str], Person | None]:
    return transaction_state(session).known_people


def find_home_viewers(session: Session, team_id: str, since: datetime, limit: int) -> list[str]:
    """Users who opened App Home since then, the latest first."""
    return list(session.exec(HOME_VIEWERS, params={"team_id": team_id, "since": since, "most": limit}))


def find_ids(session: Session, team_id: str) -> list[str]:
    return list(session.exec(select(Person.user_id).where(Person.team_id == team_id)))


def find_outdated(session: Session, team_id: str, user_ids: Collection[str], before: datetime) -> set[str]:
    """Those of the people whose profile was last looked up before then."""
    wanted = (Person.team_id == team_id, is_any_of(col(Person.user_id), "user_ids"))
    statement = select(Person.user_id).where(*wanted, col(Person.profile_fetched_at) < before)
    return set(session.exec(statement, params={"user_ids": sorted(user_ids)}))


def find_names(session: Session, team_id: str, user_ids: Collection[str]) -> dict[str, str]:
    """Known names by id."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    statement = select(Person).where(Person.team_id == team_id, col(Person.user_id).in_(wanted), Person.name != "")
    return {person.user_id: person.name for person in session.exec(statement)}


def find_all_names(session: Session, team_id: str) -> dict[str, tuple[str, ...]]:
    """Name and handle of each known person by id; bots are left out."""
    statement = select(Person).where(Person.team_id == team_id, col(Person.is_bot).is_(False))
    named = {person.user_id: tuple(filter(None, (person.name, person.handle))) for person in session.exec(statement)}
    return {user_id: names for user_id, names in named.items() if names}


def find_members(session: Session, team_id: str, limit: int) -> list[Person]:
    """People whom commands can name, by name."""
    statement = (
        select(Person)
        .where(
            Person.team_id == team_id,
            Person.name != "",
            col(Person.is_bot).is_(False),
            col(Person.is_deleted).is_(False),
        )
        .order_by(col(Person.name), col(Person.user_id))
        .limit(limit)
    )
    return list(session.exec(statement))


def find_by_handle(session: Session, team_id: str, handle: str) -> Person | None:
    """The person with this handle or name, in any case; None if there is none, or several."""
    folded = handle.casefold()
    statement = select(Person).where(Person.team_id == team_id, col(Person.is_deleted).is_(False))
    found = [p for p in session.exec(statement) if folded in {p.handle.casefold(), p.name.casefold()}]
    return found[0] if len(found) == 1 else None
