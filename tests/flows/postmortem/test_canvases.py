"""The channel's bookmarks, and the draft as a canvas."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.worlds.databases import SQLITE
from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World

TICKET = "https://tracker.example/browse/TSR-1532"


class Reached(World):
    """With a public address."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {"DOGWATCH_PUBLIC_URL": "https://dogwatch.example"}


pytestmark = pytest.mark.world(kind=Reached, config="", databases=SQLITE)


def titles(world: World) -> list[str]:
    return [each["title"] for each in world.sandbox.bookmarks(world.channel)]


def links(world: World) -> list[str]:
    return [each["link"] for each in world.sandbox.bookmarks(world.channel)]


def canvas(world: World) -> str:
    [only] = world.sandbox.canvases(world.channel)
    return str(world.sandbox.canvas_content(only["id"]))


def canvas_id(world: World) -> str:
    return str(world.sandbox.canvases(world.channel)[0]["id"])


def calls(world: World, *methods: str) -> list[dict[str, Any]]:
    return [each for each in world.sandbox.calls() if each["method"] in methods]


def texts_with(world: World, words: str) -> list[str]:
    return [text for text in world.texts() if words in text]


async def resolves(world: World, text: str = "rolled back") -> None:
    await world.types("oncall", f"/incident resolve {text}")
    await world.settle()


# --- bookmarks


async def test_a_channel_has_bookmarks_in_the_order_people_look(world: World) -> None:
    await world.declares(f"checkout is down ref:{TICKET}")
    await world.settle()
    assert titles(world) == ["INC-1: the record", "TSR-1532"]

    await resolves(world)

    page, ticket, postmortem = links(world)
    assert titles(world)[2] == "Postmortem"
    assert page.startswith("https://dogwatch.example/incidents/INC-1?key=")
    assert (ticket, postmortem) == (TICKET, world.sandbox.canvases(world.channel)[0]["permalink"])


async def test_a_bookmark_follows_its_link_and_stays_away_once_people_removed_it(world: World) -> None:
    await world.declares(f"checkout is down ref:{TICKET}")
    await world.settle()
    page, _ = world.sandbox.bookmarks(world.channel)
    world.sandbox.join("dba", world.channel)
    world.sandbox.remove_bookmark("dba", world.channel, page["id"])

    await world.types("oncall", "/incident edit ref:https://tracker.example/browse/TSR-1533")
    await world.settle()

    assert titles(world) == ["TSR-1533"]
    assert links(world) == ["https://tracker.example/browse/TSR-1533"]


@pytest.mark.parametrize("reference", ["TSR-1532", "https://[TSR-1532"])
async def test_a_reference_that_is_no_address_is_no_bookmark(reference: str, world: World) -> None:
    await world.declares(f"checkout is down ref:{reference}")
    await world.settle()

    assert titles(world) == ["INC-1: the record"]


@pytest.mark.parametrize("lost", ["cut_after", "truncated"])
async def test_a_bookmark_whose_answer_was_lost_is_not_added_twice(lost: str, world: World) -> None:
    world.sandbox.fault(lost, "bookmarks.add", times=1)

    await world.declares(f"checkout is down ref:{TICKET}")
    await world.advance(minutes=1)

    assert titles(world) == ["INC-1: the record", "TSR-1532"]
    assert len(calls(world, "bookmarks.add")) == 2


@pytest.mark.parametrize("error", ["unknown_method", "missing_scope", "not_allowed_token_type"])
async def test_a_workspace_without_bookmarks_is_asked_once_an_incident(error: str, world: World) -> None:
    world.sandbox.fault("error", "bookmarks.list", error=error)

    await world.declares()
    await world.advance(minutes=30)

    assert len(calls(world, "bookmarks.list", "bookmarks.add")) == 1
    assert "bookmarks" not in world.card()


async def test_a_full_bar_stands_on_the_card(world: World) -> None:
    world.sandbox.fault("error", "bookmarks.add", error="too_many_bookmarks")

    await world.declares()
    await world.settle()

    assert "the maximum number of bookmarks" in world.card()


# --- the canvas


async def test_the_draft_is_a_canvas_beside_the_file_and_written_anew_with_it(world: World) -> None:
    await world.declares()
    await resolves(world)
    assert "rolled back" in canvas(world)
    assert [file["name"] for file in draft_files(world, world.channel)] == ["postmortem-INC-1.md"]

    await world.types("oncall", "/incident cause the deploy halved the pool")
    await world.types("oncall", "/incident postmortem")
    await world.advance(minutes=1)

    assert "the deploy halved the pool" in canvas(world)
    assert len(calls(world, "canvases.create")) == 1
    assert not texts_with(world, "canvas is unchanged")


async def test_a_canvas_that_cannot_be_read_is_left(world: World) -> None:
    world.sandbox.fault("error", "canvases.getContent", error="unknown_method")
    await world.declares()
    await resolves(world)
    before = canvas(world)

    await world.types("oncall", "/incident cause the deploy")
    await world.types("oncall", "/incident postmortem")
    await world.advance(minutes=1)

    assert canvas(world) == before
    assert len(texts_with(world, "canvas is unchanged")) == 1


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        ({"canvases": False}, None),
        ({}, "unknown_method"),
        ({}, "missing_scope"),
        ({}, "free_team_canvas_tab_already_exists"),
        ({}, "canvas_disabled_user_team"),
    ],
)
async def test_without_canvases_there_is_the_file_as_ever(
    plan: dict[str, bool], error: str | None, world: World
) -> None:
    world.sandbox.plan(**plan)
    if error:
        world.sandbox.fault("error", "canvases.create", error=error)

    await world.declares()
    await resolves(world)
    await world.advance(minutes=30)

    assert len(calls(world, "canvases.create")) == 1
    [file] = draft_files(world, world.channel)
    assert titles(world) == ["INC-1: the record", "Postmortem"]
    assert links(world)[1] == file["permalink"]
    assert "canvas" not in world.card()


async def test_the_canvas_can_be_switched_off(tmp_path: Path) -> None:
    config = "[postmortem]\ncanvas = false\n"
    async with Reached(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=config) as world:
        await world.declares()
        await resolves(world)

        assert calls(world, "canvases.create") == []
        assert titles(world) == ["INC-1: the record", "Postmortem"]


@pytest.mark.parametrize("lost", ["cut_after", "truncated"])
async def test_a_canvas_whose_answer_was_lost_is_not_made_twice(lost: str, world: World) -> None:
    world.sandbox.fault(lost, "canvases.create", times=1)
    await world.declares()
    await resolves(world)
    await world.advance(minutes=1)
    assert len(world.sandbox.canvases(world.channel)) == 1

    await world.types("oncall", "/incident cause the deploy")
    await world.types("oncall", "/incident postmortem")
    await world.advance(minutes=1)

    assert "the deploy" in canvas(world)  # it was still known to be ours alone
    assert len(calls(world, "canvases.create")) == 1


async def test_a_lost_answer_to_our_own_writing_is_not_taken_for_peoples(world: World) -> None:
    await world.declares()
    await resolves(world)
    world.sandbox.fault("cut_after", "canvases.edit", times=1)

    for cause in ("the deploy", "the pool"):
        await world.types("oncall", f"/incident cause {cause}")
        await world.types("oncall", "/incident postmortem")
        await world.advance(minutes=1)

    assert "the pool" in canvas(world)
    assert not texts_with(world, "canvas is unchanged")


async def writes_unheard(world: World, method: str, line: str) -> None:
    """Have the canvas written and the answer to that lost; the bot has not tried again."""
    world.sandbox.fault("cut_after", method, times=1)
    known = len(calls(world, method))
    await world.types("oncall", line)
    for _ in range(50):
        if len(calls(world, method)) > known:
            return
        await world.advance(seconds=0.2)
    raise AssertionError(f"no {method}")


async def edits(world: World) -> list[str]:
    """What the bot took for people's."""
    return [what for _, what in await world.audited() if "edited the postmortem" in what]


@pytest.mark.parametrize("method", ["canvases.create", "canvases.edit"])
async def test_our_own_writing_is_not_taken_for_peoples_though_the_record_went_on(method: str, world: World) -> None:
    await world.declares()
    if method == "canvases.edit":
        await resolves(world)
        await world.finish()
    await world.types("oncall", "/incident cause the pool")
    line = "/incident postmortem" if method == "canvases.edit" else "/incident resolve rolled back"
    await writes_unheard(world, method, line)
    assert "the pool" in canvas(world)

    await world.types("oncall", "/incident impact cards are refused")
    await world.advance(minutes=10)
    await world.types("oncall", "/incident postmortem")
    await world.advance(minutes=10)

    assert "cards are refused" in canvas(world)
    assert not texts_with(world, "canvas is unchanged")
    assert await edits(world) == []


async def test_what_people_add_to_our_own_writing_of_unknown_outcome_is_left(world: World) -> None:
    await world.declares()
    await resolves(world)
    await world.finish()
    await world.types("oncall", "/incident cause the deploy")
    await writes_unheard(world, "canvases.edit", "/incident postmortem")
    world.sandbox.edit_canvas("oncall", canvas_id(world), f"{canvas(world)}\n\nA word of ours")
    changed = canvas(world)

    await world.types("oncall", "/incident impact cards are refused")
    for _ in range(2):
        await world.advance(minutes=10)
        await world.types("oncall", "/incident postmortem")
    await world.advance(minutes=10)

    assert canvas(world) == changed
    assert len(texts_with(world, "canvas is unchanged")) == 1
    assert await edits(world) == []


async def test_a_canvas_that_may_not_be_edited_any_more_is_left(world: World) -> None:
    await world.declares()
    await resolves(world)
    world.sandbox.fault("error", "canvases.edit", error="free_teams_cannot_edit_standalone_canvases")

    for cause in ("the deploy", "the pool"):
        await world.types("oncall", f"/incident cause {cause}")
        await world.types("oncall", "/incident postmortem")
        await world.advance(minutes=1)

    assert len(texts_with(world, "canvas is unchanged")) == 1
    assert len(draft_files(world, world.channel)) == 1, "the newest draft alone"


async def test_a_canvas_that_others_are_editing_is_tried_again(world: World) -> None:
    await world.declares()
    await resolves(world)
    world.sandbox.fault("error", "canvases.edit", error="canvas_editing_locked", times=2)

    await world.types("oncall", "/incident cause the deploy")
    await world.types("oncall", "/incident postmortem")
    await world.advance(minutes=1)

    assert "the deploy" in canvas(world)


async def test_a_canvas_that_people_deleted_stays_deleted(world: World) -> None:
    await world.declares()
    await resolves(world)
    world.sandbox.delete_canvas("oncall", canvas_id(world))

    await world.types("oncall", "/incident postmortem")
    await world.advance(minutes=1)

    assert world.sandbox.canvases(world.channel) == []
    assert len(calls(world, "canvases.create")) == 1


async def test_a_deleted_message_leaves_the_canvas_too(world: World) -> None:
    await world.declares()
    said = await world.says("dba", "the password is hunter2")
    await world.reacts("oncall", said, "mag")
    await resolves(world)
    assert "hunter2" in canvas(world)

    await world.deletes("dba", said)
    await world.advance(minutes=1)

    assert "hunter2" not in canvas(world)


async def test_a_new_channel_gets_bookmarks_and_a_canvas_of_its_own(world: World) -> None:
    old = await world.declares(f"checkout is down ref:{TICKET}")
    await resolves(world)
    await world.advance(minutes=1)
    world.sandbox.archive("oncall", old)
    await world.settle()
    await world.types("oncall", "/incident reopen INC-1 it is back", "ops")
    await world.presses("oncall", "go_on_elsewhere", channel="ops")
    await world.advance(minutes=1)
    new = world.channel
    assert [each["title"] for each in world.sandbox.bookmarks(new)][:2] == ["INC-1: the record", "TSR-1532"]

    await world.types("oncall", "/incident resolve done")
    await world.advance(minutes=2)

    assert new != old
    assert [len(world.sandbox.canvases(each)) for each in (old, new)] == [1, 1]
    assert not [text for text in world.texts(new) if "canvas is unchanged" in text]
