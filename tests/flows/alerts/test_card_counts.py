"""Counts of alerts on the card, and the alerts that it lists."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.domain.terms import AlertStatus
from bot.store.alerts import alerts
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.sent_notifications import sends
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_few_alerts_are_counted_as_many_are(world: World) -> None:
    """Few are counted by their rows, of which one statement reads all."""
    began = world.now - timedelta(minutes=9)
    ends = (None, 7, None, 5, None)
    fired = [
        an_alert(f"Alert{number}", at=began + timedelta(minutes=number), service=("web", "db")[number % 2])
        for number in range(len(ends))
    ]
    await sends(world, a_notification(*fired))
    for number, minutes in enumerate(ends):
        if minutes is not None:
            ended = {"status": "resolved", "endsAt": (world.now - timedelta(minutes=minutes - 5)).isoformat()}
            await sends(world, a_notification({**fired[number], **ended}))
            await world.bot.database.read(_compare, len(ends) + 1)
    again = an_alert("Alert1", at=world.now, service="db")
    await sends(world, a_notification(again))
    await world.bot.database.read(_compare, len(ends) + 1)


def _compare(session: Session, most: int) -> None:
    """The summary is the same however many alerts it may show."""
    counts = alerts.count(session, 1)
    assert counts.alerts == most - 1
    status = AlertStatus.FIRING if counts.firing else AlertStatus.RESOLVED
    for shown in range(1, most + 1):
        found, listed = alerts.summarize(session, 1, shown)
        assert found == counts
        assert listed == alerts.find_first(session, 1, status, shown)
