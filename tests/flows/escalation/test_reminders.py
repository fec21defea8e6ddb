"""Reminders: posted once, edited instead of repeated, closed when obsolete."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.slack.blocks.incidents.reminders import PUT_OFF, REMINDER_TITLES
from tests.flows.conftest import CONFIG
from tests.support.worlds.databases import SQLITE
from tests.support.worlds.world import World, action_ids, rendered

ON_SQLITE = pytest.mark.world(databases=SQLITE)
"""For tests of messages; the others run on both databases."""

LEAD, WORD, RECORD, TRIAGE, TASK, POSTMORTEM = (
    "Nobody leads",
    "tatus update due",
    "Nothing was recorded",
    "in triage",
    "was due",
    "postmortem of",
)
ALL = (LEAD, WORD, RECORD, TRIAGE, TASK, POSTMORTEM, "is overdue", *REMINDER_TITLES.values())
NIGHT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def reminders(world: World, channel: str | None = None) -> list[str]:
    """Texts of reminders in a channel, open and closed ones."""
    pinned = {each["ts"] for each in world.sandbox.pins(channel or world.channel)}
    return [
        rendered(each)
        for each in world.sandbox.messages(channel or world.channel)
        if each.get("user") == "U0DOGWATCH" and each["ts"] not in pinned and any(word in rendered(each) for word in ALL)
    ]


async def snoozes(world: World, later: str, user: str = "oncall") -> None:
    message = next(each for each in reversed(world.sandbox.messages(world.channel)) if PUT_OFF in action_ids(each))
    block = next(each for each in message["blocks"] if each["type"] == "actions")
    menu = next(each for each in block["elements"] if each["action_id"] == PUT_OFF)
    value = next(each["value"] for each in menu["options"] if each["value"].endswith(later))
    await world.sandbox.click(user, world.channel, message["ts"], PUT_OFF, value)
    await world.settle()


async def advance_stopped_to(world: World, moment: datetime) -> None:
    """Advance the clock with the bot stopped, which is faster."""
    await world.bot.stop()
    world.clock.move_to(moment)
    await world.starts()
    await world.settle()


@pytest.fixture
async def lead_world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A world with the reminder about the lead only."""
    config = f"{CONFIG}\n[nudges]\nupdate_due = 0\nnothing_recorded = false\npostmortem_due = 0\n"
    async with World(database_url, tmp_path, config=config, start=NIGHT) as built:
        yield built


async def test_nobody_leads_is_posted_edited_and_closed(lead_world: World) -> None:
    world = lead_world
    await world.declares("checkout is down sev:1")
    assert reminders(world) == []

    await world.advance(minutes=2)

    [reminder] = reminders(world)
    assert "Nobody leads this incident" in reminder
    assert "<@" not in reminder
    await world.advance(minutes=90)
    [reminder] = reminders(world)
    assert "Asked 3 times" in reminder

    await world.presses("engineer", "incident_lead")
    await world.advance(seconds=5)

    [struck] = reminders(world)
    assert struck.startswith(":white_check_mark: ~Nobody leads this incident~")


@ON_SQLITE
async def test_a_repeated_reminder_moves_to_the_end_of_the_channel(lead_world: World) -> None:
    world = lead_world
    await world.declares("checkout is down")
    await world.advance(minutes=10)
    await world.types("oncall", "/incident lead @oncall")
    await world.advance(seconds=5)
    await world.types("oncall", "/incident lead nobody")

    await world.advance(minutes=9)
    assert len(reminders(world)) == 1

    await world.advance(minutes=2)

    assert len(reminders(world)) == 1
    assert "Nobody leads" in world.texts()[-1]
    assert "Asked" not in world.texts()[-1]


async def test_snooze_for_an_hour_until_tomorrow_and_for_good(lead_world: World) -> None:
    world = lead_world
    world.sandbox.change_user("oncall", tz="Etc/UTC")
    await world.declares("checkout is down")
    await world.advance(minutes=10)

    await snoozes(world, "hour")

    [reminder] = reminders(world)
    assert ":zzz:" in reminder
    assert "<@U0ONCALL>" in reminder
    await world.says("oncall", "looking")
    await world.advance(minutes=59)
    assert ":zzz:" in reminders(world)[0]
    await world.advance(minutes=3)
    assert "Asked 2 times" in world.texts()[-1]  # behind what was said meanwhile
    assert len(reminders(world)) == 1

    await snoozes(world, "tomorrow")
    await advance_stopped_to(world, datetime(2026, 3, 3, 8, 59, tzinfo=UTC))
    assert ":zzz:" in reminders(world)[0]
    await world.advance(minutes=1)
    assert "Asked 3 times" in reminders(world)[0]

    await snoozes(world, "never")
    await advance_stopped_to(world, datetime(2026, 3, 9, 8, 59, tzinfo=UTC))
    await world.advance(minutes=2)
    [reminder] = reminders(world)
    assert "Not asked again in this incident" in reminder


@ON_SQLITE
async def test_status_update_and_record_reminders(world: World) -> None:
    await world.declares("checkout is down sev:1")
    await world.types("oncall", "/incident lead @oncall")
    await world.advance(minutes=20)
    [record] = reminders(world)
    assert "Nothing was recorded since" in record

    ts = await world.says("oncall", "the database is slow")
    await world.reacts("oncall", ts, "mag")
    await world.advance(minutes=10)

    assert reminders(world)[0].startswith(":white_check_mark: ~Nothing was recorded")
    assert "Status update due" in reminders(world)[1]
    await world.types("oncall", "/incident update investigating we are on it")
    await world.advance(seconds=5)
    assert [each.startswith(":white_check_mark:") for each in reminders(world)] == [True, True]
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(hours=20)
    assert [each.startswith(":white_check_mark:") for each in reminders(world)] == [True, True]


@ON_SQLITE
@pytest.mark.parametrize(("severity", "minutes"), [("sev:2", 40), ("sev:3", 90)])
async def test_a_record_reminder_of_a_lesser_severity_offers_the_messages(
    world: World, severity: str, minutes: int
) -> None:
    declared_at = world.now
    await world.declares(f"checkout is slow {severity}")
    await world.says("engineer", "the pool is exhausted since 13:58")
    await world.advance_to(declared_at + timedelta(minutes=minutes - 1))
    assert not any(RECORD in each for each in reminders(world))
    await world.advance(minutes=1)
    assert any(RECORD in each and ":mag: investigation" in each for each in reminders(world))

    await world.presses("oncall", "choose_messages")
    [box] = world.sandbox.views("oncall")[-1]["blocks"][1]["element"]["options"]
    await world.submits("oncall", messages_0=[box["value"]])
    await world.finish()

    assert [entry["text"] for entry in await world.timeline()][1:] == ["the pool is exhausted since 13:58"]
    assert any(each.startswith(":white_check_mark: ~Nothing was recorded") for each in reminders(world))


@ON_SQLITE
async def test_no_record_reminder_of_the_least_severity(world: World) -> None:
    await world.declares("checkout is slow sev:4")
    await world.advance(hours=5)

    assert not any(RECORD in each for each in reminders(world))


@ON_SQLITE
async def test_long_triage(database_url: str, tmp_path: Path) -> None:
    async with World(database_url, tmp_path, config='[incidents]\ntriage = "all"\n') as world:
        await world.declares("checkout is slow")
        await world.advance(minutes=30)
        [reminder] = reminders(world)
        assert "It has been in triage since" in reminder

        await world.presses("oncall", "incident_accept", nth=-1)
        await world.advance(minutes=5)

        assert reminders(world)[0].startswith(":white_check_mark:")


async def test_an_overdue_task_is_posted_in_the_owner_s_working_hours(world: World) -> None:
    world.sandbox.change_user("dba", tz="Europe/Paris")
    await world.declares("checkout is down sev:4")
    await world.types("oncall", "/incident lead @oncall")
    await world.types("oncall", "/incident task check the backups @dba due:2026-03-06")
    await world.types("oncall", "/incident resolve")
    direct = world.sandbox.open_dm("dba")

    await world.advance_to(datetime(2026, 3, 9, 7, 59, tzinfo=UTC))  # over a weekend; it is 8:59 in Paris
    assert [each for each in reminders(world, direct) if "Task 1" in each] == []
    await world.advance(minutes=1)

    [reminder] = reminders(world, direct)
    assert "Task 1 of INC-1 was due 2026-03-06" in reminder
    assert "check the backups" in reminder
    assert [each for each in reminders(world) if "Task 1" in each] == []
    await world.presses("dba", "home_done", channel=direct)
    await world.advance(seconds=5)
    [struck] = reminders(world, direct)
    assert struck.startswith(":white_check_mark: ~Task 1 of INC-1 is overdue~")


@ON_SQLITE
async def test_an_overdue_task_of_a_user_group_is_posted_in_the_channel(world: World) -> None:
    await world.declares("checkout is down sev:4")
    await world.types("oncall", "/incident task check the backups @database due:2026-03-06")
    await world.types("oncall", "/incident resolve")

    await world.advance_to(datetime(2026, 3, 9, 12, 0, tzinfo=UTC))

    [reminder] = [each for each in reminders(world) if "Task 1" in each]
    assert "check the backups · @database" in reminder


@ON_SQLITE
@pytest.mark.parametrize("publication", ["/incident update postmortem", "/incident postmortem publish"])
async def test_the_postmortem_reminder_is_posted_in_the_lead_s_working_hours(world: World, publication: str) -> None:
    world.sandbox.change_user("oncall", tz="Etc/UTC")
    await world.declares("checkout is down sev:1")
    await world.types("oncall", "/incident lead @oncall")
    await advance_stopped_to(world, datetime(2026, 3, 2, 23, 0, tzinfo=UTC))
    await world.types("oncall", "/incident resolve restarted")

    await world.advance_to(datetime(2026, 3, 6, 8, 59, tzinfo=UTC))
    assert [each for each in reminders(world) if "postmortem of" in each] == []
    await world.advance(minutes=1)

    [reminder] = [each for each in reminders(world) if "postmortem of" in each]
    assert "<@U0ONCALL>" in reminder
    await world.types("oncall", publication)
    await world.advance(seconds=5)
    assert reminders(world)[-1].startswith(":white_check_mark: ~The postmortem is due: INC-1~")


@ON_SQLITE
async def test_reminders_of_a_private_incident_stay_in_its_channel(world: World) -> None:
    await world.declares("leak private:yes sev:1")
    await world.types("oncall", "/incident task change the keys @dba due:2026-03-03")
    await world.advance(minutes=30)
    await world.types("oncall", "/incident resolve")
    before = {each["id"]: len(world.sandbox.messages(each["id"])) for each in world.sandbox.channels()}

    await world.advance(days=6)

    after = {each["id"]: len(world.sandbox.messages(each["id"])) for each in world.sandbox.channels()}
    own = world.sandbox.channel(world.channel)["id"]
    assert {place for place, count in after.items() if count != before.get(place)} == {own}
    assert [each for each in reminders(world) if "Task 1" in each]


@ON_SQLITE
async def test_no_reminders_after_a_cancellation_or_for_retrospective_records(world: World) -> None:
    await world.declares("checkout is down sev:1")
    await world.types("oncall", "/incident cancel a false alarm")
    await world.types("oncall", "/incident start search was slow retro:yes sev:1", "ops")
    messages = len(world.sandbox.calls("chat.postMessage"))

    await world.advance(days=9)

    assert reminders(world, world.channels[0]) == []
    assert len(world.sandbox.calls("chat.postMessage")) == messages


async def test_one_reminder_after_downtime(lead_world: World) -> None:
    """Stopped for several due times, then restarted."""
    world = lead_world
    await world.declares("checkout is down sev:1")

    await advance_stopped_to(world, datetime(2026, 3, 2, 7, 0, tzinfo=UTC))
    await world.finish()

    [reminder] = reminders(world)
    assert "Asked" not in reminder
    await world.restart()
    await world.advance(minutes=20)
    [reminder] = reminders(world)
    assert "Asked" not in reminder
    await world.advance(minutes=10)
    [reminder] = reminders(world)
    assert "Asked 2 times" in reminder


@ON_SQLITE
async def test_app_home_lists_reminders_of_the_lead(world: World) -> None:
    await world.declares("checkout is down sev:1")
    await world.types("oncall", "/incident lead @oncall")
    await world.advance(minutes=40)

    for user, sees in (("oncall", True), ("dba", False)):
        await world.sandbox.open_home(user)
        await world.settle()
        home = rendered(world.sandbox.home(user))
        assert ("Status update due" in home) is sees
