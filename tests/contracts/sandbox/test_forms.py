"""Forms and external selects: what the app gets, and what people then see."""

import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import SlackError
from tests.support.requests.interactive_views import FORM, field, option, words


@pytest.fixture
async def sandbox():
    async with Sandbox(answer_seconds=1.0) as sandbox:
        sandbox.add_channel("room", members=["dogwatch", "dba", "oncall"], id="CROOM")
        sandbox.subscribe([])
        yield sandbox


async def open_form(sandbox, client, view=FORM, user="oncall"):
    right = sandbox._trigger(sandbox._user(user))
    return (await client.views_open(trigger_id=right, view=view))["view"]["id"]


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
