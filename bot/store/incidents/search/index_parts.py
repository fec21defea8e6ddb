"""
Merge the parts of SQLite's index of words behind people's transactions.

Each commit adds a part, and by default FTS5 merges parts inside whichever commit makes them too many: one in 64 would
wait tens of milliseconds beside a large history. Source: sqlite.org/fts5.html, sections 6.3 to 6.9. On PostgreSQL the
index has no parts.
"""

from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from bot.store.database.tables import dialect_of

STEP_PAGES = 32
"""
Pages after which a step ends, between two words: a few milliseconds.

With the largest parts it is up to a tenth of a second, because a frequent word has many pages.
"""
PARTS = 16
"""Parts of one size that one step begins to merge. More is not possible."""
MAX_PARTS = 64
"""
Parts of one size that are merged at once, inside a commit.

Reached only by many commits between two merges, whose parts are small.
"""
OPTIONS = {"automerge": 0, "usermerge": PARTS, "crisismerge": MAX_PARTS}
NO_CHANGE = 2
"""A command that changes fewer rows has merged nothing."""

SET = text("INSERT INTO search_index (search_index, rank) VALUES (:name, :value)")
READ = text("SELECT k, v FROM search_index_config")


def merge_parts(session: Session) -> bool:
    """Merge a little. Returns whether more may be left; False on PostgreSQL."""
    if dialect_of(session) != "sqlite":
        return False
    driver: Any = session.connection().connection.dbapi_connection
    before = driver.total_changes
    session.execute(SET, {"name": "merge", "value": STEP_PAGES})
    return bool(driver.total_changes - before >= NO_CHANGE)


def set_options(session: Session) -> None:
    """Leave the merging to `merge_parts`. The file keeps the options."""
    if dialect_of(session) != "sqlite":
        return
    found: dict[str, int] = {name: int(value) for name, value in session.execute(READ)}
    for name, value in OPTIONS.items():
        if found.get(name) != value:
            session.execute(SET, {"name": name, "value": value})
