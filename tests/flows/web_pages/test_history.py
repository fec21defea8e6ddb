"""The pages History and Figures: filters that are links, files, numbers that lead to what they count."""

import csv
import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from sqlmodel import Session

from bot.services.paging.statistics import load_statistics
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.past_incidents import add_past_incident
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
PATHS = ("/history", "/history.csv", "/history.json", "/figures")
pytestmark = pytest.mark.world(start=START, databases=BOTH_DATABASES)


def add_history(session: Session) -> None:
    """Six incidents in March, one in April, and what no figure counts."""
    march = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    for number in range(6):
        add_past_incident(
            session,
            number,
            march + timedelta(days=number),
            cause="the TLS certificate of the proxy expired" if number < 2 else None,
            update=12 if number < 5 else None,
            task="Alert before it expires" if number == 0 else None,
            category="Production" if number % 2 else None,
        )
    april = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
    add_past_incident(
        session,
        6,
        april,
        title="search is slow",
        severity="SEV1",
        services=["search", "api"],
        zone="Europe/Paris",
        lead=None,
    )
    add_past_incident(session, 7, march, title="rehearsal", is_drill=True)
    add_past_incident(session, 8, march, title="false alarm", status="cancelled")
    add_past_incident(session, 9, march, title="swordfish", is_private=True, services=["payroll"], lead="U0SECRET")


def listed(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.words
    return re.findall(r'<th scope="row"><a href="/incidents/([A-Z]+-\d+)"', answer.text)


def numbers(*found: int) -> list[str]:
    return [f"INC-{1000 + each}" for each in found]


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_session_one_is_sent_to_sign_in(world: World, path: str) -> None:
    async with Visitor(world) as stranger:
        answer = await stranger.opens(f"{path}?month=2026-03")

    assert (answer.status, answer.location) == (303, f"/sign-in?next={path}%3Fmonth%3D2026-03")


async def test_each_filter_is_a_link(world: World) -> None:
    await world.bot.database.run(add_history)
    expected = {
        "": (6, 5, 4, 3, 2, 1, 8, 0),
        "month=2026-03": (5, 4, 3, 2, 1, 8, 0),
        "month=2026-04": (6,),
        "month=2026-03..2026-04&severity=SEV1": (6,),
        "service=api": (6,),
        "service=ap": (),
        "lead=(none)": (6,),
        "lead=U0ONCALL&cause=yes": (1, 0),
        "cause=no&month=2026-03": (5, 4, 3, 2, 8),
        "text=Alert": (),
        "text=certificate+EXPIRED": (1, 0),
        "drills=only": (7,),
        "findings=yes&month=2026-03": (0,),
        "findings=no&cause=yes": (1,),
        "like=INC-1000": (1, 5, 4, 3, 2, 8),
        "figure=detect&service=checkout": (5, 4, 3, 2, 1, 0),
        "category=Production&lead=U0ONCALL": (5, 3, 1),
        "cause_group=certificate": (1, 0),
        "age=28-to-90-days": (0,),
        "page=7&cause=yes": (1, 0),
    }

    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        found = {query: listed(await ana.opens(f"/history?{query}")) for query in expected}
        similar = await ana.opens("/history?like=INC-1000")
        incident = await ana.opens("/incidents/INC-1000")

    assert found == {query: numbers(*each) for query, each in expected.items()}
    assert 'href="/history?like=INC-1000"' in incident.text
    assert "same service: checkout same words in the cause: tls, certificate, proxy, expired" in similar.words


async def test_rows_keep_their_order_over_pages_and_in_files(world: World) -> None:
    def add_many(session: Session) -> None:
        for number in range(120):
            add_past_incident(session, number, START - timedelta(days=1), services=[f"s{number % 3}"])

    await world.bot.database.run(add_many)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        pages = [await ana.opens(f"/history?service=s1&severity=SEV2&page={page}") for page in (1, 2, 3, "x")]
        file = await ana.opens("/history.csv?service=s1&severity=SEV2")
        objects = json.loads((await ana.opens("/history.json?service=s1&severity=SEV2")).text)
        all_pages = [listed(await ana.opens(f"/history?page={page}")) for page in (1, 2, 3)]

    rows = list(csv.DictReader(StringIO(file.text)))
    assert listed(pages[0]) == numbers(*range(118, 0, -3))
    assert listed(pages[1]) == listed(pages[2]) == listed(pages[3]) == listed(pages[0]), "there is one page"
    assert [row["reference"] for row in rows] == listed(pages[0])
    assert [row["reference"] for row in objects["incidents"]] == listed(pages[0])
    assert objects["filter"] == {"service": "s1", "severity": "SEV2"}
    assert (rows[0]["duration_seconds"], rows[0]["cause_recorded"]) == ("2700", "no")
    assert [len(each) for each in all_pages] == [50, 50, 20]
    assert [each for some in all_pages for each in some] == numbers(*range(119, -1, -1))


@pytest.mark.parametrize(
    "query",
    ["severity=SEV9", "month=March", "month=2026-13", "month=2026-03..2026-01", "figure=x", "cause=maybe", "drills=1"],
)
async def test_a_value_that_does_not_exist_is_refused(world: World, query: str) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        answer = await ana.opens(f"/history?{query}")

    assert answer.status == 400
    assert "Use " in answer.words or "Write " in answer.words


async def test_hostile_words_stay_text_and_start_no_formula(world: World) -> None:
    hostile = '=HYPERLINK("http://x","<script>alert(1)</script>")'

    def add_hostile(session: Session) -> None:
        add_past_incident(session, 0, START - timedelta(days=1), title=hostile, services=["@cmd"], cause="-1+1 \u00e9")

    await world.bot.database.run(add_hostile)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/history?text=%00%22><script>alert(2)</script>&service=%22><b>&like=")
        rows = await ana.opens("/history?service=@cmd")
        file = await ana.opens("/history.csv?text=1%2B1")
        figures = await ana.opens("/figures")

    for each in (page, rows, figures):
        assert each.status == 200
        assert "<script>" not in each.text
        assert "<b>" not in each.text
    [row] = csv.DictReader(StringIO(file.text))
    assert (row["title"], row["services"], row["match"]) == (f"'{hostile}", "'@cmd", "'-1+1 \u00e9")
    assert file.headers["Content-Disposition"] == 'attachment; filename="history.csv"'
    assert file.headers["X-Content-Type-Options"] == "nosniff"


ECHO = r'value="[^"]*"|"filter": {[^}]*}|href="/history[^"]*"|<option value="([^"]*)" selected>\1</option>'
"""The viewer's own filter in the answer."""
SECRETS = ("swordfish", "payroll", "U0SECRET", "INC-1009", "INC-1 ", "INC-1<")


async def test_a_private_incident_is_in_no_row_count_figure_or_file_of_others(world: World) -> None:
    await world.declares("the swordfish leaked private:yes service:payroll")
    await world.types("oncall", "/incident escalate @engineer look at the swordfish")
    await world.types("oncall", "/incident cause the swordfish certificate expired")
    await world.types("oncall", "/incident task watch the swordfish @engineer")
    await world.advance(minutes=3)
    async with Visitor(world) as empty:
        await empty.signs_in("support")
        before = [await empty.opens(path) for path in PATHS]
        await world.bot.database.run(add_history)
        queries = ("", "?text=swordfish", "?service=payroll", "?lead=U0SECRET", "?cause=yes", "?drills=with")
        queries += ("?figure=incidents&service=payroll", "?figure=pages", "?person=U0ENG", "?figure=follow-ups")
        after = [await empty.opens(f"{path}{query}") for path in PATHS for query in queries]
        missing = [await empty.opens(f"/history?like={each}") for each in ("INC-1", "INC-1009", "INC-77")]

    for answer in (*before, *after):
        shown = re.sub(ECHO, "", answer.text)
        assert not [secret for secret in SECRETS if secret in shown], shown
    assert "Nobody was paged" in before[3].words
    assert "0 incidents" in before[0].words
    assert json.loads(before[2].text)["count"] == 0
    assert {answer.status for answer in missing} == {404}
    assert len({re.sub(r"INC-\d+", "", answer.words) for answer in missing}) == 1, "missing and invisible look alike"


async def test_members_see_their_private_incident_in_the_history_and_in_no_figure(world: World) -> None:
    await world.declares("the swordfish leaked private:yes service:payroll")
    async with Visitor(world) as member:
        await member.signs_in("oncall")
        history = await member.opens("/history?service=payroll")
        figures = await member.opens("/figures")

    assert listed(history) == ["INC-1"]
    assert "Private" in history.words
    assert "payroll" not in figures.text


def links(answer: Answer) -> Iterator[tuple[str, str]]:
    """Address and text of each link to the history, without those of the plots."""
    for address, text in re.findall(r'<a href="(/history\?[^"]+)">([^<]+)</a>', answer.text):
        yield html.unescape(address), text


async def test_each_number_leads_to_what_it_counts(world: World) -> None:
    await world.bot.database.run(add_history)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/figures")
        found = {address: text for address, text in links(page) if "figure=" in address}
        counts = {address: len(listed(await ana.opens(address))) for address in found}

    assert page.status == 200
    assert len(found) > 40
    assert {address: int(text.split()[0]) for address, text in found.items()} == counts
    words = page.words
    assert "Median 5m · 9 of 10 within 5m · 7 incidents" in words, "time to detect"
    assert "Median 1h 0m · 9 of 10 within 1h 0m · 7 incidents" in words, "time to resolve"
    assert "Median 12m · 9 of 10 within 12m · 5 incidents" in words, "first public update"
    assert "SEV1 too few 1 SEV2 5m 5m 6" in words
    assert "Incidents by cause" in words
    assert re.search(r"certificate 2 .*not recorded 5|not recorded 5 .*certificate 2", words)
    assert "1 open" in words
    for uncounted in ("rehearsal", "payroll", "swordfish"):
        assert uncounted not in page.text


async def test_pages_and_acknowledgements_are_those_of_the_command(world: World) -> None:
    for number in range(1, 3):
        channel = await world.declares(f"checkout is down again {number} service:checkout")
        await world.types("oncall", "/incident escalate @dba please look", channel)
        await world.advance(minutes=2 * number)
        await world.types("dba", "/incident ack", channel)
    await world.finish()
    counted = await world.bot.database.read(load_statistics, world.sandbox.workspace.team.id, ["2026-05"])
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/figures?month=2026-05")
        paged = await ana.opens("/history?figure=pages&person=U0DBA&month=2026-05")
        waited = await ana.opens("/history?figure=acknowledge&month=2026-05&service=checkout")

    [row] = counted.people
    assert f"dba {row.pages} {row.out_of_hours} {row.unknown} {row.nights}" in page.words
    assert "Too few cases · 2 escalations" in page.words
    assert counted.answers[0].acknowledged == 2
    assert listed(paged) == listed(waited) == ["INC-2", "INC-1"]
