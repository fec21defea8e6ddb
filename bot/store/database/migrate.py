"""Database migrations: looked for at every start, under a lock, forwards only."""

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

import bot.store
from bot.domain.errors import UserError
from bot.domain.resources import resource_path
from bot.lazy_loader import LazyModule
from bot.store.database.connections import is_outage
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.database.sqlite_database import SqliteDatabase
from bot.store.database.tables import metadata, set_postgresql_predicates

if TYPE_CHECKING:
    from alembic import command, config

    from bot.store.database import postgres_database
else:
    command, config = LazyModule("alembic.command"), LazyModule("alembic.config")
    postgres_database = LazyModule("bot.store.database.postgres_database")

LOCK = 0x646F6777  # "dogw": the advisory lock under which replicas migrate one after the other


class DatabaseTooNew(UserError):
    """The database was used by a later release."""


class DatabaseTooOld(UserError):
    """The database has to be migrated first."""


def all_tables() -> MetaData:
    """Metadata with every table: imports every module of the store."""
    for module in walk_packages(bot.store.__path__, "bot.store."):
        import_module(module.name)
    set_postgresql_predicates()
    return metadata


def is_of_models(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a name of the database belongs to the models, and not to the index of words."""
    return kind != "table" or not str(name).startswith("search_index")


def migrations_folder() -> Path:
    return resource_path("migrations")


def alembic_config(connection: Connection) -> "config.Config":
    made = config.Config()
    made.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def upgrade(connection: Connection) -> None:
    """Run the missing migrations in one transaction. Raises DatabaseTooNew."""
    if connection.dialect.name == "postgresql":
        # Between two statements a busy machine may take longer than any other transaction is given.
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '5min'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)").bindparams(lock=LOCK))
    if _known_revision(connection) != known_revisions()[-1]:
        command.upgrade(alembic_config(connection), "head")


def _known_revision(connection: Connection) -> str | None:
    """Revision of the database; None if it is empty. Raises DatabaseTooNew."""
    current = _current_revision(connection)
    if current is not None and current not in known_revisions():
        raise DatabaseTooNew(
            f"The database is from a later release (revision {current}). Start that release, or restore a backup "
            "that this one made."
        )
    return current


def _current_revision(connection: Connection) -> str | None:
    """As Alembic wrote it down. The library itself is loaded only to migrate."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def known_revisions() -> tuple[str, ...]:
    """Revisions of this release, the first one first: the numbers of its migrations."""
    return tuple(sorted(each.name.partition("_")[0] for each in (migrations_folder() / "versions").glob("[0-9]*_*.py")))


async def require_current(database: Database) -> None:
    """
    Check the revision, for commands that only read and cannot migrate.

    Raises DatabaseTooOld, DatabaseTooNew or DatabaseUnavailable.
    """
    await database.read(_require_current)


def _require_current(session: Session) -> None:
    current = _known_revision(session.connection())
    if current is None:
        raise DatabaseTooOld(
            "This database has no Dogwatch tables. Run `dogwatch serve` or `dogwatch migrate` to create them."
        )
    if current != known_revisions()[-1]:
        raise DatabaseTooOld(
            f"This database is from an earlier release (revision {current}). Run `dogwatch migrate`, or start the "
            "bot of this release on it."
        )


async def migrate(database: Database) -> None:
    """Run the missing migrations. Raises DatabaseTooNew or DatabaseUnavailable."""
    if isinstance(database, SqliteDatabase):
        await database.run(_on_session)
    elif isinstance(database, postgres_database.PostgresDatabase):
        engine = database.migration_engine()
        try:
            async with engine.begin() as connection:
                await connection.run_sync(upgrade)
        except (OSError, TimeoutError) as problem:
            raise DatabaseUnavailable(str(problem)) from problem
        except DBAPIError as problem:
            if is_outage(problem):
                raise DatabaseUnavailable(str(problem.orig)) from problem
            raise
        finally:
            await engine.dispose()


def _on_session(session: Any) -> None:
    upgrade(session.connection())
