"""What every table file needs: naming, JSON columns, and the one metadata that migrations compare with."""

from typing import Any

from sqlalchemy import JSON, MetaData
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


def insert_into(session: Session, table: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, in the dialect of the session's database."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
