"""The three buttons that break something: no accepted work is lost."""

from playwright.async_api import expect

from tests.browser.conftest import (
    TIMEOUT_MS,
    declare_incident,
    incident_card,
    message_with,
    running_sandbox,
    send_text,
    take_picture,
)

OUTAGE = 60_000


async def test_the_bot_is_killed_and_goes_on(dogwatch):
    page = await dogwatch.open_page()
    await declare_incident(page, "Checkout is down")

    await page.get_by_role("button", name="Kill and restart the bot").click()
    await expect(page.get_by_text("Dogwatch is not connected")).to_be_visible()
    await send_text(page, "/incident note while it is away")
    await expect(message_with(page, "/incident was not carried out")).to_contain_text("did not answer")
    await expect(page.locator("#text")).to_have_value("/incident note while it is away")
    await expect(page.get_by_text("The bot is back after")).to_be_visible(timeout=OUTAGE)
    await page.locator("#text").press("Enter")
    await expect(page.get_by_text("while it is away")).to_be_visible(timeout=TIMEOUT_MS)
    await expect(page.locator("#text")).to_have_value("")

    await message_with(page, "/incident was not carried out").get_by_role("button", name="Dismiss").click()
    await expect(page.get_by_text("/incident was not carried out")).to_have_count(0)
    await send_text(page, "/incident severity 1 it is everybody")
    await expect(incident_card(page)).to_contain_text("SEV1", timeout=TIMEOUT_MS)


async def test_an_alert_is_taken_while_slack_is_out_and_told_when_it_is_back(dogwatch):
    page = await dogwatch.open_page()
    await page.get_by_role("button", name="Cut Slack for 30 s").click()
    await expect(page.get_by_text("Slack is cut off")).to_be_visible()
    await page.get_by_role("button", name="Fire the sample alert").click()

    waiting = page.get_by_role("region", name="Waiting to be sent")
    await expect(waiting).to_contain_text("Open the channel INC-1", timeout=TIMEOUT_MS)
    await expect(page.get_by_role("button", name="waiting to be sent")).to_be_visible()
    await take_picture(page, "waiting", is_quiet=False)
    assert await page.get_by_role("link", name="inc-1").count() == 0

    await page.locator(".toast", has_text="#inc-1").get_by_role("button", name="Go there").click(timeout=OUTAGE)
    await expect(incident_card(page)).to_be_visible(timeout=OUTAGE)
    await expect(waiting).to_contain_text("Nothing: everything has reached Slack.", timeout=OUTAGE)


async def test_slack_is_slow_for_a_while(dogwatch):
    page = await dogwatch.open_page()
    await page.get_by_role("button", name="Make Slack slow").click()
    await expect(page.get_by_text("Slack is slow")).to_be_visible()

    assert [each["kind"] for each in await dogwatch.control("list_faults")] == ["latency"]


async def test_both_are_stopped_and_go_on_where_they_were(browser, tmp_path):
    data = tmp_path / "data"
    async with running_sandbox(browser, data) as first:
        page = await first.open_page()
        await declare_incident(page, "Checkout is down")
        await send_text(page, "It began at ten")
        await expect(message_with(page, "It began at ten")).to_be_visible()
        channels = {each["name"] for each in await first.control("channels") if each.get("name")}
        said = [each["ts"] for each in await first.control("messages", channel="inc-1-checkout-is-down")]
        await page.context.close()
        await first.stop()

    async with running_sandbox(browser, data) as second:
        page = await second.open_page()
        assert {each["name"] for each in await second.control("channels") if each.get("name")} == channels
        kept = [each["ts"] for each in await second.control("messages", channel="inc-1-checkout-is-down")]
        assert kept[: len(said)] == said
        await page.get_by_role("link", name="inc-1").click()
        await expect(message_with(page, "It began at ten")).to_be_visible()
        await send_text(page, "/incident status identified it was the deploy")
        await expect(incident_card(page)).to_contain_text("Identified", timeout=TIMEOUT_MS)
        await page.context.close()
        await second.stop()

    async with running_sandbox(browser, data, "--fresh") as third:
        assert all(not each.get("name", "").startswith("inc-") for each in await third.control("channels"))


async def test_a_story_played_at_once_ends_in_a_draft(dogwatch):
    page = await dogwatch.open_page()
    await page.get_by_label("Story").select_option("payment-outage")
    await page.get_by_label("Speed").select_option("at once")
    await page.get_by_role("button", name="Play", exact=True).click()

    await expect(page.get_by_text("Played “")).to_be_visible(timeout=OUTAGE)
    await page.get_by_role("link", name="inc-1").click()
    await expect(page.get_by_role("link", name="Postmortem draft").last).to_be_visible(timeout=TIMEOUT_MS)
