"""Incident page and exported file in a browser: user text runs nothing."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.conftest import ROOT, TIMEOUT_MS, RunningSandbox, declare_incident, send_text

ATTACKS = (
    "<script>window.ran='script'</script>",
    "<img src=x onerror=\"window.ran='img'\">",
    "<svg onload=\"window.ran='svg'\"></svg>",
    "'\"><iframe srcdoc=\"<script>parent.ran='frame'</script>\"></iframe>",
    "<a href=\"javascript:window.ran='link'\">press</a>",
    "[press](javascript:window.ran='markdown')",
    "<style>@import 'http://127.0.0.1:1/style'</style><link rel=stylesheet href=http://127.0.0.1:1/link>",
    "<meta http-equiv=refresh content=0;url=http://127.0.0.1:1/meta>",
    "<base href=http://127.0.0.1:1/><form action=http://127.0.0.1:1/form><input name=key></form>",
)


async def address_of_the_page(page: Page) -> str:
    await send_text(page, "/incident catchup")
    whole = page.get_by_role("link", name="The whole record").last
    await whole.wait_for(timeout=TIMEOUT_MS)
    return str(await whole.get_attribute("href"))


def site_of(address: str) -> str:
    return address.partition("/incidents/")[0]


async def opened(browser: Browser, address: str) -> tuple[Page, list[str]]:
    """A page of its own, and everything that it asks for."""
    page = await (await browser.new_context()).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    await page.goto(address)
    return page, asked


async def runs_nothing(page: Page) -> None:
    """Press everything; nothing may have run."""
    for link in await page.locator("a[href^='javascript']").all():
        await link.click()
    assert await page.evaluate("window.ran") is None
    assert await page.locator("script, iframe, img, object, embed, form, base, body link").count() == 0
    assert await page.locator("meta[http-equiv=refresh]").count() == 0


async def test_nothing_that_people_wrote_runs_in_a_browser(dogwatch: RunningSandbox, tmp_path: Path) -> None:
    people = await dogwatch.open_page()
    await declare_incident(people, "Checkout <script>window.ran='title'</script>")
    for attack in ATTACKS:
        await send_text(people, f"/incident note {attack}")
    await send_text(people, f"/incident cause {''.join(ATTACKS)}")
    address = await address_of_the_page(people)

    page, asked = await opened(dogwatch.browser, address)

    assert [each.partition("?")[0] for each in asked] == [address.partition("?")[0], site_of(address) + "/style.css"]
    assert "window.ran='title'" in await page.locator("h1").inner_text(), "it is read as it was written"
    await runs_nothing(page)
    assert await page.context.cookies() == []

    exported, asked = await opened(dogwatch.browser, await exported_file(dogwatch, tmp_path))
    assert len(asked) == 1
    await runs_nothing(exported)


async def exported_file(dogwatch: RunningSandbox, folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "export",
        "INC-1",
        "--format",
        "html",
        "--transcript",
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{dogwatch.data / 'dogwatch.db'}"},
    )
    html, _ = await process.communicate()
    assert process.returncode == 0
    file = folder / "postmortem.html"
    file.write_bytes(html)
    return file.as_uri()


class Listening:
    """Another site: keeps the head of each request."""

    def __init__(self) -> None:
        self.heads: list[str] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._hear, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self._server.close()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def elsewhere() -> AsyncIterator[Listening]:
    listening = Listening()
    await listening.start()
    yield listening
    listening.stop()


async def test_the_browser_itself_refuses_what_would_slip_through(
    dogwatch: RunningSandbox, elsewhere: Listening
) -> None:
    """Injected scripts, pictures, frames and styles are stopped by the page's headers."""
    people = await dogwatch.open_page()
    await declare_incident(people, "Checkout is down")
    page, _ = await opened(dogwatch.browser, await address_of_the_page(people))

    await page.evaluate(
        """url => {
            for (const [name, parts] of [
                ["script", {textContent: "window.ran = 'inline'"}],
                ["script", {src: url + "/a.js"}],
                ["img", {src: url + "/a.png"}],
                ["iframe", {src: url + "/frame"}],
                ["link", {rel: "stylesheet", href: url + "/a.css"}],
            ]) document.body.append(Object.assign(document.createElement(name), parts));
            document.body.insertAdjacentHTML("beforeend", "<b id=b onclick=\\"window.ran='handler'\\">b</b>");
        }""",
        elsewhere.url,
    )
    await page.locator("#b").click()
    assert await page.evaluate("url => fetch(url).then(() => 'fetched', () => 'refused')", elsewhere.url) == "refused"

    assert await page.evaluate("window.ran") is None
    assert elsewhere.heads == []


async def test_the_key_is_told_to_nobody_and_no_frame_shows_the_page(
    dogwatch: RunningSandbox, elsewhere: Listening, tmp_path: Path
) -> None:
    people = await dogwatch.open_page()
    await declare_incident(people, "Checkout is down")
    address = await address_of_the_page(people)
    page, _ = await opened(dogwatch.browser, address)

    await page.evaluate("url => { location.href = url }", f"{elsewhere.url}/elsewhere")
    await page.wait_for_url(f"{elsewhere.url}/elsewhere")
    assert "referer" not in elsewhere.heads[0].casefold()
    assert not [head for head in elsewhere.heads if "key=" in head]

    framing = tmp_path / "frame.html"
    framing.write_text(f'<iframe src="{address}"></iframe>')
    outer, asked = await opened(dogwatch.browser, framing.as_uri())
    assert address in asked
    shown = [await frame.content() for frame in outer.frames if frame is not outer.main_frame]
    assert shown
    assert not [content for content in shown if "Checkout is down" in content]
