"""B22: the page of an incident with 5,000 entries in a browser: first screen, a filter, and a search of the text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from aiohttp import web
from playwright.async_api import Browser, async_playwright
from sqlalchemy import insert
from sqlmodel import Session

from bench.acts.incident_page import REFERENCE, entry_row
from bench.harness.figures import Figure, Reference, Target
from bench.harness.stage import Stage, free_port, staged
from bot.services.web_pages.sessions import sign_in
from bot.store.database.session import open_database
from bot.store.incidents import incidents
from bot.store.incidents.timeline import TimelineEntry
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.requirements import program

ENTRIES = 5_000
KINDS = ("note", "investigation", "hypothesis", "action", "communication")
PAGES: Mapping[str, str] = {
    "first screen": "",
    "filter by kind": "?kind=hypothesis",
    "search of the text": "?text=number+4711",
}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
WATCH = """
(() => {
  const look = () => {
    if (document.querySelector("[id^=entry-]")) window.entryAt = performance.now();
    else requestAnimationFrame(look);
  };
  look();
})()
"""
IS_SHOWN = """
performance.getEntriesByType("navigation")[0].loadEventEnd > 0
&& performance.getEntriesByName("first-contentful-paint").length && window.entryAt
"""
TIMINGS = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  entry: window.entryAt,
  loaded: performance.getEntriesByType("navigation")[0].loadEventEnd,
})"""


@dataclass(frozen=True, slots=True)
class Shown:
    """Milliseconds to the first thing on the screen, to the first entry there, and to the whole page."""

    paint: float
    entry: float
    loaded: float


MOMENTS: Mapping[str, tuple[Callable[[Shown], float], Target | None]] = {
    "first paint": (lambda shown: shown.paint, Target(2, of_ratio=True)),
    "first entry": (lambda shown: shown.entry, None),
    "whole page": (lambda shown: shown.loaded, None),
}


async def reading(runs: int, server: PostgresServer | None) -> list[Figure]:
    """Each page beside a plain one of the same size, in the same browser."""
    async with staged(server) as stage, async_playwright() as playwright:
        await stage.bot.stop()
        token = await _prepare(stage)
        await stage.bot.start()
        browser = await playwright.chromium.launch(executable_path=program("chromium", package="chromium"), args=FLAGS)
        figures = []
        for name, query in PAGES.items():
            figures += await _compare(browser, stage, token, name, query, runs)
        await browser.close()
    return figures


async def _compare(browser: Browser, stage: Stage, token: str, name: str, query: str, runs: int) -> list[Figure]:
    address = f"http://127.0.0.1:{stage.bot.port}/incidents/{REFERENCE}{query}"
    whole = await _open(browser, address, token)
    plain = _plain_page(len(whole.encode()))
    port = free_port()
    runner = await _serve(plain, port)
    shown: list[Shown] = []
    static: list[Shown] = []
    for _ in range(runs):
        static.append(await _measure(browser, f"http://127.0.0.1:{port}/", token))
        shown.append(await _measure(browser, address, token))
    await runner.cleanup()
    return [
        Figure(
            f"{ENTRIES:,} entries, {name}: {moment}",
            "ms",
            [read(each) for each in shown],
            stage.place.name,
            Reference("a plain page of the same size", median(map(read, static))),
            target,
            [f"{len(plain):,} bytes"],
        )
        for moment, (read, target) in MOMENTS.items()
    ]


async def _open(browser: Browser, address: str, token: str) -> str:
    """The page as the browser got it; the first one also warms the bot."""
    context = await browser.new_context()
    await context.add_cookies([{"name": "dogwatch-session", "value": token, "url": address}])
    answer = await context.request.get(address)
    text = await answer.text()
    await context.close()
    if answer.status != 200 or "Entry number" not in text:
        raise RuntimeError(f"{address} was answered with {answer.status}: {text[-300:]}")
    return text


async def _measure(browser: Browser, address: str, token: str) -> Shown:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    await context.add_cookies([{"name": "dogwatch-session", "value": token, "url": address}])
    page = await context.new_page()
    await page.add_init_script(WATCH)
    await page.goto(address, wait_until="load")
    await page.wait_for_function(IS_SHOWN)
    found = await page.evaluate(TIMINGS)
    await context.close()
    return Shown(**found)


def _plain_page(size: int) -> bytes:
    """Paragraphs without a style or a script."""
    head = b"<!doctype html><html lang=en><meta charset=utf-8><title>Plain</title><body>"
    row = b"<p id=entry->Entry: the replica in a zone lags by some seconds, the primary answers, see the pool.\n"
    return (head + row * (size // len(row) + 1))[:size]


async def _serve(body: bytes, port: int) -> web.AppRunner:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="text/html", charset="utf-8")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


async def _prepare(stage: Stage) -> str:
    """Fill the incident, and sign in. Returns the session's token."""
    database = open_database(stage.place.url)
    try:
        await database.run(_add)
        return await database.run(_start_session)
    finally:
        await database.close()


def _add(session: Session) -> None:
    incident = incidents.find_by_reference(session, None, REFERENCE)
    began = datetime.now(UTC) - timedelta(hours=9)
    rows = [entry_row(number, incident, began) for number in range(ENTRIES)]
    kinds = [{**row, "kinds": [KINDS[number % len(KINDS)]]} for number, row in enumerate(rows)]
    session.execute(insert(TimelineEntry), kinds)


def _start_session(session: Session) -> str:
    return sign_in(session, "U0ONCALL", datetime.now(UTC), way="login link")
