"""The world of a story, once on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.worlds.world import World

CONFIG = """
[services.checkout]
people = ["U0ENGINEER"]
team = "payments"

[teams.payments]
members = ["U0DBA", "U0DEVELOPER"]
"""


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, config=CONFIG) as built:
        yield built
