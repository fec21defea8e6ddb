"""The incident's picture beside its draft: one message, replaced with the draft, never without it."""

import pytest

from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World


def pictures(world: World, channel: str | None = None) -> list[dict[str, object]]:
    return [each for each in world.sandbox.files(channel) if each["name"].endswith(".png")]


def canvas(world: World) -> str:
    [found] = world.sandbox.canvases(world.channel)
    return str(world.sandbox.canvas_content(found["id"]))


async def resolve(world: World, options: str = "") -> None:
    await world.declares(f"Payments fail at:13:50 sev:1 {options}")
    await world.types("oncall", "/incident lead")
    await world.types("oncall", "/incident resolve rolled back to 4710")
    await world.finish()


async def test_a_resolve_posts_draft_and_picture_in_one_message(world: World) -> None:
    await resolve(world)

    [picture], [draft] = pictures(world, world.channel), draft_files(world, world.channel)
    assert world.sandbox.file_content(str(picture["id"])).startswith(b"\x89PNG")
    assert [picture["shares"], picture["title"]] == [draft["shares"], "Picture of INC-1"]
    for words in ("INC-1: Payments fail", "Impact: ", "Response: ", "Lead: "):
        assert words in str(picture["alt_txt"])


async def test_a_new_draft_and_a_redaction_replace_the_picture(world: World) -> None:
    await resolve(world)
    [first] = pictures(world)

    await world.types("oncall", "/incident postmortem template:brief")
    await world.finish()
    [second] = pictures(world)
    assert second["id"] != first["id"], "a draft in another template has the newest picture, too"
    assert len(draft_files(world, world.channel)) == 2

    await world.types("oncall", "/incident redact entry-1 a customer's name")
    await world.finish()
    [third] = pictures(world)
    assert third["id"] != second["id"]
    assert "Payments fail" not in str(third["alt_txt"])


async def test_the_canvas_links_to_the_picture_that_is_there(world: World) -> None:
    await resolve(world)
    [first] = pictures(world)
    assert f"[Picture of INC-1]({first['permalink']})" in canvas(world)

    await world.types("oncall", "/incident postmortem")
    await world.finish()

    [second] = pictures(world)
    assert canvas(world).splitlines()[:3] == [
        "# Postmortem: Payments fail",
        "",
        f"[Picture of INC-1]({second['permalink']})",
    ]
    assert str(first["permalink"]) not in canvas(world)


async def test_a_picture_that_is_gone_is_not_linked(world: World) -> None:
    await resolve(world)
    world.sandbox.fault("error", "files.info", error="file_not_found")

    await world.types("oncall", "/incident impact Nobody could pay")
    await world.types("oncall", "/incident postmortem")
    await world.finish()

    assert "Nobody could pay" in canvas(world)
    assert "Picture of" not in canvas(world)


async def test_a_picture_that_slack_refuses_leaves_the_draft(world: World) -> None:
    world.sandbox.fault("error", "files.getUploadURLExternal", times=1, error="file_uploads_disabled")

    await resolve(world)

    assert pictures(world) == []
    assert len(draft_files(world, world.channel)) == 1


async def test_a_private_incident_has_its_picture_in_its_channel_alone(world: World) -> None:
    await resolve(world, "private:yes")

    [picture] = pictures(world)
    assert set(picture["shares"]) == {"private"}
    assert picture["channels"] == []
    assert len(picture["groups"]) == 1


@pytest.mark.world(config="[postmortem]\npicture = false\n")
async def test_the_picture_can_be_switched_off(world: World) -> None:
    await resolve(world)

    assert pictures(world) == []
    assert len(draft_files(world, world.channel)) == 1
