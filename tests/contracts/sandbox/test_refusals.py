"""What the sandbox refuses, by Slack's own error names; each has to be one that Slack documents for that method."""

import json
from io import BytesIO

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from tests.support.servers.requirements import conformance_data
from tests.support.servers.sandbox_client import web_client

DIVIDER = [{"type": "divider"}]
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": DIVIDER}
METADATA = {"event_type": "e", "event_payload": {"k": "v" * 17_000}}
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


URL = "https://example.org"
LIST_IN_QUOTE = {"type": "markdown", "markdown": "words\n\n> - an item"}
BIG = {"type": "markdown", "markdown": "x" * (1024 * 1024 + 1)}
TABLE = {"type": "markdown", "markdown": "| a | b | c |\n" * 101}
END = {"operation": "insert_at_end", "document_content": {"type": "markdown", "markdown": "more"}}
CASES = [
    ("conversations.create", {}, "invalid_arguments"),
    ("conversations.create", {"name": ""}, "invalid_name_required"),
    ("conversations.create", {"name": "x" * 81}, "invalid_name_maxlength"),
    ("conversations.create", {"name": "Room"}, "invalid_name_specials"),
    ("conversations.create", {"name": "a room"}, "invalid_name_specials"),
    ("conversations.create", {"name": "---"}, "invalid_name_punctuation"),
    ("conversations.create", {"name": "room"}, "name_taken"),
    ("conversations.create", {"name": "old"}, "name_taken"),
    ("conversations.info", {"channel": "CNONE"}, "channel_not_found"),
    ("conversations.info", {"channel": "CSECRET"}, "channel_not_found"),
    ("conversations.list", {"types": "rooms"}, "invalid_types"),
    ("conversations.list", {"limit": 5000}, "invalid_limit"),
    ("conversations.list", {"cursor": "%%%"}, "invalid_cursor"),
    ("conversations.history", {"channel": "C0OPS"}, "not_in_channel"),
    ("conversations.history", {"channel": "CROOM", "oldest": "then"}, "invalid_ts_oldest"),
    ("conversations.history", {"channel": "CROOM", "latest": "now"}, "invalid_ts_latest"),
    ("conversations.replies", {"channel": "C0OPS", "ts": "1.2"}, "not_in_channel"),
    ("conversations.replies", {"channel": "CROOM", "ts": "1.2"}, "thread_not_found"),
    ("conversations.invite", {"channel": "CROOM", "users": "UNONE"}, "user_not_found"),
    ("conversations.invite", {"channel": "CROOM", "users": "UGONE"}, "user_not_found"),
    ("conversations.invite", {"channel": "CROOM", "users": "U0DOGWATCH"}, "cant_invite_self"),
    ("conversations.invite", {"channel": "CROOM", "users": "U0DBA"}, "already_in_channel"),
    ("conversations.invite", {"channel": "CROOM", "users": ","}, "no_user"),
    ("conversations.invite", {"channel": "CROOM", "users": ",".join(["U0DBA"] * 101)}, "too_many_users"),
    ("conversations.invite", {"channel": "C0OPS", "users": "U0DBA"}, "not_in_channel"),
    ("conversations.join", {"channel": "COLD"}, "is_archived"),
    ("conversations.open", {}, "users_list_not_supplied"),
    ("conversations.open", {"users": "UNONE"}, "user_not_found"),
    ("conversations.open", {"users": "UGONE"}, "user_disabled"),
    ("conversations.open", {"users": ",".join(["U0DBA"] * 9)}, "too_many_users"),
    ("conversations.setTopic", {"channel": "CROOM", "topic": "x" * 251}, "too_long"),
    ("conversations.setTopic", {"channel": "C0OPS", "topic": "x"}, "not_in_channel"),
    ("conversations.setPurpose", {"channel": "CROOM", "purpose": "x" * 251}, "too_long"),
    ("conversations.archive", {"channel": "C0GENERAL"}, "cant_archive_general"),
    ("conversations.archive", {"channel": "COLD"}, "already_archived"),
    ("conversations.archive", {"channel": "C0OPS"}, "not_in_channel"),
    ("conversations.unarchive", {"channel": "CROOM"}, "not_archived"),
    ("conversations.unarchive", {"channel": "COLD"}, "not_in_channel"),
    ("conversations.rename", {"channel": "CROOM", "name": "general"}, "name_taken"),
    ("conversations.rename", {"channel": "CROOM", "name": "A B"}, "invalid_name_specials"),
    ("conversations.kick", {"channel": "CROOM", "user": "U0DOGWATCH"}, "cant_kick_self"),
    ("conversations.kick", {"channel": "CROOM", "user": "U0SUPPORT"}, "not_in_channel"),
    ("chat.postMessage", {"channel": "CROOM"}, "no_text"),
    ("chat.postMessage", {"channel": "CNONE", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "COLD", "text": "x"}, "is_archived"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "blocks": [{"type": "nothing"}]}, "invalid_blocks"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "blocks": DIVIDER * 51}, "invalid_blocks"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "markdown_text": "x"}, "markdown_text_conflict"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "metadata": {"a": 1}}, "invalid_metadata_format"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_schema"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "metadata": METADATA}, "metadata_too_large"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "thread_ts": "then"}, "cannot_reply_to_message"),
    ("chat.postMessage", {"channel": "CROOM", "text": "x", "unfurl_links": "perhaps"}, "invalid_arguments"),
    ("chat.update", {"channel": "CROOM", "ts": "1.2", "text": "x"}, "message_not_found"),
    ("chat.update", {"channel": "CROOM", "ts": "OWN", "text": "x" * 4001}, "msg_too_long"),
    ("chat.update", {"channel": "CROOM", "ts": "THEIRS", "text": "x"}, "cant_update_message"),
    ("chat.delete", {"channel": "CROOM", "ts": "THEIRS"}, "cant_delete_message"),
    ("chat.delete", {"channel": "CROOM", "ts": "1.2"}, "message_not_found"),
    ("chat.postEphemeral", {"channel": "CROOM", "user": "U0SUPPORT", "text": "x"}, "user_not_in_channel"),
    ("chat.postEphemeral", {"channel": "C0OPS", "user": "U0SUPPORT", "text": "x"}, "not_in_channel"),
    ("chat.getPermalink", {"channel": "CROOM", "message_ts": "1.2"}, "message_not_found"),
    ("reactions.add", {"channel": "CROOM", "timestamp": "OWN", "name": "no such"}, "invalid_name"),
    ("reactions.add", {"channel": "CROOM", "timestamp": "OWN", "name": "eyes"}, "already_reacted"),
    ("reactions.add", {"channel": "CROOM", "timestamp": "then", "name": "eyes"}, "bad_timestamp"),
    ("reactions.add", {"channel": "CROOM", "timestamp": "1000000000.000001", "name": "eyes"}, "message_not_found"),
    ("reactions.remove", {"channel": "CROOM", "timestamp": "OWN", "name": "tada"}, "no_reaction"),
    ("reactions.remove", {"name": "tada"}, "no_item_specified"),
    ("pins.add", {"channel": "CROOM", "timestamp": "OWN"}, "already_pinned"),
    ("pins.add", {"channel": "CROOM"}, "no_item_specified"),
    ("pins.remove", {"channel": "CROOM", "timestamp": "THEIRS"}, "no_pin"),
    ("files.getUploadURLExternal", {"filename": "a", "length": 0}, "invalid_arguments"),
    ("files.completeUploadExternal", {"files": [{"id": "FNONE"}]}, "file_not_found"),
    ("files.delete", {"file": "FNONE"}, "file_not_found"),
    ("files.info", {"file": "FNONE"}, "file_not_found"),
    ("users.info", {"user": "UNONE"}, "user_not_found"),
    ("users.lookupByEmail", {"email": "nobody@example.com"}, "users_not_found"),
    ("views.open", {"view": MODAL}, "invalid_arguments"),
    ("views.open", {"trigger_id": "1.2.3", "view": MODAL}, "invalid_trigger_id"),
    ("views.open", {"trigger_id": "FRESH", "view": MODAL | {"title": "T"}}, "invalid_arguments"),
    ("views.update", {"view_id": "VNONE", "view": MODAL}, "not_found"),
    ("views.push", {"trigger_id": "FRESH", "view": MODAL}, "not_found"),
    ("views.publish", {"user_id": "U0DBA", "view": MODAL}, "invalid_arguments"),
    ("usergroups.users.list", {"usergroup": "SNONE"}, "no_such_subteam"),
    ("bookmarks.add", {"channel_id": "CROOM", "title": "T", "type": "link", "link": "ftp://a"}, "invalid_link"),
    (
        "bookmarks.add",
        {"channel_id": "CROOM", "title": "T", "type": "link", "link": URL, "emoji": "x"},
        "invalid_emoji",
    ),
    ("bookmarks.add", {"channel_id": "CROOM", "title": "T", "type": "tab", "link": URL}, "invalid_bookmark_type"),
    ("bookmarks.add", {"channel_id": "CROOM", "title": "T", "type": "folder", "link": URL}, "parent_with_link"),
    ("bookmarks.add", {"channel_id": "CROOM", "title": "T" * 257, "type": "link", "link": URL}, "invalid_arguments"),
    ("bookmarks.add", {"channel_id": "CSECRET", "title": "T", "type": "link", "link": URL}, "channel_not_found"),
    ("bookmarks.add", {"channel_id": "COLD", "title": "T", "type": "link", "link": URL}, "permission_denied"),
    ("bookmarks.add", {"title": "T", "type": "link", "link": URL}, "channel_not_found"),
    ("bookmarks.edit", {"channel_id": "CROOM", "bookmark_id": "BkNONE", "title": "T"}, "not_found"),
    ("bookmarks.remove", {"channel_id": "CROOM", "bookmark_id": "BkNONE"}, "not_found"),
    ("bookmarks.list", {"channel_id": "CSECRET"}, "channel_not_found"),
    ("canvases.create", {"document_content": LIST_IN_QUOTE}, "canvas_creation_failed"),
    ("canvases.create", {"channel_id": "C0OPS"}, "restricted_action"),
    ("conversations.canvases.create", {"channel_id": "CROOM", "document_content": BIG}, "canvas_creation_failed"),
    ("canvases.edit", {"canvas_id": "FNONE", "changes": [{"operation": "delete"}]}, "canvas_not_found"),
    ("canvases.edit", {"canvas_id": "CANVAS", "changes": [END, END]}, "invalid_arguments"),
    ("canvases.edit", {"canvas_id": "CANVAS", "changes": [{"operation": "append"}]}, "invalid_arguments"),
    (
        "canvases.edit",
        {"canvas_id": "CANVAS", "changes": [END | {"operation": "replace", "section_id": "temp:C:no"}]},
        "canvas_editing_failed",
    ),
    (
        "canvases.edit",
        {"canvas_id": "CANVAS", "changes": [END | {"document_content": LIST_IN_QUOTE}]},
        "canvas_editing_failed",
    ),
    ("canvases.edit", {"canvas_id": "CANVAS", "changes": [END | {"document_content": TABLE}]}, "canvas_editing_failed"),
    ("canvases.delete", {"canvas_id": "FNONE"}, "canvas_not_found"),
    ("canvases.sections.lookup", {"canvas_id": "FNONE", "criteria": {}}, "canvas_not_found"),
    ("canvases.sections.lookup", {"canvas_id": "CANVAS", "criteria": {}}, "invalid_arguments"),
    ("canvases.access.set", {"canvas_id": "CANVAS", "access_level": "all"}, "invalid_arguments"),
    ("canvases.access.set", {"canvas_id": "CANVAS", "access_level": "read"}, "invalid_parameters"),
    ("canvases.access.set", {"canvas_id": "CANVAS", "access_level": "read", "user_ids": ["UNONE"]}, "user_not_found"),
    ("canvases.access.delete", {"canvas_id": "CANVAS", "channel_ids": ["CSECRET"]}, "channel_not_found"),
    ("canvases.getContent", {"canvas_id": "FNONE"}, "canvas_not_found"),
    ("team.info", {"team": "TNONE"}, "team_not_found"),
    ("chat.shout", {}, "unknown_method"),
]


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

    answer = await ask(sandbox, method, {key: known(names, value) for key, value in args.items()})

    assert answer["error"] == error
    assert sandbox.messages("room") == before
    if method != "chat.shout" and (method, error) not in UNDOCUMENTED:
        assert error in documented(method)


def known(names, value):
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
    """As in Slack: right after its completion nobody knows what kind of file it is, and blocks may not show it."""
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
