"""Alert routes: service, severity, ignore, attach."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.sent_notifications import messages_with, sends
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
