"""Slack gives a channel a new id: everything about its messages from before is still followed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import create_engine, insert
from sqlmodel import Session, col, select

from bot.store.database.migrate import all_tables
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message, Reaction
from bot.store.upkeep.channel_locations import change_channel_id, channel_columns
from bot.store.upkeep.text_locations import iter_values
from tests.flows.channel.test_archived_channels import sent
from tests.support.requests.strangers import channel_id
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

NEW = "C0MOVED0001"
TEAM = "T0HARBOUR"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def change_in_slack(world: World, old: str, new: str = NEW) -> None:
    """Slack knows the channel by another id from now on."""
    channel = world.sandbox.workspace.channels.pop(old)
    channel.id = new
    world.sandbox.workspace.channels[new] = channel
    world.sandbox.workspace.names[channel.name] = new


async def tell(world: World, old: str, new: str = NEW) -> None:
    await sent(
        world,
        {
            "type": "channel_id_changed",
            "old_channel_id": old,
            "new_channel_id": new,
            "event_ts": f"{world.now.timestamp():.6f}",
        },
    )


async def remains(world: World, word: str) -> set[str]:
    def read(session: Session) -> set[str]:
        return {table for table, value in iter_values(session) if word in str(value)}

    return await world.bot.database.read(read)


async def marked(world: World, text: str) -> str:
    ts = await world.says("engineer", text)
    await world.reacts("engineer", ts, "mag")
    await world.finish()
    return ts


async def texts(world: World) -> list[str]:
    return [each["text"] for each in await world.timeline()]


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_deletions_marks_and_redactions_from_before_are_followed(world: World) -> None:
    await world.declares()
    deleted, unmarked = await marked(world, "the password is hunter2"), await marked(world, "the pool is exhausted")
    redacted = await marked(world, "the key is hunter3")
    old = channel_id(world)
    link = f"https://harbour.slack.test/archives/{old}/p{redacted.replace('.', '')}"
    await world.types("dba", f"/incident redact {link} it held a key")
    await world.finish()

    change_in_slack(world, old)
    await tell(world, old)
    await world.deletes("engineer", deleted)
    await world.unreacts("engineer", unmarked, "mag")
    await world.types("oncall", "/incident severity 1")
    await world.finish()
    count = len((await world.exported())["timeline"])
    await world.restart()
    await world.advance(minutes=11)

    assert await remains(world, "hunter2") == set()
    assert await remains(world, "hunter3") == set()
    whole = await world.exported()
    assert len(whole["timeline"]) == count, "a whole reading of the channel adds nothing"
    assert [each["text"] for each in whole["timeline"] if each["withdrawn_at"]] == ["the pool is exhausted"]
    assert "SEV1" in world.card()
    assert await remains(world, old) <= {"audit", "delivery", "outbox"}, "what is over stays as it was"


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_what_came_under_the_new_id_before_is_there_once(world: World) -> None:
    """The newer state of each row stays, and deleted words do not come back."""
    await world.declares()
    kept, deleted = await marked(world, "the pool is exhausted"), await marked(world, "the password is hunter2")
    old = channel_id(world)

    def put(session: Session) -> None:
        for ts in (kept, deleted):
            message = session.exec(select(Message).where(Message.ts == ts)).one()
            is_deleted = {"text": "", "deleted_at": world.now} if ts == deleted else {}
            session.add(Message(**message.model_dump() | {"channel_id": NEW} | is_deleted))
            reaction = session.exec(select(Reaction).where(Reaction.message_ts == ts)).one()
            session.add(Reaction(**reaction.model_dump() | {"channel_id": NEW, "event_ts": f"{ts[:-1]}9"}))
            entry = session.exec(select(TimelineEntry).where(TimelineEntry.message_ts == ts)).one()
            session.add(TimelineEntry(**entry.model_dump() | {"id": None, "seq": entry.seq + 50, "channel_id": NEW}))

    await world.bot.database.run(put)
    change_in_slack(world, old)
    await tell(world, old)

    assert await remains(world, "hunter2") == set()
    assert (await texts(world)).count("the pool is exhausted") == 1

    def read(session: Session) -> list[int]:
        of_messages = [
            select(Message).where(col(Message.ts).in_([kept, deleted])),
            select(Reaction).where(col(Reaction.message_ts).in_([kept, deleted])),
            select(TimelineEntry).where(col(TimelineEntry.message_ts).in_([kept, deleted])),
        ]
        return [len(session.exec(each).all()) for each in of_messages]  # type: ignore[call-overload]

    assert await world.bot.database.read(read) == [2, 2, 2]


async def test_the_incidents_channel_is_followed(world: World) -> None:
    await world.declares()
    old = world.sandbox.channel("incidents")["id"]

    change_in_slack(world, old)
    await tell(world, old)
    await world.declares("payments fail")

    assert any("payments fail" in text for text in world.texts("incidents"))


def test_every_table_follows() -> None:
    """A new column for a channel's id is named like the others, and is found by that."""
    engine = create_engine("sqlite://")
    all_tables().create_all(engine)
    followed = {(column.table.name, column.name) for column in channel_columns()}
    with Session(engine) as session:
        for table in {column.table for column in channel_columns()}:
            session.execute(insert(table).values({each.name: sample(each) for each in table.c}))
        for table in all_tables().tables.values():
            named = {(table.name, each.name) for each in table.c if "channel" in each.name}
            assert named <= followed | NO_IDS, f"{table.name} is not followed"

        change_channel_id(session, TEAM, "C0OLD", NEW)

        for table in all_tables().tables.values():
            assert "C0OLD" not in json.dumps([list(row) for row in session.execute(table.select())], default=str)


NO_IDS = {("incident", "channel_name"), ("incident", "former_channels"), ("installation", "incidents_channel")}
"""Columns about channels that hold names, or ids inside of JSON."""


def sample(column: Any) -> Any:
    """A value for a column: the channel's id in each that may hold it."""
    if column.name.endswith("channel_id"):
        return "C0OLD"
    if column.name == "former_channels":
        return [{"id": "C0OLD", "name": "inc-1"}]
    if (column.table.name, column.name) == ("timeline_entry", "details"):
        return {"posted": {"channel": "C0OLD", "ts": "1.2"}}
    return {"INTEGER": 1, "BOOLEAN": False, "JSON": {}, "DATETIME": EPOCH}.get(str(column.type), "x")
