"""What every table file needs: naming, JSON columns, and the one metadata that migrations compare with."""

from typing import Any, TypeVar

from sqlalchemy import JSON, MetaData, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING
metadata: MetaData = SQLModel.metadata

JSON_COLUMN: Any = JSON
"""Values in such a column are replaced, never changed in place: changes inside them are not seen."""


T = TypeVar("T")
Insert = postgresql.Insert | sqlite.Insert


def table_of(model: type[SQLModel]) -> Table:
    return metadata.tables[str(model.__tablename__)]


def dialect_of(session: Session) -> str:
    return session.get_bind().dialect.name


def insert_for(dialect: str, model: type[SQLModel]) -> Insert:
    """
    An INSERT that knows ON CONFLICT.

    For statements that are built once a dialect and run with parameters: building one costs more than running it.
    """
    return postgresql.insert(table_of(model)) if dialect == "postgresql" else sqlite.insert(table_of(model))


def insert_into(session: Session, model: type[SQLModel]) -> Insert:
    """`insert_for` the session's database."""
    return insert_for(dialect_of(session), model)


def kept(session: Session, row: T) -> T:
    """The row, held for the transaction: the session itself forgets what nobody holds, and would ask for it again."""
    if row is not None:
        session.info.setdefault("kept rows", {})[id(row)] = row
    return row
