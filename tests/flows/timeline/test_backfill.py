"""Backfill of what happened in Slack while the bot was offline."""

from tests.support.worlds.world import World


async def texts(world: World) -> list[str]:
    return [entry["text"] for entry in await world.timeline() if entry["source"] == "message"]


async def test_half_an_hour_without_the_bot_leaves_no_hole(world: World) -> None:
    """Messages, replies, edits, deletions and reactions."""
    await world.declares()
    kept = await world.says("engineer", "reading the logs")
    edited = await world.says("engineer", "it is the cahce")
    deleted = await world.says("engineer", "password is hunter2")
    unmarked = await world.says("engineer", "maybe the network")
    for ts in (edited, deleted, unmarked):
        await world.reacts("oncall", ts, "mag")
    await world.finish()

    world.sandbox.delivery_fault("drop")
    world.sandbox.react("oncall", world.channel, kept, "mag")
    world.sandbox.edit("engineer", world.channel, edited, "it is the cache")
    world.sandbox.delete("engineer", world.channel, deleted)
    world.sandbox.unreact("oncall", world.channel, unmarked, "mag")
    new = world.sandbox.say("dba", world.channel, "emptied the cache")
    world.sandbox.react("dba", world.channel, new, "hammer_and_wrench")
    reply = world.sandbox.say("dba", world.channel, "and restarted it", thread_ts=kept)
    world.sandbox.react("dba", world.channel, reply, "hammer_and_wrench")
    await world.settle()
    world.sandbox.clear_faults()
    assert await texts(world) == ["it is the cahce", "password is hunter2", "maybe the network"]

    await world.advance(minutes=30)

    assert await texts(world) == ["reading the logs", "it is the cache", "", "emptied the cache", "and restarted it"]
    marked = world.sandbox.message(world.channel, new)
    assert "writing_hand" in {reaction["name"] for reaction in marked["reactions"]}
    assert "hunter2" not in str(await world.exported())


async def test_a_start_looks_at_once(world: World) -> None:
    await world.declares()
    world.sandbox.delivery_fault("drop")
    ts = world.sandbox.say("engineer", world.channel, "reading the logs")
    world.sandbox.react("oncall", world.channel, ts, "mag")
    await world.settle()
    world.sandbox.clear_faults()

    await world.restart()
    await world.finish()

    assert await texts(world) == ["reading the logs"]


async def test_an_incident_that_is_over_is_looked_at_no_more(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve")
    await world.finish()
    await world.advance(minutes=15)
    world.sandbox.clear_calls()

    await world.advance(minutes=60)

    assert world.sandbox.calls("conversations.history") == []


async def test_looking_again_changes_nothing(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "reading <@U0DBA>'s logs & <b>more</b>")
    await world.reacts("oncall", ts, "mag")
    await world.finish()
    before = await world.exported()

    await world.advance(minutes=25)

    assert await world.exported() == before
