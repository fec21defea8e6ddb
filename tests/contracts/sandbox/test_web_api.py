"""Answers of the sandbox to the official client, method by method, in Slack's shape."""

import json
from collections.abc import Iterable

import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.web_api.methods import METHODS
from tests.support.requests.official_client import MODAL, trigger, uploaded, with_channel, with_message
from tests.support.servers.requirements import conformance_data
from tests.support.servers.sandbox_client import web_client

FREE = {"blocks", "attachments", "event_payload", "values", "shares", "metadata", "warnings", "messages_free"}
"""Keys whose contents the reference cuts short, or whose keys are ids."""


KNOWN_ELSEWHERE = {
    "conversations.open": {"channel.is_user_deleted", "channel.priority"},  # im objects have them in other answers
    "usergroups.list": set(),
}


SPARSE = {"canvases.getContent": {"ok": True, "content": "# Head"}}
"""What the reference only names; the answer is that of the vendor's own page on the method."""


class Shapes:
    def __init__(self):
        folder = conformance_data() / "slack"
        self.shapes = json.loads((folder / "api_response_shapes.json").read_text())["responses"]
        self.methods = json.loads((folder / "web_api_methods.json").read_text())["methods"]
        everything = [*self.shapes.values(), *(method.get("example_ok") or {} for method in self.methods.values())]
        self.message = [each[key] for each in everything for key in ("message",) if isinstance(each.get(key), dict)]
        self.message += [
            each["messages"][0]
            for each in everything
            if isinstance(each.get("messages"), list) and each["messages"] and isinstance(each["messages"][0], dict)
        ]
        self.file = [each["file"] for each in everything if isinstance(each.get("file"), dict)]
        self.channel = [self.shapes[name]["channel"] for name in ("conversations.info", "conversations.create")]

    def strangers(self, method, answer):
        """Paths of keys that neither the shape nor the example of this method has."""
        known = [self.shapes.get(method) or {}, self.methods[method].get("example_ok") or {}, {"response_metadata": {}}]
        known.append(SPARSE.get(method, {}))
        return [path for path in self._walk("", answer, known) if path not in KNOWN_ELSEWHERE.get(method, set())]

    def _walk(self, path, value, known) -> Iterable[str]:
        if isinstance(value, list):
            inner = [item for each in known if isinstance(each, list) for item in each if isinstance(item, dict)]
            for item in value:
                if isinstance(item, dict) and inner:
                    yield from self._walk(path, item, inner)
            return
        dicts = [each for each in known if isinstance(each, dict)]
        if not isinstance(value, dict) or not any(dicts):
            return
        for key, inside in value.items():
            here = f"{path}.{key}".strip(".")
            found = [each[key] for each in dicts if key in each]
            if key in ("message", "messages", "root"):
                found = [*found, *self.message, self.message]
            elif key in ("file", "files"):
                found = [*found, *self.file, self.file]
            elif key in ("channel", "channels") and found:
                found = [*found, *self.channel, self.channel]
            if not found and key not in FREE:
                yield here
            elif key not in FREE:
                yield from self._walk(here, inside, found)


@pytest.fixture(scope="module")
def shapes():
    return Shapes()


@pytest.fixture
async def sandbox():
    async with Sandbox() as sandbox:
        sandbox.subscribe([])  # there is no app to hear of anything
        yield sandbox


async def fetch(method, client, sandbox):
    """One good call of each method."""
    if method.startswith("auth."):
        return await (client.auth_test() if method == "auth.test" else client.auth_teams_list())
    if method == "apps.connections.open":
        return await client.apps_connections_open(app_token=sandbox.app_token)
    if method == "team.info":
        return await client.team_info()
    if method == "users.info":
        return await client.users_info(user="U0DBA")
    if method == "users.list":
        return await client.users_list()
    if method == "users.lookupByEmail":
        return await client.users_lookupByEmail(email="dba@harbour.example")
    if method.startswith("usergroups."):
        return await fetch_usergroups(method, client)
    if method.startswith("bookmarks."):
        return await fetch_bookmarks(method, client)
    if "canvases." in method:
        return await fetch_canvases(method, client)
    families = {"conversations": fetch_conversations, "files": fetch_files, "views": fetch_views}
    return await families.get(method.partition(".")[0], fetch_messages)(method, client, sandbox)


async def fetch_usergroups(method, client):
    if method == "usergroups.users.list":
        return await client.usergroups_users_list(usergroup="S0DATABASE")
    return await client.usergroups_list(include_users=True, include_count=True)


async def fetch_bookmarks(method, client):
    channel = await with_channel(client)
    link = {"title": "Page", "type": "link", "link": "https://example.org", "emoji": ":fire:"}
    added = await client.bookmarks_add(channel_id=channel, **link)
    mine = {"channel_id": channel, "bookmark_id": added["bookmark"]["id"]}
    if method == "bookmarks.edit":
        return await client.bookmarks_edit(**mine, title="Other")
    if method == "bookmarks.list":
        return await client.bookmarks_list(channel_id=channel)
    return added if method == "bookmarks.add" else await client.bookmarks_remove(**mine)


async def fetch_canvases(method, client):
    channel = await with_channel(client)
    content = {"type": "markdown", "markdown": "# Head\n\nwords"}
    if method == "conversations.canvases.create":
        return await client.conversations_canvases_create(channel_id=channel, document_content=content)
    made = await client.canvases_create(title="Notes", document_content=content, channel_id=channel)
    canvas = {"canvas_id": made["canvas_id"]}
    calls = {
        "canvases.edit": lambda: client.canvases_edit(
            **canvas, changes=[{"operation": "insert_at_end", "document_content": content}]
        ),
        "canvases.delete": lambda: client.canvases_delete(**canvas),
        "canvases.getContent": lambda: client.canvases_getContent(**canvas),
        "canvases.access.set": lambda: client.canvases_access_set(**canvas, access_level="read", user_ids=["U0DBA"]),
        "canvases.access.delete": lambda: client.canvases_access_delete(**canvas, user_ids=["U0DBA"]),
        "canvases.sections.lookup": lambda: client.canvases_sections_lookup(
            **canvas, criteria={"section_types": ["h1"], "contains_text": "head"}
        ),
    }
    return made if method == "canvases.create" else await calls[method]()


async def fetch_conversations(method, client, sandbox):
    if method == "conversations.create":
        return await client.conversations_create(name="room")
    if method == "conversations.list":
        return await client.conversations_list(types="public_channel,private_channel,im,mpim")
    if method == "conversations.open":
        return await client.conversations_open(users="U0DBA", return_im=True)
    if method == "conversations.join":
        return await client.conversations_join(channel="C0OPS")
    if method == "conversations.unarchive":
        sandbox.archive("oncall", "ops")
        sandbox.add_token("xoxp-manager", "manager")
        return await web_client(sandbox, "xoxp-manager").conversations_unarchive(channel="C0OPS")
    channel, ts = await with_message(client)
    calls = {
        "conversations.info": lambda: client.conversations_info(channel=channel, include_num_members=True),
        "conversations.members": lambda: client.conversations_members(channel=channel),
        "conversations.history": lambda: client.conversations_history(channel=channel, include_all_metadata=True),
        "conversations.replies": lambda: client.conversations_replies(channel=channel, ts=ts),
        "conversations.invite": lambda: client.conversations_invite(channel=channel, users="U0DBA,UNOBODY", force=True),
        "conversations.setTopic": lambda: client.conversations_setTopic(channel=channel, topic="T"),
        "conversations.setPurpose": lambda: client.conversations_setPurpose(channel=channel, purpose="P"),
        "conversations.archive": lambda: client.conversations_archive(channel=channel),
        "conversations.rename": lambda: client.conversations_rename(channel=channel, name="other"),
        "conversations.kick": lambda: client.conversations_kick(channel=channel, user="U0DBA"),
    }
    if method == "conversations.kick":
        sandbox.join("dba", channel)
    if method in ("conversations.history", "conversations.replies"):
        sandbox.say("dba", channel, "a reply", thread_ts=ts, broadcast=True)
        sandbox.react("dba", channel, ts, "eyes")
        sandbox.upload("dba", channel, "a.txt", "a")
    return await calls[method]()


async def fetch_messages(method, client, sandbox):
    channel, ts = await with_message(client)
    sandbox.join("dba", channel)
    calls = {
        "chat.postMessage": lambda: client.chat_postMessage(
            channel=channel,
            text="more",
            blocks=[{"type": "divider"}],
            metadata={"event_type": "e", "event_payload": {"k": 1}},
            thread_ts=ts,
        ),
        "chat.update": lambda: client.chat_update(channel=channel, ts=ts, text="other"),
        "chat.delete": lambda: client.chat_delete(channel=channel, ts=ts),
        "chat.postEphemeral": lambda: client.chat_postEphemeral(channel=channel, user="U0DBA", text="psst"),
        "chat.getPermalink": lambda: client.chat_getPermalink(channel=channel, message_ts=ts),
        "reactions.add": lambda: client.reactions_add(channel=channel, timestamp=ts, name="eyes"),
        "reactions.remove": lambda: client.reactions_remove(channel=channel, timestamp=ts, name="eyes"),
        "reactions.get": lambda: client.reactions_get(channel=channel, timestamp=ts),
        "pins.add": lambda: client.pins_add(channel=channel, timestamp=ts),
        "pins.remove": lambda: client.pins_remove(channel=channel, timestamp=ts),
        "pins.list": lambda: client.pins_list(channel=channel),
    }
    if method in ("reactions.remove", "reactions.get"):
        await client.reactions_add(channel=channel, timestamp=ts, name="eyes")
    if method in ("pins.remove", "pins.list"):
        await client.pins_add(channel=channel, timestamp=ts)
    return await calls[method]()


async def fetch_files(method, client, sandbox):
    if method == "files.getUploadURLExternal":
        return await client.files_getUploadURLExternal(filename="notes.md", length=5)
    file_id = await uploaded(client, sandbox)
    channel = await with_channel(client)
    done = await client.files_completeUploadExternal(files=[{"id": file_id, "title": "Notes"}], channel_id=channel)
    await sandbox.wait_until(lambda: sandbox.files(channel))
    if method == "files.delete":
        return await client.files_delete(file=file_id)
    return done if method == "files.completeUploadExternal" else await client.files_info(file=file_id)


async def fetch_views(method, client, sandbox):
    if method == "views.publish":
        return await client.views_publish(user_id="U0DBA", view={"type": "home", "blocks": MODAL["blocks"]})
    opened = await client.views_open(trigger_id=trigger(sandbox), view=MODAL)
    if method == "views.open":
        return opened
    view_id = opened["view"]["id"]
    if method == "views.update":
        return await client.views_update(view_id=view_id, view=MODAL, hash=opened["view"]["hash"])
    return await client.views_push(trigger_id=sandbox._trigger(sandbox._user("oncall"), view_id), view=MODAL)


@pytest.mark.parametrize("method", METHODS)
async def test_the_answer_looks_like_slacks(method, client, sandbox, shapes):
    answer = await fetch(method, client, sandbox)

    assert answer["ok"] is True
    assert shapes.strangers(method, answer.data) == []
    assert sandbox.calls(method)[-1]["ok"] is True
