"""Policies: handovers, merges, and the policy that starts with an incident."""

from typing import Any

import pytest
from sqlmodel import Session, select

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Severity, TargetKind
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.responses.decline import decline
from bot.services.escalation.responses.handover import hand_over_escalation
from bot.services.escalation.responses.withdraw import unacknowledge
from bot.services.escalation.target_lookup import EscalationTarget
from bot.services.incidents.lifecycle import change_severity, reopen_incident, resolve_incident
from bot.services.incidents.merge import merge_incidents
from bot.services.workspace.actor import Actor, Origin
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.services import Desk

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


async def test_levels_follow_after_a_handover(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    first = await desk.one()
    to = EscalationTarget(TargetKind.PERSON, "U0ENGINEER", "U0ENGINEER", members=("U0ENGINEER",))

    made = await desk.does(hand_over_escalation, first.id, desk.by("U0ONCALL"), to=to, reason="asleep")

    old, new = [each for each in await desk.all() if not each.is_external]
    assert (old.acknowledged_by, old.next_step_at) == ("U0ONCALL", None)
    assert (new.id, new.follows_id, new.started_by, new.reason) == (made.id, old.id, "handover", "asleep")
    await desk.passes(minutes=6)
    assert [each[0] for each in await desk.paged()] == ["U0ONCALL", "U0ENGINEER", "U0ONCALL"]


async def test_a_handed_over_escalation_refuses_responses(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    first = await desk.one()
    to = EscalationTarget(TargetKind.PERSON, "U0ENGINEER", "U0ENGINEER", members=("U0ENGINEER",))
    await desk.does(hand_over_escalation, first.id, desk.by("U0ONCALL"), to=to)
    before = await desk.paged()

    for again in (unacknowledge, decline):
        with pytest.raises(UserError, match="handed over to <@U0ENGINEER>"):
            await desk.does(again, first.id, desk.by("U0ONCALL"))
    with pytest.raises(UserError, match="handed over to <@U0ENGINEER>"):
        await desk.does(hand_over_escalation, first.id, desk.by("U0ONCALL"), to=to)

    assert await desk.paged() == before
    assert (await desk.all())[0].declined_by == []


async def test_a_handover_to_oneself_is_refused(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    first = await desk.one()
    to = EscalationTarget(TargetKind.PERSON, "U0ENGINEER", "U0ENGINEER", members=("U0ENGINEER",))

    with pytest.raises(UserError, match="Nobody has it yet"):
        await desk.does(hand_over_escalation, first.id, desk.by("U0ENGINEER"), to=to)
    await desk.does(acknowledge, first.id, desk.by("U0ONCALL"))
    with pytest.raises(UserError, match="<@U0ONCALL> has it"):
        await desk.does(hand_over_escalation, first.id, desk.by("U0ENGINEER"), to=to)
    await desk.does(unacknowledge, first.id, desk.by("U0ENGINEER"))
    await desk.does(acknowledge, first.id, desk.by("U0ENGINEER"))
    with pytest.raises(UserError, match="You have it already"):
        await desk.does(hand_over_escalation, first.id, desk.by("U0ENGINEER"), to=to)


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (EscalationTarget(TargetKind.SCHEDULE, "nobody", "nobody"), 'The schedule "nobody"'),
        (EscalationTarget(TargetKind.SCHEDULE, "always", "always"), "<@U0ENGINEER> is on call in the schedule"),
        (
            EscalationTarget(TargetKind.PERSON, "U0ENGINEER", "U0ENGINEER", members=("U0ENGINEER",)),
            "left the workspace",
        ),
        (EscalationTarget(TargetKind.TEAM, "dba", "dba", members=("U0ENGINEER",)), "nobody else is in it"),
    ],
)
async def test_a_handover_to_an_empty_target_is_refused(desk: Desk, to: EscalationTarget, why: str) -> None:
    """The one who hands over would be paged at once: they are the next level."""
    await desk.leaves("U0ENGINEER")
    await desk.opens(severity="SEV2", services=("checkout",))
    first = await desk.one()

    with pytest.raises(UserError, match=f"{why}.* Nothing was changed"):
        await desk.does(hand_over_escalation, first.id, desk.by("U0ONCALL"), to=to)

    assert (await desk.one()).acknowledged_at is None
    assert await desk.paged() == [("U0ONCALL", 1, 0)]


async def test_a_handover_to_oneself_by_a_schedule_is_refused(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    first = await desk.one()
    await desk.does(acknowledge, first.id, desk.by("U0ENGINEER"))

    to = EscalationTarget(TargetKind.SCHEDULE, "always", "always")
    with pytest.raises(UserError, match="You have it already"):
        await desk.does(hand_over_escalation, first.id, desk.by("U0ENGINEER"), to=to)


async def test_the_policy_of_merged_incidents_is_acknowledged_once(desk: Desk) -> None:
    one, other = [await desk.opens(severity="SEV2", services=("checkout",)) for _ in range(2)]
    await desk.passes(minutes=1)
    await desk.database.run(merge_incidents, desk.settings, other.key, one.key, desk.by("U0SUPPORT"))
    assert [each.acknowledged_at for each in await desk.all()] == [None, None], "both go on, so nobody is forgotten"

    mine, theirs = await desk.all()
    await desk.does(acknowledge, theirs.id, desk.by())
    assert [each.acknowledged_by for each in await desk.all()] == ["U0ONCALL"] * 2
    await desk.passes(minutes=30)
    assert len(await desk.paged()) == 2

    await desk.does(unacknowledge, mine.id, desk.by())
    assert [each.acknowledged_by for each in await desk.all() if not each.is_external] == [None, None]


async def test_acknowledgements_are_shared_after_a_merge(desk: Desk) -> None:
    one, other = [await desk.opens(severity="SEV2", services=("checkout",)) for _ in range(2)]
    [_, theirs] = await desk.all()
    await desk.does(acknowledge, theirs.id, desk.by(), method="link")
    await desk.passes(minutes=1)

    await desk.database.run(merge_incidents, desk.settings, other.key, one.key, desk.by("U0SUPPORT"))

    assert [each.acknowledged_by for each in await desk.all()] == ["U0ONCALL"] * 2
    await desk.does(unacknowledge, theirs.id, desk.by())
    entries = await desk.database.read(lambda session: list(session.exec(select(TimelineEntry))))
    answers = [each for each in entries if each.incident_id == one.key and "acknowledged" in each.kinds]
    assert [each.withdrawn_at for each in answers] == [desk.now] * 2, "on the timeline that it stands on now"
    assert [each.acknowledged_at for each in await desk.all() if not each.is_external] == [None, None]


CONFIGURED: tuple[tuple[str, dict[str, Any], str | None], ...] = (
    ("by severity", {"severity": "SEV1"}, "major"),
    ("by service and severity", {"severity": "SEV2", "services": ("checkout",)}, "payments"),
    ("severity without a setting of the service", {"severity": "SEV3", "services": ("checkout",)}, "slow"),
    ("none", {"severity": "SEV4", "services": ("checkout",)}, None),
    ("an unknown service", {"severity": "SEV3", "services": ("unknown",)}, "slow"),
    ("a replay", {"severity": "SEV1", "drill_of": "INC-3", "is_drill": True}, None),
    ("after the fact", {"severity": "SEV1", "is_retro": True}, None),
)


@pytest.mark.parametrize("origin", [Origin.COMMAND, Origin.ALERT])
async def test_configured_policy(desk: Desk, origin: Origin) -> None:
    for what, given, expected in CONFIGURED:
        incident = await desk.opens(origin, **given)

        started = [each for each in await desk.all() if each.incident_id == incident.key]
        assert [(each.policy_name, each.started_by) for each in started] == (
            [(expected, "policy")] if expected else []
        ), what


async def test_a_change_of_severity_or_service_starts_another_policy(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV2", services=("checkout",))
    running = await desk.one()

    await desk.does(change_severity, incident.key, desk.by(), Severity.SEV1, "")
    assert len(await desk.all()) == 1, "one runs"
    await desk.does(change_severity, incident.key, desk.by(), Severity.SEV2, "")
    await desk.does(acknowledge, running.id, desk.by())
    await desk.does(change_severity, incident.key, desk.by(), Severity.SEV1, "")
    assert [each.policy_name for each in await desk.all()] == ["payments", "major"]

    await desk.does(acknowledge, (await desk.all())[1].id, desk.by("U0DBA"))
    await desk.does(acknowledge, (await desk.all())[1].id, desk.by("U0DEVELOPER"))
    await desk.does(change_severity, incident.key, desk.by(), Severity.SEV3, "")
    await desk.does(change_severity, incident.key, desk.by(), Severity.SEV2, "")
    assert len(await desk.all()) == 2, "it had that one"


async def test_resolving_stops_the_policy_and_alerts_restart_it(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV2", services=("checkout",))
    await desk.does(resolve_incident, incident.key, desk.by())
    await desk.passes(hours=1)
    assert len(await desk.paged()) == 1
    assert (await desk.one()).next_step_at is None

    def reopen(session: Session, settings: Settings, actor: Actor) -> None:
        held = session.get(Incident, incident.key)
        assert held is not None
        reopen_incident(session, settings, held, actor, why="fires again")

    await desk.does(reopen, desk.by(None, Origin.ALERT))
    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0ONCALL", 1, 0)]
