"""Subscribers of the status page, all of them confirmed. Addresses are encrypted."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Field, Index, Session, UniqueConstraint, col, func, select

from bot.domain.status_page.subscribers import SubscriberKind, Wishes
from bot.store.database.tables import JSON_COLUMN, StoredRow, insert_into, table_of

UNSEEN: dict[str, Any] = {"synchronize_session": False}


class Subscriber(StoredRow, table=True):
    """
    One address that is told of publications.

    `address_key` is a keyed hash, by which an address is found; `leave_key` is random and stands in its links.
    `components` empty: all of them.
    """

    __tablename__ = "subscriber"
    __table_args__ = (
        UniqueConstraint("address_key"),
        UniqueConstraint("leave_key"),
        Index("ix_subscriber_kind_id", "kind", "id"),
        Index("ix_subscriber_kind_language", "kind", "language"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    address_key: str
    address_encrypted: str
    leave_key: str
    language: str
    components: list[str] = Field(sa_type=JSON_COLUMN)
    confirmed_at: datetime

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the subscriber was never stored")
        return self.id

    @property
    def wishes(self) -> Wishes:
        return Wishes(self.language, frozenset(self.components))


def save(session: Session, wanted: Subscriber) -> Subscriber:
    """Store a subscriber, or the new wishes of one who is there already; return the stored row."""
    values = wanted.model_dump(exclude={"id"})
    changed = {name: values[name] for name in ("language", "components")}
    adding = insert_into(session, Subscriber).values(**values)
    session.execute(adding.on_conflict_do_update(index_elements=["address_key"], set_=changed))
    statement = select(Subscriber).where(Subscriber.address_key == wanted.address_key)
    return session.exec(statement.execution_options(populate_existing=True)).one()


def find_after(session: Session, kind: SubscriberKind, after: int, limit: int) -> list[Subscriber]:
    """The next subscribers of a kind behind an id, in the order of their ids."""
    statement = select(Subscriber).where(Subscriber.kind == kind.value, col(Subscriber.id) > after)
    return list(session.exec(statement.order_by(col(Subscriber.id)).limit(limit)))


def find_by_ids(session: Session, ids: Collection[int]) -> list[Subscriber]:
    """Those that are still there, in the order of their ids."""
    if not ids:
        return []
    return list(
        session.exec(select(Subscriber).where(col(Subscriber.id).in_(sorted(ids))).order_by(col(Subscriber.id)))
    )


def count_all(session: Session) -> list[tuple[str, str, int]]:
    """Kind, language and number."""
    groups = (col(Subscriber.kind), col(Subscriber.language))
    statement = select(Subscriber.kind, Subscriber.language, func.count()).group_by(*groups).order_by(*groups)
    return [(kind, language, count) for kind, language, count in session.exec(statement)]


def delete_by_leave_key(session: Session, leave_key: str) -> bool:
    return _delete_where(session, "leave_key", [leave_key]) > 0


def delete_by_address_keys(session: Session, keys: Collection[str]) -> int:
    return _delete_where(session, "address_key", keys)


def delete_by_ids(session: Session, ids: Collection[int]) -> int:
    return _delete_where(session, "id", ids)


def _delete_where(session: Session, column: str, values: Collection[str] | Collection[int]) -> int:
    """Return the number of deleted rows."""
    if not values:
        return 0
    statement = delete(Subscriber).where(table_of(Subscriber).c[column].in_(list(values)))
    return int(getattr(session.execute(statement, execution_options=UNSEEN), "rowcount", 0))
