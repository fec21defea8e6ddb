"""Contact methods of each person, in their order."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Field, Index, Session, col, select

from bot.store.database.tables import StoredRow


class Contact(StoredRow, table=True):
    """
    One contact method of one person.

    `address_encrypted` is None if it needs no address (Slack). `shown` is the address as others may see it;
    `delay_minutes` counts from when the person is first paged. `failed_at` and `problem` are of the last attempt; None
    after a success.
    """

    __tablename__ = "contact"
    __table_args__ = (Index("ix_contact_person", "team_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    user_id: str
    position: int
    method: str
    address_encrypted: str | None = None
    shown: str = ""
    delay_minutes: int = 0
    created_at: datetime
    failed_at: datetime | None = None
    problem: str | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the contact was never stored")
        return self.id


def find_by_people(session: Session, team_id: str, user_ids: Collection[str]) -> dict[str, list[Contact]]:
    """Contact methods by person, for those who set some."""
    statement = select(Contact).where(Contact.team_id == team_id, col(Contact.user_id).in_(sorted(set(user_ids))))
    found: dict[str, list[Contact]] = {}
    for contact in session.exec(statement.order_by(col(Contact.position), col(Contact.id))):
        found.setdefault(contact.user_id, []).append(contact)
    return found


def find_by_person(session: Session, team_id: str, user_id: str) -> list[Contact]:
    return find_by_people(session, team_id, [user_id]).get(user_id, [])


def lock_by_person(session: Session, team_id: str, user_id: str) -> list[Contact]:
    """Same as `find_by_person`, locked: two forms of one person apply their changes in turn."""
    statement = (
        select(Contact)
        .where(Contact.team_id == team_id, Contact.user_id == user_id)
        .order_by(col(Contact.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return sorted(session.exec(statement), key=lambda each: (each.position, each.key))


def get(session: Session, contact_id: int) -> Contact | None:
    return session.get(Contact, contact_id)
