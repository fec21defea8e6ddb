"""App Home and the card's menu, as people see them on the page."""

from playwright.async_api import expect

from tests.browser.conftest import TIMEOUT_MS, declare_incident, incident_card, send_text, take_picture


async def test_home_shows_what_is_open_and_everything_can_be_done_from_the_menu(dogwatch):
    page = await dogwatch.open_page("oncall")
    await declare_incident(page, "Checkout is down")
    await send_text(page, "/incident task Add an alert on declined payments @oncall due:2036-01-01")
    await send_text(page, "/incident escalate @dba the pool is exhausted")
    await incident_card(page).get_by_role("button", name="More…").click()
    menu = page.get_by_role("dialog")
    await expect(menu).to_contain_text("State the impact")
    await take_picture(page, "menu")
    await menu.get_by_role("button", name="State the impact").click()
    await expect(menu).to_contain_text("Who is affected, and how?", timeout=TIMEOUT_MS)
    await take_picture(page, "menu-form")
    await menu.get_by_label("Affected users").fill("lots")
    await menu.get_by_label("Impact").fill("Nobody can pay")
    await menu.get_by_role("button", name="Record").click()
    await expect(menu).to_contain_text("is not a number of users", timeout=TIMEOUT_MS)
    await menu.get_by_label("Affected users").fill("30%")
    await menu.get_by_role("button", name="Record").click()
    await expect(menu).to_be_hidden(timeout=TIMEOUT_MS)

    await page.get_by_role("button", name="Write to somebody").click()
    await page.get_by_role("menuitem", name="Dogwatch").click()
    await page.get_by_role("tab", name="Home").click()
    home = page.locator("#home")
    await expect(home).to_contain_text("Checkout is down", timeout=TIMEOUT_MS)
    await expect(home).to_contain_text("Add an alert on declined payments")
    await take_picture(page, "home")
    await home.get_by_role("button", name="Done").click()
    await expect(home).not_to_contain_text("Add an alert on declined payments", timeout=TIMEOUT_MS)
