"""The tutorial step by step, with the texts from its page."""

import re
import shlex
import sys
from pathlib import Path
from subprocess import run

from playwright.async_api import expect

from tests.browser.conftest import ROOT, TIMEOUT_MS, add_reaction, incident_card, message_with, send_text

PAGE = (ROOT / "docs" / "start" / "tutorial.md").read_text()
WRITTEN = re.findall(r"^> (.+)$", PAGE, re.MULTILINE)
TYPED = re.findall(r"^(/incident .+)$", PAGE, re.MULTILINE)
MARKS = re.findall(r"\*(investigation|cause)\* \(:", PAGE)


def button(name: str) -> str:
    """A name that the page sets in bold, so that what is pressed here is what it says to press."""
    assert f"**{name}" in PAGE, name
    return name


async def test_step_by_step(dogwatch, tmp_path):
    finding, cause = WRITTEN
    note, escalate, resolve, *updates = TYPED
    first_mark, second_mark = MARKS
    page = await dogwatch.open_page()

    await page.get_by_role("button", name=button("Fire the sample alert")).click()
    await page.locator(".toast", has_text="#inc-1").get_by_role("button", name=button("Go there")).click()
    await incident_card(page).get_by_role("button", name=button("Take the lead")).click()
    await expect(incident_card(page)).to_contain_text("Lead: @oncall", timeout=TIMEOUT_MS)

    await send_text(page, finding)
    await add_reaction(page, finding, first_mark)
    await expect(message_with(page, finding).get_by_role("button", name="writing_hand, 1")).to_be_visible(
        timeout=TIMEOUT_MS
    )
    await send_text(page, note)
    await expect(message_with(page, "deployed 4.2")).to_be_visible(timeout=TIMEOUT_MS)

    await send_text(page, escalate)
    await expect(message_with(page, "the database is slow").get_by_role("button", name="Acknowledge")).to_be_visible(
        timeout=TIMEOUT_MS
    )
    await page.get_by_label(button("Act as")).select_option(label="Database administrator")
    await message_with(page, "the database is slow").get_by_role("button", name=button("Acknowledge")).click()
    await expect(message_with(page, "the database is slow")).to_contain_text("acknowledged", timeout=TIMEOUT_MS)
    await send_text(page, cause)
    await add_reaction(page, "Half of the connections hang", second_mark)

    await page.get_by_label("Act as").select_option(label="On-call engineer")
    await expect(incident_card(page).get_by_role("button", name=button("Resolve"))).to_be_visible()
    await send_text(page, resolve)
    await page.get_by_role("link", name="Postmortem draft").last.click()
    draft = page.get_by_role("complementary")
    for words in (finding, "Half of the connections hang", "deployed 4.2", "the pool was made smaller again"):
        await expect(draft).to_contain_text(words, timeout=TIMEOUT_MS)
    await page.get_by_role("button", name="Close").click()
    for update, languages in zip(updates, ("English", "English and French"), strict=True):
        await send_text(page, update)
        await expect(message_with(page, f"on the status page in {languages}:")).to_be_visible(timeout=TIMEOUT_MS)
    await page.get_by_role("button", name=button("Try it")).click()
    for name in (
        "Cut Slack for 30 s",
        "Kill and restart the bot",
        "Make Slack slow",
        "Watch one",
        "Start an incident myself",
    ):
        await expect(page.get_by_role("button", name=button(name))).to_have_count(1)

    for exported in re.findall(r"^\$ \.venv/bin/dogwatch (export .+)$", PAGE, re.MULTILINE):
        assert finding in printed(exported.split(), dogwatch.data)


def printed(arguments: list[str], data: Path) -> str:
    """`dogwatch …` beside the running sandbox, as the page says."""
    script = re.findall(r"^\$ \. dogwatch-data/(.+)$", PAGE, re.MULTILINE)[0]
    line = f'. {shlex.quote(str(data / script))} && exec "$@"'
    command = ["sh", "-c", line, "sh", sys.executable, "-m", "bot", *arguments]
    done = run(command, env={"PYTHONPATH": str(ROOT)}, cwd=data, capture_output=True, text=True, check=True)
    return done.stdout
