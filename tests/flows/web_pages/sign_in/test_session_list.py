"""A person's own sessions: listed, and ended by them."""

import re

from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World


async def test_sessions_are_listed_and_ended_by_their_owner(world: World) -> None:
    async with Visitor(world) as desk, Visitor(world) as phone, Visitor(world) as tablet, Visitor(world) as other:
        await other.signs_in("dba")
        for browser in (desk, phone, tablet):
            await browser.signs_in("engineer")
            await world.advance(minutes=10)
        page = await desk.opens("/sessions")
        token = page.field("form_token")
        handles = re.findall(r'name="session" value="([0-9a-f]+)"', page.text)
        current = re.search(r'value="([0-9a-f]+)" aria-label="End the session from [^"]+ in this browser"', page.text)
        stolen = await other.sends("/sessions", form_token=token, session=handles[0])
        unsigned = await desk.sends("/sessions", session="others")
        theirs = (await other.opens("/sessions")).field("form_token")
        await other.sends("/sessions", form_token=theirs, session=handles[0])

        assert len(handles) == 3
        assert "signed in by login link" in page.words
        assert (stolen.status, unsigned.status) == (403, 403)
        assert [(await each.opens("/")).status for each in (desk, phone, tablet)] == [200, 200, 200]

        assert current
        one = next(each for each in handles if each != current[1])
        assert (await desk.sends("/sessions", form_token=token, session=one)).location == "/sessions"
        assert sorted([(await each.opens("/")).status for each in (phone, tablet)]) == [200, 303]
        await desk.sends("/sessions", form_token=token, session="others")
        assert [(await each.opens("/")).status for each in (desk, phone, tablet, other)] == [200, 303, 303, 200]
        await desk.sends("/sessions", form_token=token, session=current[1])
        assert (await desk.opens("/sessions")).status == 303
    assert ("U0ENGINEER", "ended sessions") in await world.audited()
