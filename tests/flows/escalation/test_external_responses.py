"""Acknowledgements outside Slack: link, PagerDuty's and Opsgenie's webhooks."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from bot.domain.text.normalize import MAX_ID
from tests.support.worlds.contact_methods import MAIL, OPSGENIE_SECRET, PAGERDUTY_SECRET, ContactMethodWorld, request
from tests.support.worlds.databases import BOTH_DATABASES

pytestmark = pytest.mark.world(kind=ContactMethodWorld, config="")


def event(kind: str, key: str) -> dict[str, Any]:
    """An event of PagerDuty's webhooks, version 3."""
    return {
        "event": {
            "id": "01BWKUNPJN5GWQKF5UZ6KXO9QH",
            "event_type": kind,
            "resource_type": "incident",
            "occurred_at": "2026-03-02T14:02:00.169Z",
            "agent": {"id": "PLH1HKV", "summary": "night desk", "type": "user_reference"},
            "client": None,
            "data": {
                "id": "PGR0VU2",
                "type": "incident",
                "number": 2,
                "status": "acknowledged",
                "incident_key": key,
                "title": "INC-1",
                "service": {"id": "PF9KMXH", "type": "service_reference"},
            },
        }
    }


def signed(body: bytes, secret: str = PAGERDUTY_SECRET) -> str:
    return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def post_pagerduty(world: ContactMethodWorld, payload: Any, signature: str | None = None) -> tuple[int, Any]:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = {"X-PagerDuty-Signature": signed(body) if signature is None else signature}
    status, text, _ = await request(world, "POST", "/paging/pagerduty", data=body, headers=headers)
    return status, json.loads(text)


async def post_opsgenie(world: ContactMethodWorld, payload: Any, secret: str = OPSGENIE_SECRET) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {secret}"}
    status, text, _ = await request(world, "POST", "/paging/opsgenie", data=json.dumps(payload), headers=headers)
    return status, json.loads(text)


async def test_pagerduty_acknowledgement_is_recorded_once(world: ContactMethodWorld) -> None:
    await world.declares()
    await world.calls("pagerduty:payments")
    [key] = world.pagerduty.alerts

    assert await post_pagerduty(world, event("incident.triggered", key)) == (200, {"ok": True, "answered": 0})
    body = json.dumps(event("incident.acknowledged", key)).encode()
    rotated = f"v1={'0' * 64},{signed(body)}"
    assert await post_pagerduty(world, body, rotated) == (200, {"ok": True, "answered": 1})

    [escalation] = (await world.exported())["escalations"]
    assert (escalation["acknowledged_at"] is not None, escalation["acknowledged_by_id"]) == (True, None)
    assert any("acknowledged by night desk" in text and "PagerDuty" in text for text in world.texts())
    before = await world.audited()
    for kind in ("incident.acknowledged", "incident.resolved", "incident.triggered"):  # again, and out of order
        assert await post_pagerduty(world, event(kind, key)) == (200, {"ok": True, "answered": 0})
    assert await world.audited() == before


async def test_opsgenie_acknowledgement_is_recorded_once(world: ContactMethodWorld) -> None:
    await world.declares()
    await world.calls("opsgenie:eu-west")
    [alias] = world.opsgenie.alerts
    payload = {"action": "Acknowledge", "alert": {"alertId": "a-1", "alias": alias, "username": "night@example.test"}}

    assert await post_opsgenie(world, {**payload, "action": "Create"}) == (200, {"ok": True, "answered": 0})
    assert await post_opsgenie(world, payload) == (200, {"ok": True, "answered": 1})
    assert await post_opsgenie(world, payload) == (200, {"ok": True, "answered": 0})


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_forged_or_broken_webhook_changes_nothing(world: ContactMethodWorld) -> None:
    await world.declares()
    await world.calls("pagerduty:payments")
    await world.pages_by("opsgenie:eu-west")
    [key], [alias] = world.pagerduty.alerts, world.opsgenie.alerts
    right = event("incident.acknowledged", key)
    acknowledge = {"action": "Acknowledge", "alert": {"alias": alias}}
    before = await world.tables()

    assert (await post_pagerduty(world, right, ""))[0] == 401
    assert (await post_pagerduty(world, right, signed(b"{}")))[0] == 401
    assert (await post_pagerduty(world, right, signed(json.dumps(right).encode(), "another-secret-of-16")))[0] == 401
    for broken in (b"", b"[]", b"\xff", b'{"event": 1}', b"[" * 100_000, b'{"event": {"event_type": []}}'):
        assert (await post_pagerduty(world, broken))[0] == 400, broken[:20]
    assert (await post_pagerduty(world, b" " * 600_000))[0] == 413
    assert (await post_opsgenie(world, acknowledge, "another-secret-of-16"))[0] == 401
    for odd in ([], {}, {"action": "Acknowledge"}, {"action": 1, "alert": {}}):
        assert (await post_opsgenie(world, odd))[0] == 400
    nobody_s = "dogwatch.T0HARBOUR."
    for stranger in (
        "",
        "dogwatch.T0OTHER.1",
        f"{key}0",
        f"{nobody_s}x",
        "x" * 600,
        nobody_s + "9" * 30,
        f"{nobody_s}{MAX_ID + 1}",
        alias,
    ):
        payload = event("incident.acknowledged", stranger)
        assert await post_pagerduty(world, payload) == (200, {"ok": True, "answered": 0})
    assert await world.tables() == before


POLICY = """
[policies.payments]
[[policies.payments.levels]]
targets = ["pagerduty:payments"]
wait = 5
[[policies.payments.levels]]
targets = ["webhook:bridge", "U0DBA"]
"""


async def test_a_pagerduty_service_as_a_level_of_a_policy(database_url: str, tmp_path: Path) -> None:
    async with ContactMethodWorld(database_url, tmp_path, lambda *_: True, config=POLICY) as world:
        await world.declares("checkout is down sev:1")
        await world.types("oncall", "/incident escalate policy:payments the pool is full")
        await world.finish()

        [key] = world.pagerduty.alerts
        [escalation_text] = [text for text in world.texts() if text.startswith(":mega:") and "the pool is full" in text]
        assert "*PagerDuty payments*" in escalation_text
        assert "<@>" not in "".join(world.texts())
        await post_pagerduty(world, event("incident.acknowledged", key))
        await world.advance(minutes=10)
        assert world.receiver.took == [], "whoever answers there answers for the level"

        await world.types("oncall", "/incident escalate policy:payments and again")
        await world.advance(minutes=6)
        assert len(world.pagerduty.alerts) == 2
        assert [payload["for"] for payload in world.receiver.took] == ["Webhook bridge"]
        assert "*Webhook bridge*" in "".join(world.texts())


ALL = """
[policies.both]
[[policies.both.levels]]
targets = ["U0DBA", "U0DEVELOPER"]
acknowledge = "all"
"""


async def test_a_used_link_is_refused_while_others_are_needed(tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path / 'dogwatch.db'}"
    async with ContactMethodWorld(database_url, tmp_path, lambda *_: True, config=ALL) as world:
        await world.declares()
        await world.types("oncall", "/incident escalate policy:both please")
        await world.pages_by("email", address=MAIL)
        path = await world.link_in_mail()

        for _ in range(2):
            status, text, _headers = await request(world, "POST", path)
            assert (status, "Others must acknowledge as well." in text, "<button" in text) == (200, True, False)
        assert await world.acknowledged_by() == [None], "the other one is still waited for"


async def test_a_late_webhook_does_not_restore_an_acknowledgement(tmp_path: Path) -> None:
    """PagerDuty echoes our own changes, and retries deliveries for hours."""
    async with ContactMethodWorld(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, lambda *_: True) as world:
        await world.declares()
        await world.calls("pagerduty:payments")
        [key] = world.pagerduty.alerts
        await world.types("oncall", "/incident ack")
        await world.advance(minutes=1)
        await world.types("oncall", "/incident unack")
        assert await world.acknowledged_by() == [None]

        assert await post_pagerduty(world, event("incident.acknowledged", key)) == (200, {"ok": True, "answered": 0})
        await world.advance(minutes=1)
        await world.pages_by("pagerduty:payments")
        newer = [each for each in world.pagerduty.alerts if each != key]
        assert len(newer) == 1, "a new call rings anew"
        assert await post_pagerduty(world, event("incident.acknowledged", newer[0])) == (
            200,
            {"ok": True, "answered": 1},
        )


BY_SERVICE = """
[paging]
default = ["pagerduty:payments"]
bundle_after = 1
"""


async def calls_the_dba(world: ContactMethodWorld, number: int) -> None:
    await world.types("oncall", f"/incident start queue {number} is stuck", "ops")
    await world.types("oncall", f"/incident escalate INC-{number} <@U0DBA|dba> look at {number}", "ops")


async def test_pagerduty_acknowledgement_of_a_page_after_a_bundle(tmp_path: Path) -> None:
    """The first page is in a bundle with another key; its repetition has its own."""
    async with ContactMethodWorld(
        f"sqlite:///{tmp_path / 'd.db'}", tmp_path, lambda *_: True, config=BY_SERVICE
    ) as world:
        for number in (1, 2, 3):
            await calls_the_dba(world, number)
        await world.advance(seconds=10)
        before = set(world.pagerduty.alerts)
        assert len(before) == 2, "the last two are one call"
        for number in (1, 2):
            await world.types("oncall", f"/incident ack INC-{number}", "ops")
        await world.advance(minutes=6)

        [key] = set(world.pagerduty.alerts) - before
        assert await post_pagerduty(world, event("incident.acknowledged", key)) == (200, {"ok": True, "answered": 1})
        [answered] = (await world.exported("INC-3"))["escalations"]
        assert answered["acknowledged_at"] is not None


async def test_pagerduty_acknowledgement_counts_for_all_escalations_of_a_page(tmp_path: Path) -> None:
    """The first page is alone; its repetition has the same key and another escalation."""
    async with ContactMethodWorld(
        f"sqlite:///{tmp_path / 'd.db'}", tmp_path, lambda *_: True, config=BY_SERVICE
    ) as world:
        await calls_the_dba(world, 1)
        [key] = world.pagerduty.alerts
        await world.advance(seconds=270)
        await calls_the_dba(world, 2)
        await world.advance(seconds=31)
        await calls_the_dba(world, 3)
        await world.advance(seconds=10)
        assert len(world.pagerduty.alerts) == 2, "the third came with the first one's reminder"

        assert await post_pagerduty(world, event("incident.acknowledged", key)) == (200, {"ok": True, "answered": 2})
        [answered] = (await world.exported("INC-3"))["escalations"]
        assert answered["acknowledged_at"] is not None
