"""Commands on the page of an incident: the same services, permissions and answers as in Slack."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from bot.domain.text.normalize import MAX_ID
from bot.store.database.postgres_database import PostgresDatabase
from bot.web.pages.incidents.action_forms import ON_PAGE
from tests.support.worlds.databases import BOTH_DATABASES, POSTGRESQL
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

PAGE = "/incidents/INC-1"
NO_ROW = MAX_ID + 1
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def acts(visitor: Visitor, name: str, page: Answer | None = None, **fields: str) -> Answer:
    """Fill in a form of the page and follow to the answer."""
    page = page or await visitor.opens(PAGE)
    hidden = {each: page.field(each) for each in ("form_token", "submission")}
    sent = await visitor.sends(f"{PAGE}/actions/{name}", **hidden, **fields)
    await visitor.world.settle()
    return await visitor.opens(sent.location) if sent.status == 303 else sent


async def test_a_whole_incident_on_the_page(world: World) -> None:
    """What is done on the page is on the record and in the channel, with the person and the page."""
    channel = await world.declares("checkout is down")
    await world.types("dba", "/incident help", "ops")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        answers = [
            await acts(ana, "lead"),
            await acts(ana, "note", text="restarted the *cache*", at="10 min ago", kind="action"),
            await acts(ana, "severity", severity="SEV1", text="everybody is hit"),
            await acts(ana, "status", status="identified", text="the cache"),
            await acts(ana, "role", role="scribe", person="@dba"),
            await acts(ana, "escalate", target="@oncall", text="the cache is yours"),
            await acts(ana, "task", text="Alert on cache misses", owner="@dba", due="2026-03-06"),
            await acts(ana, "impact", text="Nobody could pay", users="20%"),
            await acts(ana, "cause", text="A cache without memory"),
            await acts(ana, "update", state="monitoring", text="We have a fix"),
            await acts(ana, "edit", category="Production"),
            await acts(ana, "ack"),
            await acts(ana, "resolve", text="More memory"),
        ]
        await world.finish()
        page = await ana.opens(PAGE)

    said = "\n".join(world.texts(channel))
    told = " ".join(each.words for each in answers)
    for words in ("Logged (action)", "is SEV1 now", "Impact recorded", "Task 1 noted", "You acknowledged", "INC-1 is"):
        assert words in told
    for words in ("restarted the *cache*", "*SEV1*", "paged", "*Cause*", "The public was told", "*Resolved*"):
        assert words in said
    assert "from the page" in said, "the acknowledgement"
    lines = [each for each in world.texts(channel) if "From the page" in each]
    assert len(lines) == 11, lines
    assert "*engineer*" in lines[0]
    assert {"Lead engineer", "Reopening", "Category Production"} <= {
        each for each in ("Lead engineer", "Reopening", "Category Production") if each in page.words
    }
    assert [each["kinds"] for each in await world.timeline() if "restarted" in each["text"]] == [["action"]]
    audited = await world.audited()
    assert ("U0ENGINEER", "recorded action") in audited


async def test_a_character_that_no_database_stores_is_replaced(world: World) -> None:
    """PostgreSQL stores no NUL, and looks for none."""
    await world.declares("checkout is down")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        answer = await acts(ana, "impact", text="Nobody\0 could pay")
        paths = [f"{PAGE}?answer=%00", f"{PAGE}?text=%00&person=%00", "/history?text=%00&service=%00&lead=%00"]
        statuses = [(await ana.opens(path)).status for path in paths]

    assert "Impact recorded" in answer.words
    assert "Nobody\ufffd could pay" in [each["text"] for each in await world.timeline()]
    assert statuses == [200] * 3


async def test_a_number_that_no_row_can_have_names_nothing(world: World) -> None:
    """PostgreSQL takes no number beyond its type."""
    await world.declares("checkout is down")
    places = [f"{PAGE}/files/{NO_ROW}", f"{PAGE}/files/{10**17}"]
    filters = [f"{path}={NO_ROW}" for path in ("/alerts?before", "/oncall?changed", "/history?page")]
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        unknown = [(await ana.opens(path)).status for path in places]
        open_pages = [(await ana.opens(path)).status for path in filters]

    assert unknown == [404] * len(places)
    assert open_pages == [200] * len(filters)


async def test_a_refusal_keeps_what_was_entered(world: World) -> None:
    await world.declares()
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        refused = await acts(ana, "note", text="<b>half</b> of it", at="26:10", kind="hypothesis")
        unknown = await acts(ana, "escalate", target="@nobody-we-know", text="help")
        nothing = await acts(ana, "cause", text="  ")

    assert refused.status == 422
    assert "26:10" in refused.field("at")
    assert "&lt;b&gt;half&lt;/b&gt; of it</textarea>" in refused.text
    assert '<option value="hypothesis" selected>' in refused.text
    assert re.search(r'<details[^>]* id="do-note"[^>]* open>', refused.text)
    assert "is not a time" in refused.words
    assert (unknown.status, "Nobody is known as @nobody-we-know" in unknown.words) == (422, True)
    assert (nothing.status, "Enter a text." in nothing.words) == (422, True)
    assert [each["text"] for each in await world.timeline()] == ["checkout is down"]


@pytest.mark.parametrize("name", sorted(ON_PAGE))
async def test_every_form_needs_its_token_and_its_origin(world: World, name: str) -> None:
    await world.declares()
    before = await world.tables()
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        token = (await ana.opens(PAGE)).field("form_token")
        path = f"{PAGE}/actions/{name}"
        forged = [
            await ana.sends(path, text="forged"),
            await ana.sends(path, text="forged", form_token=token[:-1] + ("0" if token[-1] != "0" else "1")),
            await ana.sends(path, text="forged", form_token=token, origin="https://evil.example"),
            await ana.sends(path, text="forged", form_token=token, origin=None),
        ]

    assert [each.status for each in forged] == [403] * 4
    after = await world.tables()
    assert {name: rows for name, rows in after.items() if name not in {"web_session", "audit", "person"}} == {
        name: rows for name, rows in before.items() if name not in {"web_session", "audit", "person"}
    }


async def test_without_a_session_or_as_a_guest_nothing_is_done(world: World) -> None:
    await world.declares()
    async with Visitor(world) as ana, Visitor(world) as stranger:
        await ana.signs_in("engineer")
        page = await ana.opens(PAGE)
        unknown = await stranger.sends(f"{PAGE}/actions/note", text="hello", form_token=page.field("form_token"))
        world.sandbox.change_user("engineer", is_restricted=True)
        await world.finish()
        guest = await acts(ana, "note", page, text="hello")

    assert (unknown.status, "/sign-in" in unknown.location) == (303, True)
    assert "Sign in" in guest.words
    assert "hello" not in await world.stored()


async def test_a_private_incident_of_others_cannot_be_acted_on(world: World) -> None:
    await world.declares("merger talks leaked private:yes")
    await world.declares("checkout is down")
    async with Visitor(world) as member, Visitor(world) as other:
        await member.signs_in("oncall")
        await other.signs_in("engineer")
        assert (await acts(member, "note", text="seen by members")).status == 200
        token = (await other.opens("/incidents/INC-2")).field("form_token")
        paths = ("actions/note", "actions/ack", "entries/entry-1")
        private = [await other.sends(f"/incidents/INC-1/{path}", form_token=token, text="x") for path in paths]
        missing = [await other.sends(f"/incidents/INC-9/{path}", form_token=token, text="x") for path in paths]
        merges = [
            await other.sends("/incidents/INC-2/actions/merge", form_token=token, incident=reference)
            for reference in ("INC-1", "INC-9")
        ]
        entry = await other.opens("/incidents/INC-2/entries/entry-1")

    assert [each.status for each in (*private, *missing)] == [404] * 6
    assert [each.text for each in private] == [each.text for each in missing]
    assert [each.status for each in merges] == [422, 422]
    assert merges[0].words.replace("INC-1", "INC-9") == merges[1].words
    assert entry.status == 404, "an entry of the private incident, asked for by the other"


@pytest.mark.parametrize("place", ["INC-99999999999999999999", "INC-%D9%A1", "INC-1%0d%0aX: y", "%00", "x" * 3000])
async def test_what_is_no_reference_is_a_missing_incident(world: World, place: str) -> None:
    await world.declares()
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        token = (await ana.opens(PAGE)).field("form_token")
        found = [
            await ana.sends(f"/incidents/{place}/actions/note", form_token=token, text="x"),
            await ana.sends(f"/incidents/{place}/entries/entry-1", form_token=token, act="remove"),
            await ana.opens(f"/incidents/INC-1/entries/{place}"),
        ]

    assert [each.status for each in found] == [404] * 3


async def test_a_form_sent_twice_is_carried_out_once(world: World) -> None:
    await world.declares()
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens(PAGE)
        first = await acts(ana, "note", page, text="one note")
        again = await acts(ana, "note", page, text="one note")
        other = await acts(ana, "note", page, text="another note")

    assert "Logged (note)" in first.words
    assert "Logged (note)" in again.words
    assert "Logged (note)" in other.words
    texts = [each["text"] for each in await world.timeline()]
    assert (texts.count("one note"), texts.count("another note")) == (1, 1)


async def test_the_answer_is_shown_to_its_person_only(world: World) -> None:
    await world.declares()
    async with Visitor(world) as ana, Visitor(world) as bo:
        await ana.signs_in("engineer")
        await bo.signs_in("dba")
        page = await ana.opens(PAGE)
        sent = await ana.sends(
            f"{PAGE}/actions/lead", form_token=page.field("form_token"), submission=page.field("submission")
        )
        assert "leads INC-1 now" in (await ana.opens(sent.location)).words
        assert "leads INC-1 now" not in (await bo.opens(sent.location)).words
        assert "leads INC-1 now" not in (await ana.opens(f"{PAGE}?answer=<script>")).words


async def test_two_tabs_overwrite_nothing_silently(world: World) -> None:
    await world.declares("checkout is down sev:3")
    async with Visitor(world) as ana, Visitor(world) as bo:
        await ana.signs_in("engineer")
        await bo.signs_in("dba")
        pages = [await ana.opens(PAGE), await bo.opens(PAGE)]
        seen = re.search(r'id="do-severity".*?name="seen" value="(\w+)"', pages[1].text, re.DOTALL)
        assert seen
        await acts(ana, "severity", pages[0], severity="SEV1", seen=seen[1], text="worse")
        late = await acts(bo, "severity", pages[1], severity="SEV2", seen=seen[1], text="a bit worse")
        fresh = re.search(r'id="do-severity".*?name="seen" value="(\w+)"', late.text, re.DOTALL)
        assert fresh
        wanted = await acts(bo, "severity", late, severity="SEV2", seen=fresh[1], text="a bit worse")

    assert (late.status, "Somebody changed this meanwhile. Now: SEV1." in late.words) == (422, True)
    assert "a bit worse" in late.text
    assert "is SEV2 now" in wanted.words


@asynccontextmanager
async def incidents_locked(world: World) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Transactions that lock an incident wait until it ends. Yields the number of those that wait."""
    database = world.bot.database
    assert isinstance(database, PostgresDatabase)
    engine = database.engine

    async def count_waiting() -> int:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        async with engine.connect() as connection:
            return int((await connection.execute(text(waiting))).scalar_one())

    async with engine.begin() as connection:
        await connection.execute(text("SELECT id FROM incident FOR UPDATE"))
        yield count_waiting


@pytest.mark.world(databases=POSTGRESQL)
async def test_of_two_forms_at_the_same_moment_the_second_is_refused(world: World) -> None:
    await world.declares("checkout is down sev:3")
    async with Visitor(world) as ana, Visitor(world) as bo:
        await ana.signs_in("engineer")
        await bo.signs_in("dba")
        pages = [await ana.opens(PAGE), await bo.opens(PAGE)]
        seen = re.search(r'id="do-severity".*?name="seen" value="(\w+)"', pages[0].text, re.DOTALL)
        assert seen
        async with incidents_locked(world) as count_waiting:
            sent = [
                asyncio.create_task(acts(who, "severity", page, severity=severity, seen=seen[1], text="worse"))
                for who, page, severity in zip((ana, bo), pages, ("SEV1", "SEV2"), strict=True)
            ]
            async with asyncio.timeout(20):
                while await count_waiting() < len(sent):
                    await asyncio.sleep(0.02)
        answers = await asyncio.gather(*sent)
        await world.finish()

    assert sorted(each.status for each in answers) == [200, 422]
    assert sum("changed the severity" in each for each in world.texts()) == 1


async def test_an_incident_that_is_over_meanwhile_gets_the_refusal_of_the_command(world: World) -> None:
    await world.declares()
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens(PAGE)
        await world.types("oncall", "/incident resolve it works")
        refused = await acts(ana, "escalate", page, target="U0DBA", text="help")
        typed = await world.types("engineer", "/incident escalate @dba help")

    assert refused.status == 422
    assert "so nobody was paged" in refused.words
    assert "so nobody was paged" in typed
    assert 'value="U0DBA"' in refused.text


async def test_a_question_is_asked_before_a_page_or_a_merge(world: World) -> None:
    await world.declares("checkout is down")
    await world.declares("payments are slow")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        await acts(ana, "escalate", target="U0DBA", text="help")
        await world.finish()
        asked = await acts(ana, "escalate", target="@dba", text="help again")
        again = await acts(ana, "escalate", asked, target="@dba", text="help again", confirmed="yes")
        merge = await acts(ana, "merge", incident="INC-2")
        before = (await ana.opens(PAGE)).words
        done = await acts(ana, "merge", merge, incident="INC-2", confirmed="yes")

    assert (asked.status, "is already paged since" in asked.words) == (422, True)
    assert "Paging @dba" in again.words
    assert (merge.status, "It cannot be undone" in merge.words) == (422, True)
    assert "Status investigating" in before
    assert "INC-1 is merged. Continue in INC-2." in done.words


async def test_an_open_escalation_is_acknowledged_beside_it(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the pool is full")
    await world.finish()
    async with Visitor(world) as bo:
        await bo.signs_in("dba")
        page = await bo.opens(PAGE)
        name = page.field("escalation") if 'name="escalation" value="' in page.text else ""
        answer = await acts(bo, "ack", page, escalation=name)
        other = await acts(bo, "ack", escalation="escalation-99")
        await world.finish()

    assert "You acknowledged the escalation to" in answer.words
    assert "acknowledged by dba" in answer.words
    assert 'name="escalation"' not in answer.text
    assert "does not exist" in other.words
    assert "from the page" in "\n".join(world.texts())


async def test_an_entry_is_amended_removed_and_redacted(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note the pasword is hunter2")
    entry = next(each["ref"] for each in await world.timeline() if "hunter2" in each["text"])
    path = f"{PAGE}/entries/{entry}"
    async with Visitor(world) as ana, Visitor(world) as bo:
        await ana.signs_in("engineer")
        await bo.signs_in("dba")
        opened, late = await ana.opens(path), await bo.opens(path)
        hidden = {each: opened.field(each) for each in ("form_token", "seen", "at")}
        wrong = await ana.sends(path, **{**hidden, "at": "26:10"}, act="amend", text="half <b>", **{"kind:note": "yes"})
        amended = await ana.sends(path, **hidden, act="amend", text="the password is hunter2", **{"kind:note": "yes"})
        stale = {each: late.field(each) for each in ("form_token", "seen", "at")}
        conflict = await bo.sends(path, **stale, act="amend", text="mine", **{"kind:note": "yes"})
        reason = await ana.sends(path, form_token=hidden["form_token"], act="redact")
        redacted = await ana.sends(path, form_token=hidden["form_token"], act="redact", why="a password")
        gone = await ana.opens(path)
        removed = await ana.sends(path, **{**hidden, "seen": gone.field("seen")}, act="remove", why="no use")
        forged = await ana.sends(path, act="put back", form_token="wrong", seen=gone.field("seen"))

    assert (wrong.status, "half &lt;b&gt;" in wrong.text, "26:10" in wrong.text) == (422, True, True)
    assert (amended.status, amended.location.endswith(f"#{entry}")) == (303, True)
    assert conflict.status == 422
    assert "mine" in conflict.text
    assert (reason.status, "Enter a reason" in reason.words) == (422, True)
    assert (redacted.status, removed.status, forged.status) == (303, 303, 403)
    assert "hunter2" not in await world.stored()


async def test_what_people_enter_does_nothing(world: World) -> None:
    hostile = "<script>alert(1)</script> \"'><img src=x onerror=alert(1)> <@U1|<b>> `<i>` <!channel>"
    await world.declares()
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        pages = [
            await acts(ana, name, text=hostile, at=hostile, target=hostile, person=hostile, severity=hostile)
            for name in ("note", "escalate", "lead", "severity", "cause", "vendor", "redact")
        ]
        pages.append(await acts(ana, "note", text=hostile))

    for page in pages:
        tags = re.findall(r"<\s*([a-zA-Z!/]\w*)", page.text)
        assert tags.count("script") == 1, "our own"
        assert set(tags).isdisjoint({"img", "iframe", "b", "i"})
        assert not re.search(r"<[^>]+\son\w+\s*=", re.sub(r'"[^"]*"', '""', page.text))
    await world.finish()
    assert "<!channel>" not in html.unescape("\n".join(world.texts()).replace("&lt;", "(")), "nobody is pinged"
