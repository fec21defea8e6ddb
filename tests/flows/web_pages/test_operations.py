"""The pages for admins: health, outbox, tokens, configuration, audit."""

import re

import pytest

from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import TOKEN, World

ADMIN = '[pages]\nadmins = ["U0ENGINEER"]\n'
PAGES = ("/admin", "/admin/outbox", "/admin/tokens", "/admin/settings", "/admin/audit")
CONFIGURED = (
    ADMIN
    + """
[incidents]
channel_prefix = "inc"
default_severity = "SEV2"
[paging.webhook.services]
siren = "https://hooks.example.com/services/T0/very-secret-path"
"""
)

pytestmark = pytest.mark.world(config=ADMIN)


async def sends(ana: Visitor, page: Answer, path: str, **fields: str) -> Answer:
    answer = await ana.sends(path, form_token=page.field("form_token"), **fields)
    await ana.world.settle()
    return answer


async def test_only_admins_open_the_pages(world: World) -> None:
    async with Visitor(world) as admin, Visitor(world) as other, Visitor(world) as stranger:
        await admin.signs_in("engineer")
        await other.signs_in("dba")
        home = await other.opens("/")
        for path in PAGES:
            opened, refused, asked = await admin.opens(path), await other.opens(path), await stranger.opens(path)
            assert (opened.status, refused.status, asked.status) == (200, 403, 303)
            assert "for admins" in refused.words
            assert "Content-Security-Policy" in opened.headers
            assert "<style" not in opened.text
            assert " style=" not in opened.text
        for path in ("/admin", "/admin/outbox"):
            assert (await sends(other, home, path, drop="1")).status == 403
            assert (await admin.sends(path, drop="1")).status == 403, "without the form's token"

        assert "Operations" in (await admin.opens("/")).words
        assert "Operations" not in home.words


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_failed_rows_are_tried_again_and_dropped(world: World) -> None:
    for method, error in (("pins.add", "too_many_pins"), ("conversations.setTopic", "restricted_action")):
        world.sandbox.fault("error", method, error=error)
    await world.declares("checkout is down")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/admin/outbox")
        assert "Failed: 2" in page.words
        [pin] = re.findall(r'value="(\d+)" aria-label="Try again: Pin the card, INC-1', page.text)
        [topic] = re.findall(r'value="(\d+)" aria-label="Drop: Set the topic, INC-1', page.text)
        for wrong in ("", "x", "-1", "٣", "9" * 30):
            assert (await sends(ana, page, "/admin/outbox", retry=wrong)).status == 400
        world.sandbox.clear_faults()
        again = await sends(ana, page, "/admin/outbox", retry=pin)
        dropped = await sends(ana, page, "/admin/outbox", drop=topic)
        await world.finish()
        after = await ana.opens("/admin/outbox")

    assert (again.status, dropped.location) == (303, "/admin/outbox")
    assert "Failed: 0" in after.words
    assert len(world.sandbox.pins(world.channel)) == 1
    done = await world.audited()
    assert ("U0ENGINEER", "outbox tried again") in done
    assert ("U0ENGINEER", "outbox dropped") in done


async def test_private_incidents_of_others_are_nowhere(world: World) -> None:
    world.sandbox.fault("error", "pins.add", error="too_many_pins")
    await world.declares("merger talks leaked private:yes")
    async with Visitor(world) as admin:
        await admin.signs_in("engineer")
        for path in PAGES:
            page = await admin.opens(path)
            assert "INC-1" not in page.text
            assert "merger" not in page.text
        assert "Pin the card · a private incident" in (await admin.opens("/admin/outbox")).words


async def test_the_report_of_the_doctor(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        before = await ana.opens("/admin")
        run = await sends(ana, before, "/admin")
        report = await ana.opens(run.location)

    assert "did not run" in before.words
    assert re.search(r"\d+ failed, \d+ warning, \d+ ok", report.words)
    assert "configuration: no errors in" in report.words
    assert "bot token: " in report.words
    assert "outbox: " in report.words


@pytest.mark.world(config=CONFIGURED)
async def test_the_configuration_has_origins_and_no_secrets(world: World) -> None:
    await world.posts("generic", {"title": "disk is full"})
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        settings = await ana.opens("/admin/settings")
        changed = await ana.opens("/admin/settings?changed")
        tokens = await ana.opens("/admin/tokens")

    for row in (
        'incidents.default_severity "SEV2" file',
        'pages.admins ["U0ENGINEER"] file',
        "storms.incidents",
        "DOGWATCH_ALERT_TOKEN set, not shown environment",
        "DOGWATCH_HEARTBEAT_URL not set default",
        "DOGWATCH_PORT",
        'paging.webhook.services.siren "https://hooks.example.com/…" file',
    ):
        assert row in settings.words, row
    assert "incidents.zone" in settings.words
    assert "incidents.zone" not in changed.words
    assert "incidents.default_severity" in changed.words
    assert re.search(r"Alerts from generic, by the common token last used 20\d\d-", tokens.words)
    assert "Alerts from grafana, by the common token not used yet" in tokens.words
    assert "SLACK_BOT_TOKEN environment" in tokens.words
    secrets = [TOKEN, "very-secret-path", world.sandbox.bot_token, world.sandbox.signing_secret, "a secret key that"]
    for page in (settings, changed, tokens):
        assert [each for each in secrets if each in page.text] == []


@pytest.mark.world(config=ADMIN, databases=BOTH_DATABASES)
async def test_the_audit_is_filtered_by_person_action_and_day(world: World) -> None:
    await world.declares("checkout is down")
    await world.types("dba", "/incident note <script>alert(1)</script>")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        whole = await ana.opens("/admin/audit")
        person = await ana.opens("/admin/audit?person=@engineer")
        action = await ana.opens("/admin/audit?action=SIGNED")
        later = await ana.opens("/admin/audit?since=2026-03-03")
        today = await ana.opens("/admin/audit?since=2026-03-02&until=2026-03-02&before=99999999")
        nobody = await ana.opens("/admin/audit?person=%3Cb%3E&since=yesterday")
        unstorable = await ana.opens("/admin/audit?person=%00&action=%00")

    assert "engineer : signed in by a page in the browser · way: login link" in whole.words
    assert "INC-1" in whole.words
    assert "INC-1" not in person.words
    assert "signed in" in action.words
    assert "INC-1" not in action.words
    assert "No action matches" in later.words
    assert "INC-1" in today.words
    assert "Nobody is known as <b>" in nobody.words
    assert "Nobody is known as \ufffd" in unstorable.words
    assert "<script>" not in whole.text
