"""Logs of tests."""

import pytest

from bot.runtime.log import configure_logging


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    """Log as in production: structlog's default rendering of an exception takes seconds, and Slack waits for three."""
    configure_logging()
