"""Fixtures of what strangers send."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.support.worlds.world import World


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def either(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """On both databases: PostgreSQL stores no NUL, SQLite's driver no lone surrogates."""
    async with World(database_url, tmp_path) as built:
        yield built
