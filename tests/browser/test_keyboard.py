"""The page without a mouse."""

from playwright.async_api import expect

from tests.browser.conftest import TIMEOUT_MS, incident_card, message_with


async def test_an_incident_by_keyboard_alone(dogwatch):
    page = await dogwatch.open_page()
    keys = page.keyboard
    await page.locator("#text").focus()

    await keys.type("/inc")
    await expect(page.get_by_role("listbox", name="Completions")).to_contain_text("/incident start")
    await keys.press("Tab")
    await expect(page.locator("#text")).to_have_value("/incident ")  # which command is still to be said
    await keys.type("star")
    await keys.press("Tab")
    await expect(page.locator("#text")).to_have_value("/incident start ")
    await keys.type("Checkout is down")
    await keys.press("Enter")
    there = page.locator(".toast", has_text="#inc-1").get_by_role("button", name="Go there")
    await there.focus()
    await keys.press("Enter")
    await expect(page.locator("#text")).to_be_focused()
    await expect(incident_card(page)).to_be_visible(timeout=TIMEOUT_MS)

    await keys.type("Line one")
    await keys.press("Shift+Enter")
    await keys.type("for @db")
    await expect(page.get_by_role("option", name="@dba")).to_be_visible()
    await keys.press("Enter")
    await expect(page.locator("#text")).to_have_value("Line one\nfor @dba ")
    await keys.press("Enter")
    await expect(message_with(page, "Line one")).to_contain_text("@dba")

    await keys.press("Shift+Tab")
    await expect(message_with(page, "Line one")).to_be_focused()
    await keys.press("ArrowUp")
    await expect(message_with(page, "Line one")).not_to_be_focused()
    await keys.press("ArrowDown")
    await keys.press("r")
    await keys.type("mag")
    await keys.press("Enter")
    await expect(message_with(page, "Line one").get_by_role("button", name="mag, 1")).to_be_visible()
    await message_with(page, "Line one").focus()
    await keys.press("t")
    await expect(page.locator("#reply-text")).to_be_focused()
    await keys.type("in the thread")
    await keys.press("Enter")
    await expect(message_with(page, "in the thread", "#thread")).to_be_visible()
    await keys.press("Escape")
    await expect(page.locator("#pane-thread")).to_be_hidden()


async def test_lists_and_menus_move_with_the_arrows_and_close_with_escape(dogwatch):
    page = await dogwatch.open_page()
    await page.get_by_role("link", name="ops").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("link", name="random")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="#random")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Message or command")).to_be_focused()

    opener = page.get_by_role("button", name="Write to somebody")
    await opener.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_role("menuitem").last).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await expect(opener).to_be_focused()
