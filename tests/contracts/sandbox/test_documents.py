"""Bookmarks and canvases in the sandbox, as the official client meets them."""

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.server import Sandbox
from bot.sandbox.workspace import canvases
from bot.sandbox.workspace.records import SlackError
from tests.support.servers.sandbox_client import web_client


@pytest.fixture
async def sandbox():
    async with Sandbox() as sandbox:
        sandbox.subscribe([])
        sandbox.add_channel("room", members=["dogwatch", "dba"], creator="dogwatch", id="CROOM")
        yield sandbox


@pytest.fixture
def client(sandbox):
    return web_client(sandbox)


def markdown(text):
    return {"type": "markdown", "markdown": text}


async def edit(client, canvas, operation, text=None, section=None):
    change = {"operation": operation}
    if text is not None:
        change["title_content" if operation == "rename" else "document_content"] = markdown(text)
    if section:
        change["section_id"] = section
    return await client.canvases_edit(canvas_id=canvas, changes=[change])


async def content(client, canvas):
    return (await client.canvases_getContent(canvas_id=canvas))["content"]


async def section_of(client, canvas, text):
    found = await client.canvases_sections_lookup(canvas_id=canvas, criteria={"contains_text": text})
    return found["sections"][0]["id"]


async def test_bookmarks_stand_in_the_order_in_which_they_were_added(sandbox, client):
    for title in ("Page", "Ticket"):
        await client.bookmarks_add(channel_id="CROOM", title=title, type="link", link=f"https://example.org/{title}")
    sandbox.add_bookmark("dba", "room", "Runbook", "https://example.org/runbook")
    listed = (await client.bookmarks_list(channel_id="CROOM"))["bookmarks"]

    await client.bookmarks_edit(channel_id="CROOM", bookmark_id=listed[0]["id"], title="The page")
    sandbox.remove_bookmark("dba", "room", listed[1]["id"])

    assert [each["title"] for each in listed] == ["Page", "Ticket", "Runbook"]
    assert [each["title"] for each in sandbox.bookmarks("room")] == ["The page", "Runbook"]
    assert sandbox.bookmarks("room")[0]["date_updated"] > 0


async def test_a_hundred_bookmarks_are_enough(sandbox, client):
    for number in range(100):
        sandbox.add_bookmark("dba", "room", f"{number}", "https://example.org")

    with pytest.raises(SlackApiError, match="too_many_bookmarks"):
        await client.bookmarks_add(channel_id="CROOM", title="One more", type="link", link="https://example.org")


async def test_a_channel_has_one_canvas_of_its_own_and_tabs_beside_it(sandbox, client):
    own = (await client.conversations_canvases_create(channel_id="CROOM", document_content=markdown("# A")))[
        "canvas_id"
    ]
    with pytest.raises(SlackApiError, match="channel_canvas_already_exists"):
        await client.conversations_canvases_create(channel_id="CROOM", document_content=markdown("# B"))
    tab = (await client.canvases_create(channel_id="CROOM", title="B", document_content=markdown("# B")))["canvas_id"]

    properties = (await client.conversations_info(channel="CROOM"))["channel"]["properties"]
    assert properties["canvas"]["file_id"] == own
    assert [each["data"]["file_id"] for each in properties["tabs"]] == [own, tab]
    assert (await client.files_info(file=tab))["file"]["user"] == sandbox.bot_user_id


async def test_a_canvas_is_changed_part_by_part(client):
    canvas = (await client.canvases_create(document_content=markdown("# One\n\nwords\n\n# Two")))["canvas_id"]

    await edit(client, canvas, "insert_after", "after one", section=await section_of(client, canvas, "One"))
    await edit(client, canvas, "insert_before", "before two", section=await section_of(client, canvas, "# Two"))
    await edit(client, canvas, "delete", section=await section_of(client, canvas, "words"))
    await edit(client, canvas, "insert_at_start", "first")
    await edit(client, canvas, "insert_at_end", "last")
    assert await content(client, canvas) == "first\n\n# One\n\nafter one\n\nbefore two\n\n# Two\n\nlast\n"

    await edit(client, canvas, "replace", "## Now", section=await section_of(client, canvas, "One"))
    assert (await content(client, canvas)).startswith("first\n\n## Now")
    await edit(client, canvas, "replace", "all new")
    await edit(client, canvas, "rename", "Another name")
    assert await content(client, canvas) == "all new\n"
    assert (await client.files_info(file=canvas))["file"]["title"] == "Another name"


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({"section_types": ["h1"]}, ["# One"]),
        ({"section_types": ["h2", "h3"]}, ["## Two", "### Three"]),
        ({"section_types": ["any_header"], "contains_text": "t"}, ["## Two", "### Three"]),
        ({"contains_text": "words"}, ["words of one"]),
    ],
)
async def test_sections_are_found_by_kind_and_text(criteria, found, sandbox, client):
    text = "# One\nwords of one\n## Two\n\n### Three"
    canvas = (await client.canvases_create(document_content=markdown(text)))["canvas_id"]

    sections = await client.canvases_sections_lookup(canvas_id=canvas, criteria=criteria)

    known = dict(sandbox.workspace.canvases[canvas].sections)
    assert [known[each["id"]] for each in sections["sections"]] == found


def test_code_stays_in_one_section():
    assert canvases.split_markdown("```\na\n\n# b\n```\nmore\n\n- x\n- y") == ["```\na\n\n# b\n```\nmore", "- x\n- y"]


async def test_who_may_read_and_write_a_canvas(sandbox, client):
    alone = (await client.canvases_create(document_content=markdown("x")))["canvas_id"]
    sandbox.add_token("xoxp-dba", "dba")
    theirs = web_client(sandbox, "xoxp-dba")

    with pytest.raises(SlackApiError, match="canvas_not_found"):
        await content(theirs, alone)
    await client.canvases_access_set(canvas_id=alone, access_level="read", channel_ids=["CROOM"])
    assert await content(theirs, alone) == "x\n"
    with pytest.raises(SlackApiError, match="restricted_action"):
        await edit(theirs, alone, "insert_at_end", "y")
    await client.canvases_access_set(canvas_id=alone, access_level="write", user_ids=["U0DBA"])
    await edit(theirs, alone, "insert_at_end", "y")
    with pytest.raises(SlackApiError, match="restricted_action"):
        await theirs.canvases_delete(canvas_id=alone)
    await client.canvases_access_delete(canvas_id=alone, user_ids=["U0DBA"])
    with pytest.raises(SlackApiError, match="restricted_action"):
        await edit(theirs, alone, "insert_at_end", "z")


@pytest.mark.parametrize(
    ("plan", "method", "given", "error"),
    [
        ({"canvases": False}, "canvases.create", {}, "canvas_disabled_user_team"),
        ({"standalone_canvases": False}, "canvases.create", {}, "free_teams_cannot_create_standalone_canvases"),
        (
            {"channel_canvases": False},
            "conversations.canvases.create",
            {"channel_id": "CROOM", "document_content": markdown("x")},
            "team_tier_cannot_create_channel_canvases",
        ),
        ({"usergroups": False}, "usergroups.list", {}, "plan_upgrade_required"),
        ({"usergroups": False}, "usergroups.users.list", {"usergroup": "S0DATABASE"}, "plan_upgrade_required"),
    ],
)
async def test_a_plan_without_it(plan, method, given, error, sandbox, client):
    sandbox.plan(**plan)

    with pytest.raises(SlackApiError, match=error):
        await getattr(client, method.replace(".", "_"))(**given)


async def test_a_free_team_has_one_tab_a_channel(sandbox, client):
    sandbox.plan(standalone_canvases=False)
    await client.canvases_create(channel_id="CROOM", document_content=markdown("x"))

    with pytest.raises(SlackApiError, match="free_team_canvas_tab_already_exists"):
        await client.canvases_create(channel_id="CROOM", document_content=markdown("y"))


async def test_people_write_in_a_channels_canvas(sandbox, client):
    made = await client.conversations_canvases_create(channel_id="CROOM", document_content=markdown("x"))

    sandbox.edit_canvas("dba", made["canvas_id"], "x\n\nand what we saw")

    [shown] = sandbox.canvases("room")
    assert (shown["editors"], shown["is_channel_canvas"]) == (["U0DOGWATCH", "U0DBA"], True)
    assert await content(client, made["canvas_id"]) == "x\n\nand what we saw\n"
    with pytest.raises(SlackError, match="canvas_not_found"):
        sandbox.edit_canvas("support", made["canvas_id"], "not mine")
