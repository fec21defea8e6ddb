"""Active and withdrawn acknowledgements, handovers, declines."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import TargetKind
from bot.services.entries.remove import remove_entry
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.responses.decline import decline, extend_wait, hand_back
from bot.services.escalation.responses.handover import hand_over_escalation
from bot.services.escalation.responses.select import select_to_decline, select_to_hand_over, select_to_unacknowledge
from bot.services.escalation.responses.withdraw import unacknowledge
from bot.services.escalation.target_lookup import EscalationTarget
from bot.services.escalation.view_loader import load_escalation_view
from bot.services.incidents.lifecycle import reopen_incident, resolve_incident
from bot.services.incidents.merge import merge_incidents
from bot.services.workspace.actor import Actor, Origin
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.services import START, Desk, start_policy

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

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
ENGINEER = EscalationTarget(TargetKind.PERSON, "U0ENGINEER", "U0ENGINEER", members=("U0ENGINEER",))


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.opened(database_url, tmp_path, CONFIG) as opened:
        yield opened


async def test_an_extension_before_a_timeout_delays_nobody(desk: Desk) -> None:
    await desk.opens(severity="SEV1", services=("checkout",))
    running = await desk.one()
    await desk.does(extend_wait, running.id, desk.by(), minutes=60)
    await desk.does(acknowledge, running.id, desk.by())

    await desk.passes(minutes=20)
    assert await desk.paged() == [("U0ONCALL", 1, 0)] * 2, "asked after 15 minutes, paged again after 20"
    assert await desk.next_step() == START + timedelta(minutes=25)
    await desk.passes(minutes=6)

    assert (await desk.paged())[2:] == [("U0DBA", 2, 0)]


async def test_each_person_of_a_level_that_needs_all_can_withdraw(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV4")
    running = await desk.does(start_policy, incident.key, desk.by("U0SUPPORT"), "both")
    await desk.does(acknowledge, running.id, desk.by("U0DBA"))

    found = await desk.database.run(select_to_unacknowledge, incident.key, desk.by("U0DBA"))
    assert found.id == running.id, "the other one is still waited for"

    await desk.does(acknowledge, running.id, desk.by("U0DEVELOPER"))
    for whose in (select_to_unacknowledge, select_to_decline, select_to_hand_over):
        found = await desk.database.run(whose, incident.key, desk.by("U0DBA"))
        assert found.id == running.id, whose.__name__
    await desk.does(hand_back, running.id, desk.by("U0DBA"))
    waiting = await desk.one()
    assert [each.by for each in await desk.responses(waiting) if each.withdrawn_at is None] == ["U0DEVELOPER"]


async def test_calling_a_handover_off_keeps_the_acknowledgement(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV1", services=("checkout",))
    first = await desk.one()
    await desk.does(acknowledge, first.id, desk.by())
    made = await desk.does(hand_over_escalation, first.id, desk.by(), to=ENGINEER)
    await desk.passes(minutes=16)  # they are not listened for meanwhile

    await desk.does(remove_entry, made.entry_id, desk.by())

    for whose in (select_to_unacknowledge, select_to_decline, select_to_hand_over):
        assert (await desk.database.run(whose, incident.key, desk.by())).id == first.id, whose.__name__
    view = await desk.database.read(load_escalation_view, desk.settings, first.id)
    assert (view.handover.recipient, view.can_be_handed_over) == ("", True)
    await desk.passes(minutes=15)
    assert (await desk.all())[0].activity_asked_at == desk.now, "they are listened for again"
    again = await desk.does(hand_over_escalation, first.id, desk.by(), to=ENGINEER)
    assert again.follows_id == first.id


async def test_calling_a_handover_off_continues_the_level(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV4")
    running = await desk.does(start_policy, incident.key, desk.by("U0SUPPORT"), "both")
    made = await desk.does(hand_over_escalation, running.id, desk.by("U0DBA"), to=ENGINEER)
    await desk.passes(minutes=1)

    await desk.does(remove_entry, made.entry_id, desk.by("U0DBA"))

    assert await desk.next_step() == START + timedelta(minutes=5)
    await desk.passes(minutes=5)
    assert "unanswered" in await desk.posted_events(), "the developer never answered"


async def comes_back(desk: Desk, incident: Incident) -> None:
    """Resolve the incident; an alert reopens it after twenty hours, and the policy restarts."""
    await desk.does(resolve_incident, incident.key, desk.by())
    await desk.passes(hours=20)

    def reopen(session: Session, settings: Settings, actor: Actor) -> None:
        reopen_incident(session, settings, incidents.lock(session, incident.key), actor, why="fires again")

    await desk.does(reopen, desk.by(None, Origin.ALERT))


@pytest.mark.parametrize("act", [hand_back, unacknowledge])
async def test_an_acknowledgement_before_the_resolution_stays(desk: Desk, act: Callable[..., Any]) -> None:
    incident = await desk.opens(severity="SEV1", services=("checkout",))
    await desk.does(acknowledge, (await desk.one()).id, desk.by())
    await comes_back(desk, incident)
    _, today = await desk.all()
    await desk.does(acknowledge, today.id, desk.by())
    await desk.passes(minutes=1)

    await desk.does(act, today.id, desk.by())
    await desk.passes(minutes=5)

    assert [each.acknowledged_by for each in await desk.all()] == ["U0ONCALL", None]
    assert [each[0] for each in await desk.paged()] == ["U0ONCALL", "U0ONCALL", "U0DBA"]


async def test_an_unacknowledged_escalation_before_the_resolution_pages_nobody(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV1", services=("checkout",))
    await comes_back(desk, incident)
    _, today = await desk.all()

    await desk.does(acknowledge, today.id, desk.by())
    assert [each.acknowledged_by for each in await desk.all()] == ["U0ONCALL"] * 2
    await desk.does(hand_back, today.id, desk.by())

    assert [each.acknowledged_by for each in await desk.all()] == [None, None]
    assert [each[0] for each in await desk.paged()] == ["U0ONCALL", "U0ONCALL", "U0DBA"]


@pytest.mark.parametrize("is_merged_into", [True, False])
async def test_an_acknowledgement_before_the_resolution_is_not_shared_by_a_merge(
    desk: Desk, is_merged_into: bool
) -> None:
    incident = await desk.opens(severity="SEV1", services=("checkout",))
    await desk.does(acknowledge, (await desk.one()).id, desk.by())
    await comes_back(desk, incident)
    other = await desk.opens(severity="SEV1", services=("checkout",))
    source, target = (other, incident) if is_merged_into else (incident, other)

    await desk.does(merge_incidents, source.key, target.key, desk.by("U0SUPPORT"))

    assert [each.acknowledged_by for each in await desk.all()] == ["U0ONCALL", None, None]


@pytest.mark.parametrize("has_it", [True, False])
async def test_a_decline_counts_for_all_escalations_of_the_policy(desk: Desk, has_it: bool) -> None:
    incident = await desk.opens(severity="SEV1", services=("checkout",))
    again = await desk.does(start_policy, incident.key, desk.by("U0SUPPORT"), "payments")
    if has_it:
        await desk.does(acknowledge, again.id, desk.by())

    await desk.does(decline, again.id, desk.by())

    assert [(each.declined_by, each.level) for each in await desk.all()] == [(["U0ONCALL"], 2)] * 2
