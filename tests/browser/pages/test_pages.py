"""The pages for responders in a real browser: sign in, read, sign out, on a phone and in the dark."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Page, expect
from sqlalchemy import create_engine
from sqlmodel import Session

from tests.browser.conftest import PHONE, TIMEOUT_MS, WIDE, axe_violations, declare_incident, take_picture
from tests.browser.pages.test_outbox_page import port_of
from tests.support.worlds.past_incidents import add_past_incident, add_vendor_incident


async def look_at(page: Page, name: str) -> None:
    """Take pictures of each size and colour scheme, if asked for."""
    folder = os.environ.get("DOGWATCH_LOOK_AT")
    for scheme in ("light", "dark") if folder else ():
        for size, label in ((PHONE, "phone"), (WIDE, "wide")):
            await page.set_viewport_size(size)
            await page.emulate_media(color_scheme=scheme)
            await page.screenshot(path=f"{folder}/{name}-{label}-{scheme}.png", full_page=True)
    await page.emulate_media(color_scheme="light")


async def fits(page: Page) -> None:
    for size in (PHONE, WIDE):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]


async def test_a_responder_signs_in_by_one_click_and_sees_what_is_on(dogwatch):
    slack = await dogwatch.open_page()
    await declare_incident(slack, "Checkout is down for everybody in the European Union since the last deployment")
    await dogwatch.control("command", user="oncall", channel="ops", text="/incident start Login is slow sev:3")
    for line in ("note Checkout answers 502 since 10 min", "task Alert on checkout errors @dba", "impact EU customers"):
        channel = "inc-1-checkout-is-down-for-everybody"
        found = [each for each in await dogwatch.control("channels") if each.get("name", "").startswith(channel[:20])]
        await dogwatch.control("command", user="oncall", channel=found[0]["name"], text=f"/incident {line}")
    url = f"http://127.0.0.1:{port_of(dogwatch)}"
    page = await (await dogwatch.browser.new_context(viewport=WIDE)).new_page()
    page.set_default_timeout(TIMEOUT_MS)

    await page.goto(f"{url}/")
    await expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "sign-in")
    await page.get_by_role("link", name="Sign in with Slack").click()
    await expect(page.get_by_role("link", name="Guest")).to_be_visible()
    assert await axe_violations(page) == []
    await look_at(page, "local-slack")
    await page.get_by_role("link", name="Engineer", exact=True).click()

    await expect(page.get_by_role("heading", name="Open incidents: 2")).to_be_visible()
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "now")
    await page.set_viewport_size(WIDE)
    await page.emulate_media(color_scheme="light")
    await take_picture(page, "page-now", is_quiet=False)

    await page.set_viewport_size(WIDE)
    await page.get_by_role("link", name="INC-1 · Checkout is down").click()
    await expect(page.get_by_role("heading", name="INC-1 · Checkout is down")).to_be_visible()
    await page.wait_for_load_state()
    await take_picture(page, "page-incident", is_quiet=False)
    assert await axe_violations(page) == []
    await fits(page)
    words = page.get_by_role("search").get_by_label("Text")
    await words.fill("Checkout")
    await words.press("Enter")
    await expect(page.get_by_role("link", name="Show all")).to_be_visible()
    assert "text=Checkout" in page.url
    assert await axe_violations(page) == []
    await look_at(page, "incident")
    await page.go_back()

    await page.get_by_role("button", name="Sign out").press("Enter")
    await expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    await page.goto(f"{url}/")
    await expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


def write_history(folder: Path) -> None:
    """Forty incidents of the last months, of several services, severities and causes."""
    now, services = datetime.now(UTC), ("checkout", "search", "payments", "login")
    causes = ("The TLS certificate expired", "A deployment removed an index", None, "A full disk on the primary")
    with Session(create_engine(f"sqlite:///{folder / 'dogwatch.db'}")) as session:
        for number in range(40):
            ours = add_past_incident(
                session,
                number,
                now - timedelta(days=6 * number + 1),
                severity=("SEV1", "SEV2", "SEV3")[number % 3],
                services=[services[number % 4]],
                cause=causes[number % 4],
                update=number % 7 + 5,
                task="Alert on it" if number % 5 == 0 else None,
            )
            said_at = ours.started_at + timedelta(minutes=31)
            add_vendor_incident(session, number, ours, vendor=("payplug", "a-cloud")[number % 2], first_word_at=said_at)
        session.commit()


async def test_history_and_figures_are_read_filtered_and_followed(dogwatch):
    await asyncio.to_thread(write_history, dogwatch.data)
    url = f"http://127.0.0.1:{port_of(dogwatch)}"
    page = await (await dogwatch.browser.new_context(viewport=WIDE)).new_page()
    page.set_default_timeout(TIMEOUT_MS)
    await page.goto(f"{url}/figures")
    await page.get_by_role("link", name="Sign in with Slack").click()
    await page.get_by_role("link", name="Engineer", exact=True).click()
    await page.wait_for_url("**/figures")

    await take_picture(page, "page-figures", is_quiet=False)
    for summary in await page.locator("summary").all():
        await summary.click()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await fits(page)
        assert await axe_violations(page) == []
    await look_at(page, "figures")
    await page.set_viewport_size(WIDE)
    table = page.get_by_role("table", name="Time to resolve by severity")
    count = await table.get_by_role("row", name="SEV1").get_by_role("link").inner_text()
    await table.get_by_role("row", name="SEV1").get_by_role("link").click()

    await expect(page.get_by_text(f"{count} incidents")).to_be_visible()
    await expect(page.get_by_text("Counted in the figure: Time to resolve.")).to_be_visible()
    await expect(page.get_by_role("rowheader")).to_have_count(int(count))
    await page.get_by_role("link", name="Show all").click()
    await page.get_by_label("Service").select_option("checkout")
    await page.get_by_label("Text").fill("certificate")
    await page.get_by_label("Text").press("Enter")
    await expect(page.get_by_text("10 incidents")).to_be_visible()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await fits(page)
        assert await axe_violations(page) == []
    await look_at(page, "history")
    await page.get_by_role("link", name="Incidents similar to INC-1000").click()
    await expect(page.get_by_text("same words in the cause: tls, certificate, expired").first).to_be_visible()
    assert await axe_violations(page) == []

    await page.get_by_role("link", name="Figures", exact=True).click()
    await page.get_by_role("link", name="Figures of vendors").click()
    await expect(page.get_by_role("heading", name="Vendors")).to_be_visible()
    await page.locator("summary").first.click()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await fits(page)
        assert await axe_violations(page) == []
    await look_at(page, "vendors")


async def test_the_pages_for_operations_are_read_on_a_phone_and_by_keyboard(dogwatch):
    """The developer is an admin of the local Slack."""
    slack = await dogwatch.open_page()
    await declare_incident(slack, "Checkout is down")
    url = f"http://127.0.0.1:{port_of(dogwatch)}"
    page = await (await dogwatch.browser.new_context(viewport=WIDE)).new_page()
    page.set_default_timeout(TIMEOUT_MS)
    await page.goto(f"{url}/sign-in/slack")
    await page.get_by_role("link", name="Developer", exact=True).click()
    await expect(page.get_by_role("heading", name="Open incidents: 1")).to_be_visible()

    for path, name in (
        ("/oncall", "oncall"),
        ("/alerts", "alerts"),
        ("/sessions", "sessions"),
        ("/incidents/INC-1/share", "share-link"),
        ("/admin", "health"),
        ("/admin/outbox", "outbox-admin"),
        ("/admin/tokens", "tokens"),
        ("/admin/settings", "settings"),
        ("/admin/audit", "audit"),
    ):
        await page.goto(f"{url}{path}")
        await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert await axe_violations(page) == [], path
        await fits(page)
        await look_at(page, name)

    await page.goto(f"{url}/alerts")
    await page.locator("summary").press("Enter")
    await page.get_by_label("Body").fill('{"title": "5xx above 5 %", "service": "checkout"}')
    await page.get_by_label("Source").first.select_option("generic")
    await page.get_by_role("button", name="Show what it would do").press("Enter")
    await expect(page.get_by_role("heading", name="What this body would do")).to_be_visible()
    assert await axe_violations(page) == []
    await fits(page)
