"""`/incident merge`."""

from typing import Any

import pytest

from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World, action_ids, rendered

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


async def two(world: World, first: str = "payments fail", second: str = "checkout is slow") -> tuple[str, str]:
    """INC-1 and INC-2; the names of their channels. The world's channel is INC-2's."""
    one = await world.declares(first)
    other = await world.declares(second, user="dba")
    return one, other


async def merges(world: World, user: str = "dba", line: str = "merge INC-1") -> str:
    """Type the command and press the button of its question. Returns the question."""
    asked = await world.types(user, f"/incident {line}")
    assert "merge_confirmed" in action_ids(world.sandbox.ephemerals(user, world.channel)[-1]), asked
    await world.presses(user, "merge_confirmed")
    await world.finish()
    return asked


def entries(exported: dict[str, Any], origin: str | None) -> list[dict[str, Any]]:
    return [each for each in exported["timeline"] if each["from_incident"] == origin]


async def test_nothing_happens_before_somebody_confirms(world: World) -> None:
    await two(world)

    asked = await world.types("dba", "/incident merge INC-1")
    await world.finish()

    assert "Merge *INC-2* checkout is slow into *INC-1* payments fail?" in asked
    assert "cannot be undone" in asked
    assert (await world.exported("INC-2"))["incident"]["status"] == "investigating"


async def test_the_timeline_goes_along_with_times_authors_links_and_origin(world: World) -> None:
    first, second = await two(world)
    ts = await world.says("engineer", "the pool is exhausted")
    await world.reacts("engineer", ts, "mag")
    await world.types("dba", "/incident note at:14:01 the deploy went out")
    await world.finish()
    before = {each["text"]: each for each in (await world.exported("INC-2"))["timeline"]}

    await merges(world)

    whole = await world.exported("INC-1")
    carried = {each["text"]: each for each in entries(whole, "INC-2")}
    assert set(carried) == {"checkout is slow", "the pool is exhausted", "the deploy went out"}
    for text in ("the pool is exhausted", "the deploy went out"):
        for key in ("happened_at", "author", "recorded_at", "link", "kinds"):
            assert carried[text][key] == before[text][key], (text, key)
    assert whole["incident"]["took_in"] == ["INC-2"]
    assert whole["incident"]["declared_at"] < carried["checkout is slow"]["happened_at"]
    assert len([each for each in whole["timeline"] if "declared" in each["kinds"]]) == 1
    assert first != second


async def test_both_records_and_both_channels_say_it(world: World) -> None:
    first, second = await two(world)

    await merges(world)

    merged = await world.exported("INC-2")
    assert (merged["incident"]["status"], merged["incident"]["merged_into"]) == ("merged", "INC-1")
    assert merged["timeline"][-1]["kinds"] == ["merged"]
    assert merged["timeline"][-1]["text"] == "INC-1: payments fail"
    assert merged["incident"]["ended_at"] is None
    place = world.sandbox.channel(first)["id"]
    assert f"Merged into INC-1 <#{place}>" in world.card(second)
    assert world.sandbox.channel(second)["topic"]["value"].startswith("merged into INC-1")
    assert any("*Merged* into INC-1" in text for text in world.texts(second))
    assert any("INC-2" in text and "was merged into this incident" in text for text in world.texts(first))
    assert "Took in INC-2" in world.card(first)
    assert any("INC-2" in text and "into INC-1" in text for text in world.texts("incidents"))
    assert not world.sandbox.channel(second)["is_archived"]
    assert action_ids(world.sandbox.pins(second)[0]) == set()


async def test_its_people_are_invited_into_the_other_channel(world: World) -> None:
    first, second = await two(world)
    world.sandbox.join("manager", second)
    await world.settle()

    await merges(world)

    assert {"U0DBA", "U0MANAGER"} <= set(world.sandbox.members(first))


async def test_alerts_and_what_fires_later_go_to_the_one_that_goes_on(world: World) -> None:
    began = world.now
    await world.posts("alertmanager", a_notification(an_alert("PoolExhausted", at=began)))
    await world.finish()
    await world.declares("payments fail", user="dba")

    await merges(world, line="merge INC-1 INC-2")
    status, answer = await world.posts(
        "alertmanager", a_notification(an_alert("PoolExhausted", at=began, ended=world.now))
    )
    await world.posts("alertmanager", a_notification(an_alert("SlowQueries", at=world.now)))
    await world.finish()

    assert (status, answer["incidents"]) == (200, ["INC-2"])
    whole = await world.exported("INC-2")
    assert {each["name"] for each in whole["alerts"]} == {"PoolExhausted", "SlowQueries"}
    assert (await world.exported("INC-1"))["alerts"] == []
    assert (await world.exported("INC-1"))["incident"]["status"] == "merged"


async def test_who_is_still_waited_for_is_waited_for_there(world: World) -> None:
    first, _ = await two(world)
    await world.types("dba", "/incident escalate @engineer the pool")
    await world.finish()

    await merges(world)
    direct = world.sandbox.open_dm("engineer")
    reminded = len(world.sandbox.messages(direct, "engineer"))
    await world.advance(minutes=15)
    assert len(world.sandbox.messages(direct, "engineer")) > reminded, "nobody forgets to remind"
    await world.presses("engineer", "escalation_acknowledge", channel=direct)
    await world.finish()

    (escalation,) = (await world.exported("INC-1"))["escalations"]
    assert escalation["acknowledged_by_id"] == "U0ENGINEER"
    assert any("pool" in text for text in world.texts(first))


async def test_the_message_in_the_old_channel_says_where_it_goes_on_and_its_buttons_work(world: World) -> None:
    first, second = await two(world)
    await world.types("dba", "/incident escalate @engineer the pool")
    await world.finish()

    await merges(world)
    [asked] = [each for each in world.sandbox.messages(second) if "escalation_acknowledge" in action_ids(each)]
    await world.presses("engineer", "escalation_acknowledge", channel=second)
    await world.finish()

    assert f"continues in INC-1 <#{world.sandbox.channel(first)['id']}>" in rendered(asked)
    (escalation,) = (await world.exported("INC-1"))["escalations"]
    assert escalation["acknowledged_by_id"] == "U0ENGINEER"
    [answered] = [each for each in world.sandbox.messages(second) if each["ts"] == asked["ts"]]
    assert "acknowledged by <@U0ENGINEER>" in rendered(answered)
    assert not action_ids(answered)


async def test_who_answers_elsewhere_ends_the_asking_in_the_old_channel_too(world: World) -> None:
    first, second = await two(world)
    await world.types("dba", "/incident escalate @engineer the pool")
    await world.finish()
    await merges(world)

    await world.types("engineer", "/incident ack", first)
    await world.finish()

    assert not [each for each in world.sandbox.messages(second) if "escalation_acknowledge" in action_ids(each)]


async def test_where_nobody_leads_whoever_led_the_other_does(world: World) -> None:
    first, _ = await two(world)
    await world.types("dba", "/incident lead")
    await world.types("dba", "/incident role scribe @engineer")
    await world.finish()

    await merges(world)

    assert (await world.exported("INC-1"))["incident"]["lead_id"] == "U0DBA"
    [told] = [text for text in world.texts(first) if "was merged into this incident" in text]
    assert "There were Lead: *dba*, Scribe: *engineer*." in told
    assert "<@U0DBA>" in world.card(first)


async def test_whoever_leads_goes_on_leading(world: World) -> None:
    first, _ = await two(world)
    await world.types("oncall", "/incident lead", first)
    await world.types("dba", "/incident lead")
    await world.finish()

    await merges(world)

    assert (await world.exported("INC-1"))["incident"]["lead_id"] == "U0ONCALL"
    assert any("There was Lead: *dba*." in text for text in world.texts(first))


async def test_tasks_get_the_next_numbers_of_the_other(world: World) -> None:
    first, _ = await two(world)
    await world.types("oncall", "/incident task own task", first)
    await world.types("dba", "/incident task theirs @oncall")
    await world.finish()

    await merges(world)
    told = await world.types("oncall", "/incident task #2 done", first)

    assert not told.startswith(":warning:")
    tasks = {each["number"]: (each["text"], each["done"]) for each in (await world.exported("INC-1"))["actions"]}
    assert tasks == {1: ("own task", False), 2: ("theirs", True)}
    assert (await world.exported("INC-2"))["actions"] == []


async def test_what_the_public_was_told_goes_along(world: World) -> None:
    await two(world)
    await world.types("dba", "/incident update investigating lang:en we look into it")
    await world.finish()

    await merges(world)

    (update,) = (await world.exported("INC-1"))["updates"]
    assert update["state"] == "investigating"


async def test_its_own_impact_and_cause_stand_where_the_other_has_none(world: World) -> None:
    first, _ = await two(world)
    await world.types("oncall", "/incident impact users:5% few", first)
    await world.types("dba", "/incident impact users:90% many")
    await world.types("dba", "/incident cause a full disk")
    await world.finish()

    await merges(world)

    incident = (await world.exported("INC-1"))["incident"]
    assert (incident["impact"]["text"], incident["cause"]["text"]) == ("few", "a full disk")


REFUSED = {
    "itself": ("", "", "merge INC-2", "into itself"),
    "private into public": ("", " private:yes", "merge INC-1", "INC-2 is private and INC-1 is not"),
    "drill with real": ("", " drill:yes", "merge INC-1", "One of them is a drill"),
    "nobody knows it": ("", "", "merge INC-9", "There is no INC-9"),
    "a private one from elsewhere": (" private:yes", "", "merge INC-1", "There is no INC-1"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_merged_says_why(world: World, case: str) -> None:
    first, second, line, why = REFUSED[case]
    await two(world, f"payments fail{first}", f"checkout is slow{second}")

    told = await world.types("dba", f"/incident {line}")

    assert told.startswith(":warning:")
    assert why in told


async def test_into_one_that_is_over_or_of_one_that_is_over(world: World) -> None:
    first, second = await two(world)
    await world.types("oncall", "/incident resolve", first)

    assert "INC-1 is resolved. Reopen it first" in await world.types("dba", "/incident merge INC-1", second)
    assert "INC-1 is resolved already" in await world.types("oncall", "/incident merge INC-2", first)


async def test_crosswise_the_second_is_refused(world: World) -> None:
    first, second = await two(world)
    await world.types("dba", "/incident merge INC-1", second)
    await world.types("oncall", "/incident merge INC-2", first)

    await world.presses("dba", "merge_confirmed", channel=second)
    await world.presses("oncall", "merge_confirmed", channel=first)
    await world.finish()

    assert (await world.exported("INC-2"))["incident"]["merged_into"] == "INC-1"
    assert (await world.exported("INC-1"))["incident"]["status"] == "investigating"
    told = world.sandbox.ephemerals("oncall", first)[-1]["text"]
    assert "INC-2 is merged into INC-1 already" in told
    answer = await world.types("oncall", "/incident escalate @dba the pool", second)
    assert "nobody was paged. Escalate in the incident that its card names." in answer


async def test_a_third_one_leads_to_the_last(world: World) -> None:
    """INC-1 took in an alert's incident and is merged itself: new alerts go to the last one."""
    await world.posts("alertmanager", a_notification(an_alert("PoolExhausted", at=world.now)))
    await world.finish()
    await two(world)
    await merges(world, line="merge INC-1 INC-2")
    await merges(world, line="merge INC-2 INC-3")

    _, answer = await world.posts("alertmanager", a_notification(an_alert("SlowQueries", at=world.now)))

    assert answer["incidents"] == ["INC-3"]


async def test_by_the_card_s_form(world: World) -> None:
    _, second = await two(world)
    await world.chooses("dba", "do_merge", channel=second)

    await world.submits("dba", incident="INC-1")
    await world.finish()

    assert (await world.exported("INC-2"))["incident"]["merged_into"] == "INC-1"


async def test_a_deleted_message_is_gone_from_both(world: World) -> None:
    await two(world)
    ts = await world.says("engineer", "the password is swordfish")
    await world.reacts("engineer", ts, "mag")
    await merges(world)

    await world.deletes("engineer", ts)

    assert "swordfish" not in str(await world.exported("INC-1"))
    assert "swordfish" not in str(await world.exported("INC-2"))


async def test_a_redacted_note_is_gone_from_both(world: World) -> None:
    await two(world)
    await world.types("dba", "/incident note the password is swordfish")
    await world.finish()
    note = next(each for each in (await world.exported("INC-2"))["timeline"] if "swordfish" in each["text"])
    await merges(world)

    await world.types("dba", f"/incident redact {note['ref']} it holds a password")
    await world.finish()

    assert "swordfish" not in str(await world.exported("INC-1"))
    assert "swordfish" not in str(await world.exported("INC-2"))


async def test_one_that_was_merged_is_not_reopened(world: World) -> None:
    await two(world)
    await merges(world)

    told = await world.types("dba", "/incident reopen it is another thing after all")

    assert "cannot reopen. Continue in the incident that its card names." in told


@pytest.mark.parametrize(
    "line",
    ["note we found the fix", "task tell them", "improve the alert", "severity 1", "lead", "impact nobody can pay"],
)
async def test_what_is_typed_afterwards_is_refused_with_where_it_goes_on(world: World, line: str) -> None:
    await two(world)
    await merges(world)
    before = await world.exported("INC-2")

    told = await world.types("dba", f"/incident {line}")
    await world.finish()

    assert "INC-2 was merged into INC-1, so nothing was recorded." in told
    assert "`/incident note INC-1 …`" in told
    assert await world.exported("INC-2") == before


async def test_what_was_begun_before_and_marks_afterwards_are_refused_too(world: World) -> None:
    await two(world)
    ts = await world.says("engineer", "the pool is exhausted")
    await world.presses("dba", "incident_note")
    await merges(world)
    before = await world.exported("INC-2")

    answer = await world.submits("dba", text="we found the fix")
    await world.reacts("engineer", ts, "mag")
    await world.finish()

    assert "INC-2 was merged into INC-1" in str(answer)
    hint = world.sandbox.ephemerals("engineer", world.channel)[-1]["text"]
    assert "merged into INC-1, so :mag: logs nothing" in hint
    assert not world.is_confirmed(ts)
    assert await world.exported("INC-2") == before


async def test_a_mark_from_before_can_be_removed_afterwards(world: World) -> None:
    await two(world)
    ts = await world.says("engineer", "the pool is exhausted")
    await world.reacts("engineer", ts, "mag")
    await merges(world)

    await world.unreacts("engineer", ts, "mag")
    await world.finish()

    quoted = [each for each in (await world.exported("INC-2"))["timeline"] if each["text"] == "the pool is exhausted"]
    assert [each["withdrawn_why"] for each in quoted] == ["its last reaction was removed"]
