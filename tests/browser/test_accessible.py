"""No accessibility violations in either colour scheme; the gallery is complete."""

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import (
    PHONE,
    add_reaction,
    axe_violations,
    declare_incident,
    message_with,
    press_message_button,
    running_sandbox,
    send_text,
)


async def test_axe_finds_nothing_in_the_main_views(dogwatch):
    page = await dogwatch.open_page()
    await expect(page.get_by_role("heading", name="Try Dogwatch")).to_be_visible()
    assert await axe_violations(page) == []

    await page.get_by_role("button", name="Start an incident myself").click()
    await page.get_by_role("button", name="Declare", exact=True).click()
    await expect(page.get_by_text("Please complete this required field.")).to_be_visible()
    assert await axe_violations(page) == []
    await page.keyboard.press("Escape")

    await declare_incident(page, "Checkout is down")
    await send_text(page, "It is the deploy of @developer :fire:")
    await add_reaction(page, "It is the deploy", "mag")
    await send_text(page, "/incident help")
    await message_with(page, "It is the deploy").hover()
    assert await axe_violations(page) == []

    await press_message_button(page, "It is the deploy", "Add a reaction")
    assert await axe_violations(page) == []
    await page.keyboard.press("Escape")
    await press_message_button(page, "It is the deploy", "More")
    assert await axe_violations(page) == []
    await page.keyboard.press("Escape")

    await page.locator("#text").fill("/incident ")
    await page.locator("#text").press("ArrowDown")
    assert await axe_violations(page) == []
    await page.locator("#text").fill("")

    await press_message_button(page, "It is the deploy", "Reply in a thread")
    await send_text(page, "Which version?", "#reply-text")
    await expect(message_with(page, "Which version?", "#thread")).to_be_visible()
    assert await axe_violations(page) == []

    await send_text(page, "/incident resolve it was rolled back")
    await page.get_by_role("link", name="Postmortem draft").last.click()
    await expect(page.get_by_role("button", name="Raw")).to_be_visible()
    assert await axe_violations(page) == []

    await page.set_viewport_size(PHONE)
    await page.get_by_role("button", name="Close").click()
    assert await axe_violations(page) == []
    await page.get_by_role("button", name="Conversations").click()
    assert await axe_violations(page) == []


@pytest_asyncio.fixture(loop_scope="session")
async def gallery(browser, tmp_path):
    async with running_sandbox(browser, tmp_path, module="tests.support.gallery") as found:
        yield found


async def test_the_gallery_shows_everything_that_the_bot_can_say(gallery):
    page = await gallery.open_page()
    shown = page.locator("#exhibits section")
    await expect(shown.first).to_be_visible()

    assert await shown.count() > 40
    await expect(page.get_by_text("a block of type")).to_have_count(0)
    assert (
        await page.locator(".copy").evaluate_all("copies => copies.filter((each) => !each.innerText.trim()).length")
        == 0
    )
    assert await axe_violations(page) == []

    await page.get_by_label("Find").fill("form: declare")
    await expect(page.locator("#count")).to_have_text("2 of " + str(await shown.count()))
