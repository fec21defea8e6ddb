"""A whole incident on the pages, in a browser without scripts."""

from playwright.async_api import Page, expect

from tests.browser.conftest import TIMEOUT_MS, WIDE, axe_violations, declare_incident
from tests.browser.pages.test_outbox_page import port_of
from tests.browser.pages.test_pages import fits, look_at

TITLE = "Checkout is down for everybody in the European Union"


async def signed_in(dogwatch, **options) -> Page:
    page = await (await dogwatch.browser.new_context(viewport=WIDE, **options)).new_page()
    page.set_default_timeout(TIMEOUT_MS)
    await page.goto(f"http://127.0.0.1:{port_of(dogwatch)}/")
    await page.get_by_role("link", name="Sign in with Slack").click()
    await page.get_by_role("link", name="Engineer", exact=True).click()
    return page


async def act(page: Page, label: str, button: str, **fields: str) -> None:
    """Open a form, fill it in and send it; `fields` by id."""
    form = page.locator("details.action", has=page.locator("summary", has_text=label)).last
    await form.locator("summary", has_text=label).last.click()
    for name, value in fields.items():
        field = page.locator(f"#{name.replace('__', '-')}")
        if await field.evaluate("each => each.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    await form.get_by_role("button", name=button, exact=True).click()


async def test_a_whole_incident_without_scripts(dogwatch):
    slack = await dogwatch.open_page()
    await declare_incident(slack, TITLE)
    page = await signed_in(dogwatch, java_script_enabled=False)
    await page.get_by_role("link", name=f"INC-1 · {TITLE}").click()

    status = page.locator(".actions [role=status]")
    await act(page, "Lead", "Set the lead")
    await expect(status).to_contain_text("leads INC-1 now")
    await act(page, "Note", "Add a note", note__text="Restarted the cache", note__at="26:10")
    await expect(page.get_by_role("alert")).to_contain_text("is not a time")
    await expect(page.locator("#note-text")).to_have_value("Restarted the cache")
    await page.locator("#note-at").fill("1 min ago")
    await page.get_by_role("button", name="Add a note").click()
    await expect(status).to_contain_text("Logged")
    await act(page, "Severity", "Change the severity", severity__severity="SEV1", severity__text="Everybody is hit")
    await expect(status).to_contain_text("SEV1")
    await act(page, "Task", "Note a task", task__text="Alert on cache misses")
    await act(page, "Resolution", "Resolve the incident", resolve__text="More memory")
    await expect(status).to_contain_text("INC-1 is resolved")

    await page.get_by_role("link", name="Change entry-3").click()
    await page.get_by_label("Text", exact=True).fill("Restarted the whole cache")
    await page.get_by_role("button", name="Amend the entry").click()
    await expect(page.locator("#entry-3")).to_contain_text("Restarted the whole cache")
    await expect(slack.get_by_text("From the page").first).to_be_visible()


async def test_the_forms_are_accessible_and_fit(dogwatch):
    slack = await dogwatch.open_page()
    await declare_incident(slack, TITLE)
    page = await signed_in(dogwatch)
    await page.get_by_role("link", name=f"INC-1 · {TITLE}").click()
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "actions")
    await page.set_viewport_size(WIDE)
    await act(page, "Escalation", "Page somebody", escalate__target="@nobody-here", escalate__text="Please help")
    await expect(page.get_by_role("alert")).to_contain_text("Nobody is known")
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "action-refused")
    await page.set_viewport_size(WIDE)
    await page.get_by_role("link", name="Change entry-1").click()
    assert await axe_violations(page) == []
    await fits(page)
    await look_at(page, "entry")


async def test_an_incident_is_declared_without_scripts(dogwatch):
    page = await signed_in(dogwatch, java_script_enabled=False)
    await page.get_by_role("link", name="Declare").click()
    await page.get_by_label("Title").fill(TITLE)
    await page.get_by_label("Start time").fill("26:10")
    await page.get_by_role("button", name="Declare the incident").click()
    await expect(page.get_by_role("alert")).to_contain_text("is not a time")
    await expect(page.get_by_label("Title")).to_have_value(TITLE)
    with_scripts = await signed_in(dogwatch)
    await with_scripts.get_by_role("link", name="Declare").click()
    assert await axe_violations(with_scripts) == []
    await fits(with_scripts)
    await look_at(with_scripts, "declare")

    await page.get_by_label("Start time").fill("10 min ago")
    await page.get_by_role("button", name="Declare the incident").click()
    await expect(page.get_by_role("heading", name=f"INC-1 · {TITLE}")).to_be_visible()
    await expect(page.locator(".actions [role=status]")).to_contain_text("Declared INC-1")
