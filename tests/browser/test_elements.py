"""Every element of Block Kit: an action on the page reaches the app."""

import asyncio
import json

import pytest_asyncio
from aiohttp import web
from playwright.async_api import expect

from bot.sandbox.server import Sandbox
from tests.browser.conftest import TIMEOUT_MS, WIDE, axe_violations
from tests.support.servers.sandbox_client import web_client


def plain(text):
    return {"type": "plain_text", "text": text}


def option(text):
    return {"text": plain(text), "value": text.lower()}


CONFIRM = {"title": plain("Sure?"), "text": plain("It pages people."), "confirm": plain("Page"), "deny": plain("Don't")}
TWO = [option("One"), option("Two")]
ACTIONS = [
    {"type": "button", "action_id": "plain", "text": plain("Plain"), "value": "v"},
    {
        "type": "button",
        "action_id": "risky",
        "text": plain("Risky"),
        "value": "v",
        "style": "danger",
        "confirm": CONFIRM,
    },
    {"type": "overflow", "action_id": "more", "options": TWO},
    {"type": "static_select", "action_id": "static", "placeholder": plain("Pick one"), "options": TWO},
    {"type": "users_select", "action_id": "user", "placeholder": plain("Pick a person")},
    {"type": "channels_select", "action_id": "place", "placeholder": plain("Pick a channel")},
    {"type": "multi_static_select", "action_id": "several", "placeholder": plain("Pick some"), "options": TWO},
    {"type": "external_select", "action_id": "outside", "placeholder": plain("Look it up"), "min_query_length": 1},
    {"type": "datepicker", "action_id": "day", "placeholder": plain("Pick a day")},
    {"type": "timepicker", "action_id": "hour", "placeholder": plain("Pick an hour")},
    {"type": "datetimepicker", "action_id": "moment"},
    {"type": "checkboxes", "action_id": "boxes", "options": [option("Left"), option("Right")]},
    {"type": "radio_buttons", "action_id": "radio", "options": [option("Up"), option("Down")]},
]
RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "strong", "style": {"bold": True}}]},
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "an item"}]}],
        },
    ],
}
MESSAGE = [
    {"type": "header", "text": plain("Everything")},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*Bold* <!date^1700000000^{ago}|then>"},
        "fields": [{"type": "mrkdwn", "text": "_a field_"}],
    },
    {"type": "divider"},
    RICH,
    {"type": "actions", "block_id": "all", "elements": ACTIONS},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "small print"}]},
]


class App:
    """An app that records all payloads. `answer` is its response to the next submission."""

    def __init__(self):
        self.heard = []
        self.answer = {}

    async def hear(self, request):
        form = await request.post()
        payload = json.loads(form["payload"]) if "payload" in form else {}
        self.heard.append(payload)
        if payload.get("type") == "block_suggestion":
            return web.json_response({"options": [option(f"{payload['value']} found")]})
        if payload.get("type") == "view_submission" and self.answer:
            return web.json_response(self.answer)
        return web.Response()

    async def next(self):
        async with asyncio.timeout(TIMEOUT_MS / 1000):
            while not self.heard:
                await asyncio.sleep(0.02)
        return self.heard.pop(0)

    async def changed(self):
        """The value of the element that was used last."""
        (action,) = (await self.next())["actions"]
        return {
            key: value for key, value in action.items() if key == "action_id" or key.startswith(("selected", "value"))
        }


@pytest_asyncio.fixture(loop_scope="session")
async def stage(browser):
    """A sandbox with an app that only listens, and a page on it."""
    app = App()
    server = web.Application()
    server.add_routes([web.post("/", app.hear)])
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with Sandbox() as sandbox:
        sandbox.subscribe([])
        sandbox.deliver_by_http(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        sandbox.workspace.channel("ops").members.append(sandbox.bot_user_id)
        context = await browser.new_context(viewport=WIDE, timezone_id="UTC")
        page = await context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        await page.goto(sandbox.page_url)
        await page.locator("body[data-ready]").wait_for()
        yield sandbox, app, page
        await context.close()
    await runner.cleanup()


async def test_each_element_of_a_message_tells_what_was_done_to_it(stage):
    sandbox, app, page = stage
    await web_client(sandbox).chat_postMessage(channel="C0OPS", text="everything", blocks=MESSAGE)
    await expect(page.get_by_text("an item")).to_be_visible()
    await expect(page.locator("#messages time")).to_contain_text("days ago")
    assert await axe_violations(page) == []

    await page.get_by_role("button", name="Plain").click()
    assert await app.changed() == {"action_id": "plain", "value": "v"}

    await page.get_by_role("button", name="Risky").click()
    await page.get_by_role("button", name="Don't").click()
    await page.get_by_role("button", name="Risky").click()
    await page.get_by_role("dialog", name="Sure?").get_by_role("button", name="Page").click()
    assert (await app.changed())["action_id"] == "risky"
    assert app.heard == []

    message = page.locator("#messages .message", has_text="Everything")
    await message.get_by_role("button", name="More", exact=True).first.click()
    await page.get_by_role("menuitem", name="Two").click()
    assert (await app.changed())["selected_option"]["value"] == "two"

    await page.get_by_label("Pick one").select_option("two")
    assert (await app.changed())["selected_option"]["value"] == "two"
    await page.get_by_label("Pick a person").select_option("U0DBA")
    assert (await app.changed())["selected_user"] == "U0DBA"
    await page.get_by_label("Pick a channel").select_option("C0OPS")
    assert (await app.changed())["selected_channel"] == "C0OPS"

    await page.get_by_label("Pick some").click()
    await page.get_by_role("listbox", name="Found").get_by_role("option", name="Two").click()
    assert [each["value"] for each in (await app.changed())["selected_options"]] == ["two"]
    await page.get_by_role("button", name="Remove Two").click()
    assert (await app.changed())["selected_options"] == []

    await page.get_by_label("Look it up").fill("pool")
    assert (await app.next())["value"] == "pool"
    await page.get_by_role("option", name="pool found").click()
    assert (await app.changed())["selected_option"]["value"] == "pool found"

    await page.get_by_label("Pick a day").fill("2026-03-02")
    assert (await app.changed())["selected_date"] == "2026-03-02"
    await page.get_by_label("Pick an hour").fill("14:05")
    assert (await app.changed())["selected_time"] == "14:05"
    await page.get_by_label("datetime").fill("2026-03-02T14:05")
    assert (await app.changed())["selected_date_time"] == 1772460300
    await page.get_by_label("Left").check()
    assert [each["value"] for each in (await app.changed())["selected_options"]] == ["left"]
    await page.get_by_label("Down").check()
    assert (await app.changed())["selected_option"]["value"] == "down"


FIELDS = [
    ("name", {"type": "plain_text_input"}),
    ("mail", {"type": "email_text_input"}),
    ("count", {"type": "number_input", "is_decimal_allowed": False}),
    ("several", {"type": "multi_users_select"}),
    ("which", {"type": "radio_buttons", "options": TWO}),
    ("start", {"type": "datetimepicker"}),
]


def form(title="Form"):
    return {
        "type": "modal",
        "title": plain(title),
        "submit": plain("Save it"),
        "callback_id": "form",
        "blocks": [
            {
                "type": "input",
                "block_id": name,
                "label": plain(name.capitalize()),
                "optional": name not in ("name", "mail"),
                "element": {**element, "action_id": name},
            }
            for name, element in FIELDS
        ],
    }


async def test_a_form_keeps_what_was_typed_through_errors_and_updates_and_goes_back(stage):
    sandbox, app, page = stage
    client = web_client(sandbox)
    await sandbox.global_shortcut("oncall", "open")
    trigger = (await app.next())["trigger_id"]
    opened = await client.views_open(trigger_id=trigger, view=form())

    await page.get_by_label("Name").fill("checkout")
    await page.get_by_label("Several").fill("data")
    await page.get_by_role("option", name="Database administrator (@dba)").click()
    await page.get_by_label("Two").check()
    await page.get_by_label("Start").fill("2026-03-02T14:05")
    await page.get_by_role("button", name="Save it").click()
    await expect(page.get_by_text("Please complete this required field.")).to_have_count(1)
    await expect(page.get_by_label("Mail")).to_be_focused()
    await page.get_by_label("Mail").fill("oncall@harbour.example")
    await client.views_update(view_id=opened["view"]["id"], view=form("Changed"))
    await expect(page.get_by_role("heading", name="Changed")).to_be_visible()
    assert await axe_violations(page) == []

    app.answer = {"response_action": "errors", "errors": {"name": "There is one already."}}
    await page.get_by_role("button", name="Save it").click()
    await expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    app.answer = {"response_action": "push", "view": form("Second")}
    await page.get_by_role("button", name="Save it").click()
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_label("Name")).to_have_value("checkout")

    app.heard.clear()
    app.answer = {"response_action": "clear"}
    await page.get_by_role("button", name="Save it").click()
    values = (await app.next())["view"]["state"]["values"]
    assert values["name"]["name"]["value"] == "checkout"
    assert values["mail"]["mail"]["value"] == "oncall@harbour.example"
    assert values["several"]["several"]["selected_users"] == ["U0DBA"]
    assert values["which"]["which"]["selected_option"]["value"] == "two"
    assert values["start"]["start"]["selected_date_time"] == 1772460300
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_the_home_of_an_app_is_shown_and_used(stage):
    sandbox, app, page = stage
    button = {"type": "button", "action_id": "go", "text": plain("Go"), "value": "1"}
    home = {"type": "home", "blocks": [{"type": "actions", "block_id": "b", "elements": [button]}]}
    await web_client(sandbox).views_publish(user_id="U0ONCALL", view=home)

    await page.get_by_role("button", name="Write to somebody").click()
    await page.get_by_role("menuitem", name="Dogwatch").click()
    await page.get_by_role("tab", name="Home").click()
    await page.get_by_role("button", name="Go", exact=True).click()

    assert await app.changed() == {"action_id": "go", "value": "1"}


async def test_a_file_from_a_person_is_shown_and_never_runs(stage):
    sandbox, _, page = stage
    text = "# Notes\n\n- <img src=x onerror=alert(1)>\n- [bad](javascript:alert(1)) and [good](https://example.org)\n"
    sandbox.upload("dba", "ops", "notes.md", text)
    await page.locator("button.file").click()

    read = page.locator(".markdown")
    await expect(read.get_by_role("heading", name="Notes")).to_be_visible()
    await expect(read).to_contain_text("<img src=x onerror=alert(1)>")
    assert await read.locator("img").count() == 0
    assert await read.locator("a").evaluate_all("links => links.map((each) => each.href)") == ["https://example.org/"]


async def test_a_global_shortcut_is_chosen_where_one_writes(stage):
    sandbox, app, page = stage
    sandbox.global_shortcuts = [("declare", "Declare an incident")]
    await page.reload()
    await page.locator("body[data-ready]").wait_for()

    await page.get_by_role("button", name="Shortcuts", exact=True).click()
    await page.get_by_role("menuitem", name="Declare an incident").click()

    heard = await app.next()
    assert (heard["type"], heard["callback_id"], heard["user"]["id"]) == ("shortcut", "declare", "U0ONCALL")


async def test_bookmarks_and_canvases_stand_under_the_channels_name(stage):
    sandbox, _, page = stage
    client = web_client(sandbox)
    await client.conversations_join(channel="C0OPS")
    await client.bookmarks_add(channel_id="C0OPS", title="Runbook", type="link", link="https://example.org/runbook")
    words = {"type": "markdown", "markdown": "# What happened\n\n- seen by ![](@U0DBA)"}
    await client.canvases_create(title="Postmortem", channel_id="C0OPS", document_content=words)

    bar = page.get_by_role("navigation", name="Bookmarks")
    await expect(bar.get_by_role("link", name="Runbook")).to_have_attribute("href", "https://example.org/runbook")
    await bar.get_by_role("button", name="Postmortem").click()
    read = page.locator("#pane .markdown")
    await expect(read.get_by_role("heading", name="What happened")).to_be_visible()
    await expect(read).to_contain_text("@dba")

    sandbox.join("oncall", "ops")
    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label("Markdown of the canvas").fill("# What we saw")
    await page.get_by_role("button", name="Save").click()

    await expect(read.get_by_role("heading", name="What we saw")).to_be_visible()
    assert sandbox.canvases("ops")[0]["editors"] == ["U0DOGWATCH", "U0ONCALL"]

    link = sandbox.canvases("ops")[0]["permalink"]
    await page.goto(link)
    await expect(page.locator("#pane").get_by_role("heading", name="What we saw")).to_be_visible()
