"""Errors of the sandbox: each is one that Slack documents for the method."""

import json
from io import BytesIO

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from tests.support.requests.refused_calls import CASES, MODAL
from tests.support.servers.requirements import conformance_data
from tests.support.servers.sandbox_client import web_client

UNDOCUMENTED = {
    # The reference has no such error for these methods; Slack answers it to a bot that is not a member.
    ("conversations.replies", "not_in_channel"),
    ("conversations.unarchive", "not_in_channel"),
    ("reactions.add", "not_in_channel"),
    # `invalid_arguments` is how every method refuses what its schema does not allow.
}


@pytest.fixture
async def sandbox():
    """A room that the bot is in, one it is not in, an archived one, and a private one."""
    async with Sandbox() as sandbox:
        sandbox.subscribe([])
        sandbox.add_channel("room", members=["dogwatch", "dba"], creator="dogwatch", id="CROOM")
        sandbox.add_channel("old", members=["dba", "dogwatch"], id="COLD")
        sandbox.archive("dba", "old")
        sandbox.add_channel("secret", is_private=True, members=["dba"], id="CSECRET")
        sandbox.add_user("gone", deleted=True, id="UGONE")
        yield sandbox


SPARSE = {"canvases.getContent": ["canvas_not_found"]}
"""What the reference only names; the error is that of the vendor's own page on the method."""


@pytest.fixture(scope="module")
def documented():
    data = json.loads((conformance_data() / "slack" / "web_api_methods.json").read_text())

    def errors(method):
        about = data["methods"][method]
        older = (about.get("openapi_2021") or {}).get("errors") or []
        return {
            *about.get("errors", SPARSE.get(method, [])),
            *data["common_errors"],
            *older,
            "invalid_arguments",
            "invalid_auth",
        }

    return errors


@pytest.mark.parametrize(("method", "args", "error"), CASES, ids=lambda value: value if isinstance(value, str) else "")
async def test_refusal(method, args, error, sandbox, documented):
    client = web_client(sandbox)
    own = (await client.chat_postMessage(channel="CROOM", text="mine"))["ts"]
    await client.reactions_add(channel="CROOM", timestamp=own, name="eyes")
    await client.pins_add(channel="CROOM", timestamp=own)
    canvas = (await client.canvases_create(channel_id="CROOM"))["canvas_id"]
    names = {
        "CANVAS": canvas,
        "OWN": own,
        "THEIRS": sandbox.say("dba", "room", "theirs"),
        "FRESH": fresh_trigger(sandbox),
    }
    before = sandbox.messages("room")

    answer = await ask(sandbox, method, {key: resolve_name(names, value) for key, value in args.items()})

    assert answer["error"] == error
    assert sandbox.messages("room") == before
    if method != "chat.shout" and (method, error) not in UNDOCUMENTED:
        assert error in documented(method)


def resolve_name(names, value):
    return names.get(value, value) if isinstance(value, str) else value


def fresh_trigger(sandbox):
    return sandbox._trigger(sandbox._user("dba"))


async def ask(sandbox, method, args, token=None):
    headers = {"Authorization": f"Bearer {token or sandbox.bot_token}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{sandbox.api_url}{method}", data=BytesIO(json.dumps(args).encode()), headers=headers
        ) as response,
    ):
        assert response.status == 200
        return await response.json()


async def test_a_wrong_token_and_none(sandbox):
    async with aiohttp.ClientSession() as session, session.post(f"{sandbox.api_url}auth.test") as response:
        nothing = await response.json()

    assert nothing["error"] == "not_authed"
    assert (await ask(sandbox, "auth.test", {}, "xoxb-other"))["error"] == "invalid_auth"
    assert (await ask(sandbox, "auth.test", {}, sandbox.app_token))["error"] == "not_allowed_token_type"
    assert (await ask(sandbox, "apps.connections.open", {}))["error"] == "not_allowed_token_type"


async def test_a_missing_scope_is_named(sandbox):
    sandbox.set_scopes(["channels:read", "chat:write"])

    refused = await ask(sandbox, "conversations.create", {"name": "new"})

    assert refused["error"] == "missing_scope"
    assert "channels:manage" in refused["needed"].split(",")
    assert refused["provided"] == "channels:read,chat:write"


async def test_without_the_public_scope_a_bot_posts_only_where_it_is(sandbox):
    open_to_it = await ask(sandbox, "chat.postMessage", {"channel": "C0OPS", "text": "x"})
    sandbox.set_scopes(["chat:write"])

    refused = await ask(sandbox, "chat.postMessage", {"channel": "C0OPS", "text": "x"})

    assert open_to_it["ok"] is True
    assert refused["error"] == "not_in_channel"


async def test_wrong_blocks_are_explained_by_their_place(sandbox):
    blocks = [{"type": "divider"}, {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]

    refused = await ask(sandbox, "chat.postMessage", {"channel": "CROOM", "text": "x", "blocks": blocks})

    [why] = refused["response_metadata"]["messages"]
    assert why == "[ERROR] must be less than 151 characters [json-pointer:/blocks/1/text/text]"


async def test_blocks_with_too_much_text_together(sandbox):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2700}}] * 5

    refused = await ask(sandbox, "chat.postMessage", {"channel": "CROOM", "text": "x", "blocks": blocks})

    assert refused["error"] == "msg_blocks_too_long"


async def test_an_invitation_is_all_or_nothing_unless_forced(sandbox):
    wrong = {"channel": "CROOM", "users": "U0SUPPORT,UNONE"}

    refused = await ask(sandbox, "conversations.invite", wrong)
    unchanged = sandbox.members("room")
    forced = await ask(sandbox, "conversations.invite", wrong | {"force": True})

    assert refused["errors"] == [{"user": "UNONE", "ok": False, "error": "user_not_found"}]
    assert "U0SUPPORT" not in unchanged
    assert forced["ok"] is True
    assert forced["errors"] == refused["errors"]
    assert "U0SUPPORT" in sandbox.members("room")


async def test_a_bot_that_archives_is_out_and_cannot_come_back(sandbox):
    await ask(sandbox, "conversations.archive", {"channel": "CROOM"})

    assert (await ask(sandbox, "conversations.history", {"channel": "CROOM"}))["error"] == "not_in_channel"
    assert (await ask(sandbox, "conversations.unarchive", {"channel": "CROOM"}))["error"] == "not_in_channel"
    sandbox.unarchive("manager", "room")
    assert sandbox.members("room") == ["U0MANAGER"]
    assert (await ask(sandbox, "conversations.join", {"channel": "CROOM"}))["ok"] is True


async def test_a_hundred_pins_are_enough(sandbox):
    for _ in range(100):
        sandbox.pin("dba", "room", sandbox.say("dba", "room", "x"))
    ts = sandbox.say("dba", "room", "one more")

    assert (await ask(sandbox, "pins.add", {"channel": "CROOM", "timestamp": ts}))["error"] == "too_many_pins"


async def test_a_trigger_is_used_once(sandbox):
    right = fresh_trigger(sandbox)
    await ask(sandbox, "views.open", {"trigger_id": right, "view": MODAL})

    assert (await ask(sandbox, "views.open", {"trigger_id": right, "view": MODAL}))["error"] == "exchanged_trigger_id"


async def test_a_stale_hash_is_refused(sandbox):
    view = (await ask(sandbox, "views.open", {"trigger_id": fresh_trigger(sandbox), "view": MODAL}))["view"]
    stale = {"view_id": view["id"], "view": MODAL, "hash": view["hash"]}
    await ask(sandbox, "views.update", stale)

    assert (await ask(sandbox, "views.update", stale))["error"] == "hash_conflict"


async def test_three_views_are_stacked_and_no_more(sandbox):
    view = (await ask(sandbox, "views.open", {"trigger_id": fresh_trigger(sandbox), "view": MODAL}))["view"]
    answers = []
    for _ in range(3):
        right = sandbox._trigger(sandbox._user("dba"), view["id"])
        answers.append(await ask(sandbox, "views.push", {"trigger_id": right, "view": MODAL}))

    assert [answer["ok"] for answer in answers] == [True, True, False]
    assert answers[1]["view"]["root_view_id"] == view["id"]
    assert answers[1]["view"]["previous_view_id"] == answers[0]["view"]["id"]
    assert answers[2]["error"] == "push_limit_reached"


async def test_a_view_over_its_size(sandbox):
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2990}}
    right = fresh_trigger(sandbox)

    answer = await ask(sandbox, "views.open", {"trigger_id": right, "view": MODAL | {"blocks": [section] * 85}})

    assert answer["error"] == "view_too_large"


async def test_the_edit_window(sandbox):
    ts = (await ask(sandbox, "chat.postMessage", {"channel": "CROOM", "text": "x"}))["ts"]
    sandbox.edit_window(-1)

    answer = await ask(sandbox, "chat.update", {"channel": "CROOM", "ts": ts, "text": "y"})

    assert answer["error"] == "edit_window_closed"


async def test_an_upload_is_completed_once_and_with_its_bytes(sandbox):
    place = await ask(sandbox, "files.getUploadURLExternal", {"filename": "a.txt", "length": 3})
    done = {"files": [{"id": place["file_id"]}], "channel_id": "CROOM"}

    too_early = await ask(sandbox, "files.completeUploadExternal", done)
    async with aiohttp.ClientSession() as session:
        async with session.post(place["upload_url"], data=b"too long") as wrong:
            assert wrong.status == 400
        async with session.post(place["upload_url"], data=b"abc") as right:
            assert right.status == 200
    first = await ask(sandbox, "files.completeUploadExternal", done)
    second = await ask(sandbox, "files.completeUploadExternal", done)

    assert too_early["error"] == "file_not_found"
    assert first["ok"] is True
    assert second["error"] == "file_update_failed"
    await sandbox.wait_settled()
    assert [each["subtype"] for each in sandbox.messages("room")] == ["file_share"]


async def test_an_uploaded_picture_is_shown_once_it_is_processed(sandbox):
    """As in Slack: right after its completion the type is unknown, and blocks may not show it."""
    place = await ask(sandbox, "files.getUploadURLExternal", {"filename": "a.png", "length": 3})
    async with aiohttp.ClientSession() as session, session.post(place["upload_url"], data=b"abc") as right:
        assert right.status == 200
    sandbox.upload_seconds(0.2)
    picture = {"type": "image", "alt_text": "x", "slack_file": {"id": place["file_id"]}}
    post = {"channel": "CROOM", "text": "x", "blocks": [picture]}

    await ask(sandbox, "files.completeUploadExternal", {"files": [{"id": place["file_id"]}]})
    known = await ask(sandbox, "files.info", {"file": place["file_id"]})
    too_early = await ask(sandbox, "chat.postMessage", post)
    await sandbox.wait_settled()
    known_later = await ask(sandbox, "files.info", {"file": place["file_id"]})
    shown = await ask(sandbox, "chat.postMessage", post)

    assert (known["file"]["mimetype"], known_later["file"]["mimetype"]) == ("", "image/png")
    assert too_early["error"] == "invalid_blocks"
    assert too_early["response_metadata"]["messages"] == [
        "[ERROR] invalid slack file [json-pointer:/blocks/0/slack_file]"
    ]
    assert shown["ok"] is True
