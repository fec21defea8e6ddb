"""Escalation by a policy, level by level."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from bot.domain.errors import UserError
from bot.domain.escalation import Position
from bot.domain.terms import TargetKind
from bot.domain.times import ParsedTime
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.responses.decline import decline, extend_wait, record_unreachable
from bot.services.escalation.responses.withdraw import unacknowledge
from bot.services.escalation.start import escalate
from bot.services.escalation.target_lookup import EscalationTarget
from bot.services.outbox import OutboxKind
from bot.services.paging.mutes import mute_person
from bot.services.workspace.actor import Origin
from bot.store.escalation import statistics
from bot.store.escalation.pages import Page
from bot.store.incidents.timeline import TimelineEntry
from bot.store.outbox import OutboxRow
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.services import START, TEAM, Desk, read, start_policy

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


async def test_level_by_level_until_somebody_acknowledges(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    assert await desk.paged() == [("U0ONCALL", 1, 0)]
    await desk.passes(minutes=4.9)
    assert len(await desk.paged()) == 1

    await desk.passes(minutes=0.2)
    running = await desk.one()
    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0), ("U0DEVELOPER", 2, 0)]
    assert (running.level, running.next_step_at) == (2, START + timedelta(minutes=15))
    assert running.members == ["U0ONCALL", "U0DBA", "U0DEVELOPER"]
    assert [(each.target_id, each.follows_id) for each in await desk.all() if each.is_external] == [
        ("payplug", running.id)
    ]

    await desk.does(acknowledge, running.id, desk.by("U0DEVELOPER"), method="email")
    await desk.passes(hours=3)
    answered = await desk.one()
    assert len(await desk.paged()) == 3
    assert (answered.acknowledged_by, answered.next_step_at) == ("U0DEVELOPER", None)
    assert [(each.by, each.method, each.position) for each in await desk.responses(answered)] == [
        ("U0DEVELOPER", "email", Position(2, 0))
    ]


async def test_exhaustion_is_announced_and_the_fallback_paged(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))

    await desk.passes(hours=2)

    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0), ("U0DEVELOPER", 2, 0), ("U0MANAGER", 3, 0)]
    assert await desk.posted_events() == ["level", "unanswered", "unanswered elsewhere", "level"]
    ended = await desk.one()
    assert ended.exhausted_at == START + timedelta(minutes=15)
    assert [(each.position.level, each.because) for each in await desk.steps(ended)] == [
        (1, "due"),
        (2, "due"),
        (3, "end"),
    ]
    await desk.does(acknowledge, ended.id, desk.by("U0MANAGER"))
    assert (await desk.one()).acknowledged_by == "U0MANAGER", "after all"


@pytest.mark.parametrize("at_end", ["schedule:nobody", "U0MANAGER", "U0ONCALL"])
async def test_an_empty_fallback_is_posted(desk: Desk, policies: str, tmp_path: Path, at_end: str) -> None:
    """Empty schedule, closed account, or declined before."""
    path = tmp_path / "other.toml"
    path.write_text(policies.replace('page = ["U0MANAGER"]', f'page = ["{at_end}"]'))
    desk.settings = read(path)
    await desk.leaves("U0MANAGER")
    await desk.opens(severity="SEV2", services=("checkout",))
    await desk.does(decline, (await desk.one()).id, desk.by("U0ONCALL"))

    await desk.passes(hours=1)

    [empty] = await desk.event_details("level empty")
    assert (empty["because"], empty["is_somebody"], len(empty["why"])) == ("end", False, 1)
    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0), ("U0DEVELOPER", 2, 0)]
    assert (await desk.posted_events())[-3:] == ["unanswered", "unanswered elsewhere", "level empty"]


@pytest.mark.parametrize(
    ("gone", "declined", "is_last"),
    [
        (("U0DBA", "U0DEVELOPER"), (), [False]),
        (("U0MANAGER",), (), [False]),
        (("U0MANAGER",), ("U0DBA", "U0DEVELOPER"), [True]),
        (("U0DBA", "U0DEVELOPER", "U0MANAGER"), (), [False, True]),
    ],
)
async def test_an_empty_level_names_what_follows(
    desk: Desk, gone: tuple[str, ...], declined: tuple[str, ...], is_last: list[bool]
) -> None:
    """With one repetition the first level follows the last one if it is reachable."""
    incident = await desk.opens(severity="SEV4", services=("checkout",))
    await desk.leaves(*gone)
    made = await desk.does(start_policy, incident.key, desk.by(), "major")
    for each in declined:
        await desk.does(decline, made.id, desk.by(each))

    await desk.passes(minutes=6)

    assert [each["is_last"] for each in await desk.event_details("level empty")] == is_last


async def test_a_private_incident_is_not_announced(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",), is_private=True)

    await desk.passes(hours=2)

    assert "unanswered" in await desk.posted_events()
    assert "unanswered elsewhere" not in await desk.posted_events()


async def test_all_of_a_level_have_to_acknowledge(desk: Desk) -> None:
    await desk.opens(severity="SEV1", services=("checkout",))
    running = await desk.one()

    await desk.does(acknowledge, running.id, desk.by("U0DBA"))
    waiting = await desk.one()
    assert (waiting.acknowledged_at, waiting.next_step_at) == (None, START + timedelta(minutes=5))
    with pytest.raises(UserError, match="Still needed: <@U0DEVELOPER>"):
        await desk.does(acknowledge, running.id, desk.by("U0DBA"))

    await desk.passes(minutes=11)
    assert await desk.paged() == [("U0DBA", 1, 0), ("U0DEVELOPER", 1, 0), ("U0MANAGER", 2, 0), ("U0DEVELOPER", 1, 1)], (
        "who has acknowledged is not paged again"
    )

    await desk.does(acknowledge, running.id, desk.by("U0DEVELOPER"))
    assert (await desk.one()).acknowledged_by == "U0DEVELOPER"


async def test_a_decline_can_complete_a_level_that_needs_all(desk: Desk) -> None:
    await desk.opens(severity="SEV1", services=("checkout",))
    running = await desk.one()
    await desk.does(acknowledge, running.id, desk.by("U0DBA"))

    await desk.does(decline, running.id, desk.by("U0DEVELOPER"))

    assert (await desk.one()).acknowledged_by == "U0DBA"


async def test_a_decline_withdraws_an_acknowledgement_of_a_level_that_needs_all(desk: Desk) -> None:
    await desk.opens(severity="SEV1", services=("checkout",))
    running = await desk.one()
    await desk.does(acknowledge, running.id, desk.by("U0DBA"))

    await desk.does(decline, running.id, desk.by("U0DBA"))
    await desk.does(decline, running.id, desk.by("U0DEVELOPER"))

    waiting = await desk.one()
    assert (waiting.acknowledged_at, waiting.acknowledgement_entry_id) == (None, None)
    assert (await desk.paged())[2:] == [("U0MANAGER", 2, 0)]


async def test_a_withdrawal_leaves_the_other_acknowledgements(desk: Desk) -> None:
    await desk.opens(severity="SEV1", services=("checkout",))
    running = await desk.one()
    for user in ("U0DBA", "U0DEVELOPER"):
        await desk.does(acknowledge, running.id, desk.by(user))
    await desk.passes(minutes=1)

    await desk.does(unacknowledge, running.id, desk.by("U0DBA"))

    waiting = await desk.one()
    assert waiting.acknowledged_at is None
    assert waiting.acknowledgement_entry_id == (await desk.responses(waiting))[1].entry_id, "the other one's stands"


async def test_a_muted_level_is_posted_once(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV4", services=("checkout",))
    until = ParsedTime(desk.now + timedelta(hours=1))
    await desk.does(mute_person, desk.by("U0DBA"), "U0DBA", "on leave", until=until, zone=ZoneInfo("UTC"))
    to = EscalationTarget(TargetKind.PERSON, "U0DBA", "U0DBA", members=("U0DBA",))

    await desk.does(escalate, incident.key, desk.by(), to, "the pool is full")
    await desk.ticks()

    assert await desk.paged() == [("U0DBA", 1, 0)]
    assert await desk.posted_events() == ["all declined"]


async def test_muted_people_are_not_invited(desk: Desk) -> None:
    until = ParsedTime(desk.now + timedelta(minutes=3))
    await desk.does(mute_person, desk.by("U0DBA"), "U0DBA", "on leave", until=until, zone=ZoneInfo("UTC"))
    await desk.opens(severity="SEV1", services=("checkout",))

    def invited(session: Session) -> set[str]:
        rows = session.exec(select(OutboxRow).where(OutboxRow.kind == OutboxKind.INVITE))
        return {user for row in rows for user in row.details.get("users", [])}

    assert "U0DEVELOPER" in await desk.database.read(invited)
    assert "U0DBA" not in await desk.database.read(invited)
    await desk.passes(minutes=11)
    assert "U0DBA" in await desk.database.read(invited), "paged in the second round"


async def test_an_empty_schedule_pages_the_next_level_at_once(desk: Desk) -> None:
    await desk.opens()

    running = await desk.one()
    assert await desk.paged() == [("U0ENGINEER", 2, 0)]
    assert await desk.posted_events() == ["level empty", "level"]
    steps = await desk.steps(running)
    assert [(each.position.level, each.missing, each.because) for each in steps] == [
        (1, ("schedule:nobody",), "due"),
        (2, (), "nobody left"),
    ]
    assert steps[1].groups == ("S0DATABASE",)


async def test_a_decline_pages_the_next_level_at_once(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    running = await desk.one()
    await desk.passes(minutes=1)

    await desk.does(decline, running.id, desk.by("U0ONCALL"))
    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0), ("U0DEVELOPER", 2, 0)]
    await desk.does(decline, running.id, desk.by("U0DBA"))
    await desk.does(decline, running.id, desk.by("U0DEVELOPER"))
    assert len(await desk.paged()) == 3, "the vendor of the level may still come"

    await desk.passes(minutes=10)
    assert (await desk.paged())[-1] == ("U0MANAGER", 3, 0)


async def test_an_unreachable_person_is_skipped(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    page = await desk.database.read(lambda session: session.exec(select(Page)).one())

    await desk.does(record_unreachable, page, desk.by(None, Origin.TIMER))
    await desk.does(record_unreachable, page, desk.by(None, Origin.TIMER))

    assert [each[:2] for each in await desk.paged()] == [("U0ONCALL", 1), ("U0DBA", 2), ("U0DEVELOPER", 2)]
    first, second = await desk.steps(await desk.one())
    assert (first.gone, second.because) == (("U0ONCALL",), "nobody left")


async def test_an_extension_delays_the_next_level(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    running = await desk.one()
    await desk.passes(minutes=4)

    await desk.does(extend_wait, running.id, desk.by("U0ONCALL"), minutes=15)
    await desk.passes(minutes=14)
    assert len(await desk.paged()) == 1
    await desk.passes(minutes=2)
    assert len(await desk.paged()) == 3
    assert (await desk.one()).more_time_until is None
    with pytest.raises(UserError, match="1 to 1440"):
        await desk.does(extend_wait, running.id, desk.by("U0ONCALL"), minutes=0)


async def test_after_a_withdrawal_the_policy_continues(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    running = await desk.one()
    await desk.passes(minutes=1)
    await desk.does(acknowledge, running.id, desk.by("U0ONCALL"))
    await desk.passes(minutes=1)

    await desk.does(unacknowledge, running.id, desk.by("U0ONCALL"))
    again = await desk.one()
    assert (again.acknowledged_at, again.next_step_at) == (None, START + timedelta(minutes=5))
    with pytest.raises(UserError, match="Nobody has acknowledged"):
        await desk.does(unacknowledge, running.id, desk.by("U0ONCALL"))
    entries = await desk.database.read(lambda session: list(session.exec(select(TimelineEntry))))
    assert [each.withdrawn_by for each in entries if "acknowledged" in each.kinds] == ["U0ONCALL"]

    await desk.does(acknowledge, running.id, desk.by("U0ONCALL"))
    await desk.passes(minutes=30)
    await desk.does(unacknowledge, running.id, desk.by("U0SUPPORT"))
    assert len(await desk.paged()) == 3, "its time was past: the next level is paged at once"


async def test_declining_withdraws_the_own_acknowledgement(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    running = await desk.one()
    await desk.does(acknowledge, running.id, desk.by("U0ONCALL"))

    await desk.does(decline, running.id, desk.by("U0ONCALL"))

    after = await desk.one()
    assert (after.acknowledged_at, after.declined_by) == (None, ["U0ONCALL"])
    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0), ("U0DEVELOPER", 2, 0)]


async def test_a_closed_account_is_skipped(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    await desk.leaves("U0DBA", "U0DEVELOPER")
    await desk.passes(minutes=6)

    assert await desk.paged() == [("U0ONCALL", 1, 0)]
    assert await desk.posted_events() == ["level empty", "level"], "the vendor is told"
    assert [each["vendors"] for each in await desk.event_details("level")] == [["PayPlug"]]


async def test_a_schedule_with_a_closed_account_names_it(desk: Desk) -> None:
    await desk.leaves("U0ENGINEER")
    await desk.opens()

    reasons = (await desk.event_details("level empty"))[-1]["why"]
    assert reasons == ['<@U0ENGINEER> is on call in the schedule "always", but has left the workspace.']
    incident = await desk.opens(severity="SEV4", services=("checkout",))
    always = EscalationTarget(TargetKind.SCHEDULE, "always", "always")
    with pytest.raises(UserError, match=r"U0ENGINEER> is on call .* left the workspace\. Nobody was paged"):
        await desk.does(escalate, incident.id, desk.by(), always, "help")


@pytest.mark.parametrize("when", [ParsedTime(START), ParsedTime(START - timedelta(minutes=5)), ParsedTime(None)])
async def test_a_recorded_escalation_pages_nobody(desk: Desk, policies: str, tmp_path: Path, when: ParsedTime) -> None:
    path = tmp_path / "listening.toml"
    path.write_text(policies.replace("acknowledged_quiet = 0", "acknowledged_quiet = 15"))
    desk.settings = read(path)
    incident = await desk.opens(severity="SEV4", services=("checkout",))
    to = EscalationTarget(TargetKind.PERSON, "U0DBA", "U0DBA", members=("U0DBA",))
    made = await desk.does(escalate, incident.key, desk.by(), to, "by phone", when=when)

    await desk.does(acknowledge, made.id, desk.by("U0DBA"))
    await desk.passes(hours=1)
    await desk.does(unacknowledge, made.id, desk.by("U0DBA"))
    await desk.does(decline, made.id, desk.by("U0DBA"))
    await desk.passes(hours=1)

    assert await desk.paged() == []
    assert await desk.database.read(statistics.find_acknowledgements, TEAM, START - timedelta(days=1), desk.now) == []


async def test_a_closed_account_beside_others_is_named(desk: Desk, policies: str, tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(policies.replace('["U0ENGINEER"]', '[["U0ENGINEER", "U0DBA"]]'))
    desk.settings = read(path)
    await desk.leaves("U0ENGINEER")
    await desk.opens()

    assert await desk.paged() == [("U0DBA", 2, 0)]
    reasons = [(each["is_somebody"], each["why"][0]) for each in await desk.event_details("level empty")]
    assert [each[0] for each in reasons] == [False, True]
    assert "U0ENGINEER" in reasons[1][1]


async def test_invalid_responses_change_nothing(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV4", services=("checkout",))

    with pytest.raises(UserError, match="Did you mean `payments`"):
        await desk.does(start_policy, incident.key, desk.by(), "paiments")
    with pytest.raises(UserError, match='The schedule "nobody"'):
        await desk.does(
            escalate, incident.key, desk.by(), EscalationTarget(TargetKind.SCHEDULE, "nobody", "nobody"), ""
        )
    with pytest.raises(UserError, match="does not exist"):
        await desk.does(acknowledge, 99, desk.by())
    assert await desk.all() == []

    started = await desk.does(start_policy, incident.key, desk.by(), "Payments", "they fail")
    assert (started.policy_name, started.started_by, started.reason) == ("payments", "person", "they fail")
