"""A database with tables."""

from collections.abc import AsyncIterator

import pytest

from bot.store.database.migrate import migrate
from bot.store.database.session import Database, open_database
from tests.support.servers.plain_logs import plain_logs

__all__ = ["database", "plain_logs"]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    await migrate(opened)
    yield opened
    await opened.close()
