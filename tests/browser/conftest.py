"""
`dogwatch sandbox` as a process of its own, with Debian's Chromium.

With DOGWATCH_PICTURES set to a folder, the pictures of README and docs are taken into it.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from tests.support.servers.requirements import program

WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 780}
TIMEOUT_MS = 15_000
"""Milliseconds, for a busy machine."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


class RunningSandbox:
    """A running `dogwatch sandbox` with its open pages."""

    def __init__(self, browser: Browser, url: str, process: asyncio.subprocess.Process, data: Path) -> None:
        self.browser = browser
        self.url = url
        self.process = process
        self.data = data
        self.console_errors: list[str] = []

    async def open_page(self, person: str = "", *, size: ViewportSize = WIDE, path: str = "", **options: Any) -> Page:
        """Open a page in a browser context of its own, as `person`. Console errors fail the test."""
        context = await self.browser.new_context(viewport=size, timezone_id="Europe/Paris", **options)
        page = await context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.on("pageerror", lambda problem: self.console_errors.append(str(problem)))
        page.on(
            "console", lambda message: self.console_errors.append(message.text) if message.type == "error" else None
        )
        await page.goto(f"{self.url}{path}{f'?as={person}' if person else ''}")
        await page.locator("body[data-ready]").wait_for()
        return page

    async def control(self, method: str, /, **args: Any) -> Any:
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}control/{method}", json=args) as answer:
            body = await answer.json()
        assert body["ok"], body
        return body["result"]

    async def stop(self) -> None:
        self.process.terminate()
        assert await asyncio.wait_for(self.process.wait(), 20) == 0


@asynccontextmanager
async def running_sandbox(
    browser: Browser, data: Path, *arguments: str, module: str = "bot"
) -> AsyncIterator[RunningSandbox]:
    """`dogwatch sandbox`, or another `module` that serves its page, on a free port."""
    command = ["bot", "sandbox", "--data", str(data)] if module == "bot" else [module]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *command,
        "--port",
        "0",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "DOGWATCH_PORT": "0"},
    )
    assert process.stdout is not None
    try:
        url = await asyncio.wait_for(read_printed_address(process.stdout), 40)
        found = RunningSandbox(browser, url, process, data)
        yield found
        assert found.console_errors == []
    finally:
        for context in browser.contexts:
            await context.close()
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 20)


async def read_printed_address(output: asyncio.StreamReader) -> str:
    async for line in output:
        if b"Open http" in line:
            return line.decode().split("Open ")[1].strip()
    raise AssertionError("the sandbox ended without printing its address; its output is above")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = program("chromium", package="chromium")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def dogwatch(browser: Browser, tmp_path: Path) -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(browser, tmp_path / "data") as found:
        yield found


# --- actions on a page


async def send_text(page: Page, text: str, field: str = "#text") -> None:
    await page.locator(field).fill(text)
    await page.locator(field).press("Enter")


def message_with(page: Page, text: str, within: str = "#messages") -> Any:
    return page.locator(f"{within} .message", has_text=text).last


def incident_card(page: Page) -> Any:
    """The incident's card in its channel; the topic has its title, too."""
    return page.locator("#messages .message", has=page.locator(".block.header")).first


async def press_message_button(page: Page, text: str, name: str) -> None:
    """Hover a message and press one of its buttons; retry if it is redrawn meanwhile."""
    for timeout in (2_000, 5_000, 15_000):
        await message_with(page, text).hover()
        try:
            await message_with(page, text).get_by_role("button", name=name).click(timeout=timeout)
        except PlaywrightTimeout:
            await page.mouse.move(0, 0)
        else:
            return
    raise AssertionError(f"the button {name!r} does not stay under the mouse")


async def add_reaction(page: Page, text: str, emoji: str) -> None:
    """Add a reaction with the mouse."""
    await press_message_button(page, text, "Add a reaction")
    await page.get_by_role("searchbox", name="Search emoji").fill(emoji)
    await page.keyboard.press("Enter")


async def declare_incident(page: Page, title: str) -> None:
    """Declare an incident by the form, and open its channel."""
    await page.get_by_role("button", name="Start an incident myself").click()
    await page.get_by_label("Title").fill(title)
    await page.get_by_role("button", name="Declare", exact=True).click()
    await page.locator(".toast", has_text="#inc-").get_by_role("button", name="Go there").click()
    await expect(page.get_by_role("button", name="Resolve")).to_be_visible(timeout=TIMEOUT_MS)


async def take_picture(page: Page, name: str, *, is_quiet: bool = True) -> None:
    """Take a picture for README and docs, if asked for. `is_quiet`: wait for idle first."""
    folder = os.environ.get("DOGWATCH_PICTURES")
    if folder:
        if is_quiet:
            await expect(page.locator("#chips > *")).to_have_count(0, timeout=TIMEOUT_MS)
        await page.mouse.move(0, 0)
        await page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")


async def axe_violations(page: Page) -> list[str]:
    """The violations that axe finds in either colour scheme."""
    found = []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        results = await Axe().run(page)
        found += [
            f"{scheme}: {each['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for each in results.response["violations"]
            for node in each["nodes"]
        ]
    await page.emulate_media(color_scheme="light")
    return found
