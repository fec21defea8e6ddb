"""Alert routes: service, severity, ignore, attach."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cli.alert_preview import explain_alert
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.sent_notifications import alerts_kept, messages_with, sends
from tests.support.worlds.world import World

ROUTES = """
[services.checkout]
severity = "SEV2"

[services.payments]
severity = "SEV4"

[alerts.severities]
page = "SEV1"

[[routes]]
match = ['env="dev"']
action = "ignore"

[[routes]]
match = ['team=~"pay.*"', 'severity!="info"']
service = "payments"
severity = "SEV1"

[[routes]]
match = ['alertname!~"High.*|Disk.*"']
action = "ignore"

[[routes]]
match = ['attach="yes"']
action = "attach"
"""


@pytest.fixture
async def routed(database_url: str, tmp_path: Path) -> Any:
    async with World(database_url, tmp_path, config=ROUTES) as built:
        yield built


@pytest.mark.parametrize(
    ("labels", "severity", "services"),
    [
        ({"team": "payments", "severity": "critical"}, "SEV1", ["payments"]),
        ({"team": "payments", "severity": "info"}, "SEV4", []),
        ({"team": "repayments"}, "SEV3", []),
        ({"service": "checkout"}, "SEV2", ["checkout"]),
        ({"service": "checkout", "severity": "page"}, "SEV1", ["checkout"]),
        ({"service": "search", "severity": "critical"}, "SEV2", ["search"]),
    ],
)
async def test_routes_set_service_and_severity(
    routed: World, labels: dict[str, str], severity: str, services: list[str]
) -> None:
    await sends(routed, a_notification(an_alert(at=routed.now, **labels)))

    incident = (await routed.exported())["incident"]
    assert (incident["severity"], incident["services"]) == (severity, services)
    assert severity in routed.card()


async def test_the_worst_of_a_group_rates_it_and_all_services_are_named(routed: World) -> None:
    at = routed.now
    await sends(
        routed,
        a_notification(
            an_alert(at=at, service="search"), an_alert(at=at, service="checkout"), an_alert(at=at, team="pay")
        ),
    )

    incident = (await routed.exported())["incident"]
    assert (incident["severity"], set(incident["services"])) == ("SEV1", {"search", "checkout", "payments"})


async def test_a_route_may_ignore(routed: World) -> None:
    before = await routed.tables()

    answer = await sends(routed, a_notification(an_alert(at=routed.now, env="dev"), an_alert("Odd", at=routed.now)))

    assert answer == {"ok": True, "recorded": 0, "ignored": 2, "incidents": []}
    assert await routed.tables() == before


async def test_a_route_may_attach_only(routed: World) -> None:
    alone = await sends(routed, a_notification(an_alert(at=routed.now, attach="yes", service="checkout"), group="a"))
    assert alone["incidents"] == []
    assert routed.channels == []

    await routed.declares("checkout is slow service:checkout")
    await routed.declares("search is slow service:search")
    with_it = a_notification(an_alert(at=routed.now, attach="yes", service="checkout"), group="b")
    answer = await sends(routed, with_it)

    assert answer["incidents"] == ["INC-1"]
    assert messages_with(routed, "HighCPU", routed.channels[0])
    assert not messages_with(routed, "HighCPU", routed.channels[1])


HOURS = """
[incidents]
zone = "Europe/Paris"

[[routes]]
match = ['severity="info"']
action = "ignore"
hours = "18:00-09:00"
"""


@pytest.mark.world(config=HOURS, start=datetime(2026, 11, 18, 16, 59, tzinfo=UTC))
async def test_a_route_with_hours_decides_by_the_time_of_receipt(world: World, tmp_path: Path) -> None:
    """17:59 in Paris: the alert opens an incident. At night another is ignored, but the first one's end is not."""
    day = {"title": "slow", "id": "1", "severity": "info", "starts_at": "2026-11-18T03:00:00Z"}
    night = {**day, "id": "2", "title": "slower", "starts_at": "2026-11-18T16:00:00Z"}
    file = tmp_path / "body.json"
    file.write_text(json.dumps(night))

    opened = await world.posts("generic", day)
    await world.finish()
    await world.advance(minutes=1)
    ignored = await world.posts("generic", night)
    ended = await world.posts("generic", {**day, "status": "resolved"})
    now = await explain_alert(world.settings(), str(file), "generic", world.now)
    tomorrow = await explain_alert(world.settings(), str(file), "generic", world.now + timedelta(hours=15))
    await world.advance(hours=15)
    repeated = await world.posts("generic", night)

    assert opened[1] == {"ok": True, "recorded": 1, "ignored": 0, "incidents": ["INC-1"]}
    assert ignored[1] == {"ok": True, "recorded": 0, "ignored": 1, "incidents": []}
    assert ended[1]["incidents"] == ["INC-1"]
    assert [alert.status for alert in await alerts_kept(world)] == ["resolved", "firing"]
    assert now["alerts"][0]["route"].startswith('route 1 (severity="info"; every day 18:00-09:00 Europe/Paris)')
    assert tomorrow["alerts"][0]["route"].startswith(
        "route 1 is for every day 18:00-09:00 Europe/Paris and not for Thu 09:0"
    )
    assert repeated[1]["incidents"] == ["INC-2"]
