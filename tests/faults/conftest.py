"""Worlds for faults that have nothing to do with the kind of database: on SQLite, because it is there at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.runtime.log import configure
from tests.support.worlds.world import World


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    """As in earnest: structlog's own way of showing an exception takes seconds, and Slack waits for three."""
    configure()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as built:
        yield built
