"""The public status page and its form in a real browser: both colour schemes, a phone, no violation."""

import asyncio

from playwright.async_api import expect

from tests.browser.conftest import PHONE, TIMEOUT_MS, WIDE, axe_violations
from tests.browser.pages.test_outbox_page import port_of
from tests.browser.pages.test_pages import fits, look_at

PLANNED = "/incident maintenance payments from:in 5 hours to:in 6 hours public:payments Payments stop for an hour."
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


async def test_times_are_in_the_visitors_zone_with_a_switch_back_and_right_without_scripts(dogwatch):
    await dogwatch.control("command", user="engineer", channel="ops", text=PLANNED)
    address = f"http://127.0.0.1:{port_of(dogwatch)}/status/en/"
    there = await dogwatch.browser.new_context(viewport=PHONE, timezone_id="Asia/Tokyo", locale="en-GB")
    plain = await dogwatch.browser.new_context(timezone_id="Asia/Tokyo", java_script_enabled=False)
    refused: list[str] = []
    page, unscripted = await there.new_page(), await plain.new_page()
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    for each in (page, unscripted):
        each.set_default_timeout(TIMEOUT_MS)
        await each.goto(address)
        async with asyncio.timeout(TIMEOUT_MS / 1000):
            while not await each.get_by_text("Payments stop for an hour.").count():
                await each.reload()
    start, footer = page.locator(".facts time").first, page.locator("footer")
    at = str(await start.get_attribute("datetime"))
    expected = await page.evaluate(
        "at => new Date(at).toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Tokyo'})",
        at,
    )

    own = await start.inner_text()
    original = await unscripted.locator(".facts time").first.inner_text()
    assert expected in own
    assert at[11:16] in original, "the page's zone"
    assert own != original
    await expect(footer).to_contain_text("Times are in your time zone, Asia/Tokyo")
    await expect(page.locator("[data-begins]").first).to_have_text(" · in 5 hours")
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "status-zone")
    await page.get_by_role("button", name="Show times in the zone of the page").click()
    await expect(start).to_have_text(original)
    await page.reload()
    await expect(start).to_have_text(original)
    await page.get_by_role("button", name="Show times in your time zone").click()
    await expect(start).to_have_text(own)
    await expect(unscripted.locator("footer")).to_contain_text("Times are in")
    assert await unscripted.get_by_role("button").count() == 0
    assert not [each for each in refused if "Content Security Policy" in each]


async def test_maintenance_is_planned_by_a_form_on_a_phone(dogwatch):
    context = await dogwatch.browser.new_context(viewport=PHONE)
    page = await context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    await page.goto(f"http://127.0.0.1:{port_of(dogwatch)}/maintenance")
    await page.get_by_role("link", name="Sign in with Slack").click()
    await page.get_by_role("link", name="Engineer", exact=True).click()

    await page.get_by_label("Service").fill("checkout")
    await page.get_by_label("Start").fill("in 2 hours")
    await page.get_by_label("End").fill("in 3 hours")
    await page.get_by_label("Public title, English").fill("Faster checkout")
    await page.get_by_label("Public text, English").fill("Orders may take longer.")
    await page.get_by_label("Affects Checkout").check()
    await page.get_by_role("button", name="Plan the maintenance").click()

    await expect(page.get_by_text("Planned.", exact=True)).to_be_visible()
    await page.get_by_text("Change the public words").click()
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "maintenance")
    await page.get_by_role("button", name="Cancel it").click()
    await expect(page.get_by_text("No maintenance is under way or planned.")).to_be_visible()
