"""The public status page and its form in a real browser: both colour schemes, a phone, no violation."""

import asyncio

from playwright.async_api import expect

from tests.browser.conftest import TIMEOUT_MS, WIDE, axe_violations
from tests.browser.pages.test_outbox_page import port_of
from tests.browser.pages.test_pages import fits, look_at

TEXTS = {"en": "Some orders fail. We are looking into it.", "fr": "Des commandes échouent. Nous cherchons la cause."}


async def test_an_update_is_published_from_the_form_and_read_outside(dogwatch):
    await dogwatch.control(
        "command", user="engineer", channel="ops", text="/incident start Orders fail service:checkout"
    )
    url = f"http://127.0.0.1:{port_of(dogwatch)}"
    page = await (await dogwatch.browser.new_context(viewport=WIDE)).new_page()
    page.set_default_timeout(TIMEOUT_MS)
    await page.goto(f"{url}/incidents/INC-1/publish")
    await page.get_by_role("link", name="Sign in with Slack").click()
    await page.get_by_role("link", name="Engineer", exact=True).click()

    await page.get_by_label("Text, English").fill(TEXTS["en"])
    await page.get_by_label("Text, French").fill(TEXTS["fr"])
    await page.get_by_label("Component: Checkout").select_option("partial_outage")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "publish")
    await page.get_by_role("button", name="Publish in all languages").click()
    await page.get_by_role("link", name="Open the status page").click()

    await expect(page.get_by_role("heading", name="Partial outage")).to_be_visible()
    for name, heading in (("status", "Current incidents"), ("status-french", "Incidents en cours")):
        await expect(page.get_by_role("heading", name=heading)).to_be_visible()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            assert await axe_violations(page) == [], (name, scheme)
        await fits(page)
        await look_at(page, name)
        await page.get_by_role("link", name="Français").click()
    await page.get_by_role("link", name="Orders fail").first.click()
    await expect(page.get_by_text(TEXTS["fr"])).to_be_visible()
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "status-incident")


async def test_maintenance_is_read_outside_while_it_is_planned_under_way_and_cancelled(dogwatch):
    for line in (
        "checkout to:in 2 hours public:checkout title:'Faster checkout' Orders may take longer.",
        "payments from:in 5 hours to:in 6 hours public:payments Payments stop for an hour.",
        "payments end",
    ):
        await dogwatch.control("command", user="engineer", channel="ops", text=f"/incident maintenance {line}")
    page = await (await dogwatch.browser.new_context(viewport=WIDE)).new_page()
    page.set_default_timeout(TIMEOUT_MS)
    await page.goto(f"http://127.0.0.1:{port_of(dogwatch)}/status/en/")
    async with asyncio.timeout(TIMEOUT_MS / 1000):
        while not await page.get_by_text("This maintenance was cancelled.").count():  # rendering follows the commit
            await page.reload()

    await expect(page.get_by_role("heading", name="Scheduled maintenance").first).to_be_visible()
    await expect(page.get_by_text("Under maintenance", exact=True)).to_be_visible()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await axe_violations(page) == [], scheme
    await fits(page)
    await look_at(page, "status-maintenance")
    await page.get_by_role("link", name="Faster checkout").first.click()
    await expect(page.get_by_text("Orders may take longer.")).to_be_visible()
    assert await axe_violations(page) == []
    await fits(page)
