"""Version of the database, and whether it accepts writes."""

from sqlalchemy import text
from sqlmodel import Session

from bot.lazy_dataclass import dataclass
from bot.store.database.tables import dialect_of


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """`why_not`: why it accepts no writes; None if it does."""

    version: str
    why_not: str | None = None


def check_health(session: Session) -> DatabaseHealth:
    if dialect_of(session) == "sqlite":
        version, journal = (
            str(session.execute(text(asked)).scalar_one())
            for asked in ("SELECT sqlite_version()", "PRAGMA journal_mode")
        )
        return DatabaseHealth(f"SQLite {version}, {journal.upper()} mode")
    version = str(session.execute(text("SHOW server_version")).scalar_one())
    is_standby = bool(session.execute(text("SELECT pg_is_in_recovery()")).scalar_one())
    refuses = session.execute(text("SELECT current_setting('default_transaction_read_only')")).scalar_one() == "on"
    may_create = session.execute(text("SELECT has_schema_privilege(current_schema(), 'CREATE')")).scalar_one()
    why_not = (
        "it is a standby"
        if is_standby
        else "its transactions are read-only"
        if refuses
        else None
        if may_create
        else "the user may not create tables in it"
    )
    return DatabaseHealth(f"PostgreSQL {version}", why_not)
