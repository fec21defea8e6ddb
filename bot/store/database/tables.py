"""Helpers of all table modules: naming convention, JSON columns, upserts, the metadata."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    CompoundSelect,
    Executable,
    Index,
    MetaData,
    Select,
    Table,
    TextClause,
    TypeDecorator,
    any_,
    bindparam,
    func,
    select,
    text,
    union_all,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine
from sqlmodel import Session, SQLModel

from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite
else:
    postgresql, sqlite = LazyModule("sqlalchemy.dialects.postgresql"), LazyModule("sqlalchemy.dialects.sqlite")

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


@dataclass(frozen=True, slots=True)
class SerializedJson:
    """JSON text to store as it is. A long value is serialized before the transaction."""

    text: str


def serialize_json(value: Any) -> str:
    """JSON text of a column's value."""
    return value.text if isinstance(value, SerializedJson) else json.dumps(value)


def serialize_list(values: Iterable[Any]) -> SerializedJson:
    """JSON text of a list, whose values are made one after the other and not kept."""
    text = StringIO()
    text.write("[")
    for number, value in enumerate(values):
        text.write(f"{', ' if number else ''}{json.dumps(value)}")
    text.write("]")
    return SerializedJson(text.getvalue())


Insert: TypeAlias = "postgresql.Insert | sqlite.Insert"


class StoredRow(SQLModel):
    """
    Base of all tables: makes and changes rows by SQLAlchemy alone.

    SQLModel also passes each field through Pydantic, which checks nothing in a table and takes a quarter of a
    millisecond for an incident. A name that is no field is not stored, as in SQLModel.
    """

    if not TYPE_CHECKING:  # the signature is that of the fields

        def __init__(self, **values: Any) -> None:
            constants, factories = _defaults_of(type(self))
            made = {name: make() for name, make in factories if name not in values}
            self.__dict__ |= constants | made | values
            object.__setattr__(self, "__pydantic_fields_set__", set(values))

        def __setattr__(self, name: str, value: Any) -> None:
            object.__setattr__(self, name, value)


@cache
def _defaults_of(model: type[SQLModel]) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """Defaults of optional fields, and the factories of those that are made for each row."""
    optional = {name: field for name, field in model.model_fields.items() if not field.is_required()}
    factories = [(name, field.default_factory) for name, field in optional.items() if field.default_factory]
    return {name: field.default for name, field in optional.items() if not field.default_factory}, factories


def table_of(model: type[SQLModel]) -> Table:
    return metadata.tables[str(model.__tablename__)]


def partial_index(name: str, *columns: str, where: str | TextClause, is_unique: bool = False) -> Index:
    """
    An index of the rows that fit `where`, on both databases.

    It names SQLite alone: an option of PostgreSQL loads that dialect, which a bot on SQLite does not need. For
    migrations `set_postgresql_predicates` adds it.
    """
    return Index(name, *columns, unique=is_unique, sqlite_where=text(where) if isinstance(where, str) else where)


def set_postgresql_predicates() -> None:
    for index in (each for table in metadata.tables.values() for each in table.indexes):
        predicate = index.dialect_options["sqlite"]["where"]
        if predicate is not None:
            index.dialect_options["postgresql"]["where"] = predicate


def dialect_of(session: Session) -> str:
    return session.get_bind().dialect.name


def insert_for(dialect: str, model: type[SQLModel]) -> "Insert":
    """INSERT with ON CONFLICT, for statements that are built once for each dialect."""
    return postgresql.insert(table_of(model)) if dialect == "postgresql" else sqlite.insert(table_of(model))


def insert_into(session: Session, model: type[SQLModel]) -> "Insert":
    """`insert_for` the session's database."""
    return insert_for(dialect_of(session), model)


class _ListOf(TypeDecorator[Any]):
    """All values as one: an array on PostgreSQL, JSON on SQLite."""

    impl = JSON
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else JSON())


class _IsAnyOf(FunctionElement[bool]):
    """Without a type: SQLite would compare a Boolean with 1, and use no index."""

    inherit_cache = True


@compiles(_IsAnyOf, "postgresql")
def _in_array(element: _IsAnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    return str(compiler.process(column == any_(values), **options))


@compiles(_IsAnyOf, "sqlite")
def _in_json(element: _IsAnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    listed = func.json_each(values).table_valued("value")
    return str(compiler.process(column.in_(select(listed.c.value)), **options))


def is_any_of(column: Any, values: str) -> ColumnElement[bool]:
    """
    Whether a column has one of the values listed in a parameter.

    The column holds text or whole numbers; `values` names the parameter. Unlike `IN`, the statement is the same for any
    number of values: PostgreSQL prepares it once for each connection, and its text is not made anew each time.
    """
    return _IsAnyOf(column, bindparam(values, type_=_ListOf(column.type)))


Conditions = Callable[..., tuple[ColumnElement[bool], ...]]


def lock_or_insert(
    model: type[SQLModel], locked: Select[Any], key: Any, values: Mapping[str, Any]
) -> CompoundSelect[Any]:
    """
    On PostgreSQL: lock rows and insert the missing ones, with one statement.

    `locked` selects rows by the parameter `keys`, each a value of the column `key`. New rows have `values` beside it.
    Those that another transaction has just inserted are not returned.
    """
    found = locked.cte("found")
    wanted = func.unnest(bindparam("keys", type_=ARRAY(key.type))).column_valued("wanted")
    missing = select(wanted, *values.values()).where(wanted.not_in(select(found.c[key.name]))).order_by(wanted)
    inserting = postgresql.insert(table_of(model)).from_select([key.name, *values], missing)
    names = [each.name for each in found.c]
    made = inserting.on_conflict_do_nothing().returning(*(table_of(model).c[name] for name in names)).cte("made")
    return union_all(select(found), select(made))


def check_rows(
    session: Session, model: type[SQLModel], ids: Collection[int], conditions: Conditions, **values: Any
) -> dict[int, tuple[bool, ...]]:
    """
    Check several conditions for each of the rows, by id.

    It is one statement, which is built once. `conditions` gets the rows' columns, and a placeholder for each of the
    `values`, by its name.
    """
    found = session.execute(_checking(model, conditions, tuple(sorted(values))), {"ids": sorted(ids), **values})
    return {row_id: tuple(bool(each) for each in checked) for row_id, *checked in found}


@cache
def _checking(model: type[SQLModel], conditions: Conditions, names: tuple[str, ...]) -> Executable:
    rows = table_of(model).alias()
    checked = conditions(rows.c, **{name: bindparam(name) for name in names})
    return select(rows.c.id, *checked).where(is_any_of(rows.c.id, "ids"))
