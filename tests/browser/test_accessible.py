"""Axe finds nothing in what people look at, in either scheme; and the gallery shows all that the bot can say."""

from playwright.async_api import expect

from tests.browser.conftest import PHONE, complaints, declare, mark, message, picture, press_on, say


async def test_axe_finds_nothing_in_the_main_views(dogwatch):
    page = await dogwatch.page()
    await expect(page.get_by_role("heading", name="Try Dogwatch")).to_be_visible()
    assert await complaints(page) == []

    await page.get_by_role("button", name="Start an incident myself").click()
    await page.get_by_role("button", name="Declare", exact=True).click()
    await expect(page.get_by_text("Please complete this required field.")).to_be_visible()
    assert await complaints(page) == []
    await page.keyboard.press("Escape")

    await declare(page, "Checkout is down")
    await say(page, "It is the deploy of @developer :fire:")
    await mark(page, "It is the deploy", "mag")
    await say(page, "/incident help")
    await message(page, "It is the deploy").hover()
    assert await complaints(page) == []

    await press_on(page, "It is the deploy", "Add a reaction")
    assert await complaints(page) == []
    await page.keyboard.press("Escape")
    await press_on(page, "It is the deploy", "More")
    assert await complaints(page) == []
    await page.keyboard.press("Escape")

    await page.locator("#text").fill("/incident ")
    await page.locator("#text").press("ArrowDown")
    assert await complaints(page) == []
    await page.locator("#text").fill("")

    await press_on(page, "It is the deploy", "Reply in a thread")
    await say(page, "Which version?", "#reply-text")
    await expect(message(page, "Which version?", "#thread")).to_be_visible()
    assert await complaints(page) == []

    await say(page, "/incident resolve it was rolled back")
    await page.locator("button.file").last.click()
    await expect(page.get_by_role("button", name="Raw")).to_be_visible()
    assert await complaints(page) == []

    await page.set_viewport_size(PHONE)
    await page.get_by_role("button", name="Close").click()
    assert await complaints(page) == []
    await page.get_by_role("button", name="Conversations").click()
    assert await complaints(page) == []


async def test_the_gallery_shows_everything_that_the_bot_can_say(dogwatch):
    page = await dogwatch.page(path="gallery")
    shown = page.locator("#exhibits section")
    await expect(shown.first).to_be_visible()

    assert await shown.count() > 40
    await expect(page.get_by_text("a block of type")).to_have_count(0)
    assert (
        await page.locator(".copy").evaluate_all("copies => copies.filter((each) => !each.innerText.trim()).length")
        == 0
    )
    assert await complaints(page) == []
    await picture(page, "gallery")

    await page.get_by_label("Find").fill("form: declare")
    await expect(page.locator("#count")).to_have_text("2 of " + str(await shown.count()))
