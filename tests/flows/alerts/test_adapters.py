"""A sender that the operator describes: over HTTP, on the page and on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli.alert_preview import explain_alert
from bot.domain.errors import UserError
from tests.support.requests.sent_notifications import alerts_kept
from tests.support.requests.strangers import counted
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import TOKEN, World

ACME = """
[alerts.sources.acme]
items = "/checks"
title = "{/name} fails on {/host}"
key = "{/host}/{/name}"
service = ["/service", "#/service"]
severity = "/level"
status = { from = "/state", values = { CRIT = "firing", OKAY = "resolved", NOTE = "ignore" } }
"""
CRITICAL = {"service": "checkout", "checks": [{"name": "disk", "host": "web-1", "state": "CRIT", "level": "SEV1"}]}


def with_state(state: str, **fields: Any) -> dict[str, Any]:
    return {"service": "checkout", "checks": [{**CRITICAL["checks"][0], "state": state, **fields}]}


@pytest.mark.world(config=ACME, databases=BOTH_DATABASES)
async def test_a_described_sender_opens_an_incident_once_and_ends_its_alert(world: World) -> None:
    opened = await world.posts("acme", CRITICAL)
    again = await world.posts("acme", CRITICAL)
    noted = await world.posts("acme", with_state("NOTE"))
    await world.finish()

    assert opened == (200, {"ok": True, "recorded": 1, "ignored": 0, "incidents": ["INC-1"]})
    assert again[1]["incidents"] == ["INC-1"]
    assert noted[1]["note"].startswith("Ignored")
    assert "disk fails on web-1" in world.card()
    assert "SEV1" in world.card()
    assert "checkout" in world.card()
    ended = await world.posts("acme", with_state("OKAY"))
    assert ended == opened
    (alert,) = await alerts_kept(world)
    assert (alert.source, alert.fingerprint, alert.status) == ("acme", "web-1/disk", "resolved")


@pytest.mark.world(config=ACME)
async def test_what_is_missing_is_refused_by_place_and_stores_nothing(world: World) -> None:
    before = await world.tables()
    two = {"service": "checkout", "checks": [*CRITICAL["checks"], {"name": "disk", "state": "CRIT"}]}

    missing = await world.posts("acme", two)
    forged = await world.posts("acme", CRITICAL, token="not-the-token-at-all")
    unproven = await world.posts("acme", CRITICAL, token=None)
    unknown = await world.posts("acmee", CRITICAL)
    in_address = await world.posts(f"acme?token={TOKEN}", b"no json", token=None)

    assert missing[0] == 400
    assert missing[1]["field"] == "/checks/1/host"
    assert "[alerts.sources.acme] reads the key there" in missing[1]["error"]
    assert [forged[0], unproven[0], unknown[0], in_address[0]] == [401, 401, 404, 400]
    assert "or a name that dogwatch.toml describes" in unknown[1]["error"]
    assert "acme" not in unknown[1]["error"], "strangers learn no names of senders"
    assert await world.tables() == before
    assert counted("dogwatch_requests", kind="alerts/acme", outcome="401") >= 2


@pytest.mark.world(config=ACME)
async def test_a_body_is_tried_on_the_page_and_on_the_command_line(world: World, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(CRITICAL))
    before = await world.tables()

    found = await explain_alert(world.settings(), str(file), "acme", world.now)
    with pytest.raises(UserError, match="Did you mean `acme`"):
        await explain_alert(world.settings(), str(file), "acne", world.now)
    file.write_text(json.dumps({"checks": [{}]}))
    refused = await explain_alert(world.settings(), str(file), "acme", world.now)
    assert await world.tables() == before
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/alerts")
        token = page.field("form_token")
        tried = await ana.sends("/alerts", form_token=token, source="acme", body=json.dumps(CRITICAL))
        wrong = await ana.sends("/alerts", form_token=token, source="acme", body='{"checks": [{}]}')
        await world.posts("acme", CRITICAL)
        listed = await ana.opens("/alerts?source=acme")

    (alert,) = found["alerts"]
    assert (alert["fingerprint"], alert["service"], alert["severity"]) == ("web-1/disk", "checkout", "SEV1")
    assert refused["field"] == "/checks/0/state"
    assert "<option>acme</option>" in page.text
    assert "It would open SEV1 · disk fails on web-1 for checkout" in tried.words
    assert (wrong.status, "reads the status there" in wrong.words) == (400, True)
    assert "disk fails on web-1" in listed.words
