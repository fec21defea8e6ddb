"""Entries are amended, moved, merged, removed and restored; all of it can be undone."""

from typing import Any

import pytest
from sqlmodel import select

from bot.store.shared.audit import AuditRow
from tests.support.records.entries import acts, listed_for, picks
from tests.support.worlds.world import World, rendered

FIRST = 1
"""The timeline begins with the declaration; people's entries follow it."""


async def texts(world: World) -> list[str]:
    return [entry["text"] for entry in (await world.timeline())[FIRST:]]


async def entry_of(world: World, text: str) -> dict[str, Any]:
    """The entry of that text, withdrawn or not."""
    [found] = [entry for entry in (await world.exported())["timeline"] if text in entry["text"]]
    return found


async def marked(world: World, text: str = "teh pool is full", emoji: str = "mag") -> str:
    """A message of the incident's channel, marked by a reaction."""
    ts = await world.says("engineer", text)
    await world.reacts("oncall", ts, emoji)
    await world.finish()
    return ts


async def audit_of(world: World, what: str) -> list[AuditRow]:
    def read(session: Any) -> list[AuditRow]:
        return [row for row in session.exec(select(AuditRow)).all() if row.action.startswith(what)]

    return await world.bot.database.read(read)


async def test_a_text_is_put_right_and_kept_as_it_was(world: World) -> None:
    await world.declares()
    await marked(world)

    answer = await acts(world, "dba", "teh pool", "amend", text="the pool is full")

    assert not answer.errors
    entry = await entry_of(world, "the pool is full")
    assert entry["amended_at"]
    assert (entry["author_id"], entry["kinds"]) == ("U0ENGINEER", ["investigation"])
    [row] = await audit_of(world, "amended")
    assert (row.user_id, row.origin) == ("U0DBA", "modal")
    assert row.details["before"] == {"text": "teh pool is full"}
    assert row.details["after"] == {"text": "the pool is full"}


async def test_an_entry_keeps_its_words_whatever_else_was_amended(world: World) -> None:
    await world.declares()
    await marked(world)
    await acts(world, "dba", "teh pool", "amend", kinds=["cause"])

    answer = await acts(world, "dba", "teh pool", "amend", text="")

    assert "An entry needs words." in str(answer.errors)
    assert await texts(world) == ["teh pool is full"]


async def test_the_list_follows_what_was_amended_from_it(world: World) -> None:
    await world.declares()
    await marked(world)

    await acts(world, "dba", "teh pool", "amend", text="the pool is full")

    listed, _ = listed_for(world, "dba", "the pool is full")
    assert "teh pool" not in rendered(listed)
    assert "amended" in rendered(listed)


async def test_an_edit_of_the_message_does_not_undo_an_amendment(world: World) -> None:
    await world.declares()
    ts = await marked(world)
    await acts(world, "dba", "teh pool", "amend", text="the pool is full")

    await world.edits("engineer", ts, "the poool is full")

    assert await texts(world) == ["the pool is full"]


async def test_what_was_amended_survives_its_last_reaction(world: World) -> None:
    await world.declares()
    ts = await marked(world)
    await acts(world, "dba", "teh pool", "amend", text="the pool is full")

    await world.unreacts("oncall", ts, "mag")
    await world.finish()

    assert await texts(world) == ["the pool is full"]
    assert world.is_confirmed(ts)


async def test_a_deleted_message_takes_its_amended_words_with_it(world: World) -> None:
    await world.declares()
    ts = await marked(world, "the password is hunter2 for all")
    await acts(world, "dba", "hunter2", "amend", text="the password hunter2 leaked to everybody")

    await world.deletes("engineer", ts)

    [entry] = (await world.timeline())[FIRST:]
    assert (entry["text"], entry["deleted"], entry["author_id"]) == ("", True, "U0ENGINEER")
    assert "hunter2" not in await world.stored()


@pytest.mark.parametrize(
    ("typed", "happened", "precision"),
    [
        ("13:31", "2026-03-02T13:31:00+00:00", "exact"),
        ("~13:31", "2026-03-02T13:31:00+00:00", "approximate"),
        ("2026-03-01 22:15", "2026-03-01T22:15:00+00:00", "exact"),
        ("?", None, "unknown"),
    ],
)
async def test_a_time_is_put_right_in_any_form(world: World, typed: str, happened: str | None, precision: str) -> None:
    await world.declares()
    await world.types("oncall", "/incident note at:13:50 the cache is cold")

    await acts(world, "dba", "the cache", "amend", at=typed)

    entry = await entry_of(world, "the cache")
    assert (entry["happened_at"], entry["precision"]) == (happened, precision)
    assert [each["text"] for each in await world.timeline()][:1] == ["the cache is cold"], "in its place in the order"


async def test_a_clock_time_typed_a_week_later_is_of_the_incident_s_day(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note the cache is cold")
    await world.types("oncall", "/incident resolve rolled back")
    await world.advance(days=7, hours=3)

    await acts(world, "dba", "the cache", "amend", at="13:40")

    assert (await entry_of(world, "the cache"))["happened_at"] == "2026-03-02T13:40:00+00:00"


async def test_an_entry_that_is_not_retimed_keeps_its_seconds(world: World) -> None:
    await world.declares()
    ts = await marked(world)
    before = (await entry_of(world, "teh pool"))["happened_at"]

    await acts(world, "dba", "teh pool", "amend", text="the pool is full")

    assert (await entry_of(world, "the pool"))["happened_at"] == before
    assert ts.partition(".")[2] != "000000"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("25:99", "is not a time"),
        ("in 2 hours", "is in the future"),
        ("", "A time is missing"),
        ("2026-03-01 14:00 CST", "several time zones"),
    ],
)
async def test_what_is_no_time_is_asked_about_at_its_field(world: World, typed: str, says: str) -> None:
    await world.declares()
    await world.types("oncall", "/incident note the cache is cold")

    answer = await acts(world, "dba", "the cache", "amend", at=typed, text="and lost words?")

    assert says in answer.errors["at"]
    assert await texts(world) == ["the cache is cold"]


async def test_kinds_are_put_right_and_reactions_do_not_bring_them_back(world: World) -> None:
    await world.declares()
    ts = await marked(world)

    await acts(world, "dba", "teh pool", "amend", kinds=["cause", "hypothesis"])
    await world.reacts("support", ts, "mag")
    await world.reacts("support", ts, "hammer_and_wrench")

    [entry] = (await world.timeline())[FIRST:]
    assert entry["kinds"] == ["hypothesis", "cause", "action"]


async def test_an_entry_needs_a_kind(world: World) -> None:
    await world.declares()
    await marked(world)

    answer = await acts(world, "dba", "teh pool", "amend", kinds=[])

    assert "at least one kind" in answer.errors["kinds"]


async def test_a_language_is_stated_afterwards(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident cause le cache est froid")

    await acts(world, "dba", "le cache", "amend", language="fr")

    assert (await entry_of(world, "le cache"))["language"] == "fr"


async def test_the_incident_s_times_follow_an_amended_entry(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note at:13:40 kind:boom the first failed payment")
    assert (await world.exported())["incident"]["started_at"] == "2026-03-02T13:40:00+00:00"

    await acts(world, "dba", "first failed", "amend", at="13:20")
    assert (await world.exported())["incident"]["started_at"] == "2026-03-02T13:20:00+00:00"

    await acts(world, "dba", "first failed", "history", act="undo")
    assert (await world.exported())["incident"]["started_at"] == "2026-03-02T13:40:00+00:00"


async def test_a_time_at_which_something_was_done_is_not_moved(world: World) -> None:
    await world.declares()

    answer = await acts(world, "dba", "checkout is down", "amend", at="13:00")

    assert "The time of this action cannot be changed." in answer.errors["text"]


async def test_a_call_for_help_and_a_task_say_what_their_entries_say(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate vendor:gateway at:13:50 no anwser from them")
    await world.types("oncall", "/incident task rewiev the pool")

    await acts(world, "dba", "no anwser", "amend", text="no answer from them", at="13:45")
    await acts(world, "dba", "rewiev", "amend", text="review the pool")

    whole = await world.exported()
    assert [each["reason"] for each in whole["escalations"]] == ["no answer from them"]
    assert [each["paged_at"] for each in whole["escalations"]] == ["2026-03-02T13:45:00+00:00"]
    assert [each["text"] for each in whole["actions"]] == ["review the pool"]


async def test_mentions_are_shown_as_names_and_stay_ids(world: World) -> None:
    await world.declares()
    await marked(world, "@developer roled back")

    await acts(world, "dba", "roled back", "amend", text="@developer rolled back")

    assert "<@U0DEVELOPER> rolled back" in await world.stored()
    assert await texts(world) == ["@developer rolled back"]


async def test_two_who_amend_at_once_do_not_overwrite_each_other(world: World) -> None:
    await world.declares()
    await marked(world)
    for user in ("dba", "support"):
        await world.types(user, "/incident timeline")
        await picks(world, user, "teh pool", "amend")

    await world.submits("dba", text="the pool is full")
    answer = await world.submits("support", text="the pool is empty")

    assert "changed this entry meanwhile" in answer.errors["text"]
    assert await texts(world) == ["the pool is full"]


async def test_the_same_form_delivered_twice_amends_once(world: World) -> None:
    await world.declares()
    await marked(world)
    world.sandbox.delivery_fault("duplicate", event="view_submission", times=1)

    await acts(world, "dba", "teh pool", "amend", text="the pool is full")

    assert len(await audit_of(world, "amended")) == 1


async def test_a_form_that_changes_nothing_amends_nothing(world: World) -> None:
    await world.declares()
    await marked(world)

    await acts(world, "dba", "teh pool", "amend")

    assert (await entry_of(world, "teh pool"))["amended_at"] is None
    assert await audit_of(world, "amended") == []


async def test_an_amendment_is_taken_back_step_by_step(world: World) -> None:
    await world.declares()
    await marked(world)
    await acts(world, "dba", "teh pool", "amend", text="the pool is full")
    await acts(world, "dba", "the pool", "amend", kinds=["cause"], text="the pool was full")

    await acts(world, "support", "the pool", "history", act="undo")
    entry = await entry_of(world, "the pool is full")
    assert (entry["kinds"], entry["amended_at"] is None) == (["investigation"], False)

    await acts(world, "support", "the pool", "history", act="undo")
    entry = await entry_of(world, "teh pool is full")
    assert entry["amended_at"] is None
    assert [row.user_id for row in await audit_of(world, "undid")] == ["U0SUPPORT", "U0SUPPORT"]


async def test_an_entry_whose_amendment_is_taken_back_follows_its_message_again(world: World) -> None:
    await world.declares()
    ts = await marked(world)
    await acts(world, "dba", "teh pool", "amend", text="the pool is full")
    await world.edits("engineer", ts, "the pool is nearly full")
    await world.unreacts("oncall", ts, "mag")
    await world.reacts("oncall", ts, "dart")

    await acts(world, "dba", "the pool", "history", act="undo")

    [entry] = (await world.timeline())[FIRST:]
    assert (entry["text"], entry["kinds"]) == ("the pool is nearly full", ["cause"])


async def test_the_history_tells_who_changed_what(world: World) -> None:
    await world.declares()
    await marked(world)
    await acts(world, "dba", "teh pool", "amend", text="the pool is full", at="13:50")
    await world.types("support", "/incident timeline")

    await picks(world, "support", "the pool is full", "history")

    shown = str(world.sandbox.views("support")[-1]["blocks"])
    assert "recorded by @oncall" in shown
    assert "amended by @dba; before:" in shown
    assert "teh pool is full" in shown
