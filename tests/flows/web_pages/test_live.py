"""Streams of open pages: who is told what, after which version, and when a stream ends."""

import asyncio
import re

import pytest

from bot.web.live.streams import MAX_PER_SESSION
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.live import Event, stream_of
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

ATTACHED = """
[[routes]]
match = ["alertname = DiskFillsUp"]
action = "attach"
"""


def version_of(page: Answer) -> str:
    found = re.search(r'data-version="([^"]+)"', page.text)
    assert found
    return found[1]


async def test_a_change_is_told_to_both_pages_and_names_the_incident(world: World) -> None:
    await world.declares("checkout is down")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        async with stream_of(ana, "/live?after=0") as of_now, stream_of(ana, "/incidents/INC-1/live") as of_incident:
            assert of_now.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert of_now.headers["X-Accel-Buffering"] == "no"
            assert [(each.name, each.data) for each in (await of_now.next(), await of_incident.next())] == [
                ("changed", ""),
                ("changed", ""),
            ]
            await world.types("oncall", "/incident note the last deployment is rolled back", "inc-1-checkout-is-down")
            told = [await of_now.next(), await of_incident.next()]

        assert [(each.name, each.data) for each in told] == [("changed", "INC-1"), ("changed", "INC-1")]
        assert told[0].id == version_of(await ana.opens("/live/now"))
        page = await ana.opens("/incidents/INC-1")
        assert told[1].id == version_of(page)
        assert "rolled back" in page.words


async def test_a_stream_cannot_be_asked_for_its_head_alone(world: World) -> None:
    """It would write events behind the head, which is no valid HTTP."""
    await world.declares("checkout is down")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        for path in ("/live", "/incidents/INC-1/live"):
            async with ana.http.head(f"{world.url}{path}") as answer:
                assert answer.status == 405, path


@pytest.mark.world(config=ATTACHED)
async def test_an_alert_without_an_incident_is_told(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        async with stream_of(ana, f"/live?after={version_of(await ana.opens('/'))}") as stream:
            await world.posts("alertmanager", a_notification(an_alert("DiskFillsUp", at=world.now)))
            assert (await stream.next()).name == "changed"
            assert "DiskFillsUp" in (await ana.opens("/live/now")).words
            assert "DiskFillsUp" in (await ana.opens("/live/now?wall")).words


async def test_what_happened_between_two_connections_is_told_at_once(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        before = version_of(await ana.opens("/"))
        await world.declares("checkout is down")

        async with stream_of(ana, "/live", last_id=before) as stream:
            missed = await stream.next()
        async with stream_of(ana, f"/live?after={before}", last_id=missed.id) as stream:
            await world.declares("login is slow")
            following = await stream.next()

    assert missed.name == "changed"
    assert following.data in {"", "INC-2"}
    assert following.id not in {before, missed.id}, "the newer of both versions counts"


async def test_a_private_incident_is_told_to_its_members_only(world: World) -> None:
    await world.declares("checkout is down")
    await world.declares("merger talks leaked private:yes")
    async with Visitor(world) as member, Visitor(world) as other:
        await member.signs_in("oncall")
        await other.signs_in("engineer")
        members, others = [version_of(await each.opens("/")) for each in (member, other)]
        assert (await other.opens("/incidents/INC-2/live")).status == 404
        assert (await other.opens("/incidents/INC-9/live")).status == 404
        async with (
            stream_of(member, f"/live?after={members}") as inside,
            stream_of(member, "/incidents/INC-2/live?after=0") as on_its_page,
            stream_of(other, f"/live?after={others}") as outside,
        ):
            assert (await on_its_page.next()).data in {"", "INC-2"}
            await world.types("oncall", "/incident note the lawyers know", "inc-2-merger-talks-leaked")
            assert (await inside.next()).name == "changed"
            assert (await on_its_page.next()).data == "INC-2"
            await world.types("oncall", "/incident note one for all", "inc-1-checkout-is-down")
            assert (await outside.next()).data in {"", "INC-1"}
            assert "INC-2" not in outside.text

        assert "merger" not in (await other.opens("/live/now")).text


async def leaves(world: World, person: Visitor) -> None:
    world.sandbox.change_user("engineer", deleted=True)
    await world.settle()


async def signs_out(world: World, person: Visitor) -> None:
    page = await person.opens("/")
    await person.sends("/sign-out", form_token=page.field("form_token"))


@pytest.mark.parametrize("ends", [leaves, signs_out])
async def test_a_stream_ends_with_its_session(world: World, ends) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        async with stream_of(ana, f"/live?after={version_of(await ana.opens('/'))}") as stream:
            await ends(world, ana)

            assert await stream.next() == Event("ended", data="session")
            assert (await stream.next()).name == "closed"
        for path in ("/live", "/live/now", "/live/now?wall", "/incidents/INC-1/live"):
            assert (await ana.opens(path)).status == 401


async def test_a_stop_ends_streams_at_once(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        async with stream_of(ana, f"/live?after={version_of(await ana.opens('/'))}") as stream:
            assert stream.status == 200
            async with asyncio.timeout(10):
                await world.bot.stop()

            assert (await stream.next()).name == "closed"


async def test_a_session_has_a_limited_number_of_streams(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        streams = [await ana.http.get(f"{world.url}/live") for _ in range(MAX_PER_SESSION)]
        assert {each.status for each in streams} == {200}
        assert (await ana.opens("/live")).status == 429

        streams.pop().close()
        for _ in range(100):
            async with ana.http.get(f"{world.url}/live") as again:
                if again.status == 200:
                    break
        assert again.status == 200
        for each in streams:
            each.close()
