"""Reminders: once each, quiet, edited rather than repeated, struck when it is so no longer."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.slack.blocks.escalation.reminder_wording import SHORT
from bot.slack.blocks.escalation.reminders import PUT_OFF
from tests.flows.conftest import CONFIG
from tests.support.worlds.world import World, action_ids, rendered

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Where it is about what people see: what the other database does is tried by the rest."""

LEAD, WORD, RECORD, TRIAGE, TASK, POSTMORTEM = (
    "Nobody leads",
    "word on where it stands",
    "Nothing was recorded",
    "in triage",
    "was due",
    "postmortem of",
)
ALL = (LEAD, WORD, RECORD, TRIAGE, TASK, POSTMORTEM, "is overdue", *SHORT.values())
NIGHT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def asked(world: World, channel: str | None = None) -> list[str]:
    """The reminders in a place as people read them, whether they stand or are struck."""
    pinned = {each["ts"] for each in world.sandbox.pins(channel or world.channel)}
    return [
        rendered(each)
        for each in world.sandbox.messages(channel or world.channel)
        if each.get("user") == "U0DOGWATCH" and each["ts"] not in pinned and any(word in rendered(each) for word in ALL)
    ]


async def puts_off(world: World, later: str, user: str = "oncall") -> None:
    message = next(each for each in reversed(world.sandbox.messages(world.channel)) if PUT_OFF in action_ids(each))
    block = next(each for each in message["blocks"] if each["type"] == "actions")
    menu = next(each for each in block["elements"] if each["action_id"] == PUT_OFF)
    value = next(each["value"] for each in menu["options"] if each["value"].endswith(later))
    await world.sandbox.click(user, world.channel, message["ts"], PUT_OFF, value)
    await world.settle()


async def nobody_looks_until(world: World, moment: datetime) -> None:
    """Go there with the bot stopped, which is quicker, and let it catch up."""
    await world.bot.stop()
    world.clock.move_to(moment)
    await world.starts()
    await world.settle()


@pytest.fixture
async def quiet_world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A world in which it is only asked who leads."""
    config = f"{CONFIG}\n[nudges]\nupdate_due = 0\nnothing_recorded = false\npostmortem_due = 0\n"
    async with World(database_url, tmp_path, config=config, start=NIGHT) as built:
        yield built


async def test_nobody_leads_is_said_once_then_edited_then_struck(quiet_world: World) -> None:
    world = quiet_world
    await world.declares("checkout is down sev:1")
    await world.advance(minutes=7)
    assert asked(world) == []

    await world.advance(minutes=3)

    [said] = asked(world)
    assert "Nobody leads this incident" in said
    assert "<@" not in said
    await world.advance(minutes=90)
    [said] = asked(world)
    assert "Asked 3 times" in said

    await world.presses("engineer", "incident_lead")
    await world.advance(seconds=5)

    [struck] = asked(world)
    assert struck.startswith(":white_check_mark: ~Nobody leads this incident~")


@ON_SQLITE
async def test_what_comes_up_again_moves_to_the_end_of_the_channel(quiet_world: World) -> None:
    world = quiet_world
    await world.declares("checkout is down")
    await world.advance(minutes=10)
    await world.types("oncall", "/incident lead @oncall")
    await world.advance(seconds=5)
    await world.types("oncall", "/incident lead nobody")

    await world.advance(minutes=9)
    assert len(asked(world)) == 1

    await world.advance(minutes=2)

    assert len(asked(world)) == 1
    assert "Nobody leads" in world.texts()[-1]
    assert "Asked" not in world.texts()[-1]


async def test_it_is_put_off_for_an_hour_until_tomorrow_and_for_good(quiet_world: World) -> None:
    world = quiet_world
    world.sandbox.change_user("oncall", tz="Etc/UTC")
    await world.declares("checkout is down")
    await world.advance(minutes=10)

    await puts_off(world, "hour")

    [said] = asked(world)
    assert ":zzz:" in said
    assert "<@U0ONCALL>" in said
    await world.says("oncall", "looking")
    await world.advance(minutes=59)
    assert ":zzz:" in asked(world)[0]
    await world.advance(minutes=3)
    assert "Asked 2 times" in world.texts()[-1]  # behind what was said meanwhile
    assert len(asked(world)) == 1

    await puts_off(world, "tomorrow")
    await nobody_looks_until(world, datetime(2026, 3, 3, 8, 59, tzinfo=UTC))
    assert ":zzz:" in asked(world)[0]
    await world.advance(minutes=1)
    assert "Asked 3 times" in asked(world)[0]

    await puts_off(world, "never")
    await nobody_looks_until(world, datetime(2026, 3, 9, 8, 59, tzinfo=UTC))
    await world.advance(minutes=2)
    [said] = asked(world)
    assert "Not asked again in this incident" in said


@ON_SQLITE
async def test_a_word_on_where_it_stands_and_the_record(world: World) -> None:
    await world.declares("checkout is down sev:1")
    await world.types("oncall", "/incident lead @oncall")
    await world.advance(minutes=20)
    [record] = asked(world)
    assert "Nothing was recorded since" in record

    ts = await world.says("oncall", "the database is slow")
    await world.reacts("oncall", ts, "mag")
    await world.advance(minutes=10)

    assert asked(world)[0].startswith(":white_check_mark: ~Nothing was recorded")
    assert "A word on where it stands is due" in asked(world)[1]
    await world.types("oncall", "/incident update investigating we are on it")
    await world.advance(seconds=5)
    assert [each.startswith(":white_check_mark:") for each in asked(world)] == [True, True]
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(hours=20)
    assert [each.startswith(":white_check_mark:") for each in asked(world)] == [True, True]


@ON_SQLITE
async def test_triage_that_takes_long(database_url: str, tmp_path: Path) -> None:
    async with World(database_url, tmp_path, config='[incidents]\ntriage = "all"\n') as world:
        await world.declares("checkout is slow")
        await world.advance(minutes=30)
        [said] = asked(world)
        assert "It has been in triage since" in said

        await world.presses("oncall", "incident_accept", nth=-1)
        await world.advance(minutes=5)

        assert asked(world)[0].startswith(":white_check_mark:")


async def test_an_owner_is_asked_for_an_overdue_task_on_their_next_working_morning(world: World) -> None:
    world.sandbox.change_user("dba", tz="Europe/Paris")
    await world.declares("checkout is down sev:4")
    await world.types("oncall", "/incident lead @oncall")
    await world.types("oncall", "/incident task check the backups @dba due:2026-03-06")
    await world.types("oncall", "/incident resolve")
    direct = world.sandbox.open_dm("dba")

    await world.advance_to(datetime(2026, 3, 9, 7, 59, tzinfo=UTC))  # over a weekend; it is 8:59 in Paris
    assert [each for each in asked(world, direct) if "Task 1" in each] == []
    await world.advance(minutes=1)

    [said] = asked(world, direct)
    assert "Task 1 of INC-1 was due 2026-03-06" in said
    assert "check the backups" in said
    assert [each for each in asked(world) if "Task 1" in each] == []
    await world.presses("dba", "home_done", channel=direct)
    await world.advance(seconds=5)
    [struck] = asked(world, direct)
    assert struck.startswith(":white_check_mark: ~Task 1 of INC-1 is overdue~")


@ON_SQLITE
async def test_the_postmortem_is_asked_for_at_work_of_whoever_led(world: World) -> None:
    world.sandbox.change_user("oncall", tz="Etc/UTC")
    await world.declares("checkout is down sev:1")
    await world.types("oncall", "/incident lead @oncall")
    await nobody_looks_until(world, datetime(2026, 3, 2, 23, 0, tzinfo=UTC))
    await world.types("oncall", "/incident resolve restarted")

    await world.advance_to(datetime(2026, 3, 6, 8, 59, tzinfo=UTC))
    assert [each for each in asked(world) if "postmortem of" in each] == []
    await world.advance(minutes=1)

    [said] = [each for each in asked(world) if "postmortem of" in each]
    assert "<@U0ONCALL>" in said
    await world.types("oncall", "/incident update postmortem")
    await world.advance(seconds=5)
    assert asked(world)[-1].startswith(":white_check_mark: ~The postmortem is due: INC-1~")


@ON_SQLITE
async def test_a_private_incident_is_asked_in_its_own_channel_only(world: World) -> None:
    await world.declares("leak private sev:1")
    await world.types("oncall", "/incident task change the keys @dba due:2026-03-03")
    await world.advance(minutes=30)
    await world.types("oncall", "/incident resolve")
    before = {each["id"]: len(world.sandbox.messages(each["id"])) for each in world.sandbox.channels()}

    await world.advance(days=6)

    after = {each["id"]: len(world.sandbox.messages(each["id"])) for each in world.sandbox.channels()}
    own = world.sandbox.channel(world.channel)["id"]
    assert {place for place, count in after.items() if count != before.get(place)} == {own}
    assert [each for each in asked(world) if "Task 1" in each]


@ON_SQLITE
async def test_nothing_is_asked_of_what_was_cancelled_or_is_recorded_later(world: World) -> None:
    await world.declares("checkout is down sev:1")
    await world.types("oncall", "/incident cancel a false alarm")
    await world.types("oncall", "/incident start search was slow retro sev:1", "ops")
    messages = len(world.sandbox.calls("chat.postMessage"))

    await world.advance(days=9)

    assert asked(world, world.channels[0]) == []
    assert len(world.sandbox.calls("chat.postMessage")) == messages


async def test_what_fell_due_while_nobody_looked_is_asked_once(quiet_world: World) -> None:
    """Down over several moments at which it would have been asked, and started anew after that."""
    world = quiet_world
    await world.declares("checkout is down sev:1")

    await nobody_looks_until(world, datetime(2026, 3, 2, 7, 0, tzinfo=UTC))
    await world.finish()

    [said] = asked(world)
    assert "Asked" not in said
    await world.restart()
    await world.advance(minutes=20)
    [said] = asked(world)
    assert "Asked" not in said
    await world.advance(minutes=10)
    [said] = asked(world)
    assert "Asked 2 times" in said


@ON_SQLITE
async def test_app_home_shows_what_stands_in_the_incidents_that_its_reader_leads(world: World) -> None:
    await world.declares("checkout is down sev:1")
    await world.types("oncall", "/incident lead @oncall")
    await world.advance(minutes=40)

    for user, sees in (("oncall", True), ("dba", False)):
        await world.sandbox.open_home(user)
        await world.settle()
        shown = rendered(world.sandbox.home(user))
        assert ("A word on where it stands is due" in shown) is sees
