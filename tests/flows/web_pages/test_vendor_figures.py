"""The page of vendors' figures: each number with its incidents, theirs and ours, and the same rows as CSV."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from bot.cli.commands.figures import format_figures
from bot.store.incidents.incidents import Incident
from bot.web.pages.history.vendor_figures import MAX_LISTED, MAX_ROWS
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.past_incidents import VENDOR_WORD_AT, add_past_incident, add_vendor_incident
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
MARCH = VENDOR_WORD_AT
PAGE = "/figures/vendors"
CONFIG = """
[vendors.payplug]
name = "PayPlug"
"""

pytestmark = pytest.mark.world(start=START, databases=BOTH_DATABASES, config=CONFIG)


async def test_each_row_leads_to_its_incidents_and_the_file_has_the_same_rows(world: World) -> None:
    def add(session: Session) -> None:
        ours = add_past_incident(session, 0, MARCH, title="checkout is down")  # it started 10 min before
        false_alarm = add_past_incident(session, 1, MARCH, status="cancelled")
        drill = add_past_incident(session, 2, MARCH - timedelta(hours=3), is_drill=True)
        add_vendor_incident(session, 1, ours, false_alarm, drill)
        add_vendor_incident(session, 2, first_word_at=MARCH + timedelta(days=1), resolved_at=None, title="Slow API")
        add_vendor_incident(session, 3, vendor="other", first_word_at=MARCH - timedelta(days=30), title="<b>=1+1")

    await world.bot.database.run(add)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens(PAGE)
        april = await ana.opens(f"{PAGE}?month=2026-04")
        other = await ana.opens(f"{PAGE}?vendor=other&month=2026-02")
        wrong = [await ana.opens(f"{each}?month=soon") for each in (PAGE, f"{PAGE}.csv")]
        file = await ana.opens(f"{PAGE}.csv?vendor=PayPlug")

    assert re.findall(r'<th scope="row">([^<\n]+)', page.text) == ["PayPlug · 2026-03", "other · 2026-02"]
    assert '<a href="https://status.example.test/1" rel="noreferrer">Payments fail</a>' in page.text
    assert '<a href="/incidents/INC-1000">INC-1000 · checkout is down</a> · delay 10m' in page.text
    assert re.findall(r"INC-\d+ ", page.words) == ["INC-1000 "], "no drill and no false alarm"
    assert "&lt;b&gt;=1+1" in page.text
    assert "no end" in page.words
    assert "No incident of a vendor." in april.words
    assert re.findall(r'<th scope="row">([^<\n]+)', other.text) == ["other · 2026-02"]
    assert [each.status for each in wrong] == [400, 400]
    assert file.headers["Content-Disposition"] == 'attachment; filename="vendors.csv"'
    assert file.text.splitlines()[1:] == ["PayPlug,2026-03,2,30,1,1,600,600"]
    typed = await format_figures(world.settings(), "2026-03", "csv", of_vendors=True)
    assert file.text == typed


async def test_a_private_incident_counts_for_its_members_alone(world: World) -> None:
    await world.declares("the swordfish leaked private:yes service:checkout")

    def link(session: Session) -> None:
        ours = session.get(Incident, 1)
        assert ours is not None
        add_vendor_incident(session, 1, ours, first_word_at=START + timedelta(minutes=20), resolved_at=None)

    await world.bot.database.run(link)
    found = {}
    for person in ("oncall", "support"):
        async with Visitor(world) as viewer:
            await viewer.signs_in(person)
            found[person] = (await viewer.opens(PAGE), await viewer.opens(f"{PAGE}.csv"))

    assert "the swordfish leaked · Private · delay 20m" in found["oncall"][0].words
    assert found["oncall"][1].text.splitlines()[1] == "PayPlug,2026-05,1,0,1,1,1200,1200"
    assert "swordfish" not in found["support"][0].text
    assert found["support"][1].text.splitlines()[1] == "PayPlug,2026-05,1,0,1,0,,"


async def test_many_rows_are_cut_on_the_page_and_whole_in_the_file(world: World) -> None:
    def add(session: Session) -> None:
        for number in range(MAX_ROWS + 5):
            add_vendor_incident(session, number, vendor=f"vendor {number:03}")
        for number in range(MAX_LISTED + 3):
            add_vendor_incident(session, 1000 + number, vendor="a busy one")

    await world.bot.database.run(add)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens(PAGE)
        file = await ana.opens(f"{PAGE}.csv")

    assert "6 more rows are in the CSV." in page.words
    assert "and 3 earlier" in page.words
    assert len(file.text.splitlines()) == 1 + MAX_ROWS + 6
