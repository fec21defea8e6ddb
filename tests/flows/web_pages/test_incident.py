"""The page of an incident for people who are signed in."""

import re

import pytest

from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World


async def has_a_story(world: World) -> None:
    await world.posts("alertmanager", a_notification(an_alert("HighErrors", at=world.now)))
    await world.finish()
    await world.reacts("oncall", await world.says("engineer", "is it the new cache?"), "thinking_face")
    await world.reacts("oncall", await world.says("dba", "restarted the cache"), "hammer_and_wrench")
    for line in ("lead @oncall", "task Alert on cache misses @dba", "update investigating We are looking", "note one"):
        await world.types("oncall", f"/incident {line}")
    await world.finish()


async def test_the_whole_record_is_on_the_page(world: World) -> None:
    await has_a_story(world)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/incidents/INC-1")

    assert page.status == 200
    for words in (
        "INC-1 · HighErrors",
        "Lead oncall",
        "Alerts",
        "is it the new cache?",
        "restarted the cache",
        "Alert on cache misses",
        "We are looking",
        "in Slack",
    ):
        assert words in page.words
    assert f"{world.sandbox.base_url}/archives/" in page.text
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "<style" not in page.text


@pytest.mark.world(config='[incidents]\nchannel_prefix = "prod-inc_eu"\n')
async def test_a_series_has_the_signs_of_the_channel_prefix(world: World) -> None:
    await world.types("oncall", "/incident start checkout is down", "ops")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/incidents/prod-inc_eu-1")
        missing = [
            await ana.opens(f"/incidents/{reference}{path}")
            for reference in (
                "PROD-INC_EU-2",
                "PROD-INC_EU-99999999999999999999",
                "INC-\N{ARABIC-INDIC DIGIT ONE}",
                "1",
            )
            for path in ("", "/live")
        ]

    assert (page.status, "PROD-INC_EU-1" in page.words) == (200, True)
    assert {each.status for each in missing} == {404}


async def test_filters_are_part_of_the_address(world: World) -> None:
    await has_a_story(world)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        by_kind = await ana.opens("/incidents/INC-1?kind=hypothesis")
        by_person = await ana.opens("/incidents/INC-1?person=U0DBA")
        by_text = await ana.opens("/incidents/INC-1?text=CACHE+restarted")
        nothing = await ana.opens("/incidents/INC-1?text=no+such+words")

    assert re.search(r"1 of \d+ entries", by_kind.words)
    assert "is it the new cache?" in by_kind.words
    assert "restarted the cache" not in by_kind.words
    assert '<option value="hypothesis" selected>' in by_kind.text
    assert "restarted the cache" in by_person.words
    assert "is it the new cache?" not in by_person.words
    assert '<option value="U0DBA" selected>dba' in by_person.text
    assert "restarted the cache" in by_text.words
    assert "is it the new cache?" not in by_text.words
    assert 'value="CACHE restarted"' in by_text.text
    assert re.search(r"0 of \d+ entries", nothing.words)
    assert "Show all" in nothing.words


async def test_a_private_incident_of_others_is_like_a_missing_one(world: World) -> None:
    await world.declares("merger talks leaked private:yes")
    async with Visitor(world) as member, Visitor(world) as other:
        await member.signs_in("oncall")
        await other.signs_in("engineer")
        seen = await member.opens("/incidents/INC-1")
        private = await other.opens("/incidents/INC-1?text=merger")
        missing = await other.opens("/incidents/INC-2?text=merger")

    assert "merger talks leaked" in seen.words
    assert "Private" in seen.words
    assert (private.status, missing.status) == (404, 404)
    assert private.text == missing.text


@pytest.mark.parametrize(
    "reference", ["INC-99", "INC-0", "INC-99999999999999999999", "INC-1%27--", "%00", "x" * 3000, "INC-%D9%A1", "-1"]
)
async def test_what_is_no_reference_is_a_missing_incident(world: World, reference: str) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        assert (await ana.opens(f"/incidents/{reference}")).status == 404


async def test_a_stranger_learns_nothing_of_which_incidents_exist(world: World) -> None:
    await world.declares("checkout is down")
    async with Visitor(world) as stranger:
        known = await stranger.opens("/incidents/INC-1?kind=note")
        unknown = await stranger.opens("/incidents/INC-2?kind=note")

        assert (known.status, known.location) == (303, "/sign-in?next=/incidents/INC-1%3Fkind%3Dnote")
        assert (unknown.status, unknown.text) == (known.status, known.text)


async def test_a_wrong_key_is_not_helped_by_a_session(world: World) -> None:
    """An address with a key opens the read-only page of the link, with or without a session."""
    await world.declares("checkout is down")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        assert (await ana.opens("/incidents/INC-1?key=wrong")).status == 404


async def test_what_people_write_does_nothing(world: World) -> None:
    hostile = "<script>alert(1)</script> \"'><img src=x onerror=alert(1)> javascript:alert(1)"
    await world.declares(hostile)
    await world.reacts("oncall", await world.says("engineer", hostile), "mag")
    world.sandbox.change_user("engineer", real_name=hostile)
    await world.finish()
    async with Visitor(world) as ana:
        await ana.signs_in("dba")
        async with ana.http.get(f"{world.url}/incidents/INC-1", params={"text": hostile, "person": hostile}) as got:
            filtered = await got.text()
        whole = (await ana.opens("/incidents/INC-1")).text

    for page in (filtered, whole):
        tags = set(re.findall(r"<\s*([a-zA-Z!/]\w*)", page.partition("</head>")[2]))
        assert tags.isdisjoint({"script", "img", "iframe", "object", "embed", "base"})
        assert page.count("<svg") in {0, 2}, "the picture, for wide and narrow screens"
        assert not re.search(r"<[^>]+\son\w+\s*=", re.sub(r'"[^"]*"', '""', page))
