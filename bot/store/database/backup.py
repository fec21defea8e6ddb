"""Backup of a SQLite database while the bot runs, and restore."""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bot.domain.errors import UserError
from bot.store.database.migrate import known_revisions


def create_backup(database: Path, into: Path) -> list[Path]:
    """
    Copy the database and its key file to `into` and `into`.key; return the files written.

    Both are readable by the owner only. Raises UserError, and leaves no file, if there is no database, `into` exists or
    cannot be written, or the copy is damaged.
    """
    if not database.exists():
        raise UserError(f"There is no database at {database}.")
    key = sibling_path(database, ".key")
    _write_new(into, lambda new: _copy_database(database, new))
    if not key.exists():
        return [into]
    _write_new(sibling_path(into, ".key"), lambda new: new.write_bytes(key.read_bytes()))
    return [into, sibling_path(into, ".key")]


def restore_database(backup: Path, database: Path) -> None:
    """
    Restore a backup, with its key, to a place where no database is.

    Slack may have received meanwhile what the backup still has queued: each such row checks before it is sent. Raises
    UserError, and changes nothing, if the backup is missing or of a later release, or if a file is in the way.
    """
    if not backup.exists():
        raise UserError(f"There is no backup at {backup}.")
    standing = [
        path for path in (database, sibling_path(database, "-wal"), sibling_path(database, ".key")) if path.exists()
    ]
    if standing:
        raise UserError(
            f"{standing[0]} exists. Stop Dogwatch, move {database.name} and the files beside it "
            "to another place, and try again."
        )
    _write_new(database, lambda new: _put_back(backup, new))
    key = sibling_path(backup, ".key")
    if key.exists():
        _write_new(sibling_path(database, ".key"), lambda new: new.write_bytes(key.read_bytes()))


def vacuum(database: Path) -> None:
    """
    Rewrite the file without deleted content, which SQLite only marks as free.

    No other process may use it.
    """
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def sibling_path(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _write_new(path: Path, write: Callable[[Path], object]) -> None:
    """Write a new file under another name first, so that no partial file has the right name."""
    partial = sibling_path(path, ".partial")
    if path.exists():
        raise UserError(f"{path} exists already. Name another file.")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        write(partial)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.link(partial, path)
    except FileExistsError as problem:
        raise UserError(f"{path} exists already. Name another file.") from problem
    except OSError as problem:
        raise UserError(f"{path} cannot be written: {problem.strerror}.") from problem
    finally:
        if partial.parent.is_dir():
            for ending in ("", "-journal", "-wal", "-shm"):  # SQLite's own, where it could not finish
                sibling_path(partial, ending).unlink(missing_ok=True)


MARK_UNKNOWN = """
UPDATE outbox SET state = 'unknown', first_attempt_at = coalesce(first_attempt_at, created_at)
WHERE state IN ('waiting', 'running', 'unknown')
"""
"""Rows that were not sent when the backup was made may have been sent since."""


def _put_back(backup: Path, new: Path) -> None:
    _copy_database(backup, new)
    with closing(sqlite3.connect(new)) as copy, copy:
        revision = str(copy.execute("SELECT version_num FROM alembic_version").fetchone()[0])
        if revision not in known_revisions():
            raise UserError(
                f"{backup} is from a later release (revision {revision}). Restore it with that release, or use a "
                "backup that this one made."
            )
        copy.execute(MARK_UNKNOWN)


def _copy_database(database: Path, new: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(new)) as copy,
        ):
            source.execute("SELECT version_num FROM alembic_version").fetchone()
            source.backup(copy)
            copy.execute("VACUUM")  # free pages may have words that were redacted under an earlier release
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from problem
        raise _no_database(database, problem) from problem
    except sqlite3.DatabaseError as problem:
        raise _no_database(database, problem) from problem
    if found != "ok":
        raise UserError(f"{database} is damaged: {found}. Use an earlier backup.")


def _no_database(database: Path, problem: sqlite3.DatabaseError) -> UserError:
    return UserError(f"{database} is not a Dogwatch database, or it is damaged: {problem}.")
