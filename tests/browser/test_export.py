"""Exports as people open them: the file, and the page with the sources."""

import asyncio
import os
import re
import sys
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.conftest import (
    PHONE,
    ROOT,
    TIMEOUT_MS,
    WIDE,
    RunningSandbox,
    add_reaction,
    axe_violations,
    declare_incident,
    message_with,
    press_message_button,
    send_text,
)

NARROW = {"width": 320, "height": 640}


async def goes_through_an_incident(page: Page) -> None:
    """An incident with a marked message, thread, edit, task, cause, resolution and draft."""
    await declare_incident(page, "Checkout is down")
    await send_text(page, "Pool of @dba is exhausted: https://example.test/" + "a-very-long-address" * 8)
    await add_reaction(page, "exhausted", "mag")
    await press_message_button(page, "exhausted", "Reply in a thread")
    await send_text(page, "It halved with the deployment", "#reply-text")
    await expect(message_with(page, "It halved", "#thread")).to_be_visible()
    await page.get_by_role("button", name="Close").click()
    await send_text(page, "/incident impact users:20% lang:fr un paiement sur cinq échoue")
    await send_text(page, "/incident cause the pool was too small")
    await send_text(page, '/incident task "Alert on pool usage" symptom:"nobody noticed"')
    await send_text(page, "/incident resolve rolled back")
    await expect(page.get_by_role("link", name="Postmortem draft").last).to_be_visible(timeout=TIMEOUT_MS)


async def exported(dogwatch: RunningSandbox, folder: Path, *options: str) -> str:
    """The address of the file that `dogwatch export` writes beside the running sandbox."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "export",
        "INC-1",
        "--format",
        "html",
        *options,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{dogwatch.data / 'dogwatch.db'}"},
    )
    html, _ = await process.communicate()
    assert process.returncode == 0
    file = folder / "postmortem.html"
    file.write_bytes(html)
    return file.as_uri()


async def test_the_exported_file_reads_on_a_phone_and_prints(dogwatch, tmp_path):
    page = await dogwatch.open_page()
    await goes_through_an_incident(page)
    address = await exported(dogwatch, tmp_path, "--lang", "fr,en", "--template", "statuspage", "--transcript")

    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    await page.goto(address)

    assert fetched == [address], "the file needs nothing else"
    await expect(page.locator("html")).to_have_attribute("lang", "fr")
    assert (await page.title()).startswith("Post-mortem INC-1")
    assert await page.locator("article").evaluate_all("all => all.map((each) => each.lang)") == ["fr", "en", "fr"]
    transcript = page.locator("article.transcript")
    await expect(transcript.locator("li li", has_text="It halved with the deployment")).to_be_visible()
    await expect(transcript).not_to_contain_text("<@")
    for size in (PHONE, NARROW, WIDE):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    await page.set_viewport_size(PHONE)
    assert float((await page.evaluate("getComputedStyle(document.body).fontSize")).removesuffix("px")) >= 16
    assert await axe_violations(page) == []

    await page.get_by_role("link", name="English").click()
    await expect(page.locator("#in-en h1")).to_be_in_viewport()
    await page.emulate_media(color_scheme="dark", media="print")
    assert await page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--text').trim()") == "#000"
    await expect(page.locator("nav")).to_be_hidden()
    printed = await page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 3, "each part begins on a page of its own"


async def test_a_source_in_the_draft_opens_beside_it(dogwatch):
    page = await dogwatch.open_page()
    await goes_through_an_incident(page)
    await page.get_by_role("link", name="Postmortem draft").last.click()
    draft = page.get_by_role("complementary")
    line = draft.locator(".markdown li", has_text="exhausted").last

    async with page.context.expect_page() as opening:
        await line.get_by_role("link", name="Source").first.click()
    source = await opening.value

    await expect(source.locator("#messages .message.marked", has_text="exhausted")).to_be_visible(timeout=TIMEOUT_MS)
    await expect(draft).to_contain_text("the pool was too small")


async def test_every_anchor_of_an_incidents_page_is_seen_and_stands_out(dogwatch):
    page = await dogwatch.open_page()
    await goes_through_an_incident(page)
    await send_text(page, "/incident catchup")
    whole = page.get_by_role("link", name="The whole record").last
    await expect(whole).to_be_visible(timeout=TIMEOUT_MS)
    address = await whole.get_attribute("href")

    await page.goto(address)

    assert await axe_violations(page) == []
    anchors = await page.locator("li[id]").evaluate_all("all => all.map((each) => each.id)")
    assert {"entry-1", "action-1"} <= set(anchors)
    for size in (PHONE, WIDE):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    plain = await page.locator("li#entry-1").evaluate("each => getComputedStyle(each).backgroundColor")
    for anchor in anchors:
        await page.goto(f"{address}#{anchor}")
        target = page.locator("li:target")
        await expect(target).to_have_id(anchor)
        await expect(target).to_be_in_viewport()
        assert await target.evaluate("each => getComputedStyle(each).backgroundColor") != plain
    await page.locator(".mark").first.click()
    await expect(page.locator("li:target")).to_be_in_viewport()
    assert await axe_violations(page) == []
