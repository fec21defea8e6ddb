"""The operators' page in a real browser: read on a phone, in the dark, and pressed."""

import asyncio
import json
import os
import sys

from playwright.async_api import expect

from bot.local.folder import LOG
from tests.browser.conftest import PHONE, ROOT, TIMEOUT_MS, WIDE, RunningSandbox, axe_violations, declare_incident


def port_of(dogwatch: RunningSandbox) -> str:
    """The address of the bot beside the page, from its log."""
    lines = (json.loads(line) for line in (dogwatch.data / LOG).read_text().splitlines() if line.startswith("{"))
    return str(next(each["port"] for each in lines if each["event"] == "dogwatch started"))


async def link_of(dogwatch: RunningSandbox) -> str:
    """The output of `dogwatch outbox --link`."""
    port = port_of(dogwatch)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "outbox",
        "--link",
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{dogwatch.data / 'dogwatch.db'}", "DOGWATCH_PORT": port},
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().strip()


async def test_what_failed_is_read_and_tried_again_on_a_phone(dogwatch):
    for method, error in (("pins.add", "too_many_pins"), ("conversations.setTopic", "restricted_action")):
        await dogwatch.control("fault", kind="error", method=method, error=error)
    page = await dogwatch.open_page()
    await declare_incident(page, "Checkout is down")
    await expect(page.locator("#messages")).to_contain_text("Not everything could be done", timeout=TIMEOUT_MS)
    await dogwatch.control("fault", kind="ratelimited", method="chat.postMessage", retry_after=600)
    await dogwatch.control("command", user="oncall", channel="inc-1-checkout-is-down", text="/incident note one more")

    await page.goto(await link_of(dogwatch))
    async with asyncio.timeout(
        TIMEOUT_MS / 1000
    ):  # the page is of one moment; the refusal comes when the bot has posted
        while "chat.postMessage in INC-1: until" not in await page.locator("main").inner_text():
            await page.reload()
    for size in (PHONE, WIDE):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    await page.set_viewport_size(PHONE)
    assert await axe_violations(page) == []
    await expect(page.get_by_role("heading", name="Failed: 2")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("The channel has the maximum number of pins (too_many_pins)")
    box = await page.get_by_role("button", name="Try again: Pin the card").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    if folder := os.environ.get("DOGWATCH_LOOK_AT"):
        await page.screenshot(path=f"{folder}/outbox-phone.png", full_page=True)
        await page.emulate_media(color_scheme="dark")
        await page.set_viewport_size(WIDE)
        await page.screenshot(path=f"{folder}/outbox-dark.png", full_page=True)
        await page.emulate_media(color_scheme="light")

    await dogwatch.control("clear_faults")
    await page.get_by_role("button", name="Try again: Pin the card").click()
    await expect(page.get_by_role("heading", name="Failed: 1")).to_be_visible()
    await page.get_by_role("button", name="Try again: Set the topic").press("Enter")
    await expect(page.get_by_role("heading", name="Failed: 0")).to_be_visible()
    assert len(await dogwatch.control("pins", channel="inc-1-checkout-is-down")) == 1
