"""Erase a person: id and name occur nowhere afterwards, and do not come back."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli.commands.erase_person import erase
from bot.cli.main import cli
from bot.domain.errors import UserError
from bot.store.database.postgres_database import PostgresDatabase
from bot.store.upkeep.text_locations import iter_values
from tests.flows.postmortem.test_document import address, sends_act
from tests.support.records.entries import acts
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

ID = "U0QUILL"
NAME = "Quillfeather the Ünusual"
HANDLE = "quillfeather"


async def remains(world: World, *words: str) -> set[tuple[str, str]]:
    """Tables that contain one of the words, in any case, plain or as escaped by JSON."""

    def read(session: Any) -> set[tuple[str, str]]:
        written = [each.casefold() for word in words for each in (word, json.dumps(word)[1:-1])]
        return {
            (name, str(value)[:200])
            for name, value in iter_values(session)
            if any(each in str(value).casefold() for each in written)
        }

    return await world.bot.database.read(read)


async def lived(world: World) -> None:
    """An incident in which the person did everything that leaves a trace."""
    world.sandbox.add_user(HANDLE, real_name=NAME, id=ID)
    await world.declares("checkout is down, says @quillfeather", user=HANDLE)
    await world.types(HANDLE, "/incident lead")
    ts = await world.says(HANDLE, "I look, @quillfeather does")
    await world.reacts(HANDLE, ts, "mag")
    other = await world.says("engineer", f"thanks @quillfeather, or {NAME}")
    await world.reacts("oncall", other, "dart")
    await world.types("oncall", "/incident escalate @quillfeather the pool")
    await world.finish()
    await world.types(HANDLE, "/incident ack")
    await world.types("oncall", "/incident task look again owner:@quillfeather")
    await acts(world, HANDLE, "thanks", "amend", kinds=["note"])
    await world.types(HANDLE, "/incident note ask @quillfeather")
    await world.types(HANDLE, "/incident resolve @quillfeather did it")
    await world.finish()
    async with Visitor(world) as visitor:
        await visitor.signs_in(HANDLE)
        for act, text in (("edit", f"{NAME} broke it"), ("comment", f"says {NAME}")):
            assert (await sends_act(visitor, "cause/cause/en", act, text)).status == 303
        await visitor.opens(address("cause/cause/en"))


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("dogwatch.db*"))


async def erased(world: World, *, is_confirmed: bool = True, also: tuple[str, ...] = ()) -> list[str]:
    """Run the command; on SQLite the bot is stopped for it."""
    is_shared = isinstance(world.bot.database, PostgresDatabase)
    if not is_shared:
        await world.bot.stop()
    lines = await erase(world.settings(), ID, also=also, is_confirmed=is_confirmed)
    if not is_shared:
        await world.starts()
    return lines


async def test_id_and_name_are_found_nowhere(world: World) -> None:
    await lived(world)
    before = {name for name, _ in await remains(world, ID, NAME, HANDLE)}
    assert {
        "person",
        "timeline_entry",
        "message",
        "reaction",
        "escalation",
        "page",
        "audit",
        "outbox",
        "incident_role",
        "postmortem_block",
        "postmortem_change",
        "postmortem_comment",
        "postmortem_editor",
    } <= before
    assert {"action_item", "postmortem", "incident", "delivery"} & before

    lines = await erased(world)

    assert await remains(world, ID, NAME, HANDLE) == set()
    assert "is erased" in lines[0]
    assert any("timeline entry" in line for line in lines)
    assert any(line.startswith("Channels named after them: inc-1-") for line in lines)
    assert any(line.startswith("Drafts in Slack still name them: INC-1") for line in lines)


async def test_what_one_person_did_still_belongs_together(world: World) -> None:
    await lived(world)
    before = await world.exported()
    theirs = [entry["ref"] for entry in before["timeline"] if entry["author_id"] == ID]
    assert len(theirs) > 3

    await erased(world)

    whole = await world.exported()
    authors = {entry["author_id"] for entry in whole["timeline"] if entry["ref"] in theirs}
    [former] = authors
    assert former.startswith("UFORMER")
    assert {entry["author"] for entry in whole["timeline"] if entry["ref"] in theirs} == {"former member"}
    assert whole["incident"]["lead"] == "former member"
    assert whole["incident"]["title"] == "checkout is down, says @former member"
    assert [each["acknowledged_by_id"] for each in whole["escalations"]] == [former]
    assert [each["owner_id"] for each in whole["actions"]] == [former]
    assert [len(entry["kinds"]) for entry in whole["timeline"]] == [len(entry["kinds"]) for entry in before["timeline"]]


async def test_slack_does_not_bring_them_back(world: World) -> None:
    world.sandbox.add_user(HANDLE, real_name=NAME, id=ID)
    await world.declares()
    ts = await world.says(HANDLE, "I look, @quillfeather does")
    await world.reacts(HANDLE, ts, "mag")
    other = await world.says("engineer", "thanks @quillfeather")
    await world.reacts("oncall", other, "mag")
    await world.finish()

    await erased(world)
    await world.advance(minutes=25)
    await world.unreacts(HANDLE, ts, "mag")
    await world.edits("engineer", other, "many thanks @quillfeather")
    world.sandbox.change_user(HANDLE, real_name=f"{NAME} II", deleted=True)
    await world.settle()
    await world.advance(minutes=25)
    await world.types("oncall", "/incident postmortem")
    await world.finish()

    assert await remains(world, ID, NAME, HANDLE) == set()


async def test_a_message_of_theirs_can_still_be_deleted(world: World) -> None:
    world.sandbox.add_user(HANDLE, real_name=NAME, id=ID)
    await world.declares()
    ts = await world.says(HANDLE, "the password is hunter2")
    await world.reacts("oncall", ts, "mag")
    await erased(world)

    await world.deletes(HANDLE, ts)

    assert "hunter2" not in await world.stored()


async def test_without_yes_it_is_only_shown(world: World) -> None:
    await lived(world)
    before = await world.tables()

    lines = await erased(world, is_confirmed=False)

    assert "Nothing has changed yet" in lines[0]
    assert any("timeline entry" in line for line in lines)
    after = await world.tables()
    assert {name for name in after if after[name] != before[name]} <= {"lane", "outbox", "timer", "installation"}
    assert await remains(world, ID)


async def test_other_spellings_are_replaced_where_they_are_words(world: World) -> None:
    world.sandbox.add_user(HANDLE, real_name=NAME, id=ID)
    await world.declares()
    await world.types(HANDLE, "/incident note Quilly quills; ask Quilly")

    await erased(world, also=("Quilly",))

    assert [entry["text"] for entry in await world.timeline()][-1] == "former member quills; ask former member"


async def test_what_waits_for_them_is_dropped(world: World) -> None:
    world.sandbox.add_user(HANDLE, real_name=NAME, id=ID)
    await world.declares()
    fault = world.sandbox.fault("error", method="conversations.open", error="internal_error")
    await world.types("oncall", "/incident escalate @quillfeather the pool")
    await world.finish()

    lines = await erased(world)
    world.sandbox.clear_fault(fault)
    await world.finish()

    assert any("unsent messages" in line for line in lines)
    assert await remains(world, ID, NAME, HANDLE) == set()


async def test_the_file_of_sqlite_does_not_hold_them_either(world: World, tmp_path: Path) -> None:
    if isinstance(world.bot.database, PostgresDatabase):
        return
    await lived(world)

    await erased(world)
    await world.bot.stop()

    held = bytes_of(tmp_path)
    assert b"quillfeather" not in held.lower()
    assert ID.encode() not in held
    await world.starts()


async def test_a_running_bot_on_sqlite_has_to_be_stopped_first(world: World) -> None:
    if isinstance(world.bot.database, PostgresDatabase):
        return

    with pytest.raises(UserError, match="Stop Dogwatch, erase, and start it again"):
        await erase(world.settings(), ID, also=(), is_confirmed=True)


async def test_nobody_is_named_with_the_nearest_id(world: World) -> None:
    await world.declares()
    await world.bot.stop()

    with pytest.raises(UserError, match=r"Nobody with the id U0ONCALX is on record\. Did you mean `U0ONCALL`"):
        await erase(world.settings(), "U0ONCALX", also=(), is_confirmed=True)

    await world.starts()


def test_the_command_needs_a_yes(tmp_path: Path) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path / 'dogwatch.db'}", "DOGWATCH_CONFIG": ""}

    answer = CliRunner().invoke(cli, ["erase-person", "U0NOBODY"], env=environment)

    assert "Nobody with the id U0NOBODY" in str(answer.exception)
