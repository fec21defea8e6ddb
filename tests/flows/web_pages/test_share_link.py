"""The share link of an incident's page: shown, ended, made again."""

import html
import json
import re

import pytest

from bot.config.crypto import incident_page_key, incident_page_link
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

PATH = "/incidents/INC-1/share"


async def changes(ana: Visitor, page: Answer, act: str, number: str | None = None) -> Answer:
    token = page.field("form_token")
    return await ana.sends(PATH, form_token=token, act=act, number=number or page.field("number"))


def link_on(page: Answer) -> str:
    found = re.search(r'href="([^"]+\?key=[^"]+)"', page.text)
    assert found, page.words
    return html.unescape(found[1])


async def catches_up(world: World) -> str:
    await world.types("oncall", "/incident catchup")
    return json.dumps(world.sandbox.ephemerals("oncall", world.channel)[-1])


async def test_a_link_is_ended_and_a_new_one_made(world: World) -> None:
    await world.declares("checkout is down")
    async with Visitor(world) as ana, Visitor(world) as reader:
        await ana.signs_in("engineer")
        first = await ana.opens(PATH)
        old = link_on(first)
        read = await reader.opens(old)
        on_incident = await ana.opens("/incidents/INC-1")
        ended = await changes(ana, first, "end")
        without = await ana.opens(PATH)
        refused = await reader.opens(old)
        again = await changes(ana, without, "end")
        made = await changes(ana, without, "renew")
        second = await ana.opens(PATH)
        new = link_on(second)
        renewed = await changes(ana, second, "renew")
        third = link_on(await ana.opens(PATH))
        late = await changes(ana, second, "renew")
        opened = [(await reader.opens(each)).status for each in (old, new, third)]

    assert old == incident_page_link(world.bot.settings, "INC-1"), "the link of drafts that exist still counts"
    assert "You read this page by its share link" in read.words
    assert "Shared: anybody who has link 1" in on_incident.words
    assert (ended.status, made.status, renewed.status) == (303, 303, 303)
    assert "Link 1 was ended" in without.words
    assert "?key=" not in without.text
    assert (again.status, late.status) == (409, 409)
    assert "has link 2" in second.words
    assert (refused.status, opened) == (404, [404, 404, 200])
    done = [action for user, action in await world.audited() if user == "U0ENGINEER"]
    assert done[-3:] == ["ended the share link", "made a new share link", "made a new share link"]


async def test_an_ended_link_stands_in_no_new_message(world: World) -> None:
    await world.declares("checkout is down")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        await changes(ana, await ana.opens(PATH), "end")
        ended = await catches_up(world)
        await changes(ana, await ana.opens(PATH), "renew")
        renewed = await catches_up(world)

    assert f"{world.bot.settings.base_url}/incidents/INC-1" in ended
    assert "key=" not in ended
    assert f"key={incident_page_key(world.bot.settings, 'INC-1', 1)}" in renewed


async def test_only_those_who_see_the_incident_reach_its_link(world: World) -> None:
    await world.declares("merger talks leaked private:yes")
    async with Visitor(world) as member, Visitor(world) as other, Visitor(world) as stranger:
        await member.signs_in("oncall")
        await other.signs_in("engineer")
        mine = await member.opens(PATH)
        token = (await other.opens("/oncall")).field("form_token")
        hidden = await other.opens(PATH)
        missing = await other.opens("/incidents/INC-2/share")
        odd = await other.opens("/incidents/%00/share")
        ended = await other.sends(PATH, form_token=token, act="end", number="1")
        unsigned = await member.sends(PATH, act="end", number="1")
        unread = await changes(member, mine, "renew", "one")
        key = incident_page_key(world.bot.settings, "INC-1")
        forged = [f"1.{key}", f"0.{key}", f"٣.{key}", f".{key}", "9" * 30 + f".{key}"]
        statuses = [(await stranger.opens(f"/incidents/INC-1?key={each}")).status for each in forged]

        assert (mine.status, hidden.status, odd.status, ended.status) == (200, 404, 404, 404)
        assert hidden.text.replace("INC-1", "") == missing.text.replace("INC-2", "")
        assert (unsigned.status, unread.status) == (403, 403)
        assert set(statuses) == {404}
        assert (await stranger.opens(PATH)).status == 303
        assert (await stranger.opens(link_on(mine))).status == 200, "nothing was ended"


class PublicWorld(World):
    """A bot with an address that others reach."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "DOGWATCH_PUBLIC_URL": "https://dogwatch.example.com"}


@pytest.mark.world(kind=PublicWorld)
async def test_a_preview_of_the_link_shows_title_standing_and_picture(world: PublicWorld) -> None:
    await world.declares('5 < 6 "quoted" sev:2 service:checkout')
    key = incident_page_key(world.bot.settings, "INC-1", 0)
    async with Visitor(world) as reader:
        page = await reader.opens(f"/incidents/INC-1?key={key}")
        described = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', page.text))
        found = re.fullmatch(r"https://dogwatch\.example\.com(/\S+)", html.unescape(described["image"]))
        assert found, described
        async with reader.http.get(f"{world.url}{found[1]}") as picture:
            drawn = (picture.status, picture.content_type, (await picture.read())[:4])
        forged = await reader.opens("/incidents/INC-1/picture.png?key=0")

    assert described["title"] == "INC-1 · 5 &lt; 6 &#34;quoted&#34;"
    assert described["description"] == "SEV2 · investigating · checkout"
    assert drawn == (200, "image/png", b"\x89PNG")
    assert forged.status == 404
