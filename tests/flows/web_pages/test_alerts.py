"""The page Alerts: what came in, and what a body would do."""

import json
import re
from pathlib import Path

import pytest

from bot.cli.alert_preview import explain_alert
from bot.services.alerts.preview import Outcome
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.oncall import POLICY, WEEKS
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

ROUTES = """
[[routes]]
match = ["alertname = Watchdog"]
action = "ignore"
[[routes]]
match = ["alertname = DiskFillsUp"]
action = "attach"
"""
GRAVE = {"title": "checkout answers 502", "service": "checkout", "severity": "SEV1", "id": "a1"}


async def tries(ana: Visitor, body: object, source: str = "generic") -> Answer:
    token = (await ana.opens("/alerts")).field("form_token")
    text = body if isinstance(body, str) else json.dumps(body)
    return await ana.sends("/alerts", form_token=token, source=source, body=text)


@pytest.mark.world(config=ROUTES)
async def test_what_came_in_and_what_it_opened(world: World) -> None:
    for name in ("DiskFillsUp", "HighErrors"):
        await world.posts("alertmanager", a_notification(an_alert(name, at=world.now)))
    await world.finish()
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/alerts")
        ended = await ana.opens("/alerts?status=resolved&source=alertmanager")

    assert re.search(r"HighErrors .*firing .*open as SEV\d no route; severity .*INC-1 · ", page.words), page.words
    assert re.search(r'DiskFillsUp.*attach as SEV\d route 2 \(alertname="DiskFillsUp"\).*Incident none', page.words)
    assert page.words.index("HighErrors") < page.words.index("DiskFillsUp"), "the newest first"
    assert '<a href="/incidents/INC-1">' in page.text
    assert "No alert matches the filter" in ended.words


@pytest.mark.world(databases=BOTH_DATABASES)
@pytest.mark.world(config=ROUTES + "[services.checkout]")
async def test_alerts_of_a_private_incident_are_for_its_members(world: World) -> None:
    await world.declares("keys leaked private:yes service:checkout")
    alert = {"title": "odd logins", "service": "checkout", "labels": {"alertname": "DiskFillsUp"}, "id": "a1"}
    await world.posts("generic", alert)
    async with Visitor(world) as member, Visitor(world) as other:
        await member.signs_in("oncall")
        await other.signs_in("engineer")
        seen, hidden = await member.opens("/alerts"), await other.opens("/alerts")
        tried, guessed = await tries(member, {**alert, "id": "a2"}), await tries(other, {**alert, "id": "a2"})

    assert "INC-1 · keys leaked" in seen.words
    assert "joins the open incident: INC-1" in tried.words
    assert "is recorded and opens nothing" in guessed.words
    for page in (hidden, guessed):
        assert "INC-1" not in page.text
        assert "keys leaked" not in page.text
    assert "No alert came in yet" in hidden.words


async def test_older_alerts_are_on_further_pages(world: World) -> None:
    many = [{"title": f"disk {number} is full", "id": str(number), "group": "disks"} for number in range(60)]
    await world.posts("generic", many)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        first = await ana.opens("/alerts")
        older = re.search(r'href="(/alerts\?before=\d+)">Older', first.text)
        assert older
        second = await ana.opens(older[1])
        odd = await ana.opens("/alerts?before=-1%27&status=%3Cb%3E&source=x")

    titles = [re.findall(r"disk \d+ is full(?= firing)", page.words) for page in (first, second)]
    assert [len(each) for each in titles] == [50, 10]
    assert len({*titles[0], *titles[1]}) == 60
    assert "Older" not in second.words
    assert odd.status == 200


@pytest.mark.world(config=ROUTES + WEEKS + POLICY)
async def test_a_body_is_tried_without_doing_anything(world: World) -> None:
    await world.types("dba", "/incident help", "ops")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        before = await world.tables()
        opening = await tries(ana, GRAVE)
        ignored = await tries(ana, a_notification(an_alert("Watchdog", at=world.now)), "alertmanager")
        after = await world.tables()
        await world.posts("generic", GRAVE)
        again = await tries(ana, GRAVE)
        joining = await tries(ana, {**GRAVE, "id": "a2"})
        ending = await tries(ana, {**GRAVE, "status": "resolved"})
        await world.finish()
        await world.types("engineer", "/incident resolve rolled back", world.channel)
        reopening = await tries(ana, {**GRAVE, "id": "a3"})

    assert opening.status == 200, opening.words
    for words in (
        "It would open SEV1 · checkout answers 502 for checkout",
        "Policy pay would page: Level 1 schedule payments: engineer",
        "Level 2 U0MANAGER",
        "This alert opens an incident",
        "Label service checkout",
        "Fingerprint a1",
    ):
        assert words in opening.words, opening.words
    assert 'Route: ignore, by route 1 (alertname="Watchdog")' in ignored.words
    assert "open no incident and page nobody" in ignored.words
    assert after == before, "nothing was stored"
    assert Outcome.REPEAT.value in again.words
    assert "This alert joins the open incident: INC-1" in joining.words
    assert "This alert ends an alert of the incident: INC-1" in ending.words
    assert "This alert reopens the incident : INC-1" in reopening.words


async def test_a_body_that_is_refused_is_kept_and_explained(world: World) -> None:
    hostile = '{"title": "</textarea><script>alert(1)</script>", "status": "maybe"}'
    async with Visitor(world) as ana, Visitor(world) as stranger:
        await ana.signs_in("engineer")
        for source, body, problem in (
            ("generic", "not json", "would be refused"),
            ("generic", hostile, '"maybe" is not a status'),
            ("pigeon", "{}", "Choose the source"),
            ("alertmanager", '{"alerts": 1}', "would be refused"),
            ("generic", "[" * 100_000, "would be refused"),
        ):
            answer = await tries(ana, body, source)
            assert (answer.status, problem in answer.words) == (400, True), answer.words[:400]
            assert "<script>" not in answer.text
        assert "&lt;/textarea&gt;&lt;script&gt;" in (await tries(ana, hostile)).text
        assert (await ana.sends("/alerts", source="generic", body="{}")).status == 403
        assert (await stranger.opens("/alerts")).location == "/sign-in?next=/alerts"


@pytest.mark.world(config=WEEKS + POLICY)
async def test_the_command_line_says_the_same(world: World, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(GRAVE))
    settings = world.settings()

    found = await explain_alert(settings, str(file), "generic", world.now)
    await world.posts("generic", GRAVE)
    again = await explain_alert(settings, str(file), "generic", world.now)
    refused = await explain_alert(settings, str(file), "alertmanager", world.now)
    no_database = settings.model_copy(update={"database_url": type(settings.database_url)("sqlite:///nowhere/no.db")})
    without = await explain_alert(no_database, str(file), "generic", world.now)

    assert found["state"] == "read"
    assert found["alerts"][0]["outcome"] == "This alert opens an incident."
    [opened] = found["opens"]
    assert (opened["policy"], opened["severity"]) == ("pay", "SEV1")
    assert opened["pages"][0] == ["schedule payments: U0ENGINEER"]
    assert (again["alerts"][0]["incident"], again["opens"]) == ("INC-1", [])
    assert refused["field"]
    assert without["alerts"] == found["alerts"]
    assert without["state"].startswith("unknown")
