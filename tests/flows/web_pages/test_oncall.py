"""The page On call: weeks, own shifts, gaps, and changes by form."""

import asyncio
import re

import pytest
from sqlmodel import Session

from bot.store.escalation.contacts import Contact
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.oncall import POLICY, WEEKS, direct
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

GAPS = """
[schedules.platform]
zone = "Europe/Paris"
[[schedules.platform.layers]]
people = ["U0OPERATOR"]
starts = "2026-03-02 09:00"
every = "week"
length = "3 days"
"""


async def sends_change(ana: Visitor, page: Answer, **fields: str) -> Answer:
    answer = await ana.sends("/oncall", form_token=page.field("form_token"), schedule="payments", **fields)
    await ana.world.settle()
    return answer


async def knows(world: World, *users: str) -> None:
    for user in users:
        await world.types(user, "/incident help", "ops")


@pytest.mark.world(config=GAPS + WEEKS + POLICY)
async def test_weeks_own_shifts_gaps_and_policies(world: World) -> None:
    await knows(world, "oncall", "dba", "operator", "manager")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/oncall")

    words = page.words
    assert "Your shifts in the next four weeks: 2 payments now, until Mon 2026-03-09 09:00 CET" in words
    assert words.index("payments yours On call now: engineer") < words.index("platform On call now: operator")
    assert re.search(r"Week of 2 March Mon 2 Mar 00:00-09:00 dba 09:00-24:00 engineer \(you\)", words), words
    assert "Nobody is on call at 4 times in the next four weeks. Thu 2026-03-05 09:00 CET to Mon 2026-03-09" in words
    assert '<p class="bad-ink"><small>09:00-24:00</small> <strong>Nobody</strong>' in page.text
    assert "Level 1 schedule payments: engineer" in words
    assert "engineer (you) Slack at once" in words
    assert "<style" not in page.text
    assert " style=" not in page.text


@pytest.mark.world(config=WEEKS, databases=BOTH_DATABASES)
async def test_a_change_that_is_undone_several_times_at_once_is_undone_once(world: World) -> None:
    await knows(world, "oncall")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/oncall")
        await sends_change(ana, page, act="give", person="oncall", ends="2026-03-03T09:00")
        answers = await asyncio.gather(*(sends_change(ana, page, act="cancel", number="1") for _ in range(5)))

    assert sorted(each.status for each in answers) == [303, 400, 400, 400, 400]
    assert [act for _, act in await world.audited()].count("undid an on-call change") == 1


@pytest.mark.world(config=WEEKS)
async def test_a_shift_is_given_swapped_overridden_taken_and_each_change_undone(world: World) -> None:
    await knows(world, "oncall", "dba")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens("/oncall")
        changes = [
            ({"act": "give", "person": "oncall", "ends": "2026-03-03T09:00"}, "oncall takes"),
            ({"act": "swap", "person": "dba", "starts": "2026-03-23T09:00"}, "engineer takes"),
            (
                {
                    "act": "override",
                    "person": "@dba",
                    "instead": "engineer",
                    "starts": "2026-03-04T20:00",
                    "ends": "2026-03-05T08:00",
                    "reason": "travel",
                },
                "dba takes Wed 2026-03-04 20:00 CET to Thu 2026-03-05 08:00 CET , instead of engineer",
            ),
            ({"act": "take", "starts": "2026-03-10T18:00", "ends": "2026-03-10T20:00"}, "engineer takes"),
        ]
        for fields, expected in changes:
            answer = await sends_change(ana, page, **fields)
            assert answer.status == 303, answer.words
            shown = await ana.opens(answer.location)
            assert expected in shown.words
            undone = await sends_change(ana, page, act="cancel", number=answer.location.rpartition("=")[2])
            assert undone.status == 303, undone.words
            assert "Change undone" in (await ana.opens(undone.location)).words
        after = await ana.opens("/oncall")

    await world.finish()
    assert "Undo" not in after.words
    assert any("engineer" in each.casefold() for each in direct(world, "dba")), "the other people are notified"
    assert ("U0ENGINEER", "changed who is on call") in await world.audited()
    assert ("U0ENGINEER", "swapped shifts") in await world.audited()


REFUSED = (
    ({"act": "give", "person": "nobody-of-this-name"}, "Nobody is known as nobody-of-this-name"),
    ({"act": "give", "person": ""}, "Name a person"),
    ({"act": "give", "person": "dogwatch"}, "Nobody is known as"),
    ({"act": "override", "person": "dba", "starts": "2026-03-29T02:30", "ends": "2026-03-30T08:00"}, "02:30"),
    ({"act": "override", "person": "dba", "starts": "2026-03-05T20:00", "ends": "26:10"}, "26:10"),
    ({"act": "override", "person": "dba", "starts": "2026-03-05T20:00"}, "Enter the start and the end"),
    ({"act": "take", "starts": "2026-03-01T20:00", "ends": "2026-03-01T22:00"}, "That time is over"),
    ({"act": "take", "reason": "no change for me"}, "@engineer is already on call then"),
    ({"act": "swap", "person": "engineer"}, "You cannot swap with yourself"),
    ({"act": "cancel", "number": "99"}, "There is no on-call change 99"),
    ({"act": "cancel", "number": "1;2"}, "There is no such change"),
    ({"act": "steal"}, "unknown change"),
    ({"act": "take", "schedule": "nights"}, "There is no schedule"),
)


@pytest.mark.world(config=WEEKS)
async def test_a_refused_form_keeps_what_was_typed(world: World) -> None:
    await knows(world, "dba")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        token = (await ana.opens("/oncall")).field("form_token")
        for fields, problem in REFUSED:
            answer = await ana.sends("/oncall", **{"form_token": token, "schedule": "payments", **fields})

            assert answer.status == 400
            assert problem in answer.words
            assert "Nothing was changed" in answer.words
            typed = {value for name, value in fields.items() if name in {"person", "starts", "reason"} and value}
            assert {each for each in typed if f'value="{each}"' in answer.text} == typed
    assert (await world.tables())["schedule_override"] == []


@pytest.mark.world(config=WEEKS)
async def test_people_without_shifts_take_for_themselves_only(world: World) -> None:
    await knows(world, "engineer", "dba")
    async with Visitor(world) as cy:
        await cy.signs_in("manager")
        page = await cy.opens("/oncall")
        span = {"starts": "2026-03-04T20:00", "ends": "2026-03-05T08:00"}
        refused = await sends_change(cy, page, act="override", person="dba", **span)
        taken = await sends_change(cy, page, act="take", **span)

    assert "Only the people concerned and people with shifts in payments" in refused.words
    assert taken.status == 303


@pytest.mark.world(config=WEEKS)
async def test_a_change_needs_our_own_form(world: World) -> None:
    async with Visitor(world) as ana, Visitor(world) as stranger:
        await ana.signs_in("manager")
        token = (await ana.opens("/oncall")).field("form_token")
        fields = {"act": "take", "schedule": "payments"}

        assert (await ana.sends("/oncall", **fields)).status == 403
        assert (await ana.sends("/oncall", origin="https://evil.example", form_token=token, **fields)).status == 403
        assert (await stranger.sends("/oncall", form_token=token, **fields)).location == "/sign-in?next=/oncall"
    assert "changed who is on call" not in [action for _, action in await world.audited()]


@pytest.mark.world(config=WEEKS)
async def test_contact_methods_of_others_are_kinds_alone(world: World) -> None:
    await knows(world, "engineer")
    await world.bot.database.run(add_contact, world)
    async with Visitor(world) as other, Visitor(world) as owner:
        await other.signs_in("dba")
        seen = await other.opens("/oncall")
        await owner.signs_in("engineer")
        own = await owner.opens("/oncall")

    assert "engineer ntfy" in seen.words
    assert "ntfy after 5m" in own.words
    for page in (seen, own):
        assert "secret-topic" not in page.text


def add_contact(session: Session, world: World) -> None:
    session.add(
        Contact(
            team_id=world.sandbox.workspace.team.id,
            user_id="U0ENGINEER",
            position=0,
            method="ntfy",
            shown="secret-topic",
            delay_minutes=5,
            created_at=world.now,
        )
    )
