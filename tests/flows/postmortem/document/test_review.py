"""Reviewers are asked in direct messages, and their approvals count for the publication."""

from datetime import UTC, datetime

import pytest

from tests.flows.postmortem.document.test_publication import takes_step
from tests.flows.postmortem.test_document import PAGE
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.oncall import direct
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES, config="[postmortem]\napprovals = 2\n")


async def resolves(world: World, more: str = "") -> None:
    await world.declares(f"checkout is down sev:1 {more}")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()


async def types(world: World, text: str, user: str = "oncall") -> str:
    answer = await world.types(user, f"/incident postmortem {text}")
    await world.finish()
    return answer


async def test_reviewers_approve_by_the_button_of_their_message(world: World) -> None:
    await resolves(world)

    answer = await types(world, "review @engineer @dba")

    assert answer.startswith("Asked <@U0ENGINEER>, <@U0DBA> to review the postmortem of INC-1. It is due on 2026-03-05")
    request = direct(world, "engineer")[-1]
    assert "asks you to review" in request
    assert "Due: 2026-03-05." in request
    refused = await types(world, "publish")
    assert "0 of 2 approvals. Still asked: <@U0ENGINEER>, <@U0DBA>" in refused

    await world.presses("engineer", "review_approve", channel=world.sandbox.open_dm("engineer"))
    await world.finish()
    assert "You approved it." in direct(world, "engineer")[-1]
    assert "approved the postmortem" in world.texts(world.channel)[-1]
    assert "1 of 2 approvals. Still asked: <@U0DBA>" in await types(world, "publish")
    await types(world, "approve", user="dba")
    assert "already" in await types(world, "approve", user="dba")
    await types(world, "publish")

    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        words = (await ana.opens(PAGE)).words
        assert "version 1." in words
        assert words.count("approved Mon") == 2 or words.count("approved 2026") == 2, words
        await takes_step(ana, "reopen")
        refused = await takes_step(ana, "publish")
        assert "0 of 2 approvals. Nobody else is asked." in refused.words


async def test_members_of_a_user_group_are_asked(world: World) -> None:
    await resolves(world)

    await types(world, "review @database due:2026-03-20")

    assert "Due: 2026-03-20." in direct(world, "dba")[-1]
    assert "Still asked: @database." in await types(world, "publish")


async def test_a_member_answers_for_the_user_group_and_counts_once(world: World) -> None:
    await resolves(world)
    await types(world, "review @database @engineer")

    await world.presses("dba", "review_approve", channel=world.sandbox.open_dm("dba"))
    await world.finish()

    assert "1 of 2 approvals. Still asked: <@U0ENGINEER>." in await types(world, "publish")


async def test_on_the_page_people_are_asked_and_approve(world: World) -> None:
    await resolves(world)
    await world.types("dba", "/incident note the pool was full")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")

        assert (await takes_step(ana, "review", reviewer="@dba", due="2026-03-20")).status == 303
        await world.finish()

        assert "asks you to review" in direct(world, "dba")[-1]
        words = (await ana.opens(PAGE)).words
        assert "State: in review" in words
        assert "asked, due 2026-03-20" in words
        assert (await takes_step(ana, "approve")).status == 303
        assert (await takes_step(ana, "review", reviewer="@nobody")).status == 422
        past = await takes_step(ana, "review", reviewer="@dba", due="2020-01-01")
        assert (past.status, "in the past" in past.words) == (422, True)


async def test_on_the_page_a_user_group_is_asked_and_a_mistake_loses_nothing(world: World) -> None:
    await resolves(world)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")

        refused = await takes_step(ana, "review", reviewer="@database @nobody", due="2026-03-20")
        assert (refused.status, "Nobody is known as @nobody" in refused.words) == (422, True)
        assert 'value="@database @nobody"' in refused.text
        assert 'data-unsaved="yes"' in refused.text
        assert 'name="due" type="date" value="2026-03-20"' in refused.text
        assert direct(world, "dba") == []
        assert (await takes_step(ana, "review", reviewer="@database S0ENGINEERING")).status == 303
        await world.finish()

        assert "asks you to review" in direct(world, "dba")[-1]
        assert "asks you to review" in direct(world, "developer")[-1]
        words = (await ana.opens(PAGE)).words
        assert "@database asked" in words
        assert "@engineering asked" in words


async def test_only_members_are_asked_about_a_private_incident(world: World) -> None:
    await resolves(world, "private:yes")
    before = [direct(world, "dba"), direct(world, "engineer")]

    answer = await types(world, "review @dba @engineer")

    assert "only members of its channel are asked" in answer
    assert [direct(world, "dba"), direct(world, "engineer")] == before


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("review", "Name the reviewers"),
        ("review @dba due:2020-01-01", "in the past"),
        ("approve @dba", "belong to"),
        ("due:friday", "belongs to a review"),
    ],
)
async def test_a_step_that_cannot_be_read_says_why(world: World, text: str, problem: str) -> None:
    await resolves(world)

    assert problem in await types(world, text)


async def test_the_reminder_comes_by_the_review_s_own_date_and_names_who_is_asked(world: World) -> None:
    await world.declares("checkout is down sev:4")
    await world.types("oncall", "/incident lead @oncall")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    await types(world, "review @engineer @dba due:2026-03-20")
    await types(world, "approve", user="dba")

    await world.advance_to(datetime(2026, 3, 21, 12, tzinfo=UTC))
    assert not any("is due" in text for text in world.texts())
    await world.advance_to(datetime(2026, 3, 23, 12, tzinfo=UTC))

    (reminder,) = [text for text in world.texts() if "is due" in text]
    assert "Its review was due on 2026-03-20. Still asked: engineer." in reminder
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        assert "Postmortem in review" in (await ana.opens("/history")).words
        assert '"postmortem": "in review"' in (await ana.opens("/history.json")).text
