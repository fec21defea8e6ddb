"""Marked messages become timeline entries with their text, author and time."""

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session

from bot.store.database.tables import table_of
from bot.store.incidents import timeline
from bot.store.incidents.timeline import TimelineEntry
from tests.support.records.entries import listed_for, picks, removes
from tests.support.worlds.databases import BOTH_DATABASES, SQLITE
from tests.support.worlds.world import World, rendered

FIRST = 1
"""The timeline begins with the declaration; people's entries follow it."""


async def added(world: World) -> list[dict[str, Any]]:
    return (await world.timeline())[FIRST:]


async def texts(world: World) -> list[str]:
    return [entry["text"] for entry in await added(world)]


async def test_an_entry_has_the_message_s_own_text_author_and_time(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "the pool is exhausted")
    written = world.now
    await world.advance(minutes=9)

    await world.reacts("oncall", ts, "mag")
    await world.finish()

    [entry] = await added(world)
    assert entry["text"] == "the pool is exhausted"
    assert entry["kinds"] == ["investigation"]
    assert datetime.fromisoformat(entry["happened_at"]).replace(microsecond=0) == written
    assert (entry["author_id"], entry["recorded_by_id"]) == ("U0ENGINEER", "U0ONCALL")
    assert (entry["precision"], entry["source"]) == ("exact", "message")
    assert ts.replace(".", "") in entry["link"]
    assert world.is_confirmed(ts)
    assert ("U0ONCALL", "recorded investigation") in await world.audited()


async def test_entries_stand_in_the_order_in_which_they_were_written(world: World) -> None:
    await world.declares()
    first = await world.says("engineer", "first")
    await world.advance(minutes=1)
    second = await world.says("dba", "second")

    await world.reacts("oncall", second, "mag")
    await world.reacts("oncall", first, "mag")

    assert await texts(world) == ["first", "second"]


async def test_an_edit_before_the_mark_counts(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "teh pool")
    await world.edits("engineer", ts, "the pool")

    await world.reacts("oncall", ts, "mag")

    assert await texts(world) == ["the pool"]


async def test_an_edit_after_the_mark_is_followed_and_the_time_stays(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "teh pool")
    await world.reacts("oncall", ts, "mag")
    [before] = await added(world)
    await world.advance(minutes=3)

    await world.edits("engineer", ts, "the pool")

    [entry] = await added(world)
    assert entry["text"] == "the pool"
    assert entry["happened_at"] == before["happened_at"]
    assert "teh pool" in await world.stored(), "the text it had is kept as an earlier version"


async def test_an_edit_while_unmarked_is_what_a_new_mark_finds(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "one")
    await world.reacts("oncall", ts, "mag")
    await world.unreacts("oncall", ts, "mag")
    await world.edits("engineer", ts, "two")

    assert await texts(world) == []
    await world.reacts("oncall", ts, "dart")

    [entry] = await added(world)
    assert (entry["text"], entry["kinds"]) == ("two", ["cause"])


async def test_deletion_takes_the_text_away_everywhere(world: World) -> None:
    """Earlier versions, transcript, stored drafts and stored replies included."""
    await world.declares()
    ts = await world.says("engineer", "the password was hunter2")
    await world.reacts("oncall", ts, "mag")
    await world.edits("engineer", ts, "it was hunter2 indeed")
    await world.types("oncall", "/incident timeline")
    await world.types("oncall", "/incident postmortem")
    await world.finish()
    [before] = await added(world)

    await world.deletes("engineer", ts)
    await world.finish()

    [entry] = await added(world)
    assert (entry["text"], entry["deleted"]) == ("", True)
    assert entry["author_id"] == "U0ENGINEER"
    assert entry["happened_at"] == before["happened_at"]
    assert "hunter2" not in await world.stored()
    await world.types("oncall", "/incident timeline")
    assert "Message deleted" in shown_to(world, "oncall")
    assert any("message was deleted" in what for _, what in await world.audited())


async def test_a_deleted_parent_of_a_thread_loses_its_text_too(world: World) -> None:
    await world.declares()
    parent = await world.says("engineer", "secret parent")
    reply = await world.says("dba", "a reply", thread_ts=parent)
    await world.reacts("oncall", parent, "mag")
    await world.reacts("oncall", reply, "mag")

    await world.deletes("engineer", parent)

    assert await texts(world) == ["", "a reply"]
    assert "secret parent" not in await world.stored()


async def test_a_deleted_message_cannot_be_marked_by_a_late_reaction(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "gone")
    world.sandbox.delivery_fault("delay", event="reaction_added", times=1, seconds=0.2)
    world.sandbox.react("oncall", world.channel, ts, "mag")
    world.sandbox.delete("engineer", world.channel, ts)
    await world.settle()

    assert await texts(world) == []
    assert "Slack did not let me" not in world.card()


async def test_thread_replies_and_broadcasts_count(world: World) -> None:
    await world.declares()
    parent = await world.says("engineer", "looking at the pool")
    reply = await world.says("dba", "max_connections is 100", thread_ts=parent)
    loud = await world.says("dba", "found it", thread_ts=parent, broadcast=True)

    await world.reacts("oncall", reply, "mag")
    await world.reacts("oncall", loud, "dart")

    entries = await added(world)
    assert [entry["text"] for entry in entries] == ["max_connections is 100", "found it"]
    assert f"thread_ts={parent}" in entries[0]["link"]


async def test_what_other_apps_say_in_blocks_or_attachments_is_text(world: World) -> None:
    await world.declares()
    in_blocks = world.says_app(
        blocks=[
            {"type": "header", "block_id": "a", "text": {"type": "plain_text", "text": "Deploy 4711"}},
            {"type": "section", "block_id": "b", "text": {"type": "mrkdwn", "text": "by <@U0DEVELOPER> &amp; co"}},
        ]
    )
    in_attachment = world.says_app(
        attachments=[{"title": "HighErrorRate", "text": "5xx > 5%", "fields": [{"title": "service", "value": "pay"}]}]
    )
    await world.settle()

    await world.reacts("oncall", in_blocks, "mag")
    await world.reacts("oncall", in_attachment, "rotating_light")
    await world.finish()

    first, second = await added(world)
    assert first["text"] == "Deploy 4711\nby @developer & co"
    assert first["author"] == "Watchtower"
    assert second["text"] == "HighErrorRate\n5xx > 5%\nservice: pay"


async def test_a_file_without_words_is_an_entry_with_its_name(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "", files=[{"name": "graph.png", "content": b"x", "title": "Error rate"}])
    described = await world.says("engineer", "the graph", files=[{"name": "graph.png", "content": b"x"}])

    await world.reacts("oncall", ts, "mag")
    await world.reacts("oncall", described, "mag")
    await world.types("oncall", "/incident timeline")

    first, second = await added(world)
    assert (first["text"], first["files"], first["deleted"]) == ("", ["Error rate"], False)
    assert (second["text"], second["files"]) == ("the graph", ["graph.png"])
    shown = shown_to(world, "oncall")
    assert "Error rate" in shown
    assert "the graph" in shown
    assert "Message deleted" not in shown


async def test_mentions_stay_ids_and_are_shown_as_names(world: World) -> None:
    await world.declares("ask @dba about the pool")
    ts = await world.says("engineer", "@developer rolled back, @database knows")

    await world.reacts("oncall", ts, "rewind")
    await world.types("oncall", "/incident timeline")
    await world.finish()

    [entry] = await added(world)
    assert "@developer rolled back" in entry["text"]
    assert "<@U0DEVELOPER> rolled back" in await world.stored()
    assert "@developer rolled back" in shown_to(world, "oncall")
    assert "@dba about the pool" in world.card()
    assert "<@U0DBA>" not in world.card()
    assert "@dba about the pool" in world.sandbox.channel(world.channel)["topic"]["value"]


@pytest.mark.parametrize(
    ("at", "happened", "precision", "shown"),
    [
        ("13:50", "2026-03-02T13:50:00+00:00", "exact", "13:50"),
        ("10 min ago", "2026-03-02T13:52:00+00:00", "exact", "13:52"),
        ("~13:40", "2026-03-02T13:40:00+00:00", "approximate", "~13:40"),
        ("?", None, "unknown", "–"),
    ],
)
async def test_a_note_happens_when_its_writer_says(
    world: World, at: str, happened: str | None, precision: str, shown: str
) -> None:
    await world.declares()

    answer = await world.types("oncall", f"/incident note at:{at} kind:hypothesis the cache is cold")
    await world.finish()
    await world.types("oncall", "/incident timeline")

    assert answer == "", "the channel says it"
    entry = next(each for each in await world.timeline() if each["text"] == "the cache is cold")
    assert (entry["happened_at"], entry["precision"]) == (happened, precision)
    assert (entry["kinds"], entry["author_id"]) == (["hypothesis"], "U0ONCALL")
    assert f"*{shown}* the cache is cold" in shown_to(world, "oncall")


async def test_a_note_in_the_future_is_refused(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident note at:23:59 something to come")

    assert "Only past times can be recorded." in answer
    assert await added(world) == []


async def test_an_entry_of_unknown_time_keeps_its_place(world: World) -> None:
    """Right behind the one that was last when it was recorded."""
    await world.declares()
    await world.types("oncall", "/incident note at:13:30 first")
    await world.types("oncall", "/incident note second")
    await world.types("oncall", "/incident note at:? somewhere here")
    await world.advance(minutes=5)
    await world.types("oncall", "/incident note third")
    await world.types("oncall", "/incident note at:13:45 between")

    everything = [entry["text"] for entry in await world.timeline()]

    assert everything == ["first", "between", "checkout is down", "second", "somewhere here", "third"]


async def test_the_timeline_has_a_menu_that_removes(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note wrong channel, sorry")
    ts = await world.says("engineer", "also wrong")
    await world.reacts("oncall", ts, "mag")
    await world.finish()

    await world.types("oncall", "/incident timeline")
    await removes(world, "oncall", "wrong channel, sorry")
    await removes(world, "oncall", "also wrong")
    await world.finish()

    assert await added(world) == []
    assert not world.is_confirmed(ts)
    assert "also wrong" not in shown_to(world, "oncall"), "the list follows"
    assert ("U0ONCALL", "withdrew: removed by hand") in await world.audited()
    await world.reacts("dba", ts, "dart")
    assert await added(world) == [], "what a person removed does not come back by a reaction"


async def test_what_was_removed_already_is_said_so(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note twice")
    for user in ("oncall", "engineer"):
        await world.types(user, "/incident timeline")
        await picks(world, user, "twice", "remove")

    await world.submits("oncall", act="take off")
    answer = await world.submits("engineer", act="take off")

    assert "removed already" in answer.errors["act"]


async def test_the_declaration_cannot_be_removed(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident timeline")

    _, line = listed_for(world, "oncall", "checkout is down")
    assert "Take off or redact" not in str(line)


async def test_a_long_timeline_fits_into_one_answer(world: World) -> None:
    await world.declares()
    for number in range(60):
        await world.types("oncall", f"/incident note {number:02} " + "long words of an incident " * 30)

    answer = await world.sandbox.command("oncall", world.channel, "/incident tl")

    assert answer.ok, answer
    shown = shown_to(world, "oncall")
    assert "59 long" in shown
    assert "to 61" in shown
    assert "00 long" not in shown


async def test_the_timeline_shows_what_has_no_text_of_its_own(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident status identified")
    await world.types("oncall", "/incident severity 1")
    await world.types("oncall", "/incident impact started:13:40")
    await world.types("oncall", "/incident escalate @dba")
    await world.types("oncall", "/incident resolve")

    await world.types("oncall", "/incident timeline")

    shown = shown_to(world, "oncall")
    assert "Message deleted" not in shown
    for words in ("cause identified", "SEV3 to SEV1", "Times of the impact", "@dba", "Resolved"):
        assert words in shown


def shown_to(world: World, user: str) -> str:
    """The last ephemeral message with blocks that one person sees."""
    found = [each for each in world.sandbox.ephemerals(user, world.channel) if each.get("blocks")]
    return rendered(found[-1])


@pytest.mark.parametrize(
    ("text", "minute"),
    [("13:05 restarted the proxy", "13:05"), ("at 13:05 restarted the proxy", "13:05"), ("~13:05 restarted", "13:05")],
)
@pytest.mark.world(databases=SQLITE)
async def test_a_time_at_the_start_of_a_note_is_offered_and_never_taken(world: World, text: str, minute: str) -> None:
    await world.declares("checkout is down at:12:00")
    answer = await world.types("oncall", f"/incident note {text}")
    await world.finish()
    (note,) = [each for each in (await world.exported())["timeline"] if "restarted" in each["text"]]
    assert (note["text"], note["happened_at"][11:16]) == (text, "14:02")
    assert "The text begins with a time: " in answer

    asked = world.sandbox.ephemerals("oncall", world.channel)[-1]
    await world.sandbox.click("oncall", world.channel, asked["ts"], "note_set_time")
    await world.finish()

    (note,) = [each for each in (await world.exported())["timeline"] if "restarted" in each["text"]]
    assert (note["text"], note["happened_at"][11:16]) == (text, minute)


@pytest.mark.parametrize("text", ["16.11 rolled back", "14:02 restarted", "at:13:00 13:05 restarted", "23:59 later"])
@pytest.mark.world(databases=SQLITE)
async def test_other_numbers_at_the_start_of_a_note_are_text(world: World, text: str) -> None:
    await world.declares("checkout is down at:12:00")

    assert "begins with a time" not in await world.types("oncall", f"/incident note {text}")


def values_of(entry: TimelineEntry) -> dict[str, Any]:
    return {each.key: getattr(entry, each.key) for each in table_of(TimelineEntry).c}


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_entries_that_are_only_read_have_the_values_of_the_stored_ones(world: World) -> None:
    await world.declares()
    edited, withdrawn = await world.says("engineer", "the pool"), await world.says("dba", "the disk")
    await world.reacts("oncall", edited, "mag")
    await world.reacts("oncall", withdrawn, "dart")
    await world.edits("engineer", edited, "the pool is exhausted")
    await world.unreacts("oncall", withdrawn, "dart")
    await world.types("oncall", "/incident impact users:12% nobody could pay")
    await world.finish()

    def compare(session: Session) -> list[str]:
        stored = timeline.find_entries(session, 1)
        stored[-1].own_text = "changed, and not yet written"
        read = timeline.read_entries(session, 1)
        assert [values_of(each) for each in read] == [values_of(each) for each in stored]
        standing = timeline.read_entries(session, 1, with_withdrawn=False)
        assert [each.key for each in standing] == [each.key for each in stored if each.withdrawn_at is None]
        assert len(standing) < len(read)
        assert timeline.find_authors(session, 1) == sorted({each.author for each in stored if each.author})
        assert not session.new
        return [each.text for each in read]

    assert "changed, and not yet written" in await world.bot.database.run(compare)
