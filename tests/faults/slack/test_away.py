"""
After half an hour without the bot, the record is as if the bot had been there.

Two worlds live through the same half hour, minute by minute: one with the bot, one without.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlmodel import Session, select

from bot.store.incidents.transcript import Message, Reaction
from tests.support.worlds.crowd import CHANNEL, Crowd, OverSockets, live_through
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.oncall import POLICY, WEEKS
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World, rendered

ENTRY = ("text", "kinds", "happened_at", "precision", "author_id", "recorded_by_id", "source", "files", "role")
INCIDENT = ("status", "channel", "started_at", "ended_at", "mitigated_at", "identified_at", "resolution")


async def recorded(world: World, crowd: Crowd) -> dict[str, Any]:
    """The record without recording times and without states that lasted a minute only."""
    whole = await world.exported()

    def load_messages(session: Session) -> Any:
        messages = [each for each in session.exec(select(Message)) if not each.is_own and each.deleted_at is None]
        marks = [each for each in session.exec(select(Reaction)) if each.is_present]
        return (
            sorted((each.ts, each.thread_ts or "", each.author, each.text, tuple(each.files)) for each in messages),
            sorted((each.message_ts, each.user_id, each.emoji) for each in marks),
        )

    messages, marks = await world.bot.database.read(load_messages)
    standing = [each for each in whole["timeline"] if each["withdrawn_at"] is None and each["text"]]
    cause = whole["incident"]["cause"] or {}
    return {
        "incident": {key: whole["incident"][key] for key in INCIDENT},
        "cause": [cause[key] for key in ("text", "at", "by")],
        "timeline": [{key: each[key] for key in ENTRY} | {"link": message_of(each)} for each in standing],
        "transcript": [(ts, thread if thread != ts else "", *rest) for ts, thread, *rest in messages],
        "marks": marks,
        "confirmed": sorted(name for name in crowd.ts if is_confirmed(world, crowd, name)),
        "card": world.card(crowd.place),
    }


def message_of(entry: dict[str, Any]) -> str | None:
    """The message that an entry quotes. Port, channel and the bot's messages differ by world."""
    return urlsplit(entry["link"]).path.rpartition("/")[2] if entry["source"] == "message" else None


def is_confirmed(world: World, crowd: Crowd, name: str) -> bool:
    message = world.sandbox.message(crowd.place, crowd.ts[name])
    return message is not None and world.is_confirmed(crowd.ts[name], crowd.place)


@pytest.mark.parametrize("mode", [World, OverSockets], ids=["http", "socket"])
async def test_half_an_hour_without_the_bot(mode: type[World], database_url: str, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    async with World(f"sqlite:///{tmp_path / 'there.db'}", tmp_path / "there") as there:
        crowd = await live_through(there, is_there=True)
        expected = await recorded(there, crowd)
        deleted = len([each for each in await there.timeline() if not each["text"]])
    async with mode(database_url, tmp_path) as away:
        crowd = await live_through(away, is_there=False)
        found = await recorded(away, crowd)
        stored = await away.stored()
        gone = len([each for each in await away.timeline() if not each["text"]])

    assert crowd.ts, "the same people wrote at the same moments"
    for part, was in expected.items():
        assert found[part] == was, part
    assert "hunter2" not in stored
    assert gone == deleted == 1
    assert {"reply", "told all", "late reply", "log", "by two"} <= set(found["confirmed"])
    assert not {"by one", "by chance"} & set(found["confirmed"])


async def test_more_than_a_page_of_messages_and_of_replies(world: World) -> None:
    """A change to the very first message, behind 450 others, and to the first of 230 replies."""
    await world.declares()
    crowd = Crowd(world, CHANNEL)
    crowd.says("first", "it begnis")
    crowd.says("parent", "numbers")
    crowd.says("first reply", "one", under="parent")
    await world.settle()
    world.sandbox.delivery_fault("drop")
    for number in range(450):
        crowd.says("last", f"line {number}")
    for number in range(230):
        crowd.says("last reply", f"reply {number}", by="dba", under="parent")
    crowd.edits("first", "it begins")
    crowd.marks("first", "boom")
    crowd.marks("first reply", "mag")
    crowd.marks("last reply", "mag")
    world.sandbox.clear_faults()
    world.sandbox.clear_calls()

    await world.restart()
    await world.finish()

    entries = [each["text"] for each in await world.timeline() if each["source"] == "message"]
    assert entries == ["it begins", "one", "reply 229"]
    kept = await transcript_of(world)
    assert len([text for text in kept if text.startswith("line")]) == 450
    assert len([text for text in kept if text.startswith("reply")]) == 230
    assert (len(world.sandbox.calls("conversations.history")), len(world.sandbox.calls("conversations.replies"))) == (
        3,
        2,
    )


async def transcript_of(world: World) -> list[str]:
    def read(session: Session) -> list[str]:
        messages = session.exec(select(Message).order_by(Message.ts))
        return [each.text for each in messages if not each.is_own and each.deleted_at is None]

    return await world.bot.database.read(read)


async def half_an_hour_of_threads(world: World, count: int) -> Crowd:
    """Threads from before, each with a reply that somebody marks while the bot is away."""
    await world.declares()
    crowd = Crowd(world, CHANNEL)
    for number in range(count):
        crowd.says(f"parent {number}", f"question {number}")
        crowd.says(f"reply {number}", f"answer {number}", by="dba", under=f"parent {number}")
    await world.settle()
    await world.bot.stop()
    world.sandbox.delivery_fault("drop")
    for number in range(count):
        crowd.marks(f"reply {number}", "mag")
    world.clock.move_to(world.now + timedelta(minutes=30))
    world.sandbox.clear_faults()
    world.sandbox.clear_calls()
    return crowd


async def test_a_look_that_slack_holds_back_goes_on_where_it_was(world: World) -> None:
    """More threads than Slack's rate limit: none is read twice because of a 429."""
    await half_an_hour_of_threads(world, 60)
    world.sandbox.rate_limits(tiers=True, per_channel=False)

    await world.starts()
    await world.advance(minutes=4)

    marked = [each["text"] for each in await world.timeline() if each["source"] == "message"]
    assert marked == [f"answer {number}" for number in range(60)]
    calls = world.sandbox.calls("conversations.replies")
    asked = [each["args"]["ts"] for each in calls if each["ok"]]
    assert [each["error"] for each in calls if not each["ok"]] == ["ratelimited"]
    assert len(set(asked[:60])) == 60, "behind them comes a look for what changed meanwhile"


async def test_a_look_that_dies_with_its_process_is_finished_by_the_next(world: World) -> None:
    await half_an_hour_of_threads(world, 8)
    slow = world.sandbox.fault("latency", method="conversations.replies", seconds=0.1)
    await world.starts()
    await world.sandbox.wait_until(lambda: len(world.sandbox.calls("conversations.replies")) == 4)
    await world.bot.sender.stop(grace=0)
    await world.bot.stop()
    assert len(world.sandbox.calls("conversations.replies")) < 8
    world.sandbox.clear_fault(slow)

    await world.starts()
    await world.finish()

    marked = [each["text"] for each in await world.timeline() if each["source"] == "message"]
    assert marked == [f"answer {number}" for number in range(8)]


async def test_a_list_of_people_that_slack_cuts_short_takes_no_mark_away(world: World) -> None:
    """Slack names some of those who reacted, and counts all."""
    await world.declares()
    crowd = Crowd(world, CHANNEL)
    crowd.says("liked", "it was the release")
    for person in ("oncall", "dba", "manager"):
        crowd.marks("liked", "dart", by=person)
    crowd.marks("liked", "memo", by="manager")
    await world.finish()
    place = world.sandbox.workspace.channels[world.sandbox.channel(CHANNEL)["id"]]
    message = place.messages[crowd.ts["liked"]]
    before = await marks_of(world)
    shown = [{"name": "dart", "users": ["U0MANAGER"], "count": 3}]
    message.reactions.clear()  # the mark `memo` was taken away, and nobody told
    message.extra["reactions"] = shown

    await world.advance(minutes=25)

    assert before - await marks_of(world) == {("U0MANAGER", "memo")}
    [entry] = [each for each in await world.timeline() if each["source"] == "message"]
    assert entry["kinds"] == ["cause"]


async def marks_of(world: World) -> set[tuple[str, str]]:
    def read(session: Session) -> set[tuple[str, str]]:
        return {(each.user_id, each.emoji) for each in session.exec(select(Reaction)) if each.is_present}

    return await world.bot.database.read(read)


async def test_what_was_written_before_the_incident_is_not_its_transcript(world: World) -> None:
    """Old messages were moved into the channel. A marked one counts, as by its event."""
    await world.declares()
    crowd = Crowd(world, CHANNEL)
    world.sandbox.delivery_fault("drop")
    crowd.says("old", "last week's numbers", at=world.now - timedelta(days=7))
    crowd.says("old and marked", "the alarm of last week", at=world.now - timedelta(days=6))
    crowd.marks("old and marked", "mag")
    world.sandbox.clear_faults()

    await world.restart()
    await world.finish()

    assert await transcript_of(world) == ["the alarm of last week"]
    assert [each["text"] for each in await world.timeline() if each["source"] == "message"] == [
        "the alarm of last week"
    ]


async def test_a_change_of_three_hours_ago_is_found_without_any_gap(world: World) -> None:
    """A lost edit and a lost mark, also on a reply, are found by the periodic backfill."""
    await world.declares()
    crowd = Crowd(world, CHANNEL)
    crowd.says("first", "it is the dsik")
    crowd.says("parent", "numbers")
    crowd.says("reply", "the queue has 4,000", under="parent")
    for number in range(7):
        crowd.says(f"parent {number}", f"question {number}")
        crowd.says(f"reply {number}", "yes", by="dba", under=f"parent {number}")
    await world.advance(hours=3)
    world.sandbox.delivery_fault("drop")
    crowd.edits("first", "it is the disk")
    crowd.marks("first", "mag")
    crowd.marks("reply", "mag")
    world.sandbox.clear_faults()

    await world.advance(minutes=31)  # eight threads, three of them each time

    marked = [each["text"] for each in await world.timeline() if each["source"] == "message"]
    assert marked == ["it is the disk", "the queue has 4,000"]


async def test_what_a_quiet_hour_costs(world: World) -> None:
    """Every ten minutes one call, and three of the threads in turn."""
    await world.declares()
    crowd = Crowd(world, CHANNEL)
    for number in range(12):
        crowd.says(f"parent {number}", f"question {number}")
        crowd.says(f"reply {number}", "yes", by="dba", under=f"parent {number}")
    await world.advance(minutes=11)
    world.sandbox.clear_calls()

    await world.advance(minutes=60)

    calls = [each["method"] for each in world.sandbox.calls()]
    assert calls.count("conversations.history") == 6
    assert calls.count("conversations.replies") == 18
    asked = {each["args"]["ts"] for each in world.sandbox.calls("conversations.replies")}
    assert len(asked) == 12, "each thread had its turn"
    assert calls.count("chat.update") == 1, "that nobody leads is told once more"
    assert len(calls) == 25


async def test_an_incident_that_is_just_over_is_read_after_a_gap(world: World) -> None:
    """People go on marking messages for the postmortem."""
    await world.declares()
    crowd = Crowd(world, CHANNEL)
    crowd.says("messages", "it was the release")
    await world.types("oncall", "/incident resolve took it back")
    await world.finish()
    world.sandbox.delivery_fault("drop")
    crowd.marks("messages", "dart")
    world.sandbox.clear_faults()

    await world.restart()
    await world.finish()

    assert "it was the release" in [each["text"] for each in await world.timeline()]


async def test_a_message_that_was_written_a_moment_before_the_look_is_not_taken_for_deleted(world: World) -> None:
    """Slack may not list a message yet whose event it has sent."""
    await world.declares()
    crowd = Crowd(world, CHANNEL)
    crowd.says("new", "written just now")
    await world.settle()
    place = world.sandbox.workspace.channels[world.sandbox.channel(CHANNEL)["id"]]
    late = place.messages.pop(crowd.ts["new"])
    place.order.remove(late.ts)

    await world.restart()
    await world.settle()

    assert "written just now" in await transcript_of(world)


async def changes_unnoticed(world: World, user: str, **changes: bool) -> None:
    """Change somebody in Slack, whose event is lost; a minute passes before and after."""
    await world.advance(minutes=1)
    fault = world.sandbox.delivery_fault("drop")
    world.sandbox.change_user(user, **changes)
    await world.advance(minutes=1)
    world.sandbox.clear_fault(fault)
    world.sandbox.clear_calls()


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_guest_of_meanwhile_commands_no_longer(world: World) -> None:
    await world.declares(user="manager")
    await world.types("oncall", "/incident list", "ops")
    await changes_unnoticed(world, "manager", is_restricted=True)

    await world.restart()

    for text in ("start it is down as well", "list", "INC-1 resolve nothing to see"):
        assert "cannot use commands" in await world.types("manager", f"/incident {text}", "ops"), text
        assert "cannot use commands" not in await world.types("oncall", "/incident list", "ops")
    asked = [each["args"]["user"] for each in world.sandbox.calls("users.info")]
    assert sorted(asked) == ["U0MANAGER", "U0ONCALL"], "each once"


async def test_a_guest_of_meanwhile_sees_no_incident_in_app_home(world: World) -> None:
    await world.declares(user="manager")
    await changes_unnoticed(world, "manager", is_restricted=True)

    await world.restart()
    await world.sandbox.open_home("manager")
    await world.finish()

    shown = rendered(world.sandbox.home("manager") or {})
    assert "Guests" in shown
    assert "INC-1" not in shown


@pytest.mark.world(kind=OverSockets)
async def test_a_guest_of_meanwhile_commands_no_longer_after_a_lost_connection(world: World) -> None:
    await world.declares(user="manager")
    await changes_unnoticed(world, "manager", is_restricted=True)

    await world.sandbox.drop_sockets()
    await world.sandbox.wait_until(lambda: bool(world.sandbox.calls("conversations.history")))

    assert "cannot use commands" in await world.types("manager", "/incident list", "ops")


async def test_while_slack_does_not_say_who_somebody_is_the_last_profile_counts(world: World) -> None:
    """One attempt a minute; a guest of before stays one."""
    await world.declares(user="manager")
    world.sandbox.change_user("dba", is_restricted=True)
    assert "cannot use commands" in await world.types("dba", "/incident list", "ops")
    await changes_unnoticed(world, "manager", is_restricted=True)
    fault = world.sandbox.fault("error", method="users.info", error="internal_error")

    await world.restart()

    for _ in range(2):
        assert "INC-1" in await world.types("manager", "/incident list", "ops")
        assert "cannot use commands" in await world.types("dba", "/incident list", "ops")
    assert len(world.sandbox.calls("users.info")) == 2
    world.sandbox.clear_fault(fault)
    await world.advance(minutes=2)
    assert "cannot use commands" in await world.types("manager", "/incident list", "ops")


@pytest.mark.world(config=WEEKS + POLICY, databases=BOTH_DATABASES)
async def test_who_left_meanwhile_is_signed_out_and_not_paged(world: World) -> None:
    """They need not act: who is on call or signed in is looked up, one after the other."""
    async with Visitor(world) as left, Visitor(world) as stays:
        await left.signs_in("engineer")
        await stays.signs_in("oncall")
        await changes_unnoticed(world, "engineer", deleted=True)
        assert (await left.opens("/")).status == 200

        await world.restart()
        await world.finish()

        assert (await left.opens("/")).status == 303
        assert (await stays.opens("/")).status == 200
    asked = [each["args"]["user"] for each in world.sandbox.calls("users.info")]
    assert asked == ["U0ENGINEER", "U0ONCALL"]
    await world.declares("checkout is down service:checkout sev:1")
    await world.finish()
    assert not world.texts(world.sandbox.open_dm("engineer"))
