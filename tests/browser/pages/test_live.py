"""Open pages follow what happens: without moving what one reads, and after the connection was lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, Route, ViewportSize, expect

from tests.browser.conftest import TIMEOUT_MS, WIDE, RunningSandbox, axe_violations, take_picture
from tests.browser.pages.test_outbox_page import port_of

SCREEN: ViewportSize = {"width": 1920, "height": 1080}


def site_of(dogwatch: RunningSandbox) -> str:
    return f"http://127.0.0.1:{port_of(dogwatch)}"


async def type_command(dogwatch: RunningSandbox, text: str, channel: str = "ops") -> None:
    await dogwatch.control("command", user="oncall", channel=channel, text=f"/incident {text}")


async def channel_of(dogwatch: RunningSandbox, reference: str) -> str:
    """The name of an incident's channel, once it is there."""
    async with asyncio.timeout(TIMEOUT_MS / 1000):
        while True:
            for each in await dogwatch.control("channels"):
                if str(each.get("name", "")).startswith(reference.lower()):
                    return str(each["name"])


@pytest_asyncio.fixture(loop_scope="session")
async def page(dogwatch: RunningSandbox) -> AsyncIterator[Page]:
    """Signed in, on the page Now."""
    context = await dogwatch.browser.new_context(viewport=WIDE)
    opened = await context.new_page()
    opened.set_default_timeout(TIMEOUT_MS)
    errors: list[str] = []
    opened.on("pageerror", lambda problem: errors.append(str(problem)))
    await opened.goto(f"{site_of(dogwatch)}/")
    await opened.get_by_role("link", name="Sign in with Slack").click()
    await opened.get_by_role("link", name="Engineer", exact=True).click()
    await expect(opened.get_by_role("heading", name="Now")).to_be_visible()
    yield opened
    assert errors == []


async def top_of(page: Page, selector: str) -> float:
    return float(await page.locator(selector).evaluate("node => node.getBoundingClientRect().top"))


async def test_the_page_now_follows_without_reloading(dogwatch: RunningSandbox, page: Page) -> None:
    await expect(page.get_by_role("heading", name="Open incidents: 0")).to_be_visible()
    await page.evaluate("window.isSamePage = true")

    await type_command(dogwatch, "start Checkout <script>window.ran=1</script><img src=x onerror=window.ran=2> sev:1")

    await expect(page.get_by_role("heading", name="Open incidents: 1")).to_be_visible()
    await expect(page.get_by_role("link", name="<script>window.ran=1</script><img src=x")).to_be_visible()
    assert "1 open" in await page.title()
    assert await page.evaluate("[window.isSamePage, window.ran ?? null]") == [True, None]
    assert await axe_violations(page) == []


async def test_new_entries_move_nothing_and_take_nothing_away(dogwatch: RunningSandbox, page: Page) -> None:
    await type_command(dogwatch, "start Checkout is down sev:2")
    channel = await channel_of(dogwatch, "INC-1")
    for number in range(25):
        await type_command(dogwatch, f"note Observation {number}", channel)
    await page.goto(f"{site_of(dogwatch)}/incidents/INC-1")
    await expect(page.get_by_text("Observation 24")).to_be_visible()
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    opened = await page.locator("details[open]").count()
    assert opened > 0
    await page.locator("input[name=text]").fill("half a wo")
    entry = f"#{await page.locator('li', has_text='Observation 20').get_attribute('id')}"
    await page.locator(entry).scroll_into_view_if_needed()
    await page.locator("input[name=text]").evaluate("field => field.blur()")
    await page.evaluate("scrollBy(0, 120)")
    before = await top_of(page, entry)

    await type_command(dogwatch, 'note at:"10 min ago" Seen first by support: this stands above all others', channel)
    await type_command(dogwatch, "impact Customers in the EU cannot pay", channel)

    await expect(page.get_by_text("cannot pay").first).to_be_attached()
    await expect(page.get_by_text("Seen first by support")).to_be_attached()
    assert abs(await top_of(page, entry) - before) <= 1
    assert await page.locator("details[open]").count() == opened
    await expect(page.locator("input[name=text]")).to_have_value("half a wo")

    field = page.locator("input[name=text]")
    await field.focus()
    await field.press_sequentially("rd")
    at = await top_of(page, "input[name=text]")
    await type_command(dogwatch, "note One more", channel)
    await expect(page.get_by_text("One more")).to_be_attached()
    await expect(field).to_be_focused()
    await expect(field).to_have_value("half a word")
    assert abs(await top_of(page, "input[name=text]") - at) <= 1


async def test_a_lost_connection_is_said_and_nothing_is_missed(dogwatch: RunningSandbox, page: Page) -> None:
    async def refuse(route: Route) -> None:
        await route.abort()

    await page.route("**/live*", refuse)
    await page.route("**/live/now*", refuse)
    await page.reload()
    await expect(page.get_by_role("status")).to_have_text("Connection lost. Reconnecting.")
    await type_command(dogwatch, "start Checkout is down sev:1")
    await expect(page.get_by_role("heading", name="Open incidents: 0")).to_be_visible()

    await page.unroute_all()

    await expect(page.get_by_role("heading", name="Open incidents: 1")).to_be_visible(timeout=3 * TIMEOUT_MS)
    await expect(page.get_by_role("status")).to_be_hidden(timeout=3 * TIMEOUT_MS)


async def test_signing_out_elsewhere_is_said_on_the_open_page(page: Page) -> None:
    await expect(page.get_by_role("status")).to_be_hidden()
    other = await page.context.new_page()
    await other.goto(page.url)
    await other.get_by_role("button", name="Sign out").click()

    await expect(page.get_by_role("status")).to_have_text("You are signed out. Reload this page to sign in.")


async def test_the_wall_fits_a_screen_and_follows(dogwatch: RunningSandbox, page: Page) -> None:
    titles = ["Checkout answers 502 for everybody in the European Union since the last deployment of payments"] * 2
    titles += [
        "Login is slow",
        "Search finds nothing",
        "Mails are late",
        "Exports hang",
        "Webhooks fail",
        "Disk is full",
    ]
    await page.set_viewport_size(SCREEN)
    await page.goto(f"{site_of(dogwatch)}/?wall")
    for number, title in enumerate(titles):
        await type_command(dogwatch, f"start {title} sev:{number % 4 + 1}")

    await expect(page.get_by_role("heading", name="Open incidents: 8")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollHeight") <= SCREEN["height"]
    assert await page.evaluate("document.documentElement.scrollWidth") <= SCREEN["width"]
    boxes = [await each.bounding_box() for each in await page.locator("footer, .card").all()]
    assert len(boxes) == 9
    assert max(box["y"] + box["height"] for box in boxes if box) <= SCREEN["height"]
    footer = boxes[-1]
    assert footer
    assert max(box["y"] + box["height"] for box in boxes[:-1] if box) <= footer["y"]
    assert await page.locator("header, nav, button").count() == 0
    await take_picture(page, "wall", is_quiet=False)
    assert await axe_violations(page) == []
