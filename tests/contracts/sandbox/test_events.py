"""Events for the app, in Slack's format."""

import json

import pytest

from bot.sandbox.app_link.interactions import event_callback
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import Event
from tests.support.servers.requirements import conformance_data
from tests.support.servers.sandbox_client import web_client

FREE = {"blocks", "attachments", "values", "shares", "state"}
EXAMPLES = {
    "event_message_user",
    "event_message_bot",
    "event_message_changed",
    "event_message_deleted",
    "event_message_file_share",
    "event_message_thread_broadcast",
    "event_message_from_response_url",
    "event_app_mention",
}


class EventRecorder:
    """Record the sandbox's events, without delivery."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        sandbox.workspace.listeners = [self.hear]
        self.all = []

    def hear(self, event):
        if event.is_for_app:
            self.all.append(event.body)

    def names(self):
        return [(event["type"], event.get("subtype")) for event in self.all]


@pytest.fixture
async def sandbox():
    async with Sandbox() as sandbox:
        sandbox.add_channel("room", members=["dogwatch", "dba"], creator="dba", id="CROOM")
        sandbox.add_channel("elsewhere", members=["dba"], id="CELSE")
        yield sandbox


@pytest.fixture
def events(sandbox):
    return EventRecorder(sandbox)


async def test_only_channels_that_the_bot_is_in(sandbox, events):
    ts = sandbox.say("dba", "elsewhere", "unheard")
    sandbox.react("dba", "elsewhere", ts, "eyes")
    sandbox.pin("dba", "elsewhere", ts)
    sandbox.set_topic("dba", "elsewhere", "t")
    assert events.all == []

    ts = sandbox.say("dba", "room", "events")
    sandbox.react("dba", "room", ts, "eyes")
    assert events.names() == [("message", None), ("reaction_added", None)]


async def test_public_channels_come_and_go_for_all_to_know_and_private_ones_do_not(sandbox, events):
    sandbox.create_channel("dba", "open")
    sandbox.rename("dba", "open", "opened")
    sandbox.archive("dba", "opened")
    sandbox.unarchive("dba", "opened")
    assert [name for name, _ in events.names()] == [
        "channel_created",
        "channel_rename",
        "channel_archive",
        "channel_unarchive",
    ]

    events.all.clear()
    sandbox.create_channel("dba", "closed", is_private=True)
    sandbox.rename("dba", "closed", "shut")
    assert events.all == []


async def test_the_bots_own_messages_come_back_with_its_bot_id(sandbox, events):
    await web_client(sandbox).chat_postMessage(channel="CROOM", text="mine")

    assert events.all[-1]["bot_id"] == sandbox.bot_id
    assert events.all[-1]["user"] == sandbox.bot_user_id


async def test_an_edit_names_both_texts(sandbox, events):
    ts = sandbox.say("dba", "room", "one")
    sandbox.edit("dba", "room", ts, "two")

    event = events.all[-1]
    assert event["subtype"] == "message_changed"
    assert (event["message"]["text"], event["previous_message"]["text"]) == ("two", "one")
    assert event["message"]["ts"] == ts
    assert event["ts"] > ts


async def test_a_deletion_names_what_was_said(sandbox, events):
    ts = sandbox.say("dba", "room", "one")
    sandbox.delete("dba", "room", ts)

    event = events.all[-1]
    assert (event["subtype"], event["deleted_ts"], event["previous_message"]["text"]) == ("message_deleted", ts, "one")
    assert sandbox.message("room", ts) is None


async def test_a_deleted_parent_leaves_a_tombstone_and_its_replies(sandbox, events):
    ts = sandbox.say("dba", "room", "one")
    reply = sandbox.say("dba", "room", "two", thread_ts=ts)
    sandbox.delete("dba", "room", ts)

    event = events.all[-1]
    assert (event["subtype"], event["message"]["subtype"]) == ("message_changed", "tombstone")
    assert event["previous_message"]["text"] == "one"
    assert [each["ts"] for each in sandbox.thread("room", ts)] == [ts, reply]


async def test_a_mention_is_told_twice(sandbox, events):
    sandbox.say("dba", "room", "hello @dogwatch")

    assert events.names() == [("message", None), ("app_mention", None)]
    assert events.all[0]["text"] == "hello <@U0DOGWATCH>"


async def test_a_mention_in_a_direct_message_is_a_message_only(sandbox, events):
    sandbox.say("dba", sandbox.open_dm("dba"), "hello @dogwatch")

    assert events.names() == [("message", None)]


async def test_joining_and_inviting(sandbox, events):
    sandbox.join("support", "room")
    sandbox.invite("dba", "room", ["engineer"])

    joined, _, invited, member = events.all
    assert (joined["subtype"], joined["user"]) == ("channel_join", "U0SUPPORT")
    assert (invited["inviter"], member["inviter"], member["type"]) == ("U0DBA", "U0DBA", "member_joined_channel")


async def test_what_is_typed_becomes_slacks_form(sandbox):
    ts = sandbox.say("dba", "room", "a<b & c @engineer in #ops, @engineering see https://example.org/x?a=1&b=2. @you")

    said = sandbox.message("room", ts)
    assert said["text"] == (
        "a&lt;b &amp; c <@U0ENGINEER> in <#C0OPS|>, <!subteam^S0ENGINEERING> "
        "see <https://example.org/x?a=1&amp;b=2>. @you"
    )
    kinds = [piece["type"] for piece in said["blocks"][0]["elements"][0]["elements"]]
    assert kinds == ["text", "user", "text", "channel", "text", "usergroup", "text", "link", "text"]


async def test_raw_text_stays_as_it_is(sandbox):
    ts = sandbox.say("dba", "room", "<!channel> &amp;", raw=True)

    assert sandbox.message("room", ts)["text"] == "<!channel> &amp;"


# --- shapes


def everything_happens(sandbox):
    ts = sandbox.say("dba", "room", "hello @dogwatch")
    sandbox.say("dba", "room", "reply", thread_ts=ts)
    sandbox.say("dba", "room", "broadcast", thread_ts=ts, broadcast=True)
    sandbox.edit("dba", "room", ts, "edited")
    sandbox.react("dba", "room", ts, "eyes")
    sandbox.unreact("dba", "room", ts, "eyes")
    sandbox.pin("dba", "room", ts)
    sandbox.unpin("dba", "room", ts)
    sandbox.upload("dba", "room", "a.txt", "a")
    sandbox.delete("dba", "room", sandbox.say("dba", "room", "gone"))
    sandbox.set_topic("dba", "room", "t")
    sandbox.set_purpose("dba", "room", "p")
    sandbox.join("support", "room")
    sandbox.leave("support", "room")
    sandbox.create_channel("dba", "new")
    sandbox.rename("dba", "room", "chamber")
    sandbox.change_user("support", deleted=True)
    sandbox.archive("dba", "chamber")
    sandbox.unarchive("manager", "chamber")


@pytest.fixture(scope="module")
def shapes():
    folder = conformance_data() / "slack"
    found = {}
    for event in json.loads((folder / "event_shapes.json").read_text())["events"].values():
        inner = event.get("event", event)
        found.setdefault(inner.get("type"), []).append(inner)
    examples = json.loads((folder / "payload_examples.json").read_text())["examples"]
    responses = json.loads((folder / "api_response_shapes.json").read_text())["responses"]
    found["file"] = responses["files.completeUploadExternal"]["files"][0]
    for name in EXAMPLES:
        found["message"].append(examples[name]["event"])
    return found


def any_message(shapes):
    """Nested messages look alike; the reference has all keys in some places only."""
    files = [file for each in shapes["message"] for file in each.get("files", [])]
    messages = [*shapes["message"], *({"files": [file]} for file in (*files, shapes["file"]))]
    messages += [each[key] for each in shapes["message"] for key in ("message", "root") if key in each]
    inside = [{key: each} for each in messages for key in ("message", "previous_message", "root")]
    return [*messages, *inside, *({"item": each} for each in inside), {"event_ts": ""}]


def strangers(path, value, known):
    if isinstance(value, list):
        inner = [item for each in known if isinstance(each, list) for item in each]
        return [name for item in value for name in strangers(path, item, inner)] if inner else []
    dicts = [each for each in known if isinstance(each, dict)]
    if not isinstance(value, dict) or not any(dicts):
        return []
    names = []
    for key, inside in value.items():
        found = [each[key] for each in dicts if key in each]
        if not found and key not in FREE:
            names.append(f"{path}.{key}")
        elif key not in FREE:
            names += strangers(f"{path}.{key}", inside, found)
    return names


async def test_events_have_no_key_that_slacks_have_not(sandbox, events, shapes):
    everything_happens(sandbox)
    await sandbox.open_home("dba")
    found = {}
    for event in events.all:
        known = [*shapes[event["type"]], *any_message(shapes)]
        for name in strangers(event["type"], event, known):
            found.setdefault(name, event.get("subtype"))

    assert {event["type"] for event in events.all} >= {
        "message",
        "app_mention",
        "reaction_added",
        "reaction_removed",
        "pin_added",
        "pin_removed",
        "file_shared",
        "member_joined_channel",
        "member_left_channel",
        "channel_created",
        "channel_rename",
        "channel_archive",
        "channel_unarchive",
        "user_change",
        "app_home_opened",
    }
    assert not found, "\n".join(sorted(f"{name} in {subtype}" for name, subtype in found.items()))


async def test_the_wrapping_of_an_event(sandbox, shapes):
    folder = conformance_data() / "slack"
    wrapped = json.loads((folder / "event_shapes.json").read_text())["events"]["ReactionAdded"]
    event = Event({"type": "message"}, is_for_app=True, channel="C1")
    payload = event_callback(sandbox.workspace, event, sandbox.now())

    assert payload.keys() <= wrapped.keys()
    assert {"event_id", "event_time", "authorizations", "team_id", "api_app_id"} <= payload.keys()
    assert payload["authorizations"][0].keys() <= wrapped["authorizations"][0].keys()
