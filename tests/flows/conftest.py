"""The usual world of a story: one service with an engineer, and its team."""

from typing import Any

import pytest

from tests.support.servers.plain_logs import plain_logs

__all__ = ["plain_logs", "world_defaults"]

CONFIG = """
[services.checkout]
people = ["U0ENGINEER"]
team = "payments"

[teams.payments]
members = ["U0DBA", "U0DEVELOPER"]
"""


@pytest.fixture
def world_defaults() -> dict[str, Any]:
    return {"config": CONFIG}
