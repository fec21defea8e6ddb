"""A first visit: through a whole incident in two minutes."""

from playwright.async_api import expect

from tests.browser.conftest import (
    PHONE,
    TIMEOUT_MS,
    WIDE,
    add_reaction,
    declare_incident,
    incident_card,
    message_with,
    press_message_button,
    send_text,
    take_picture,
)

TALL = {"width": 1280, "height": 1000}


async def test_from_the_alert_to_the_draft(dogwatch):
    oncall = await dogwatch.open_page()
    await expect(oncall.get_by_role("heading", name="Try Dogwatch")).to_be_visible()
    await take_picture(oncall, "first-visit")

    await oncall.get_by_role("button", name="Fire the sample alert").click()
    await oncall.locator(".toast", has_text="#inc-1").get_by_role("button", name="Go there").click()
    await incident_card(oncall).get_by_role("button", name="Take the lead").click()
    await expect(incident_card(oncall)).to_contain_text("Lead: @oncall", timeout=TIMEOUT_MS)

    await send_text(oncall, "All errors come from the new connection pool")
    await add_reaction(oncall, "connection pool", "investigation")
    await expect(message_with(oncall, "connection pool").get_by_role("button", name="mag, 1")).to_have_attribute(
        "aria-pressed", "true"
    )
    await expect(oncall.locator(".steps li.done")).to_have_count(2, timeout=TIMEOUT_MS)

    await send_text(oncall, "/incident escalate @dba the database is slow")
    await expect(message_with(oncall, "the database is slow").get_by_role("button", name="Acknowledge")).to_be_visible(
        timeout=TIMEOUT_MS
    )
    dba = await dogwatch.open_page("dba")
    await dba.get_by_role("link", name="inc-1").click()
    await message_with(dba, "the database is slow").get_by_role("button", name="Acknowledge").click()
    await expect(message_with(oncall, "the database is slow")).to_contain_text("acknowledged", timeout=TIMEOUT_MS)
    await send_text(dba, "Half of the connections hang in `idle in transaction`")
    await add_reaction(dba, "Half of the connections", "cause")
    await expect(message_with(oncall, "Half of the connections").get_by_role("button", name="dart, 1")).to_be_visible()
    await oncall.set_viewport_size(TALL)
    await take_picture(oncall, "incident")
    await oncall.emulate_media(color_scheme="dark")
    await take_picture(oncall, "incident-dark")
    await oncall.emulate_media(color_scheme="light")
    await oncall.set_viewport_size(WIDE)

    await send_text(oncall, "/incident resolve the pool was made smaller again")
    await oncall.get_by_role("link", name="Postmortem draft").last.click()
    draft = oncall.get_by_role("complementary")
    await expect(draft).to_contain_text("All errors come from the new connection pool", timeout=TIMEOUT_MS)
    await expect(draft).to_contain_text("the pool was made smaller again")
    await take_picture(oncall, "draft")

    await draft.get_by_role("button", name="Raw").click()
    await expect(draft.locator("pre.raw")).to_contain_text("# Postmortem")
    await oncall.get_by_role("button", name="Close").click()
    await expect(oncall.locator(".steps li.done")).to_have_count(6)


async def test_a_form_says_at_its_fields_what_is_wrong_and_keeps_what_was_typed(dogwatch):
    page = await dogwatch.open_page()
    await page.get_by_role("button", name="Start an incident myself").click()
    await page.get_by_label("Observation").fill("Card payments time out")
    await page.get_by_role("button", name="Declare", exact=True).click()

    title = page.get_by_label("Title")
    await expect(title).to_have_attribute("aria-invalid", "true")
    await expect(title).to_be_focused()
    await expect(page.get_by_label("Observation")).to_have_value("Card payments time out")

    await title.fill("Checkout is down")
    await page.get_by_role("button", name="Declare", exact=True).click()
    await expect(page.get_by_role("dialog", name="Declare an incident")).to_be_hidden()
    await expect(page.locator(".toast", has_text="#inc-1-checkout-is-down")).to_be_visible(timeout=TIMEOUT_MS)


async def test_a_notice_covers_nothing_and_goes_by_itself(dogwatch):
    page = await dogwatch.open_page()
    await page.get_by_role("button", name="Write to somebody").click()
    await page.get_by_role("menuitem", name="Dogwatch").click()
    await expect(page.get_by_role("tab", name="Home")).to_be_visible()
    await dogwatch.control("command", user="dba", channel="ops", text="/incident start Mail is late")

    notice = page.locator(".toast", has_text="#inc-1")
    await expect(notice).to_be_visible(timeout=TIMEOUT_MS)
    box = await notice.bounding_box()
    for other in ("#tabs", "#log", "#composer"):
        place = await page.locator(other).bounding_box()
        assert place["y"] >= box["y"] + box["height"] or place["y"] + place["height"] <= box["y"], other
    await page.get_by_role("tab", name="Home").click()
    await expect(page.locator(".toast")).to_have_count(0, timeout=TIMEOUT_MS)


async def test_ones_own_words_can_be_edited_and_deleted_and_a_reaction_taken_back(dogwatch):
    page = await dogwatch.open_page()
    await send_text(page, "The *deploy* of @developer broke it")
    await add_reaction(page, "broke it", "boom")

    await message_with(page, "broke it").get_by_role("button", name="boom, 1").click()
    await expect(message_with(page, "broke it").locator(".reactions button.mine")).to_have_count(0)

    await page.locator("#text").press("ArrowUp")
    field = page.get_by_label("Edit the message")
    await expect(field).to_have_value("The *deploy* of @developer broke it")
    await field.fill("The deploy of @developer may have broken it")
    await field.press("Enter")
    await expect(message_with(page, "may have broken it")).to_contain_text("(edited)")

    await press_message_button(page, "may have broken it", "More")
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.get_by_text("may have broken it")).to_have_count(0)


async def test_a_message_elsewhere_opens_an_incident_and_goes_on_its_timeline(dogwatch):
    page = await dogwatch.open_page()
    await send_text(page, "Nobody can pay since ten")
    await press_message_button(page, "Nobody can pay", "More")
    await page.get_by_role("menuitem", name="Declare from message").click()
    await expect(page.get_by_label("Title")).to_have_value("Nobody can pay since ten")
    await page.get_by_role("button", name="Declare", exact=True).click()

    await page.locator(".toast", has_text="#inc-1").get_by_role("button", name="Go there").click()
    await expect(incident_card(page)).to_be_visible(timeout=TIMEOUT_MS)


async def test_unread_marks_and_mentions_are_counted_for_each_person(dogwatch):
    support = await dogwatch.open_page("support")
    oncall = await dogwatch.open_page("oncall")
    await oncall.get_by_role("link", name="general").click()
    await expect(oncall.get_by_role("heading", name="#general")).to_be_visible()
    await send_text(oncall, "Does anybody see this?")
    await send_text(oncall, "@support do you?")

    link = support.get_by_role("link", name="general, 2 unread, 1 for you")
    await expect(link).to_be_visible()
    await link.click()
    await expect(support.locator("#messages .new-line")).to_be_visible()
    await expect(support.get_by_role("link", name="general", exact=True)).to_be_visible()


async def test_on_a_phone(dogwatch):
    page = await dogwatch.open_page(size=PHONE, has_touch=True, is_mobile=True)
    await expect(page.get_by_role("heading", name="Try Dogwatch")).to_be_visible()
    await take_picture(page, "phone-guide")

    await declare_incident(page, "Search is slow")
    await send_text(page, "It began after the reindexing")
    await expect(message_with(page, "after the reindexing")).to_be_visible()
    await take_picture(page, "phone")
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    await page.get_by_role("button", name="Conversations").click()
    await page.get_by_role("link", name="general").click()
    await expect(page.get_by_role("heading", name="#general")).to_be_visible()
    await expect(page.get_by_role("link", name="random")).to_be_hidden()
