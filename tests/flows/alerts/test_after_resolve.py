"""Alerts after the resolve: repeated, ended, reopened, a new incident."""

from datetime import datetime, timedelta

import pytest

from tests.flows.alerts.test_ingest import resolved
from tests.support.requests.notifications import Notifications, a_notification, an_alert
from tests.support.requests.sent_notifications import (
    AGAIN,
    ALL_ENDED,
    SINGLE,
    THREE,
    messages_with,
    sends,
    without_last_seen,
)
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World


async def test_a_repeated_notification_does_not_reopen(world: World, notifications: Notifications) -> None:
    await resolved(world, notifications[THREE])
    before = await world.exported()

    await sends(world, notifications[THREE])

    assert (await world.exported())["incident"] == before["incident"]
    assert len(world.channels) == 1


async def test_an_alert_that_ends_after_the_incident_is_recorded_there(
    world: World, notifications: Notifications
) -> None:
    await resolved(world, notifications[SINGLE])
    await world.advance(hours=2)

    answer = await sends(world, notifications[ALL_ENDED])

    assert "INC-1" in answer["incidents"]
    assert len(world.channels) == 1
    whole = await world.exported()
    assert whole["incident"]["status"] == "resolved"
    assert whole["alerts"][0]["status"] == "resolved"


async def test_an_alert_that_still_fires_is_a_thing_to_check_until_it_ends(
    world: World, notifications: Notifications
) -> None:
    await resolved(world, notifications[SINGLE])
    await world.finish()
    assert messages_with(world, "Alerts still firing after the impact ended")

    await world.advance(minutes=5)
    await sends(world, notifications[ALL_ENDED])
    await world.finish()

    assert not messages_with(world, "Alerts still firing after the impact ended")


async def test_a_new_firing_soon_after_reopens_and_says_so(world: World, notifications: Notifications) -> None:
    await resolved(world, notifications[SINGLE])
    await world.advance(minutes=20)

    again = a_notification(an_alert(at=world.now, instance="web-9:9100"), group=notifications[SINGLE]["groupKey"])
    answer = await sends(world, again)

    assert answer["incidents"] == ["INC-1"]
    assert len(world.channels) == 1
    assert "*Reopened* by Dogwatch" in messages_with(world, "Reopened")[0]
    assert "HighCPU fires again" in messages_with(world, "Reopened")[0]
    assert "Investigating" in world.card()
    incident = (await world.exported())["incident"]
    assert (incident["status"], incident["resolved_at"], incident["ended_at"]) == ("investigating", None, None)


async def test_a_flap_soon_after_reopens_too(world: World, notifications: Notifications) -> None:
    await sends(world, notifications[SINGLE])
    await sends(world, notifications[ALL_ENDED])
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(minutes=20)

    answer = await sends(world, notifications[AGAIN])

    assert answer["incidents"] == ["INC-1"]
    assert (await world.exported())["incident"]["status"] == "investigating"


async def test_a_new_firing_later_opens_another_that_links_the_first(
    world: World, notifications: Notifications
) -> None:
    await resolved(world, notifications[SINGLE])
    await world.advance(minutes=31)

    again = a_notification(an_alert(at=world.now, instance="web-9:9100"), group=notifications[SINGLE]["groupKey"])
    answer = await sends(world, again)

    assert answer["incidents"] == ["INC-2"]
    assert len(world.channels) == 2
    assert "Follows INC-1" in world.card()
    assert (await world.exported("INC-1"))["incident"]["status"] == "resolved"


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_flap_later_leaves_the_first_incident_its_alert(world: World, notifications: Notifications) -> None:
    """Alertmanager states a flap's first start, which is not the start of the second incident."""
    await sends(world, notifications[SINGLE])
    await sends(world, notifications[ALL_ENDED])
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(hours=3)
    first, at = without_last_seen(await world.exported("INC-1")), world.now

    answer = await sends(world, notifications[AGAIN])

    assert answer["incidents"] == ["INC-2"]
    assert without_last_seen(await world.exported("INC-1")) == first
    second = await world.exported("INC-2")
    assert datetime.fromisoformat(second["incident"]["started_at"]) == at
    assert second["incident"]["sources"]["started_at"]["precision"] == "approximate"
    assert [each["status"] for each in second["alerts"]] == ["firing"]

    await sends(world, notifications[AGAIN])
    await sends(world, notifications[ALL_ENDED])
    assert without_last_seen(await world.exported("INC-1")) == first
    assert [each["status"] for each in (await world.exported("INC-2"))["alerts"]] == ["resolved"]


async def test_an_old_alert_that_ends_stays_with_its_own_incident(world: World, notifications: Notifications) -> None:
    """Another of the group opened a second incident meanwhile, with its own times."""
    await resolved(world, notifications[SINGLE])
    await world.advance(hours=1)
    began = world.now
    other = a_notification(an_alert(at=began, instance="web-9:9100"), group=notifications[SINGLE]["groupKey"])
    assert (await sends(world, other))["incidents"] == ["INC-2"]

    await sends(world, notifications[ALL_ENDED])

    assert [each["status"] for each in (await world.exported("INC-1"))["alerts"]] == ["resolved"]
    second = await world.exported("INC-2")
    assert datetime.fromisoformat(second["incident"]["started_at"]) == began


@pytest.mark.parametrize(("hours", "form"), [(1, "^{time}|"), (30, "^{date_short_pretty} {time}|")])
async def test_an_alert_that_fires_since_another_day_is_told_with_the_day(world: World, hours: int, form: str) -> None:
    began = world.now - timedelta(hours=hours)
    await sends(world, a_notification(an_alert("Disk", at=began), group="disk"))

    (line,) = messages_with(world, "*Alert*", world.channel)
    assert f"since <!date^{int(began.timestamp())}{form}" in line


async def test_an_incident_of_another_group_is_left_alone(world: World, notifications: Notifications) -> None:
    await world.declares("checkout is down service:checkout")
    first = await sends(world, notifications[SINGLE])
    second = await sends(world, a_notification(an_alert("DiskFull", at=world.now), group="another"))

    assert (first["incidents"], second["incidents"]) == (["INC-2"], ["INC-3"])


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(days=-8)])
async def test_a_start_that_cannot_be_becomes_the_time_of_receipt(world: World, off: timedelta) -> None:
    at = world.now
    await sends(world, a_notification(an_alert(at=at + off)))

    whole = await world.exported()
    detection = next(entry for entry in whole["timeline"] if entry["kinds"] == ["detection"])
    assert (datetime.fromisoformat(detection["happened_at"]), detection["precision"]) == (at, "approximate")
    assert datetime.fromisoformat(whole["incident"]["started_at"]) == at
    assert whole["alerts"][0]["starts_at_precision"] == "approximate"

    answer = await sends(world, a_notification(an_alert(at=at + off)))
    assert answer["incidents"] == ["INC-1"], "told again it is the same alert"
