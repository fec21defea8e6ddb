"""The page Now: open incidents, people on call, alerts without an incident."""

import re

import pytest

from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.oncall import POLICY, WEEKS
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

ATTACHED = """
[[routes]]
match = ["alertname = DiskFillsUp"]
action = "attach"
"""


async def test_whoever_is_not_signed_in_is_sent_to_sign_in(world: World) -> None:
    async with Visitor(world) as stranger:
        answer = await stranger.opens("/")

    assert (answer.status, answer.location) == (303, "/sign-in?next=/")


async def test_a_calm_hour(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/")

    assert page.status == 200
    for words in ("Open incidents: 0", "No incident is open", "no on-call schedules", "None in the last 24 hours"):
        assert words in page.words


@pytest.mark.world(config=WEEKS + POLICY)
async def test_what_is_on_now(world: World) -> None:
    await world.declares("checkout is down sev:1 service:checkout")
    await world.types("oncall", "/incident lead @oncall")
    await world.advance(minutes=1)

    async with Visitor(world) as ana:
        await ana.signs_in("dba")
        page = await ana.opens("/")

    words = page.words
    assert "SEV1 INC-1 · checkout is down" in words
    assert "Lead oncall" in words
    assert re.search(r"Age [2-4]m since", words)
    assert "Waiting for" in words
    assert "Next: level 2 of 2 in" in words
    assert "State the impact" in words
    assert re.search(r"payments engineer until 2026-03-09 \d\d:\d\d EAT , then oncall", words), words
    assert "<@" not in words
    assert not re.search(r"U0[A-Z]{3,}", words), "people have names"


@pytest.mark.world(config=ATTACHED)
async def test_an_alert_that_opens_nothing_is_listed_until_it_ends(world: World) -> None:
    await world.posts("alertmanager", a_notification(an_alert("DiskFillsUp", at=world.now)))
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        firing = await ana.opens("/")
        await world.posts("alertmanager", a_notification(an_alert("DiskFillsUp", at=world.now, ended=world.now)))
        ended = await ana.opens("/")

    assert "without an incident: 1 DiskFillsUp" in firing.words
    assert "DiskFillsUp" not in ended.words


async def test_a_private_incident_is_on_the_page_of_its_members_only(world: World) -> None:
    await world.declares("merger talks leaked private:yes")
    async with Visitor(world) as member, Visitor(world) as other:
        await member.signs_in("oncall")
        await other.signs_in("engineer")

        assert "merger talks leaked" in (await member.opens("/")).words
        hidden = await other.opens("/")
        assert "Open incidents: 0" in hidden.words
        assert "INC-1" not in hidden.text
        assert "merger" not in hidden.text


async def test_while_slack_is_away_the_page_works_and_hides_private_incidents(world: World) -> None:
    await world.declares("checkout is down")
    await world.declares("merger talks leaked private:yes")
    async with Visitor(world) as member:
        await member.signs_in("oncall")
        world.sandbox.fault("error", "conversations.members", error="internal_error")
        page = await member.opens("/")

    assert page.status == 200
    assert "checkout is down" in page.words
    assert "merger" not in page.text


async def test_what_people_write_stays_text(world: World) -> None:
    await world.declares("<script>alert(1)</script> <@U0DBA> & <!channel>")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/")

    assert re.findall("<script[^>]*>", page.text) == re.findall(
        '<script src="/script.js[?]v=[0-9a-f]+" defer>', page.text
    )
    assert "@dba" in page.words
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


async def test_who_left_sees_nothing(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        world.sandbox.change_user("engineer", deleted=True)
        await world.settle()

        assert (await ana.opens("/")).status == 303
