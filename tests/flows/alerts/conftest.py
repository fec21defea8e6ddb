"""Fixtures of the alert flows."""

from pathlib import Path

import pytest

from tests.support.requests.notifications import Notifications
from tests.support.requests.sent_notifications import THREE
from tests.support.worlds.world import World


@pytest.fixture
def notifications(world: World, conformance: Path) -> Notifications:
    """Notifications of a real Alertmanager, as if the first alert began now."""
    return Notifications(conformance / "alerts", anchor=THREE, at=world.now)
