"""Two people edit a postmortem at once, each in a browser."""

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.conftest import TIMEOUT_MS, WIDE, RunningSandbox, axe_violations
from tests.browser.pages.test_live import channel_of, page, site_of, type_command

__all__ = ["page"]


@pytest_asyncio.fixture(loop_scope="session")
async def other(dogwatch: RunningSandbox) -> AsyncIterator[Page]:
    """The database administrator, signed in in another browser."""
    context = await dogwatch.browser.new_context(viewport=WIDE)
    opened = await context.new_page()
    opened.set_default_timeout(TIMEOUT_MS)
    await opened.goto(f"{site_of(dogwatch)}/")
    await opened.get_by_role("link", name="Sign in with Slack").click()
    await opened.get_by_role("link", name="Database administrator", exact=True).click()
    await expect(opened.get_by_role("heading", name="Now")).to_be_visible()
    yield opened
    await context.close()


async def test_two_people_write_at_once(dogwatch: RunningSandbox, page: Page, other: Page) -> None:
    """Each sees the other's words and presence without reloading; what one types saves itself and stays."""
    await type_command(dogwatch, "start Checkout is down sev:2")
    channel = await channel_of(dogwatch, "INC-1")
    await type_command(dogwatch, "cause the deploy halved the pool", channel)
    document = f"{site_of(dogwatch)}/incidents/INC-1/postmortem"
    await other.goto(document)
    await other.evaluate("window.isSamePage = true")
    await page.goto(document)
    assert await axe_violations(page) == []

    await page.get_by_role("link", name="Edit Cause, cause").click()
    await expect(other.get_by_text("is editing")).to_be_visible()
    await page.get_by_label("Text, as Markdown").first.fill("The deploy of 13:48 **halved** the pool.")
    await expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    await expect(other.locator("article strong", has_text="halved")).to_be_visible()
    assert await axe_violations(page) == []

    await other.get_by_role("link", name="Edit Cause, cause").click()
    await other.get_by_label("Text, as Markdown").first.fill("It was the deploy of 13:48.")
    await expect(other.get_by_text("Saved.", exact=True)).to_be_visible()
    await page.get_by_label("Text, as Markdown").first.press_sequentially(" Twice.")
    await expect(page.get_by_text("Not saved. This block was changed meanwhile.")).to_contain_text("Press Save")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("This block was changed meanwhile")
    await expect(page.locator("[role=alert] del").first).to_be_visible()
    await expect(page.get_by_label("Text, as Markdown").first).to_have_value(
        "The deploy of 13:48 **halved** the pool. Twice."
    )

    await other.get_by_label("Text, as Markdown").first.fill("It was the deploy of 13:50.")
    await expect(other.get_by_text("Saved.", exact=True)).to_be_visible()
    await expect(page.locator(".versions ins", has_text="13:50")).to_be_visible()
    await expect(page.get_by_label("Text, as Markdown").first).to_have_value(
        "The deploy of 13:48 **halved** the pool. Twice."
    )
    await expect(page.get_by_role("alert")).to_contain_text("This block was changed meanwhile")


async def test_the_last_words_are_kept_however_a_block_is_left(dogwatch: RunningSandbox, page: Page) -> None:
    """By a link, after a preview, and by the button of another form, each at once after typing."""
    await type_command(dogwatch, "start Checkout is down sev:2")
    channel = await channel_of(dogwatch, "INC-1")
    await type_command(dogwatch, "cause the deploy halved the pool", channel)
    document = f"{site_of(dogwatch)}/incidents/INC-1/postmortem"
    edit, text = page.get_by_role("link", name="Edit Cause, cause"), page.get_by_label("Text, as Markdown").first
    await page.goto(document)

    await edit.click()
    await text.fill("Left by a link.")
    await page.get_by_role("link", name="Postmortem", exact=True).click()
    await expect(page.get_by_text("Left by a link.")).to_be_visible()

    await edit.click()
    await text.fill("Left after a preview.")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    await type_command(dogwatch, "note Something else", channel)
    await expect(text).to_have_value("Left after a preview.")
    await page.get_by_role("link", name="Postmortem", exact=True).click()
    await expect(page.get_by_text("Left after a preview.")).to_be_visible()

    await edit.click()
    await text.fill("Left for a comment.")
    await page.get_by_label("Comment", exact=True).fill("Is it so?")
    await page.get_by_role("button", name="Comment").click()
    await expect(page.get_by_text("Left for a comment.")).to_be_visible()
    await expect(page.get_by_role("link", name="1 comment")).to_be_visible()

    await edit.click()
    await text.fill("")
    await expect(page.get_by_text("Not saved: the text is empty.")).to_be_visible()

    await page.context.clear_cookies()
    await text.fill("Typed after the session.")
    await expect(page.get_by_text("Not saved: you are signed out. Copy your text")).to_be_visible()


async def test_a_click_on_a_block_opens_it_and_selecting_its_text_does_not(
    dogwatch: RunningSandbox, page: Page
) -> None:
    await type_command(dogwatch, "start Checkout is down sev:2")
    channel = await channel_of(dogwatch, "INC-1")
    await type_command(dogwatch, "note The pool was full", channel)
    document = f"{site_of(dogwatch)}/incidents/INC-1/postmortem"
    await page.clock.install()
    await page.goto(document)
    text = page.locator("article li", has_text="The pool was full")

    await text.dblclick(position={"x": 80, "y": 10})
    assert await page.evaluate("getSelection().toString().trim()")
    await page.clock.run_for(1_000)
    assert page.url == document
    await page.evaluate("getSelection().empty()")
    await text.click(position={"x": 80, "y": 10})
    await page.clock.run_for(1_000)

    await expect(page.get_by_label("Text, as Markdown").first).to_have_value(re.compile("The pool was full"))


async def test_tasks_get_owners_and_dates_beside_the_document(dogwatch: RunningSandbox, page: Page) -> None:
    """By keyboard, also on a phone."""
    await type_command(dogwatch, "start Checkout is down sev:2")
    channel = await channel_of(dogwatch, "INC-1")
    await type_command(dogwatch, "task Alert on the pool", channel)
    await page.goto(f"{site_of(dogwatch)}/incidents/INC-1/postmortem")

    row = page.locator(".action-items li").first
    await row.get_by_label("Owner").fill("me")
    await row.get_by_label("Due").fill("2099-03-20")
    await row.get_by_label("Due").press("Enter")

    await expect(row.get_by_label("Due")).to_have_value("2099-03-20")
    await expect(row.get_by_label("Owner")).not_to_have_value("me")
    await page.get_by_text("New improvement or task").click()
    await page.get_by_label("What is to be done").fill("Size the pool")
    await page.locator("details[open]").get_by_label("Owner").fill("@database")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_text("Task 2", exact=True)).to_be_visible()
    await expect(page.locator(".action-items li").nth(1).get_by_label("Owner")).to_have_value("@database")
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await axe_violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
