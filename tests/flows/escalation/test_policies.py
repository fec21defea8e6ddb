"""Escalating by a policy: level by level, until those who have to have acknowledged."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Severity, TargetKind
from bot.domain.times import When
from bot.services.escalation import start as escalation
from bot.services.escalation.start import Whom
from bot.services.incidents import lifecycle as course
from bot.services.incidents import merge as combining
from bot.services.outbox import What
from bot.services.paging import mutes as muting
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import statistics as nights
from bot.store.escalation.escalations import Escalation, Page, have_paged_people
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.outbox import OutboxRow
from tests.support.worlds.services import START, TEAM, Desk, read

CONFIG = """
[nudges]
acknowledged_quiet = 0
[incidents]
policy = "slow"
[severities.SEV1]
policy = "major"
[services.checkout]
policy = { SEV1 = "major", SEV2 = "payments", SEV4 = "none" }
[teams.dba]
members = ["U0DBA", "U0DEVELOPER"]
[vendors.payplug]
name = "PayPlug"
[schedules.nobody]
zone = "UTC"
[schedules.always]
zone = "UTC"
[[schedules.always.layers]]
people = ["U0ENGINEER"]
starts = "2026-01-05 09:00"
every = "week"
[policies.payments]
at_end = { page = ["U0MANAGER"] }
[[policies.payments.levels]]
targets = ["U0ONCALL"]
wait = 5
[[policies.payments.levels]]
targets = ["team:dba", "vendor:payplug"]
wait = 10
[policies.major]
repeat = 1
[[policies.major.levels]]
targets = ["U0DBA", "U0DEVELOPER"]
acknowledge = "all"
wait = 5
[[policies.major.levels]]
targets = ["U0MANAGER"]
wait = 5
[policies.slow]
[[policies.slow.levels]]
targets = ["schedule:nobody"]
[[policies.slow.levels]]
targets = ["schedule:always", "group:S0DATABASE"]
wait = 30
"""


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.opened(database_url, tmp_path, CONFIG) as opened:
        yield opened


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

    await desk.does(escalation.acknowledge, running.id, desk.by("U0DEVELOPER"), means="email")
    await desk.passes(hours=3)
    answered = await desk.one()
    assert len(await desk.paged()) == 3
    assert (answered.acknowledged_by, answered.next_step_at) == ("U0DEVELOPER", None)
    assert [(each["by"], each["means"], each["level"]) for each in answered.answers or []] == [
        ("U0DEVELOPER", "email", 2)
    ]


async def test_the_end_is_said_everywhere_and_the_fallback_is_paged(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))

    await desk.passes(hours=2)

    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0), ("U0DEVELOPER", 2, 0), ("U0MANAGER", 3, 0)]
    assert await desk.said() == ["level", "unanswered", "unanswered elsewhere", "level"]
    ended = await desk.one()
    assert ended.gave_up_at == START + timedelta(minutes=15)
    assert [(each["level"], each["because"]) for each in ended.steps or []] == [(1, "due"), (2, "due"), (3, "end")]
    await desk.does(escalation.acknowledge, ended.id, desk.by("U0MANAGER"))
    assert (await desk.one()).acknowledged_by == "U0MANAGER", "after all"


@pytest.mark.parametrize("at_end", ["schedule:nobody", "U0MANAGER", "U0ONCALL"])
async def test_that_nobody_of_the_last_resort_could_be_paged_is_said(desk: Desk, tmp_path: Path, at_end: str) -> None:
    """Nobody is on call, they left, or they had declined."""
    path = tmp_path / "other.toml"
    path.write_text(CONFIG.replace('page = ["U0MANAGER"]', f'page = ["{at_end}"]'))
    desk.settings = read(path)
    await desk.leaves("U0MANAGER")
    await desk.opens(severity="SEV2", services=("checkout",))
    await desk.does(escalation.decline, (await desk.one()).id, desk.by("U0ONCALL"))

    await desk.passes(hours=1)

    [empty] = await desk.values_of("level empty")
    assert (empty["because"], empty["is_somebody"], len(empty["why"])) == ("end", False, 1)
    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0), ("U0DEVELOPER", 2, 0)]
    assert (await desk.said())[-3:] == ["unanswered", "unanswered elsewhere", "level empty"]


@pytest.mark.parametrize(
    ("gone", "declined", "is_last"),
    [
        (("U0DBA", "U0DEVELOPER"), (), [False]),
        (("U0MANAGER",), (), [False]),
        (("U0MANAGER",), ("U0DBA", "U0DEVELOPER"), [True]),
        (("U0DBA", "U0DEVELOPER", "U0MANAGER"), (), [False, True]),
    ],
)
async def test_it_is_said_whether_anybody_follows_an_empty_level(
    desk: Desk, gone: tuple[str, ...], declined: tuple[str, ...], is_last: list[bool]
) -> None:
    """The policy is repeated once: its first level follows the last one if anybody of it is left."""
    incident = await desk.opens(severity="SEV4", services=("checkout",))
    await desk.leaves(*gone)
    made = await desk.does(escalation.start_policy, incident.key, desk.by(), "major")
    for each in declined:
        await desk.does(escalation.decline, made.id, desk.by(each))

    await desk.passes(minutes=6)

    assert [each["is_last"] for each in await desk.values_of("level empty")] == is_last


async def test_a_private_incident_is_told_of_nowhere_else(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",), is_private=True)

    await desk.passes(hours=2)

    assert "unanswered" in await desk.said()
    assert "unanswered elsewhere" not in await desk.said()


async def test_all_of_a_level_have_to_acknowledge(desk: Desk) -> None:
    await desk.opens(severity="SEV1", services=("checkout",))
    running = await desk.one()

    await desk.does(escalation.acknowledge, running.id, desk.by("U0DBA"))
    waiting = await desk.one()
    assert (waiting.acknowledged_at, waiting.next_step_at) == (None, START + timedelta(minutes=5))
    with pytest.raises(UserError, match="still waits for <@U0DEVELOPER>"):
        await desk.does(escalation.acknowledge, running.id, desk.by("U0DBA"))

    await desk.passes(minutes=11)
    assert await desk.paged() == [("U0DBA", 1, 0), ("U0DEVELOPER", 1, 0), ("U0MANAGER", 2, 0), ("U0DEVELOPER", 1, 1)], (
        "who has acknowledged is not paged again"
    )

    await desk.does(escalation.acknowledge, running.id, desk.by("U0DEVELOPER"))
    assert (await desk.one()).acknowledged_by == "U0DEVELOPER"


async def test_all_who_are_left_have_acknowledged_once_the_last_one_declines(desk: Desk) -> None:
    await desk.opens(severity="SEV1", services=("checkout",))
    running = await desk.one()
    await desk.does(escalation.acknowledge, running.id, desk.by("U0DBA"))

    await desk.does(escalation.decline, running.id, desk.by("U0DEVELOPER"))

    assert (await desk.one()).acknowledged_by == "U0DBA"


async def test_who_had_it_and_then_cannot_does_not_stand_for_those_who_never_had_it(desk: Desk) -> None:
    await desk.opens(severity="SEV1", services=("checkout",))
    running = await desk.one()
    await desk.does(escalation.acknowledge, running.id, desk.by("U0DBA"))

    await desk.does(escalation.decline, running.id, desk.by("U0DBA"))
    await desk.does(escalation.decline, running.id, desk.by("U0DEVELOPER"))

    waiting = await desk.one()
    assert (waiting.acknowledged_at, waiting.acknowledgement_entry_id) == (None, None)
    assert (await desk.paged())[2:] == [("U0MANAGER", 2, 0)]


async def test_an_acknowledgement_that_is_taken_back_leaves_it_to_the_others(desk: Desk) -> None:
    await desk.opens(severity="SEV1", services=("checkout",))
    running = await desk.one()
    for user in ("U0DBA", "U0DEVELOPER"):
        await desk.does(escalation.acknowledge, running.id, desk.by(user))
    await desk.passes(minutes=1)

    await desk.does(escalation.unacknowledge, running.id, desk.by("U0DBA"))

    waiting = await desk.one()
    assert waiting.acknowledged_at is None
    assert waiting.acknowledgement_entry_id == (waiting.answers or [])[1]["entry_id"], "the other one's stands"


async def test_who_is_muted_alone_is_passed_over_once_and_not_in_every_round(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV4", services=("checkout",))
    until = When(desk.now + timedelta(hours=1))
    await desk.does(muting.mute, desk.by("U0DBA"), "U0DBA", "on leave", until=until, zone=ZoneInfo("UTC"))
    to = Whom(TargetKind.PERSON, "U0DBA", "U0DBA", members=("U0DBA",))

    await desk.does(escalation.escalate, incident.key, desk.by(), to, "the pool is full")
    await desk.ticks()

    assert await desk.paged() == [("U0DBA", 1, 0)]
    assert await desk.said() == ["all declined"]


async def test_who_is_muted_is_not_called_into_the_channel(desk: Desk) -> None:
    until = When(desk.now + timedelta(minutes=3))
    await desk.does(muting.mute, desk.by("U0DBA"), "U0DBA", "on leave", until=until, zone=ZoneInfo("UTC"))
    await desk.opens(severity="SEV1", services=("checkout",))

    def invited(session: Session) -> set[str]:
        rows = session.exec(select(OutboxRow).where(OutboxRow.what == What.INVITE))
        return {user for row in rows for user in row.details["users"]}

    assert "U0DEVELOPER" in await desk.database.read(invited)
    assert "U0DBA" not in await desk.database.read(invited)
    await desk.passes(minutes=11)
    assert "U0DBA" in await desk.database.read(invited), "paged in the second round"


async def test_nobody_on_call_goes_to_the_next_level_at_once_and_is_said(desk: Desk) -> None:
    await desk.opens()

    running = await desk.one()
    assert await desk.paged() == [("U0ENGINEER", 2, 0)]
    assert await desk.said() == ["level empty", "level"]
    assert [(each["level"], each["missing"], each["because"]) for each in running.steps or []] == [
        (1, ["schedule:nobody"], "due"),
        (2, [], "nobody left"),
    ]
    assert running.steps is not None
    assert running.steps[1]["groups"] == ["S0DATABASE"]


async def test_can_t_pages_the_next_level_at_once(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    running = await desk.one()
    await desk.passes(minutes=1)

    await desk.does(escalation.decline, running.id, desk.by("U0ONCALL"))
    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0), ("U0DEVELOPER", 2, 0)]
    await desk.does(escalation.decline, running.id, desk.by("U0DBA"))
    await desk.does(escalation.decline, running.id, desk.by("U0DEVELOPER"))
    assert len(await desk.paged()) == 3, "the vendor of the level may still come"

    await desk.passes(minutes=10)
    assert (await desk.paged())[-1] == ("U0MANAGER", 3, 0)


async def test_whom_nothing_reaches_is_passed_over(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    page = await desk.database.read(lambda session: session.exec(select(Page)).one())

    await desk.does(escalation.person_unreachable, page, desk.by(None, Origin.TIMER))
    await desk.does(escalation.person_unreachable, page, desk.by(None, Origin.TIMER))

    assert [each[:2] for each in await desk.paged()] == [("U0ONCALL", 1), ("U0DBA", 2), ("U0DEVELOPER", 2)]
    running = await desk.one()
    assert running.steps is not None
    assert (running.steps[0]["gone"], running.steps[1]["because"]) == (["U0ONCALL"], "nobody left")


async def test_more_time_holds_the_next_level_back(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    running = await desk.one()
    await desk.passes(minutes=4)

    await desk.does(escalation.more_time, running.id, desk.by("U0ONCALL"), minutes=15)
    await desk.passes(minutes=14)
    assert len(await desk.paged()) == 1
    await desk.passes(minutes=2)
    assert len(await desk.paged()) == 3
    assert (await desk.one()).more_time_until is None
    with pytest.raises(UserError, match="1 to 1440"):
        await desk.does(escalation.more_time, running.id, desk.by("U0ONCALL"), minutes=0)


async def test_taken_back_it_goes_on_where_it_was(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    running = await desk.one()
    await desk.passes(minutes=1)
    await desk.does(escalation.acknowledge, running.id, desk.by("U0ONCALL"))
    await desk.passes(minutes=1)

    await desk.does(escalation.unacknowledge, running.id, desk.by("U0ONCALL"))
    again = await desk.one()
    assert (again.acknowledged_at, again.next_step_at) == (None, START + timedelta(minutes=5))
    with pytest.raises(UserError, match="Nobody has acknowledged"):
        await desk.does(escalation.unacknowledge, running.id, desk.by("U0ONCALL"))
    entries = await desk.database.read(lambda session: list(session.exec(select(TimelineEntry))))
    assert [each.withdrawn_by for each in entries if "acknowledged" in each.kinds] == ["U0ONCALL"]

    await desk.does(escalation.acknowledge, running.id, desk.by("U0ONCALL"))
    await desk.passes(minutes=30)
    await desk.does(escalation.unacknowledge, running.id, desk.by("U0SUPPORT"))
    assert len(await desk.paged()) == 3, "its time was past: the next level is paged at once"


async def test_whoever_acknowledged_and_cannot_go_on_says_can_t(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    running = await desk.one()
    await desk.does(escalation.acknowledge, running.id, desk.by("U0ONCALL"))

    await desk.does(escalation.decline, running.id, desk.by("U0ONCALL"))

    after = await desk.one()
    assert (after.acknowledged_at, after.declined_by) == (None, ["U0ONCALL"])
    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0), ("U0DEVELOPER", 2, 0)]


async def test_handed_over_the_levels_follow_behind_the_new_one(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    first = await desk.one()
    to = Whom(TargetKind.PERSON, "U0ENGINEER", "U0ENGINEER", members=("U0ENGINEER",))

    made = await desk.does(escalation.hand_over, first.id, desk.by("U0ONCALL"), to=to, reason="asleep")

    old, new = [each for each in await desk.all() if not each.is_external]
    assert (old.acknowledged_by, old.next_step_at) == ("U0ONCALL", None)
    assert (new.id, new.follows_id, new.started_by, new.reason) == (made.id, old.id, "handover", "asleep")
    await desk.passes(minutes=6)
    assert [each[0] for each in await desk.paged()] == ["U0ONCALL", "U0ENGINEER", "U0ONCALL"]


async def test_what_was_handed_over_goes_on_in_one_place(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    first = await desk.one()
    to = Whom(TargetKind.PERSON, "U0ENGINEER", "U0ENGINEER", members=("U0ENGINEER",))
    await desk.does(escalation.hand_over, first.id, desk.by("U0ONCALL"), to=to)
    before = await desk.paged()

    for again in (escalation.unacknowledge, escalation.decline):
        with pytest.raises(UserError, match="handed over to <@U0ENGINEER>"):
            await desk.does(again, first.id, desk.by("U0ONCALL"))
    with pytest.raises(UserError, match="handed over to <@U0ENGINEER>"):
        await desk.does(escalation.hand_over, first.id, desk.by("U0ONCALL"), to=to)

    assert await desk.paged() == before
    assert (await desk.all())[0].declined_by == []


async def test_it_is_handed_over_to_oneself_by_taking_it(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    first = await desk.one()
    to = Whom(TargetKind.PERSON, "U0ENGINEER", "U0ENGINEER", members=("U0ENGINEER",))

    with pytest.raises(UserError, match="Nobody has it yet"):
        await desk.does(escalation.hand_over, first.id, desk.by("U0ENGINEER"), to=to)
    await desk.does(escalation.acknowledge, first.id, desk.by("U0ONCALL"))
    with pytest.raises(UserError, match="<@U0ONCALL> has it"):
        await desk.does(escalation.hand_over, first.id, desk.by("U0ENGINEER"), to=to)
    await desk.does(escalation.unacknowledge, first.id, desk.by("U0ENGINEER"))
    await desk.does(escalation.acknowledge, first.id, desk.by("U0ENGINEER"))
    with pytest.raises(UserError, match="You have it already"):
        await desk.does(escalation.hand_over, first.id, desk.by("U0ENGINEER"), to=to)


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (Whom(TargetKind.SCHEDULE, "nobody", "nobody"), 'The schedule "nobody"'),
        (Whom(TargetKind.SCHEDULE, "always", "always"), "<@U0ENGINEER> is on call by the schedule"),
        (Whom(TargetKind.PERSON, "U0ENGINEER", "U0ENGINEER", members=("U0ENGINEER",)), "left the workspace"),
        (Whom(TargetKind.TEAM, "dba", "dba", members=("U0ENGINEER",)), "nobody else is in it"),
    ],
)
async def test_it_is_not_handed_over_to_nobody(desk: Desk, to: Whom, why: str) -> None:
    """The one who hands over would be paged at once: they are the next level."""
    await desk.leaves("U0ENGINEER")
    await desk.opens(severity="SEV2", services=("checkout",))
    first = await desk.one()

    with pytest.raises(UserError, match=f"{why}.* Nothing was changed"):
        await desk.does(escalation.hand_over, first.id, desk.by("U0ONCALL"), to=to)

    assert (await desk.one()).acknowledged_at is None
    assert await desk.paged() == [("U0ONCALL", 1, 0)]


async def test_it_is_not_handed_over_to_oneself_by_a_schedule(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    first = await desk.one()
    await desk.does(escalation.acknowledge, first.id, desk.by("U0ENGINEER"))

    to = Whom(TargetKind.SCHEDULE, "always", "always")
    with pytest.raises(UserError, match="You have it already"):
        await desk.does(escalation.hand_over, first.id, desk.by("U0ENGINEER"), to=to)


async def test_the_policy_of_merged_incidents_is_acknowledged_once(desk: Desk) -> None:
    one, other = [await desk.opens(severity="SEV2", services=("checkout",)) for _ in range(2)]
    await desk.passes(minutes=1)
    await desk.database.run(combining.merge, desk.settings, other.key, one.key, desk.by("U0SUPPORT"))
    assert [each.acknowledged_at for each in await desk.all()] == [None, None], "both go on, so nobody is forgotten"

    mine, theirs = await desk.all()
    await desk.does(escalation.acknowledge, theirs.id, desk.by())
    assert [each.acknowledged_by for each in await desk.all()] == ["U0ONCALL"] * 2
    await desk.passes(minutes=30)
    assert len(await desk.paged()) == 2

    await desk.does(escalation.unacknowledge, mine.id, desk.by())
    assert [each.acknowledged_by for each in await desk.all() if not each.is_external] == [None, None]


async def test_whoever_has_the_policy_of_the_one_has_that_of_what_is_merged_into_it(desk: Desk) -> None:
    one, other = [await desk.opens(severity="SEV2", services=("checkout",)) for _ in range(2)]
    [_, theirs] = await desk.all()
    await desk.does(escalation.acknowledge, theirs.id, desk.by(), means="link")
    await desk.passes(minutes=1)

    await desk.database.run(combining.merge, desk.settings, other.key, one.key, desk.by("U0SUPPORT"))

    assert [each.acknowledged_by for each in await desk.all()] == ["U0ONCALL"] * 2
    await desk.does(escalation.unacknowledge, theirs.id, desk.by())
    entries = await desk.database.read(lambda session: list(session.exec(select(TimelineEntry))))
    answers = [each for each in entries if each.incident_id == one.key and "acknowledged" in each.kinds]
    assert [each.withdrawn_at for each in answers] == [desk.now] * 2, "on the timeline that it stands on now"
    assert [each.acknowledged_at for each in await desk.all() if not each.is_external] == [None, None]


BY_ITSELF: tuple[tuple[str, dict[str, Any], str | None], ...] = (
    ("by severity", {"severity": "SEV1"}, "major"),
    ("by service and severity", {"severity": "SEV2", "services": ("checkout",)}, "payments"),
    ("what the service does not say", {"severity": "SEV3", "services": ("checkout",)}, "slow"),
    ("none", {"severity": "SEV4", "services": ("checkout",)}, None),
    ("a service that is not listed", {"severity": "SEV3", "services": ("unknown",)}, "slow"),
    ("a replay", {"severity": "SEV1", "drill_of": "INC-3", "is_drill": True}, None),
    ("after the fact", {"severity": "SEV1", "is_retro": True}, None),
)


@pytest.mark.parametrize("origin", [Origin.COMMAND, Origin.ALERT])
async def test_which_one_starts_by_itself(desk: Desk, origin: Origin) -> None:
    for what, given, expected in BY_ITSELF:
        incident = await desk.opens(origin, **given)

        started = [each for each in await desk.all() if each.incident_id == incident.key]
        assert [(each.policy_name, each.started_by) for each in started] == (
            [(expected, "policy")] if expected else []
        ), what


async def test_worse_or_elsewhere_another_starts_if_none_runs(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV2", services=("checkout",))
    running = await desk.one()

    await desk.does(course.change_severity, incident.key, desk.by(), Severity.SEV1, "")
    assert len(await desk.all()) == 1, "one runs"
    await desk.does(course.change_severity, incident.key, desk.by(), Severity.SEV2, "")
    await desk.does(escalation.acknowledge, running.id, desk.by())
    await desk.does(course.change_severity, incident.key, desk.by(), Severity.SEV1, "")
    assert [each.policy_name for each in await desk.all()] == ["payments", "major"]

    await desk.does(escalation.acknowledge, (await desk.all())[1].id, desk.by("U0DBA"))
    await desk.does(escalation.acknowledge, (await desk.all())[1].id, desk.by("U0DEVELOPER"))
    await desk.does(course.change_severity, incident.key, desk.by(), Severity.SEV3, "")
    await desk.does(course.change_severity, incident.key, desk.by(), Severity.SEV2, "")
    assert len(await desk.all()) == 2, "it had that one"


async def test_the_end_of_the_incident_stops_it_and_alerts_begin_it_anew(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV2", services=("checkout",))
    await desk.does(course.resolve, incident.key, desk.by())
    await desk.passes(hours=1)
    assert len(await desk.paged()) == 1
    assert (await desk.one()).next_step_at is None

    def reopen(session: Session, settings: Settings, actor: Actor) -> None:
        held = session.get(Incident, incident.key)
        assert held is not None
        course.reopen(session, settings, held, actor, why="fires again")

    await desk.does(reopen, desk.by(None, Origin.ALERT))
    assert await desk.paged() == [("U0ONCALL", 1, 0), ("U0ONCALL", 1, 0)]


async def test_who_left_slack_while_it_runs_is_passed_over(desk: Desk) -> None:
    await desk.opens(severity="SEV2", services=("checkout",))
    await desk.leaves("U0DBA", "U0DEVELOPER")
    await desk.passes(minutes=6)

    assert await desk.paged() == [("U0ONCALL", 1, 0)]
    assert await desk.said() == ["level empty", "level"], "the vendor is told"
    assert [each["vendors"] for each in await desk.values_of("level")] == [["PayPlug"]]


async def test_of_a_schedule_it_is_said_who_left_and_not_that_it_has_nobody(desk: Desk) -> None:
    await desk.leaves("U0ENGINEER")
    await desk.opens()

    told = (await desk.values_of("level empty"))[-1]["why"]
    assert told == ['<@U0ENGINEER> is on call by the schedule "always", but has left the workspace.']
    incident = await desk.opens(severity="SEV4", services=("checkout",))
    always = Whom(TargetKind.SCHEDULE, "always", "always")
    with pytest.raises(UserError, match=r"U0ENGINEER> is on call .* left the workspace\. Nobody was paged"):
        await desk.does(escalation.escalate, incident.id, desk.by(), always, "help")


@pytest.mark.parametrize("when", [When(START), When(START - timedelta(minutes=5)), When(None)])
async def test_nobody_is_paged_later_by_what_was_only_recorded(desk: Desk, tmp_path: Path, when: When) -> None:
    path = tmp_path / "listening.toml"
    path.write_text(CONFIG.replace("acknowledged_quiet = 0", "acknowledged_quiet = 15"))
    desk.settings = read(path)
    incident = await desk.opens(severity="SEV4", services=("checkout",))
    to = Whom(TargetKind.PERSON, "U0DBA", "U0DBA", members=("U0DBA",))
    made = await desk.does(escalation.escalate, incident.key, desk.by(), to, "by phone", when=when)

    await desk.does(escalation.acknowledge, made.id, desk.by("U0DBA"))
    await desk.passes(hours=1)
    await desk.does(escalation.unacknowledge, made.id, desk.by("U0DBA"))
    await desk.does(escalation.decline, made.id, desk.by("U0DBA"))
    await desk.passes(hours=1)

    assert await desk.paged() == []
    assert await desk.database.read(nights.answers, TEAM, START - timedelta(days=1), desk.now) == []


@pytest.mark.parametrize("minutes", [0, 5])
async def test_what_the_release_before_wrote_is_told_by_its_two_times(desk: Desk, minutes: int) -> None:
    """It kept neither a policy nor who had started it."""
    incident = await desk.opens(severity="SEV4", services=("checkout",))
    to = Whom(TargetKind.PERSON, "U0DBA", "U0DBA", members=("U0DBA",))
    when = When(START - timedelta(minutes=minutes))
    made = await desk.does(escalation.escalate, incident.key, desk.by(), to, "by phone", when=when)

    def of_before(session: Session) -> Escalation:
        row = session.get_one(Escalation, made.key)
        row.started_by = None
        session.add(row)
        return row

    row = await desk.database.run(of_before)
    found = await desk.database.read(lambda session: session.exec(select(Escalation).where(have_paged_people())).all())

    assert row.was_only_recorded is (minutes > 0)
    assert len(found) == (minutes == 0), "and the database is asked for the same"


async def test_who_left_is_told_of_where_somebody_else_is_on_call_beside_them(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(CONFIG.replace('["U0ENGINEER"]', '[["U0ENGINEER", "U0DBA"]]'))
    desk.settings = read(path)
    await desk.leaves("U0ENGINEER")
    await desk.opens()

    assert await desk.paged() == [("U0DBA", 2, 0)]
    told = [(each["is_somebody"], each["why"][0]) for each in await desk.values_of("level empty")]
    assert [each[0] for each in told] == [False, True]
    assert "U0ENGINEER" in told[1][1]


async def test_what_is_asked_of_it_wrongly_changes_nothing(desk: Desk) -> None:
    incident = await desk.opens(severity="SEV4", services=("checkout",))

    with pytest.raises(UserError, match="Did you mean `payments`"):
        await desk.does(escalation.start_policy, incident.key, desk.by(), "paiments")
    with pytest.raises(UserError, match='The schedule "nobody"'):
        await desk.does(escalation.escalate, incident.key, desk.by(), Whom(TargetKind.SCHEDULE, "nobody", "nobody"), "")
    with pytest.raises(UserError, match="does not exist"):
        await desk.does(escalation.acknowledge, 99, desk.by())
    assert await desk.all() == []

    started = await desk.does(escalation.start_policy, incident.key, desk.by(), "Payments", "they fail")
    assert (started.policy_name, started.started_by, started.reason) == ("payments", "person", "they fail")
