"""Commands, buttons and shortcuts: what the app gets, and what people then see."""

import json

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import SlackError
from tests.support.requests.interactive_views import CARD, FORM, option, words
from tests.support.servers.requirements import conformance_data
from tests.support.servers.sandbox_client import eventually

FREE = {"blocks", "state", "values", "files", "actions"}


@pytest.fixture
async def sandbox():
    async with Sandbox(answer_seconds=1.0) as sandbox:
        sandbox.add_channel("room", members=["dogwatch", "dba", "oncall"], id="CROOM")
        sandbox.subscribe([])
        yield sandbox


async def open_form(sandbox, client, view=FORM, user="oncall"):
    right = sandbox._trigger(sandbox._user(user))
    return (await client.views_open(trigger_id=right, view=view))["view"]["id"]


async def respond(body, **given):
    async with aiohttp.ClientSession() as session, session.post(body["response_url"], json=given) as response:
        return response.status, await response.text()


async def test_a_command_names_the_people_and_places_in_its_text(sandbox, app):
    answer = await sandbox.command("oncall", "room", "/incident lead @dba in #ops with @engineering, not @nobody <3")

    [body] = app.bodies
    assert answer.ok
    assert (body["command"], body["user_id"], body["channel_name"]) == ("/incident", "U0ONCALL", "room")
    assert body["text"] == (
        "lead <@U0DBA|dba> in <#C0OPS|ops> with <!subteam^S0ENGINEERING|@engineering>, not @nobody &lt;3"
    )


async def test_commands_do_not_work_in_threads(sandbox, app):
    answer = await sandbox.command("oncall", "room", "/incident note x", thread=True)

    assert answer.error == "not_supported_in_thread"
    assert app.bodies == []


async def test_a_button(sandbox, app, client):
    ts = (await client.chat_postMessage(channel="CROOM", text="card", blocks=CARD))["ts"]

    await sandbox.click("oncall", "room", ts, "ack")

    [body] = app.bodies
    [action] = body["actions"]
    assert (action["action_id"], action["block_id"], action["value"]) == ("ack", "card", "7")
    assert body["message"]["ts"] == ts
    assert body["container"]["is_ephemeral"] is False


@pytest.mark.parametrize(
    ("action_id", "value", "key", "held"),
    [
        ("more", "two", "selected_option", option("two")),
        ("sev", "sev2", "selected_option", option("sev2")),
        ("sev", "SEV1", "selected_option", option("sev1")),
        ("lead", "U0DBA", "selected_user", "U0DBA"),
        ("due", "2026-11-20", "selected_date", "2026-11-20"),
    ],
)
async def test_menus(action_id, value, key, held, sandbox, app, client):
    ts = (await client.chat_postMessage(channel="CROOM", text="card", blocks=CARD))["ts"]

    await sandbox.click("oncall", "room", ts, action_id, value)

    assert app.bodies[0]["actions"][0][key] == held


async def test_pressing_what_is_not_there(sandbox, client):
    ts = (await client.chat_postMessage(channel="CROOM", text="card", blocks=CARD))["ts"]

    with pytest.raises(SlackError, match="there is no element 'other'"):
        await sandbox.click("oncall", "room", ts, "other")
    with pytest.raises(SlackError, match="not one of the options"):
        await sandbox.click("oncall", "room", ts, "sev", "sev9")


async def test_an_ephemeral_message_is_changed_by_its_response_url_only(sandbox, app, client):
    ts = (await client.chat_postEphemeral(channel="CROOM", user="U0ONCALL", text="psst", blocks=CARD))["message_ts"]
    assert [each["text"] for each in sandbox.messages("room", "dba")] == []
    assert [each["text"] for each in sandbox.messages("room", "oncall")] == ["psst"]

    await sandbox.click("oncall", "room", ts, "ack")
    body = app.bodies[0]
    assert body["container"]["is_ephemeral"] is True
    assert "message" not in body
    assert await respond(body, replace_original=True, text="changed") == (200, "ok")
    assert [each["text"] for each in sandbox.ephemerals("oncall")] == ["changed"]
    assert await respond(body, delete_original=True) == (200, "ok")
    assert sandbox.ephemerals("oncall") == []


async def test_a_response_url_has_five_uses(sandbox, app):
    await sandbox.command("oncall", "room", "/incident")
    answers = [await respond(app.bodies[0], text=f"{number}", response_type="in_channel") for number in range(6)]

    assert [status for status, _ in answers] == [200] * 5 + [404]
    assert "used_url" in answers[5][1]
    assert [each["text"] for each in sandbox.messages("room")] == list("01234")


async def test_a_response_url_refuses_wrong_blocks_and_does_not_count_it(sandbox, app):
    await sandbox.command("oncall", "room", "/incident")

    status, text = await respond(app.bodies[0], text="x", blocks=[{"type": "nothing"}])

    assert (status, json.loads(text)["error"]) == (400, "invalid_blocks")


SEARCH = {
    "type": "section",
    "block_id": "near",
    "text": words("Which"),
    "accessory": {"type": "external_select", "action_id": "service", "min_query_length": 0},
}


async def test_a_response_url_ends_after_half_an_hour(app, sandbox):
    await sandbox.command("oncall", "room", "/incident")
    right = next(iter(sandbox.workspace.response_urls.values()))

    right.issued -= 30 * 60 + 1

    assert (await respond(app.bodies[0], text="late"))[0] == 404
    assert sandbox.messages("room") == []


async def test_a_response_url_speaks_to_one_or_to_all_replaces_and_deletes(sandbox, app, client):
    ts = (await client.chat_postMessage(channel="CROOM", text="card", blocks=CARD))["ts"]
    await sandbox.click("oncall", "room", ts, "ack")
    [body] = app.bodies

    await respond(body, text="for you", replace_original=False)
    await respond(body, text="for all", response_type="in_channel", replace_original=False)
    await respond(body, text="changed", replace_original=True)

    assert [note["text"] for note in sandbox.ephemerals("oncall", "room")] == ["for you"]
    assert [each["text"] for each in sandbox.messages("room")] == ["changed", "for all"]
    await respond(body, delete_original=True)
    assert [each["text"] for each in sandbox.messages("room")] == ["for all"]


async def test_the_messages_tab_is_told_of_by_the_same_event(sandbox, app):
    heard = []
    sandbox.subscribe(["app_home_opened"])

    @app.event("app_home_opened")
    async def keep(event):
        heard.append(event)

    await sandbox.open_home("dba", tab="messages")
    await eventually(lambda: heard)

    assert (heard[0]["tab"], "view" in heard[0]) == ("messages", False)


async def test_shortcuts(sandbox, app):
    ts = sandbox.say("dba", "room", "this one")
    await sandbox.shortcut("oncall", "room", ts, "add-to-timeline")
    await sandbox.global_shortcut("oncall", "open-incident")

    on_message, anywhere = app.bodies
    assert (on_message["type"], on_message["message"]["text"]) == ("message_action", "this one")
    assert (anywhere["type"], anywhere["callback_id"]) == ("shortcut", "open-incident")


async def test_home(sandbox, app, client):
    heard = []
    sandbox.subscribe(["app_home_opened"])

    @app.event("app_home_opened")
    async def publish(event):
        heard.append(event)
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [{"type": "divider"}]})

    await sandbox.open_home("dba")
    await eventually(lambda: heard)
    await sandbox.wait_settled()

    assert heard[0]["tab"] == "home"
    assert sandbox.home("dba")["blocks"][0]["type"] == "divider"
    assert sandbox.home("oncall") is None


@pytest.fixture(scope="module")
def shapes():
    folder = conformance_data() / "slack"
    found = json.loads((folder / "interaction_shapes.json").read_text())["interactions"]
    examples = json.loads((folder / "payload_examples.json").read_text())["examples"]
    return {
        "block_actions": [found["BlockAction"], examples["block_actions"]],
        "message_action": [found["MessageShortcut"], examples["message_shortcut"]],
        "view_submission": [found["ViewSubmission"], examples["view_submission"]],
        "view_closed": [found["ViewClosed"], examples["view_closed"]],
        "shortcut": [examples["global_shortcut"], {"enterprise": None, "is_enterprise_install": False}],
        "block_suggestion": [examples["block_suggestion"], found["ViewSubmission"], found["BlockAction"]],
        "command": [found["SlashCommand"]],
    }


def strangers(path, value, known):
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


async def test_payloads_have_no_key_that_slacks_have_not(sandbox, app, client, shapes):
    ts = (await client.chat_postMessage(channel="CROOM", text="card", blocks=CARD))["ts"]
    app.reply = {}
    await sandbox.command("oncall", "room", "/incident")
    await sandbox.click("oncall", "room", ts, "ack")
    await sandbox.shortcut("oncall", "room", ts, "s")
    await sandbox.global_shortcut("oncall", "s")
    search = (await client.chat_postMessage(channel="CROOM", text="card", blocks=[SEARCH]))["ts"]
    await sandbox.suggest("oncall", "service", "che", channel="room", message_ts=search)
    view_id = await open_form(sandbox, client)
    await sandbox.click_view("oncall", view_id, "severity", "sev1")
    await sandbox.submit_view("oncall", view_id, {"title": "Down"})
    await sandbox.close_view("oncall", await open_form(sandbox, client))

    kinds = [body.get("type", "command") for body in app.bodies]
    assert set(kinds) == shapes.keys()
    assert [
        name for kind, body in zip(kinds, app.bodies, strict=True) for name in strangers(kind, body, shapes[kind])
    ] == []
