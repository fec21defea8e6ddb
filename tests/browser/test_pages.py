"""The pages for responders in a real browser: sign in, read, sign out, on a phone and in the dark."""

import os

from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, TIMEOUT_MS, WIDE, axe_violations, declare_incident
from tests.browser.test_outbox_page import port_of


async def look_at(page: Page, name: str) -> None:
    """Take pictures of each size and colour scheme, if asked for."""
    folder = os.environ.get("DOGWATCH_LOOK_AT")
    for scheme in ("light", "dark") if folder else ():
        for size, label in ((PHONE, "phone"), (WIDE, "wide")):
            await page.set_viewport_size(size)
            await page.emulate_media(color_scheme=scheme)
            await page.screenshot(path=f"{folder}/{name}-{label}-{scheme}.png", full_page=True)
    await page.emulate_media(color_scheme="light")


async def fits(page: Page) -> None:
    for size in (PHONE, WIDE):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]


async def test_a_responder_signs_in_by_one_click_and_sees_what_is_on(dogwatch):
    slack = await dogwatch.open_page()
    await declare_incident(slack, "Checkout is down for everybody in the European Union since the last deployment")
    await dogwatch.control("command", user="oncall", channel="ops", text="/incident start Login is slow sev:3")
    for line in ("note Checkout answers 502 since 10 min", "task Alert on checkout errors @dba", "impact EU customers"):
        channel = "inc-1-checkout-is-down-for-everybody"
        found = [each for each in await dogwatch.control("channels") if each.get("name", "").startswith(channel[:20])]
        await dogwatch.control("command", user="oncall", channel=found[0]["name"], text=f"/incident {line}")
    url = f"http://127.0.0.1:{port_of(dogwatch)}"
    page = await (await dogwatch.browser.new_context(viewport=WIDE)).new_page()
    page.set_default_timeout(TIMEOUT_MS)

    await page.goto(f"{url}/")
    await expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "sign-in")
    await page.get_by_role("link", name="Sign in with Slack").click()
    await expect(page.get_by_role("link", name="Guest")).to_be_visible()
    assert await axe_violations(page) == []
    await look_at(page, "local-slack")
    await page.get_by_role("link", name="Engineer", exact=True).click()

    await expect(page.get_by_role("heading", name="Open incidents: 2")).to_be_visible()
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "now")

    await page.set_viewport_size(WIDE)
    await page.get_by_role("link", name="INC-1 · Checkout is down").click()
    await expect(page.get_by_role("heading", name="INC-1 · Checkout is down")).to_be_visible()
    assert await axe_violations(page) == []
    await fits(page)
    await page.get_by_label("Text").fill("Checkout")
    await page.get_by_label("Text").press("Enter")
    await expect(page.get_by_role("link", name="Show all")).to_be_visible()
    assert "text=Checkout" in page.url
    assert await axe_violations(page) == []
    await look_at(page, "incident")
    await page.go_back()

    await page.get_by_role("button", name="Sign out").press("Enter")
    await expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    await page.goto(f"{url}/")
    await expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
