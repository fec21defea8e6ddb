"""Which acknowledgements of an escalation stand, and what goes on once one does not."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import TargetKind
from bot.services.entries import remove as removing
from bot.services.escalation import responses as answering
from bot.services.escalation import select as which_escalation
from bot.services.escalation import start as escalation
from bot.services.escalation import view as ledger
from bot.services.escalation.start import Whom
from bot.services.incidents import lifecycle as course
from bot.services.incidents import merge as combining
from bot.services.workspace.actor import Actor, Origin
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from tests.support.worlds.services import START, Desk

CONFIG = """
[services.checkout]
policy = "payments"
[policies.payments]
[[policies.payments.levels]]
targets = ["U0ONCALL"]
wait = 5
[[policies.payments.levels]]
targets = ["U0DBA"]
wait = 5
[policies.both]
[[policies.both.levels]]
targets = ["U0DBA", "U0DEVELOPER"]
acknowledge = "all"
wait = 5
"""
ENGINEER = Whom(TargetKind.PERSON, "U0ENGINEER", "U0ENGINEER", members=("U0ENGINEER",))


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.opened(database_url, tmp_path, CONFIG) as opened:
        yield opened


async def test_who_asked_for_time_and_then_fell_silent_holds_nobody_back(desk: Desk) -> None:
    await desk.opens(severity="SEV1", services=("checkout",))
    running = await desk.one()
    await desk.does(escalation.more_time, running.id, desk.by(), minutes=60)
    await desk.does(escalation.acknowledge, running.id, desk.by())

    await desk.passes(minutes=20)
    assert await desk.paged() == [("U0ONCALL", 1, 0)] * 2, "asked after 15 minutes, paged again after 20"
    assert await desk.next_step() == START + timedelta(minutes=25)
    await desk.passes(minutes=6)

    assert (await desk.paged())[2:] == [("U0DBA", 2, 0)]


async def test_where_all_have_to_answer_each_of_them_can_go_back_on_it(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV4")
    running = await desk.does(escalation.start_policy, incident.key, desk.by("U0SUPPORT"), "both")
    await desk.does(escalation.acknowledge, running.id, desk.by("U0DBA"))

    found = await desk.database.run(which_escalation.to_take_back, incident.key, desk.by("U0DBA"))
    assert found.id == running.id, "the other one is still waited for"

    await desk.does(escalation.acknowledge, running.id, desk.by("U0DEVELOPER"))
    for whose in (which_escalation.to_take_back, which_escalation.to_decline, which_escalation.to_hand_over):
        found = await desk.database.run(whose, incident.key, desk.by("U0DBA"))
        assert found.id == running.id, whose.__name__
    await desk.does(answering.hand_back, running.id, desk.by("U0DBA"))
    waiting = await desk.one()
    assert [each["by"] for each in waiting.answers or [] if not each["withdrawn_at"]] == ["U0DEVELOPER"]


async def test_a_hand_over_that_was_called_off_leaves_it_with_whoever_had_it(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV1", services=("checkout",))
    first = await desk.one()
    await desk.does(escalation.acknowledge, first.id, desk.by())
    made = await desk.does(escalation.hand_over, first.id, desk.by(), to=ENGINEER)
    await desk.passes(minutes=16)  # they are not listened for meanwhile

    await desk.does(removing.remove, made.entry_id, desk.by())

    for whose in (which_escalation.to_take_back, which_escalation.to_decline, which_escalation.to_hand_over):
        assert (await desk.database.run(whose, incident.key, desk.by())).id == first.id, whose.__name__
    view = await desk.database.read(ledger.view, desk.settings, first.id)
    assert (view.handed_to, view.is_held) == ("", True)
    await desk.passes(minutes=15)
    assert (await desk.all())[0].quiet_asked_at == desk.now, "they are listened for again"
    again = await desk.does(escalation.hand_over, first.id, desk.by(), to=ENGINEER)
    assert again.follows_id == first.id


async def test_a_hand_over_that_was_called_off_goes_on_asking_the_others_of_a_level(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV4")
    running = await desk.does(escalation.start_policy, incident.key, desk.by("U0SUPPORT"), "both")
    made = await desk.does(escalation.hand_over, running.id, desk.by("U0DBA"), to=ENGINEER)
    await desk.passes(minutes=1)

    await desk.does(removing.remove, made.entry_id, desk.by("U0DBA"))

    assert await desk.next_step() == START + timedelta(minutes=5)
    await desk.passes(minutes=5)
    assert "unanswered" in await desk.said(), "the developer never answered"


async def comes_back(desk: Desk, incident: Incident) -> None:
    """It is resolved; twenty hours later its alert fires again, and the policy begins anew."""
    await desk.does(course.resolve, incident.key, desk.by())
    await desk.passes(hours=20)

    def reopen(session: Session, settings: Settings, actor: Actor) -> None:
        course.reopen(session, settings, incidents.lock(session, incident.key), actor, why="fires again")

    await desk.does(reopen, desk.by(None, Origin.ALERT))


@pytest.mark.parametrize("act", [answering.hand_back, escalation.unacknowledge])
async def test_what_was_acknowledged_before_it_was_over_stands(desk: Desk, act: Callable[..., Any]) -> None:
    incident = await desk.opens(severity="SEV1", services=("checkout",))
    await desk.does(escalation.acknowledge, (await desk.one()).id, desk.by())
    await comes_back(desk, incident)
    _, today = await desk.all()
    await desk.does(escalation.acknowledge, today.id, desk.by())
    await desk.passes(minutes=1)

    await desk.does(act, today.id, desk.by())
    await desk.passes(minutes=5)

    assert [each.acknowledged_by for each in await desk.all()] == ["U0ONCALL", None]
    assert [each[0] for each in await desk.paged()] == ["U0ONCALL", "U0ONCALL", "U0DBA"]


async def test_what_nobody_acknowledged_before_it_was_over_pages_nobody_beside_it(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV1", services=("checkout",))
    await comes_back(desk, incident)
    _, today = await desk.all()

    await desk.does(escalation.acknowledge, today.id, desk.by())
    assert [each.acknowledged_by for each in await desk.all()] == ["U0ONCALL"] * 2
    await desk.does(answering.hand_back, today.id, desk.by())

    assert [each.acknowledged_by for each in await desk.all()] == [None, None]
    assert [each[0] for each in await desk.paged()] == ["U0ONCALL", "U0ONCALL", "U0DBA"]


@pytest.mark.parametrize("is_merged_into", [True, False])
async def test_an_answer_from_before_it_was_over_is_none_to_what_is_merged(desk: Desk, is_merged_into: bool) -> None:
    incident = await desk.opens(severity="SEV1", services=("checkout",))
    await desk.does(escalation.acknowledge, (await desk.one()).id, desk.by())
    await comes_back(desk, incident)
    other = await desk.opens(severity="SEV1", services=("checkout",))
    source, target = (other, incident) if is_merged_into else (incident, other)

    await desk.does(combining.merge, source.key, target.key, desk.by("U0SUPPORT"))

    assert [each.acknowledged_by for each in await desk.all()] == ["U0ONCALL", None, None]


@pytest.mark.parametrize("has_it", [True, False])
async def test_who_cannot_is_asked_by_none_that_runs_beside_it(desk: Desk, has_it: bool) -> None:
    incident = await desk.opens(severity="SEV1", services=("checkout",))
    again = await desk.does(escalation.start_policy, incident.key, desk.by("U0SUPPORT"), "payments")
    if has_it:
        await desk.does(escalation.acknowledge, again.id, desk.by())

    await desk.does(escalation.decline, again.id, desk.by())

    assert [(each.declined_by, each.level) for each in await desk.all()] == [(["U0ONCALL"], 2)] * 2
