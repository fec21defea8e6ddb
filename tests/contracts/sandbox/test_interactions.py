"""Commands, buttons, forms and shortcuts: what the app gets, and what people then see."""

import json

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import SlackError
from tests.support.servers.requirements import conformance_data
from tests.support.servers.sandbox_client import eventually, web_client

FREE = {"blocks", "state", "values", "files", "actions"}


def words(text):
    return {"type": "plain_text", "text": text}


def option(value):
    return {"text": words(value.upper()), "value": value}


def field(name, element, **more):
    return {"type": "input", "block_id": name, "label": words(name), "element": element | {"action_id": "it"}, **more}


FORM = {
    "type": "modal",
    "callback_id": "form",
    "title": words("Form"),
    "submit": words("Go"),
    "private_metadata": "kept",
    "notify_on_close": True,
    "blocks": [
        field("title", {"type": "plain_text_input", "min_length": 2}),
        field("severity", {"type": "static_select", "options": [option("sev1"), option("sev2")]}),
        field("kinds", {"type": "checkboxes", "options": [option("drill"), option("private")]}, optional=True),
        field("who", {"type": "users_select"}, optional=True),
        field("day", {"type": "datepicker"}, optional=True),
    ],
}
CARD = [
    {
        "type": "actions",
        "block_id": "card",
        "elements": [
            {"type": "button", "action_id": "ack", "text": words("Acknowledge"), "value": "7"},
            {"type": "overflow", "action_id": "more", "options": [option("one"), option("two")]},
            {"type": "static_select", "action_id": "sev", "options": [option("sev1"), option("sev2")]},
            {"type": "users_select", "action_id": "lead"},
            {"type": "datepicker", "action_id": "due"},
        ],
    }
]


@pytest.fixture
async def sandbox():
    async with Sandbox(answer_seconds=1.0) as sandbox:
        sandbox.add_channel("room", members=["dogwatch", "dba", "oncall"], id="CROOM")
        sandbox.subscribe([])
        yield sandbox


@pytest.fixture
async def app(sandbox):
    """A bolt app that keeps every body it gets and answers as the test says in `app.reply`."""
    app = AsyncApp(client=web_client(sandbox), process_before_response=True)
    app.bodies, app.reply = [], {}

    async def take(ack, body):
        app.bodies.append(body)
        await ack(**app.reply)

    import re

    everything = re.compile(".*")
    for listen in (app.command, app.action, app.view_submission, app.view_closed, app.shortcut, app.options):
        listen(everything)(take)
    handler = AsyncSocketModeHandler(app, sandbox.app_token)
    await handler.connect_async()
    await sandbox.wait_until(lambda: sandbox.sockets() == 1)
    yield app
    await handler.close_async()


@pytest.fixture
def client(sandbox):
    return web_client(sandbox)


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

    with pytest.raises(SlackError, match="nothing called 'other'"):
        await sandbox.click("oncall", "room", ts, "other")
    with pytest.raises(SlackError, match="none of the options"):
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


async def test_a_form_is_filled_in_and_sent(sandbox, app, client):
    view_id = await open_form(sandbox, client)

    answer = await sandbox.submit_view(
        "oncall",
        view_id,
        {"title": "Down", "severity": "sev1", "kinds": ["drill"], "who": "U0DBA", "day.it": "2026-11-20"},
    )

    values = app.bodies[0]["view"]["state"]["values"]
    assert answer.ok
    assert values["title"]["it"] == {"type": "plain_text_input", "value": "Down"}
    assert values["severity"]["it"]["selected_option"]["value"] == "sev1"
    assert [each["value"] for each in values["kinds"]["it"]["selected_options"]] == ["drill"]
    assert values["who"]["it"]["selected_user"] == "U0DBA"
    assert values["day"]["it"]["selected_date"] == "2026-11-20"
    assert app.bodies[0]["view"]["private_metadata"] == "kept"
    assert sandbox.views("oncall") == []


async def test_slack_itself_refuses_an_incomplete_form(sandbox, app, client):
    view_id = await open_form(sandbox, client)

    answer = await sandbox.submit_view("oncall", view_id, {"title": "x"})

    assert answer.errors.keys() == {"title", "severity"}
    assert app.bodies == []


async def test_the_app_refuses_fields(sandbox, app, client):
    view_id = await open_form(sandbox, client)
    app.reply = {"response_action": "errors", "errors": {"title": "Say more"}}

    answer = await sandbox.submit_view("oncall", view_id, {"title": "Down", "severity": "sev1"})

    assert answer.errors == {"title": "Say more"}
    assert sandbox.views("oncall")[0]["errors"] == {"title": "Say more"}


async def test_errors_for_a_block_that_is_not_there_are_the_apps_mistake(sandbox, app, client):
    view_id = await open_form(sandbox, client)
    app.reply = {"response_action": "errors", "errors": {"it": "Say more"}}

    answer = await sandbox.submit_view("oncall", view_id, {"title": "Down", "severity": "sev1"})

    assert (answer.ok, answer.error) == (False, "invalid_arguments")


async def test_the_app_shows_another_view(sandbox, app, client):
    first = await open_form(sandbox, client)
    other = {"type": "modal", "title": words("Other"), "blocks": [{"type": "divider"}]}

    app.reply = {"response_action": "push", "view": other}
    await sandbox.submit_view("oncall", first, {"title": "Down", "severity": "sev1"})
    pushed = [view["title"]["text"] for view in sandbox.views("oncall")]
    app.reply = {"response_action": "update", "view": other}
    await sandbox.submit_view("oncall", first)
    updated = [view["title"]["text"] for view in sandbox.views("oncall")]
    app.reply = {"response_action": "clear"}
    await sandbox.submit_view("oncall", first)

    assert pushed == ["Form", "Other"]
    assert updated == ["Other", "Other"]
    assert sandbox.views("oncall") == []


async def test_closing_is_told_where_it_was_asked_for(sandbox, app, client):
    await sandbox.close_view("oncall", await open_form(sandbox, client))
    await sandbox.close_view("oncall", await open_form(sandbox, client, FORM | {"notify_on_close": False}))

    assert [(body["type"], body["is_cleared"]) for body in app.bodies] == [("view_closed", False)]


async def test_a_choice_in_a_view_is_told_with_the_views_state(sandbox, app, client):
    view_id = await open_form(sandbox, client)

    await sandbox.click_view("oncall", view_id, "severity", "sev2")

    body = app.bodies[0]
    assert body["container"] == {"type": "view", "view_id": view_id}
    assert body["view"]["state"]["values"]["severity"]["it"]["selected_option"]["value"] == "sev2"


async def test_a_view_may_be_pushed_from_a_views_button(sandbox, app, client):
    button = {"type": "button", "action_id": "deeper", "text": words("Deeper")}
    view = {"type": "modal", "title": words("T"), "blocks": [{"type": "actions", "elements": [button]}]}
    answer = await sandbox.click_view("oncall", await open_form(sandbox, client, view), "deeper")

    await client.views_push(trigger_id=answer.trigger_id, view=view)

    assert len(sandbox.views("oncall")) == 2


async def test_an_external_select_asks_the_app(sandbox, app, client):
    select = field("service", {"type": "external_select"})
    view_id = await open_form(sandbox, client, FORM | {"blocks": [select]})
    app.reply = {"options": [option("checkout")]}

    found = await sandbox.suggest("oncall", "it", "che", view_id=view_id)

    assert found == [option("checkout")]
    assert (app.bodies[0]["type"], app.bodies[0]["value"]) == ("block_suggestion", "che")


SEARCH = {
    "type": "section",
    "block_id": "near",
    "text": words("Which"),
    "accessory": {"type": "external_select", "action_id": "service", "min_query_length": 0},
}


async def test_an_external_select_in_a_message_is_chosen_from_what_the_app_offered(sandbox, app, client):
    ts = (await client.chat_postMessage(channel="CROOM", text="card", blocks=[SEARCH]))["ts"]
    app.reply = {"option_groups": [{"label": words("Services"), "options": [option("checkout")]}]}

    await sandbox.suggest("oncall", "service", "", channel="room", message_ts=ts)
    app.reply = {}
    await sandbox.click("oncall", "room", ts, "service", "checkout")

    asked, chosen = app.bodies
    assert (asked["container"]["message_ts"], asked["message"]["ts"], asked["channel"]["id"]) == (ts, ts, "CROOM")
    assert chosen["actions"][0]["selected_option"] == option("checkout")


async def test_several_are_chosen_of_an_external_select_in_a_form(sandbox, app, client):
    several = field("places", {"type": "multi_external_select", "initial_options": [option("ops")]})
    view_id = await open_form(sandbox, client, FORM | {"blocks": [several]})
    app.reply = {"options": [option("checkout"), option("search")]}

    await sandbox.suggest("oncall", "places", "che", view_id=view_id)
    app.reply = {}
    await sandbox.submit_view("oncall", view_id, {"places": ["ops", "search"]})

    held = app.bodies[-1]["view"]["state"]["values"]["places"]["it"]["selected_options"]
    assert held == [option("ops"), option("search")]


async def test_options_that_slack_would_not_show_are_the_apps_mistake(sandbox, app, client):
    view_id = await open_form(sandbox, client, FORM | {"blocks": [field("it", {"type": "external_select"})]})
    app.reply = {"options": [option("v" * 151)]}

    with pytest.raises(SlackError, match="must be less than 151 characters"):
        await sandbox.suggest("oncall", "it", "che", view_id=view_id)


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


# --- shapes


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
