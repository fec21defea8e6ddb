"""Alerts on the card: their own help, a severity that no label says, and their counts."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.domain.terms import AlertStatus
from bot.store.alerts import alerts
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.sent_notifications import messages_with, sends
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World, action_ids

RUNBOOK, DASHBOARD = "https://wiki.example.test/cpu", "https://grafana.example.test/d/cpu"
LONG = "More than 90% of all processors are busy. " * 30


def helped(world: World, name: str = "HighCPU", **annotations: str) -> dict[str, Any]:
    alert = an_alert(name, at=world.now, service="checkout", instance="web-1")
    return {**alert, "annotations": {**alert["annotations"], **annotations}}


def links(world: World, action_id: str) -> list[str]:
    """Addresses of the buttons with that action in the incident's channel, the card's first."""
    found = [
        element["url"]
        for message in world.sandbox.messages(world.channel)
        for block in message.get("blocks") or []
        for element in block.get("elements") or []
        if element.get("action_id") == action_id
    ]
    assert found, action_id
    return found


async def test_the_message_and_the_card_have_runbook_dashboard_and_description(world: World) -> None:
    alert = helped(world, runbook_url=RUNBOOK, dashboard_url=DASHBOARD, description=LONG, value="93%")

    await sends(world, a_notification(alert))

    assert links(world, "alert_runbook") == [RUNBOOK] * 2
    assert links(world, "alert_dashboard") == [DASHBOARD] * 2
    assert links(world, "alert_source") == ["https://prometheus.example.test/graph?alert=HighCPU"] * 2
    (told,) = messages_with(world, "*Alert*")
    assert "More than 90% of all processors" in told
    assert "*Value:* 93%" in told
    assert "instance=web-1" in told
    assert len(told) < 1_200
    assert "More than 90% of all processors" in world.card()
    assert "(93%)" in world.card()
    (kept,) = (await world.exported())["alerts"]
    assert kept["annotations"]["description"] == LONG


async def test_a_click_on_a_link_changes_nothing(world: World) -> None:
    await sends(world, a_notification(helped(world, runbook_url=RUNBOOK)))
    before = await world.tables()

    await world.presses("dba", "alert_runbook")

    assert await world.tables() == before


async def test_unsafe_and_short_addresses_are_no_buttons(world: World) -> None:
    await sends(
        world, a_notification(helped(world, runbook_url="javascript:alert(1)", dashboard_url="http://grafana:3000/d/1"))
    )

    shown = set().union(*map(action_ids, world.sandbox.messages(world.channel)))
    assert {each for each in shown if each.startswith("alert_")} == {"alert_source"}
    assert "<http://grafana:3000/d/1|Dashboard>" in world.card()
    assert "javascript" not in " ".join(world.texts())


async def test_each_of_several_alerts_has_its_links_behind_it(world: World) -> None:
    one, other = helped(world, "HighCPU", runbook_url=RUNBOOK), helped(world, "DiskFull", runbook_url=DASHBOARD)

    await sends(world, a_notification(one, other))

    (told,) = messages_with(world, "*2 alerts*")
    assert f"<{RUNBOOK}|Runbook>" in told
    assert f"<{DASHBOARD}|Runbook>" in told


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_redaction_takes_the_description_off_the_card(world: World) -> None:
    await sends(world, a_notification(helped(world, description="The password is swordfish")))
    assert "swordfish" in world.card()
    detection = next(each for each in await world.timeline() if each["kinds"] == ["detection"])

    await world.types("oncall", f"/incident redact {detection['ref'].removeprefix('entry-')} a password")
    await world.finish()

    assert "swordfish" not in " ".join([world.card(), *world.texts()])


@pytest.mark.parametrize(("label", "severity"), [("critical", "SEV2"), ("warning", "SEV3"), ("P1", "SEV1")])
async def test_usual_words_set_the_severity(world: World, label: str, severity: str) -> None:
    await sends(world, a_notification(an_alert(at=world.now, severity=label)))

    assert (await world.exported())["incident"]["severity"] == severity
    assert "is not mapped" not in world.card()


async def test_a_word_that_means_nothing_is_named_until_somebody_sets_the_severity(world: World) -> None:
    await sends(world, a_notification(an_alert(at=world.now, severity="Disaster")))
    assert "`severity=Disaster` is not mapped: *SEV3*." in world.card()

    await world.presses("dba", "alert_severity")
    await world.submits("dba", severity="SEV1", text="nobody can pay")
    await world.finish()

    assert (await world.exported())["incident"]["severity"] == "SEV1"
    assert "is not mapped" not in world.card()


@pytest.mark.world(config="[alerts]\ndefault_severities = false\n")
async def test_the_usual_words_can_be_switched_off(world: World) -> None:
    await sends(world, a_notification(an_alert(at=world.now, severity="critical")))

    assert (await world.exported())["incident"]["severity"] == "SEV3"
    assert "is not mapped" not in world.card()


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
