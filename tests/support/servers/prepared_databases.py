"""Prepared databases of this release: migrating an empty one takes longer than many tests."""

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from bot.store.database.migrate import migrate
from bot.store.database.session import open_database

SQLITE = "sqlite:///"


def make_ready(url: str) -> None:
    """Migrate an empty database, outside of the caller's event loop."""
    with ThreadPoolExecutor(1) as alone:
        alone.submit(asyncio.run, _migrated(url)).result()


async def _migrated(url: str) -> None:
    database = open_database(url)
    try:
        await migrate(database)
    finally:
        await database.close()


def lay(url: str) -> None:
    """Copy a prepared file to SQLite's path, unless a file exists there."""
    path = Path(url.removeprefix(SQLITE))
    if url.startswith(SQLITE) and not path.exists():
        shutil.copy(_file(), path)


@cache
def _file() -> Path:
    """Made once in a run."""
    folder = tempfile.TemporaryDirectory(prefix="dogwatch-ready-")
    _FOLDERS.append(folder)
    path = Path(folder.name) / "dogwatch.db"
    make_ready(f"{SQLITE}{path}")
    return path


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
"""They are removed with the process."""
