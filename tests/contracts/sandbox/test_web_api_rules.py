"""Rules of the Web API, seen by the official client."""

import json

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.server import Sandbox
from tests.support.requests.official_client import MODAL, trigger, with_channel, with_message


@pytest.fixture
async def sandbox():
    async with Sandbox() as sandbox:
        sandbox.subscribe([])  # there is no app to hear of anything
        yield sandbox


async def test_the_bots_identity(client, sandbox):
    found = await client.auth_test()

    assert (found["team_id"], found["user_id"], found["bot_id"]) == ("T0HARBOUR", "U0DOGWATCH", "B0DOGWATCH")
    assert "chat:write" in found.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize("how", ["query", "form", "json"])
async def test_arguments_come_in_any_form(how, sandbox, client):
    channel = await with_channel(client)
    blocks = [{"type": "divider"}]
    given = {"channel": channel, "text": "hi", "blocks": blocks if how == "json" else json.dumps(blocks)}
    more = {"json": {"json": given}, "form": {"data": given}, "query": {"params": given}}[how]
    headers = {"Authorization": f"Bearer {sandbox.bot_token}"}

    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sandbox.api_url}chat.postMessage", headers=headers, **more) as response,
    ):
        assert (await response.json())["ok"] is True

    assert [block["type"] for block in sandbox.messages(channel)[-1]["blocks"]] == ["divider"]


async def test_the_token_may_be_an_argument(sandbox):
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sandbox.api_url}auth.test", data={"token": sandbox.bot_token}) as response,
    ):
        assert (await response.json())["ok"] is True
    assert "token" not in sandbox.calls()[-1]["args"]


async def test_lists_come_in_pages(client, sandbox):
    for number in range(25):
        sandbox.add_channel(f"room-{number}")

    found = [
        channel["name"] async for page in await client.conversations_list(limit=10) for channel in page["channels"]
    ]

    assert len(found) == len(set(found)) == 29
    assert sandbox.calls("conversations.list")[0]["args"]["limit"] in (10, "10")


async def test_history_is_newest_first_and_bounded_by_times(client, sandbox):
    channel = await with_channel(client)
    times = [sandbox.say("dba", channel, f"line {number}") for number in range(5)]

    whole = await client.conversations_history(channel=channel, limit=3)
    between = await client.conversations_history(channel=channel, oldest=times[1], latest=times[3])
    with_ends = await client.conversations_history(channel=channel, oldest=times[1], latest=times[3], inclusive=True)
    one = await client.conversations_history(channel=channel, latest=times[2], inclusive=True, limit=1)

    assert [each["text"] for each in whole["messages"]] == ["line 4", "line 3", "line 2"]
    assert whole["has_more"] is True
    assert [each["text"] for each in between["messages"]] == ["line 2"]
    assert [each["text"] for each in with_ends["messages"]] == ["line 3", "line 2", "line 1"]
    assert [each["ts"] for each in one["messages"]] == [times[2]]


async def test_replies_begin_with_the_parent_and_a_replys_ts_gives_the_reply(client, sandbox):
    channel = await with_channel(client)
    sandbox.join("dba", channel)
    ts = (await client.chat_postMessage(channel=channel, text="hello"))["ts"]
    reply = sandbox.say("dba", channel, "a reply", thread_ts=ts)
    sandbox.say("dba", channel, "an answer to the reply", thread_ts=reply)

    thread = (await client.conversations_replies(channel=channel, ts=ts))["messages"]
    one = (await client.conversations_replies(channel=channel, ts=reply, oldest=reply, inclusive=True, limit=1))[
        "messages"
    ]
    shown = (await client.conversations_history(channel=channel, limit=1))["messages"]

    assert [each["text"] for each in thread] == ["hello", "a reply", "an answer to the reply"]
    assert thread[0]["reply_count"] == 2
    assert [each["text"] for each in one] == ["a reply"]
    assert [each["text"] for each in shown] == ["hello"]


async def test_metadata_is_kept_and_shown_on_request(client, sandbox):
    channel = await with_channel(client)
    metadata = {"event_type": "row", "event_payload": {"id": "7"}}
    ts = (await client.chat_postMessage(channel=channel, text="a", metadata=metadata))["ts"]
    await client.chat_update(channel=channel, ts=ts, text="b")

    with_it = await client.conversations_history(channel=channel, include_all_metadata=True)
    without = await client.conversations_history(channel=channel)

    assert with_it["messages"][0]["metadata"] == metadata
    assert "metadata" not in without["messages"][0]


async def test_an_update_keeps_what_it_does_not_name(client, sandbox):
    channel = await with_channel(client)
    ts = (await client.chat_postMessage(channel=channel, text="a", blocks=[{"type": "divider"}]))["ts"]

    metadata = {"event_type": "e", "event_payload": {}}
    await client.api_call("chat.update", json={"channel": channel, "ts": ts, "metadata": metadata})
    kept = sandbox.message(channel, ts)
    await client.chat_update(channel=channel, ts=ts, text="only text now")
    replaced = sandbox.message(channel, ts)

    assert kept["text"] == "a"
    assert kept["blocks"][0]["type"] == "divider"
    assert "blocks" not in replaced
    assert replaced["edited"]["user"] == sandbox.bot_user_id


async def test_a_very_long_text_becomes_several_messages(client, sandbox):
    channel = await with_channel(client)

    answer = await client.chat_postMessage(channel=channel, text="word " * 1800)

    said = [each for each in sandbox.messages(channel) if each.get("bot_id") and not each.get("subtype")]
    assert [len(each["text"]) <= 4040 for each in said] == [True] * 3
    assert said[0]["ts"] == answer["ts"]
    assert "".join(each["text"] for each in said).count("word") == 1800


async def test_a_message_to_a_person_opens_their_conversation(client, sandbox):
    answer = await client.chat_postMessage(channel="U0DBA", text="psst")

    assert sandbox.open_dm("dba") == answer["channel"]
    assert sandbox.channel(answer["channel"])["is_im"] is True


async def test_files_upload_v2(client, sandbox):
    channel, ts = await with_message(client)

    await client.files_upload_v2(
        channel=channel, thread_ts=ts, filename="draft.md", title="Draft", content="# Draft", initial_comment="Here"
    )
    await sandbox.wait_settled()

    shown = sandbox.thread(channel, ts)[-1]
    assert (shown["subtype"], shown["text"], shown["files"][0]["title"]) == ("file_share", "Here", "Draft")
    assert sandbox.file_content(shown["files"][0]["id"]) == b"# Draft"
    info = (await client.files_info(file=shown["files"][0]["id"]))["file"]
    assert info["shares"]["public"][channel][0]["ts"] == shown["ts"]


async def test_a_file_is_read_with_a_token_and_else_there_is_a_login_page(client, sandbox):
    channel = await with_channel(client)
    file = sandbox.upload("dba", channel, "slow.log", b"\x00\x01")
    headers = {"Authorization": f"Bearer {sandbox.bot_token}"}

    async with aiohttp.ClientSession() as session:
        async with session.get(file["url_private"], headers=headers) as response:
            assert await response.read() == b"\x00\x01"
        async with session.get(file["url_private"]) as response:
            assert response.status == 200
            assert response.content_type == "text/html"


async def test_permalinks_lead_to_the_page(client, sandbox):
    channel, ts = await with_message(client)
    link = (await client.chat_getPermalink(channel=channel, message_ts=ts))["permalink"]

    assert link == f"{sandbox.base_url}/archives/{channel}/p{ts.replace('.', '')}"
    async with aiohttp.ClientSession() as session, session.get(link) as response:
        assert response.status == 200


async def test_a_slow_bot_finds_its_trigger_expired(client, sandbox):
    right = sandbox._trigger(sandbox._user("oncall"))
    sandbox.workspace.triggers[right].issued -= 3.1

    with pytest.raises(SlackApiError) as refused:
        await client.views_open(trigger_id=right, view=MODAL)

    assert refused.value.response["error"] == "expired_trigger_id"


async def test_what_was_typed_survives_an_update_of_the_view(client, sandbox):
    field = {
        "type": "input",
        "block_id": "b",
        "label": {"type": "plain_text", "text": "L"},
        "element": {"type": "plain_text_input", "action_id": "a"},
    }
    view = MODAL | {"submit": {"type": "plain_text", "text": "Go"}, "blocks": [field]}
    opened = (await client.views_open(trigger_id=trigger(sandbox), view=view))["view"]
    await sandbox.submit_view("oncall", opened["id"], {"a": "typed"})

    updated = (await client.views_update(view_id=opened["id"], view=view))["view"]

    assert updated["state"]["values"]["b"]["a"]["value"] == "typed"
    assert updated["hash"] != opened["hash"]
