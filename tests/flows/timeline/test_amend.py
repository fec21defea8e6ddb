"""Entries are put right, moved, merged, taken off and put back; each act can be taken back, and the audit has it."""

from typing import Any

import pytest
from sqlmodel import select

from bot.store.shared.audit import AuditRow
from tests.support.records.entries import acts, listed_for, picks
from tests.support.worlds.world import World, rendered

FIRST = 1
"""The timeline begins with the declaration; what people add comes behind it."""


async def texts(world: World) -> list[str]:
    return [entry["text"] for entry in (await world.timeline())[FIRST:]]


async def entry_of(world: World, text: str) -> dict[str, Any]:
    """The entry of that text, taken off or not."""
    [found] = [entry for entry in (await world.exported())["timeline"] if text in entry["text"]]
    return found


async def marked(world: World, text: str = "teh pool is full", emoji: str = "mag") -> str:
    """A message of the incident's channel, put on its timeline by a reaction."""
    ts = await world.says("engineer", text)
    await world.reacts("oncall", ts, emoji)
    await world.finish()
    return ts


async def audit_of(world: World, what: str) -> list[AuditRow]:
    def read(session: Any) -> list[AuditRow]:
        return [row for row in session.exec(select(AuditRow)).all() if row.what.startswith(what)]

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
    assert (row.who, row.origin) == ("U0DBA", "modal")
    assert row.details["before"] == {"text": "teh pool is full"}
    assert row.details["after"] == {"text": "the pool is full"}


async def test_an_entry_keeps_its_words_whatever_else_was_amended(world: World) -> None:
    await world.declares()
    await marked(world)
    await acts(world, "dba", "teh pool", "amend", kinds=["cause"])

    answer = await acts(world, "dba", "teh pool", "amend", text="")

    assert "says nothing" in str(answer.errors)
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
        ("25:99", "no clock time"),
        ("in 2 hours", "still to come"),
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

    assert "never moved" in answer.errors["text"]


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
    assert [row.who for row in await audit_of(world, "took back")] == ["U0SUPPORT", "U0SUPPORT"]


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


async def test_an_untimed_entry_is_moved_and_nothing_else_is(world: World) -> None:
    await world.declares()
    for at, text in (("13:10", "one"), ("13:20", "two"), ("13:30", "three"), ("?", "untimed")):
        await world.types("oncall", f"/incident note at:{at} {text}")
    assert [each["text"] for each in await world.timeline()] == ["one", "two", "three", "checkout is down", "untimed"]
    two = (await entry_of(world, "two"))["ref"].removeprefix("entry-")

    await acts(world, "dba", "untimed", "move", place="before", beside=two)

    assert [each["text"] for each in await world.timeline()] == ["one", "untimed", "two", "three", "checkout is down"]
    await world.types("oncall", "/incident note at:13:15 between")
    assert [each["text"] for each in await world.timeline()][:4] == ["one", "between", "untimed", "two"]

    await acts(world, "dba", "untimed", "history", act="undo")
    assert [each["text"] for each in await world.timeline()][-1] == "untimed"


async def test_entries_of_one_minute_are_swapped_and_swapped_back(world: World) -> None:
    await world.declares()
    for text in ("alpha", "beta", "gamma"):
        await world.types("oncall", f"/incident note at:13:10 {text}")
    refs = {text: (await entry_of(world, text))["ref"].removeprefix("entry-") for text in ("alpha", "beta", "gamma")}

    await acts(world, "dba", "gamma", "move", place="before", beside=refs["alpha"])
    assert [each["text"] for each in await world.timeline()][:3] == ["gamma", "alpha", "beta"]

    await acts(world, "dba", "alpha", "move", place="behind", beside=refs["beta"])
    assert [each["text"] for each in await world.timeline()][:3] == ["gamma", "beta", "alpha"]

    await acts(world, "dba", "alpha", "history", act="undo")
    await acts(world, "dba", "gamma", "history", act="undo")
    assert [each["text"] for each in await world.timeline()][:3] == ["alpha", "beta", "gamma"]


async def test_an_entry_alone_in_its_minute_is_not_moved(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note at:13:10 alpha")
    await world.types("dba", "/incident timeline")

    await picks(world, "dba", "alpha", "move")

    assert world.sandbox.views("dba") == []
    assert "stand in its order" in world.sandbox.ephemerals("dba", world.channel)[-1]["text"]


async def test_two_entries_become_one_with_both_sources(world: World) -> None:
    await world.declares()
    first = await marked(world, "payments fail", "boom")
    await world.advance(minutes=3)
    second = await marked(world, "half of all cards are declined", "mag")
    other = await entry_of(world, "payments fail")

    await acts(world, "dba", "half of all", "merge", other=other["ref"].removeprefix("entry-"), texts="both")
    await world.finish()

    [entry] = (await world.timeline())[FIRST:]
    assert entry["text"] == "half of all cards are declined\npayments fail"
    assert entry["kinds"] == ["investigation", "impact began"]
    assert entry["happened_at"] == other["happened_at"]
    assert second.replace(".", "") in entry["link"]
    assert [each["ref"] for each in entry["also"]] == [other["ref"]]
    assert first.replace(".", "") in entry["also"][0]["link"]
    gone = next(each for each in (await world.exported())["timeline"] if each["ref"] == other["ref"])
    assert (gone["merged_into"], gone["withdrawn_by_id"]) == (entry["ref"], "U0DBA")
    assert (await world.exported())["incident"]["sources"]["started_at"]["ref"] == entry["ref"]


async def test_a_merge_is_taken_back(world: World) -> None:
    await world.declares()
    await marked(world, "payments fail", "boom")
    await world.advance(minutes=3)
    await marked(world, "half of all cards are declined", "mag")
    before = (await world.exported())["timeline"]
    other = (await entry_of(world, "payments fail"))["ref"].removeprefix("entry-")
    await acts(world, "dba", "half of all", "merge", other=other, texts="own")

    await acts(world, "support", "half of all", "history", act="undo")

    assert (await world.exported())["timeline"] == before


async def test_a_merged_text_loses_what_was_deleted_and_keeps_the_rest(world: World) -> None:
    await world.declares()
    first = await marked(world, "the secret is hunter2", "mag")
    await marked(world, "the pool is full", "mag")
    other = (await entry_of(world, "hunter2"))["ref"].removeprefix("entry-")
    await acts(world, "dba", "the pool", "merge", other=other, texts="both")

    await world.deletes("engineer", first)

    assert await texts(world) == ["the pool is full"]
    assert "hunter2" not in await world.stored()


async def test_an_amended_merge_loses_all_its_words_with_one_of_its_messages(world: World) -> None:
    """Nobody can tell any more whose words are in it."""
    await world.declares()
    first = await marked(world, "the secret is hunter2", "mag")
    await marked(world, "the pool is full", "mag")
    other = (await entry_of(world, "hunter2"))["ref"].removeprefix("entry-")
    await acts(world, "dba", "the pool", "merge", other=other, texts="both")
    await acts(world, "dba", "the pool", "amend", text="pool full, and hunter2 is out")

    await world.deletes("engineer", first)

    assert await texts(world) == [""]
    assert "hunter2" not in await world.stored()


async def test_what_is_the_record_of_its_own_is_not_merged_away(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident status identified the pool")
    await marked(world)
    status = next(each for each in await world.timeline() if each["kinds"] == ["status"])

    answer = await acts(world, "dba", "teh pool", "merge", other=status["ref"].removeprefix("entry-"), texts="both")

    assert "has to stay" in answer.errors["other"]


async def test_an_entry_is_taken_off_with_a_reason_and_put_back(world: World) -> None:
    await world.declares()
    ts = await marked(world)

    await acts(world, "dba", "teh pool", "remove", act="take off", text="another incident's")
    await world.finish()

    gone = await entry_of(world, "teh pool")
    assert (gone["withdrawn_by_id"], gone["withdrawn_why"]) == ("U0DBA", "another incident's")
    assert not world.is_confirmed(ts)
    await world.types("support", "/incident timeline")
    await world.presses("support", "timeline_removed")
    listed, _ = listed_for(world, "support", "teh pool")
    assert "taken off by @dba: another incident's" in rendered(listed)

    await picks(world, "support", "teh pool", "remove")
    await world.submits("support", act="put back")
    await world.finish()

    back = await entry_of(world, "teh pool")
    assert (back["withdrawn_at"], back["withdrawn_why"]) == (None, None)
    assert world.is_confirmed(ts)
    await world.unreacts("oncall", ts, "mag")
    assert await texts(world) == ["teh pool is full"], "somebody wanted it back"


async def test_the_shortcut_amends_the_entry_of_a_message(world: World) -> None:
    await world.declares()
    ts = await marked(world)

    await world.sandbox.shortcut("dba", world.channel, ts, "amend_entry")
    await world.submits("dba", text="the pool is full")

    assert await texts(world) == ["the pool is full"]


async def test_the_shortcut_on_the_bot_s_own_line_amends_what_it_tells_of(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note the cahce is cold")
    await world.finish()
    [line] = [each for each in world.sandbox.messages(world.channel) if "cahce" in rendered(each)]

    await world.sandbox.shortcut("dba", world.channel, line["ts"], "amend_entry")
    await world.submits("dba", text="the cache is cold")

    assert await texts(world) == ["the cache is cold"]


async def test_the_shortcut_offers_to_add_what_is_on_no_timeline(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "the pool is full")

    await world.sandbox.shortcut("dba", world.channel, ts, "amend_entry")
    await world.submits("dba", kind="cause")

    assert await texts(world) == ["the pool is full"]


async def test_guests_amend_nothing(world: World) -> None:
    await world.declares()
    ts = await marked(world)
    world.sandbox.invite("oncall", world.channel, ["guest"])
    await world.says("guest", "may I?")
    await world.finish()

    await world.sandbox.shortcut("guest", world.channel, ts, "amend_entry")

    assert "cannot command" in world.sandbox.ephemerals("guest", world.channel)[-1]["text"]
    assert world.sandbox.views("guest") == []
    assert await texts(world) == ["teh pool is full"]


async def test_a_text_too_long_for_a_form_is_kept_whole(world: World) -> None:
    await world.declares()
    long = "a long line of a log. " * 300
    await marked(world, long.strip())

    await acts(world, "dba", "a long line", "amend", kinds=["cause"])

    [entry] = (await world.timeline())[FIRST:]
    assert (entry["text"], entry["kinds"]) == (long.strip(), ["cause"])


async def test_the_next_draft_says_what_was_amended(world: World) -> None:
    await world.declares()
    await marked(world)
    await world.types("oncall", "/incident resolve")
    await world.finish()
    await acts(world, "dba", "teh pool", "amend", text="the pool is full")

    await world.types("oncall", "/incident postmortem")
    await world.finish()

    drafts = [world.sandbox.file_content(file["id"]).decode() for file in world.sandbox.files(world.channel)]
    assert ["teh pool" in draft for draft in drafts] == [True, False]
    assert "the pool is full" in drafts[-1]


async def test_a_long_timeline_is_read_page_by_page(world: World) -> None:
    await world.declares()
    for number in range(70):
        await world.types("oncall", f"/incident note at:13:{number // 2:02} line {number:02}")

    await world.types("oncall", "/incident timeline")
    seen = [rendered(listed_for(world, "oncall", "line")[0])]
    for _ in range(2):
        await world.presses("oncall", "timeline_older")
        seen.append(rendered(listed_for(world, "oncall", "line")[0]))

    assert [("line 69" in page, "line 30" in page, "line 00" in page) for page in seen] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert "Older" not in seen[-1]
    await world.presses("oncall", "timeline_newer")
    assert "line 30" in rendered(listed_for(world, "oncall", "line")[0])


async def test_a_page_keeps_its_place_when_entries_come(world: World) -> None:
    await world.declares()
    for number in range(40):
        await world.types("oncall", f"/incident note line {number:02}")
    await world.types("oncall", "/incident timeline")
    await world.presses("oncall", "timeline_older")
    await world.types("dba", "/incident note something new")

    await picks(world, "oncall", "line 05", "amend")
    await world.submits("oncall", text="line five")

    page = rendered(listed_for(world, "oncall", "line five")[0])
    assert "line 04" in page
    assert "something new" not in page
