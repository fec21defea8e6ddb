"""Maintenance windows: alerts are recorded, and open incidents only after the end."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

CONFIG = """
[services.payments]
people = ["U0ENGINEER"]

[services.checkout]
"""


@pytest.fixture
async def own(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, config=CONFIG) as built:
        yield built


async def fires(world: World, name: str = "SlowQueries", *, service: str = "payments", group: str = "one") -> Any:
    alert = an_alert(name, at=world.now, service=service)
    status, answer = await world.posts("alertmanager", a_notification(alert, group=group))
    assert status == 200
    await world.finish()
    return answer


async def test_alerts_are_recorded_and_what_still_fires_at_the_end_opens_an_incident(own: World) -> None:
    planned = await own.types("oncall", "/incident maintenance payments from:14:10 to:15:00 new disks", "ops")
    before = await fires(own, group="before")
    await own.advance(minutes=8)

    held = await fires(own, "SlowQueries", group="held")
    other = await fires(own, "HighCPU", service="checkout", group="other")

    assert "Maintenance of payments from 2026-03-02 14:10 UTC to 2026-03-02 15:00 UTC." in planned
    assert before["incidents"] == ["INC-1"]
    assert (held["recorded"], held["incidents"], held["in_maintenance"]) == (1, [], 1)
    assert other["incidents"] == ["INC-2"]
    assert "in_maintenance" not in other

    await own.advance_to(own.now.replace(hour=15, minute=0))
    await own.finish()

    assert len(own.channels) == 3
    assert "SlowQueries" in own.card()
    assert "U0ENGINEER" in own.sandbox.members(own.channel)


async def test_what_ended_meanwhile_stays_a_record(own: World) -> None:
    began = own.now
    await own.types("oncall", "/incident maintenance payments to:in 1 hour", "ops")
    await fires(own)
    ended = an_alert("SlowQueries", at=began, ended=own.now, service="payments")
    await own.posts("alertmanager", a_notification(ended, group="one"))

    await own.advance(hours=2)

    assert own.channels == []


async def test_ending_it_by_hand_opens_what_fires_at_once_unless_another_window_is_open(own: World) -> None:
    await own.types("oncall", "/incident maintenance payments to:15:00 disks", "ops")
    await fires(own)
    listed = await own.types("dba", "/incident maintenance", "ops")
    ended = await own.types("dba", "/incident maintenance payments end", "ops")
    await own.finish()

    assert "payments from 2026-03-02 14:00 UTC to 2026-03-02 15:00 UTC (under way, disks, by <@U0ONCALL>)" in listed
    assert ended == "Maintenance of payments ended. Alerts that still fire open incidents now."
    assert len(own.channels) == 1
    assert "No maintenance is under way" in await own.types("dba", "/incident maintenance", "ops")
    assert "No maintenance of `payments`" in await own.types("dba", "/incident maintenance payments end", "ops")


async def test_what_was_planned_is_cancelled_and_each_window_named(own: World) -> None:
    await own.types("oncall", "/incident maintenance payments from:16:00 to:17:00 disks", "ops")
    await own.types("oncall", "/incident maintenance payments from:18:00 to:19:00 network", "ops")

    told = await own.types("dba", "/incident maintenance payments end", "ops")

    assert told.splitlines() == [
        "Cancelled: maintenance of payments from 2026-03-02 16:00 UTC to 2026-03-02 17:00 UTC.",
        "Cancelled: maintenance of payments from 2026-03-02 18:00 UTC to 2026-03-02 19:00 UTC.",
    ]


async def test_a_reason_that_ends_in_end_does_not_end_what_is_under_way(own: World) -> None:
    await own.types("oncall", "/incident maintenance payments to:15:00 disks", "ops")

    told = await own.types("dba", "/incident maintenance payments to:16:00 we wait for the end", "ops")
    assert "add `end:no` if it is the last word" in told
    assert "disks" in await own.types("dba", "/incident maintenance", "ops")

    await own.types("dba", "/incident maintenance payments to:16:00 end:no we wait for the end", "ops")
    assert "we wait for the end" in await own.types("dba", "/incident maintenance", "ops")


async def test_a_window_that_follows_another_keeps_what_that_one_held(own: World) -> None:
    await own.types("oncall", "/incident maintenance payments to:14:30 disks", "ops")
    await fires(own)
    await own.types("oncall", "/incident maintenance payments to:15:30 disks again", "ops")

    await own.advance_to(own.now.replace(minute=45))
    between = list(own.channels)
    await own.advance_to(own.now.replace(hour=15, minute=40))

    assert between == []
    assert len(own.channels) == 1


async def test_an_incident_that_people_declare_pages_and_says_that_alerts_are_silent(own: World) -> None:
    await own.types("oncall", "/incident maintenance payments to:15:00 disks", "ops")
    await own.declares("payments are down service:payments")

    await own.types("oncall", "/incident escalate <@U0DBA|dba> please look")
    await own.finish()

    assert any("payments* is under maintenance until" in text and "disks" in text for text in own.texts())
    assert any("needs you" in text for text in own.texts(own.sandbox.open_dm("dba")))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("payments disks", "A maintenance window needs an end."),
        ("payment to:15:00", "Did you mean `payments`?"),
        ("payments from:16:00 to:15:59", "2026-03-03 15:59 UTC"),
        ("payments to:2026-03-01 10:00", "which is not after 2026-03-02 14:00 UTC. Choose a later time."),
        ("payments to:2027-03-01 10:00", "The maximum is 31 days."),
        ("billing to:15:00", "the window applies to alerts with the label `service=billing`."),
    ],
)
async def test_what_is_typed_is_taken_or_refused_with_a_remedy(own: World, typed: str, told: str) -> None:
    assert told in await own.types("oncall", f"/incident maintenance {typed}", "ops")


@pytest.mark.parametrize(
    ("seconds", "typed", "told"),
    [
        (40, "from:14:00 to:15:00", "from 2026-03-02 14:00 UTC to 2026-03-02 15:00 UTC"),
        (40, "from:14:00 2h disks", "from 2026-03-02 14:00 UTC to 2026-03-02 16:00 UTC"),
        (280, "from:14:00 to:15:00", "from 2026-03-02 14:00 UTC to 2026-03-02 15:00 UTC"),
        (600, "from:14:00 to:15:00", "from 2026-03-03 14:00 UTC to 2026-03-03 15:00 UTC"),
    ],
)
async def test_a_start_that_was_some_minutes_ago_is_todays(own: World, seconds: int, typed: str, told: str) -> None:
    await own.advance(seconds=seconds)

    assert told in await own.types("oncall", f"/incident maintenance payments {typed}", "ops")


async def test_it_is_planned_by_a_form_too(own: World) -> None:
    await own.sandbox.open_home("oncall")
    await own.settle()
    home = own.sandbox.home("oncall")
    assert home is not None
    await own.sandbox.click_view("oncall", home["id"], "do_maintenance")
    await own.settle()

    refused = await own.submits("oncall", service="payments")
    await own.submits("oncall", service="payments", to="15:00", text="disks")

    assert "A maintenance window needs an end." in str(refused.errors)
    assert (await fires(own))["in_maintenance"] == 1
