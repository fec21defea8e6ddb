"""A desk with several policies."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.worlds.policies import POLICIES
from tests.support.worlds.services import Desk


@pytest.fixture
def policies() -> str:
    """The configuration of `desk`."""
    return POLICIES


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.opened(database_url, tmp_path, POLICIES) as opened:
        yield opened
