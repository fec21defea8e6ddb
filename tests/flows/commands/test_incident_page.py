"""An incident's page backs each statement of the draft, for holders of its link only."""

import json
import re

import pytest

from bot.config.crypto import incident_page_link
from tests.support.worlds.world import World


def path_of(world: World, reference: str = "INC-1") -> str:
    """The page's address without the host, from the draft."""
    link = incident_page_link(world.bot.settings, reference)
    return link[link.index("/incidents/") :]


async def test_every_statement_has_its_anchor(world: World) -> None:
    await world.declares("Payments <fail> & burn at:13:50")
    ts = await world.says("engineer", "@dba <script>alert(1)</script>")
    await world.reacts("oncall", ts, "mag")
    await world.types("oncall", "/incident status identified")
    await world.types("oncall", "/incident escalate @dba the pool")
    await world.types("dba", "/incident ack")
    await world.types("oncall", "/incident task write it down")
    await world.types("oncall", "/incident note at:? somewhere in between")
    await world.types("oncall", "/incident resolve rolled back")

    status, page = await world.gets(path_of(world))

    assert status == 200
    exported = await world.exported()
    refs = [
        *(each["ref"] for each in exported["timeline"]),
        *(each["ref"] for each in exported["escalations"]),
        *(each["ref"] for each in exported["actions"]),
    ]
    anchors = re.findall(r'id="([^"]+)"', page)
    assert set(refs) <= set(anchors)
    assert len(anchors) == len(set(anchors))
    assert "<script>" not in page
    assert "Payments &lt;fail&gt; &amp; burn" in page
    assert "@dba &lt;script&gt;" in page
    assert "cause identified" in page, "an entry without a text says what it changed"
    assert "message deleted" not in page.casefold()
    assert "time not known" in page
    assert "12m" in page, "the duration of the impact"


async def test_what_was_withdrawn_is_struck_and_what_was_deleted_is_gone(world: World) -> None:
    await world.declares()
    withdrawn = await world.says("engineer", "never mind this")
    await world.reacts("oncall", withdrawn, "mag")
    await world.unreacts("oncall", withdrawn, "mag")
    deleted = await world.says("engineer", "hunter2")
    await world.reacts("oncall", deleted, "mag")
    await world.deletes("engineer", deleted)

    _, page = await world.gets(path_of(world))

    assert "<del>never mind this</del>" in page
    assert "hunter2" not in page
    assert "Message deleted" in page


@pytest.mark.parametrize(
    "path",
    [
        "/incidents/INC-1?key=",
        "/incidents/INC-1?key=00000000000000000000000000000000",
        "/incidents/INC-1?key=%00",
        "/incidents/INC-1?key=%F0%9F%94%A5",
        "/incidents/INC-99?key=",
        "/incidents/..%2F..%2Fetc?key=x",
    ],
)
async def test_without_the_key_there_is_nothing(world: World, path: str) -> None:
    await world.declares()

    status, page = await world.gets(path)

    assert status == 404
    assert "checkout" not in page


async def test_without_a_key_it_asks_to_sign_in(world: World) -> None:
    await world.declares()

    for path in ("/incidents/INC-1", "/incidents/INC-99"):
        status, page = await world.gets(path)
        assert (status, "Sign in" in page, "checkout" in page) == (200, True, False)


async def test_the_key_of_one_incident_opens_no_other(world: World) -> None:
    await world.declares("first")
    await world.declares("second")
    key = path_of(world).partition("?")[2]

    assert (await world.gets(f"/incidents/INC-1?{key}"))[0] == 200
    assert (await world.gets(f"/incidents/inc-1?{key}"))[0] == 200
    assert (await world.gets(f"/incidents/INC-2?{key}"))[0] == 404


async def test_the_draft_leads_to_the_page(world: World) -> None:
    """A typed entry without a message of the bot is backed by the page."""
    world.sandbox.fault("error", method="conversations.create", error="restricted_action")
    await world.types("oncall", "/incident start checkout is down", "ops")
    await world.types("oncall", "/incident note INC-1 typed", "ops")
    await world.finish()

    entry = (await world.timeline())[-1]

    assert entry["link"].endswith(f"{path_of(world)}#{entry['ref']}")


async def test_the_pages_for_machines(world: World) -> None:
    await world.declares()

    assert await world.gets("/livez") == (200, '{"ok": true}')
    told = {"ok": True, "problems": {}, "configuration": world.bot.configuration.fingerprint}
    assert await world.gets("/readyz") == (200, json.dumps(told))
    status, metrics = await world.gets("/metrics")
    assert status == 200
    assert "# HELP" in metrics
    assert (await world.gets("/nothing"))[0] == 404


async def test_who_led_stands_there_once_with_the_times(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")
    assert "<dt>Lead</dt><dd>oncall</dd>" in (await world.gets(path_of(world)))[1]

    await world.advance(minutes=5)
    await world.types("oncall", "/incident handover <@U0DBA|dba>")
    _, page = await world.gets(path_of(world))

    [lead] = re.findall(r"<dt>Lead</dt><dd>([^<]*)</dd>", page)
    assert re.fullmatch(
        r"oncall \(2026-03-02 (\d\d:\d\d) to (\d\d:\d\d UTC)\), dba \(since 2026-03-02 \d\d:\d\d UTC\)", lead
    ), lead
