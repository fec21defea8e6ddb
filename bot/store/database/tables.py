"""Helpers of all table modules: naming convention, JSON columns, upserts, the metadata."""

from typing import Any

from sqlalchemy import JSON, ColumnElement, MetaData, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING
SQLModel.model_config["defer_build"] = True  # rows are not validated: a validator is built where one is asked for
metadata: MetaData = SQLModel.metadata

JSON_COLUMN: Any = JSON
"""Values are replaced, never changed in place: changes inside them are not tracked."""
OPTIONAL_JSON: Any = JSON(none_as_null=True)
"""A JSON column that may be NULL."""


Insert = postgresql.Insert | sqlite.Insert


def table_of(model: type[SQLModel]) -> Table:
    return metadata.tables[str(model.__tablename__)]


def dialect_of(session: Session) -> str:
    return session.get_bind().dialect.name


def insert_for(dialect: str, model: type[SQLModel]) -> Insert:
    """INSERT with ON CONFLICT, for statements that are built once for each dialect."""
    return postgresql.insert(table_of(model)) if dialect == "postgresql" else sqlite.insert(table_of(model))


def insert_into(session: Session, model: type[SQLModel]) -> Insert:
    """`insert_for` the session's database."""
    return insert_for(dialect_of(session), model)


def check_all(session: Session, *conditions: ColumnElement[bool]) -> tuple[bool, ...]:
    """Check several conditions with one statement."""
    return tuple(bool(each) for each in session.execute(select(*conditions)).one())
