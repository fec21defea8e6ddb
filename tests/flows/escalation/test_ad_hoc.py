"""Ad-hoc escalations: pages, reminders, acknowledgements and their display."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.records.entries import removes
from tests.support.worlds.world import World, action_ids, rendered


def direct(world: World, user: str) -> list[str]:
    """The bot's direct messages to one person."""
    return world.texts(world.sandbox.open_dm(user))


def escalation_text(world: World) -> str:
    """The escalation's message in the channel, the newest of them."""
    found = [text for text in world.texts() if text.startswith(":mega:") and "still needed" not in text]
    assert found, world.texts()
    return found[-1]


async def escalations(world: World) -> list[dict[str, Any]]:
    return list((await world.exported())["escalations"])


async def test_a_person_is_paged_and_acknowledges_in_the_direct_message(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident escalate @dba the pool is full")
    await world.finish()

    assert answer == "", "the channel says it"
    assert "U0DBA" in world.sandbox.members(world.channel)
    [page] = direct(world, "dba")
    for words in ("<@U0ONCALL> needs you", "INC-1 checkout is down", "the pool is full", "Acknowledge", "Can't"):
        assert words in page
    assert "<@U0DBA> paged" in escalation_text(world)
    assert "waiting for an answer" in escalation_text(world)
    assert "*Next:* a reminder, due" in escalation_text(world)
    assert "<@U0DBA> to acknowledge" in world.card()

    await world.advance(minutes=2)
    await world.presses("dba", "escalation_acknowledge", channel=world.sandbox.open_dm("dba"))
    await world.finish()

    [escalation] = await escalations(world)
    assert (escalation["acknowledged_by_id"], escalation["external"]) == ("U0DBA", False)
    assert escalation["acknowledged_after_seconds"] >= 120
    assert "acknowledged by <@U0DBA>" in escalation_text(world)
    assert "Acknowledge" not in escalation_text(world).replace("acknowledged", "")
    assert "to acknowledge" not in world.card()
    [page] = direct(world, "dba")
    assert "You acknowledged" in page, "the page itself shows that it is answered"
    assert "Can't" not in page
    assert (await world.exported())["incident"]["sources"]["acknowledged_at"]["because"] == "first acknowledgement"


async def test_a_second_acknowledgement_names_the_first(world: World) -> None:
    await world.declares("checkout is down service:checkout")
    await world.types("oncall", "/incident escalate @payments please help")
    await world.finish()
    assert len(direct(world, "dba")) == len(direct(world, "developer")) == 1

    await world.presses("dba", "escalation_acknowledge")
    await world.finish()

    [escalation] = await escalations(world)
    assert escalation["acknowledged_by_id"] == "U0DBA"
    for each, reply in (("dba", "You acknowledged"), ("developer", "acknowledged by <@U0DBA>")):
        [page] = direct(world, each)
        assert reply in page, "whoever wakes up later need not press to learn it"
        assert "Can't" not in page

    reply = await world.types("engineer", "/incident ack")
    assert "No escalation" in reply


async def test_a_second_click_in_the_channel_is_refused(world: World) -> None:
    """Two clicks before either message is edited."""
    await world.declares()
    await world.types("oncall", "/incident escalate @dba")
    await world.finish()
    message = next(each for each in world.sandbox.messages(world.channel) if "escalation_decline" in action_ids(each))
    hold = world.sandbox.fault("latency", method="chat.update", seconds=0.3)

    first = await world.sandbox.click("dba", world.channel, message["ts"], "escalation_acknowledge")
    second = await world.sandbox.click("engineer", world.channel, message["ts"], "escalation_acknowledge")
    await world.settle()
    world.sandbox.clear_fault(hold)

    assert first.ok
    assert second.ok
    assert "<@U0DBA> acknowledged it already" in world.sandbox.ephemerals("engineer", world.channel)[-1]["text"]
    assert (await escalations(world))[0]["acknowledged_by_id"] == "U0DBA"


async def test_a_user_group_is_invited_and_mentioned(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident page @database slow queries")
    await world.finish()

    assert "<!subteam^S0DATABASE> paged" in escalation_text(world)
    assert "U0DBA" in world.sandbox.members(world.channel)
    assert (await escalations(world))[0]["target_kind"] == "group"


async def test_a_vendor_escalation_is_recorded_and_answered_by_hand(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident escalate INC-1 vendor:Adyen their API times out", "ops")
    await world.finish()

    assert "Recorded the escalation to Adyen" in answer, "elsewhere nobody sees the line"
    assert "vendor *Adyen*" in escalation_text(world)
    await world.advance(minutes=30)
    assert not [text for text in world.texts() if "still needed" in text], "nobody reminds a vendor"

    await world.presses("support", "escalation_acknowledge")
    await world.finish()

    [escalation] = await escalations(world)
    assert (escalation["external"], escalation["target"]) == (True, "Adyen")
    assert escalation["acknowledged_by_id"] == "U0SUPPORT"


@pytest.mark.parametrize("way", ["command", "button in the channel"])
async def test_a_decline_elsewhere_is_shown_on_the_page(world: World, way: str) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.finish()

    if way == "command":
        await world.types("dba", "/incident cannot asleep")
    else:
        await world.presses("dba", "escalation_decline")
    await world.finish()

    assert "You declined." in direct(world, "dba")[0]


async def test_a_decline_leaves_the_others_paged(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @payments")
    await world.finish()

    await world.presses("dba", "escalation_decline", channel=world.sandbox.open_dm("dba"))
    await world.finish()

    assert "· cannot" in escalation_text(world)
    assert "You declined." in direct(world, "dba")[0]
    await world.advance(minutes=5)
    assert len(direct(world, "dba")) == 1, "no reminder for those who cannot"
    assert len(direct(world, "developer")) == 2

    await world.presses("developer", "escalation_decline")
    await world.finish()

    assert any("everybody declined. Escalate to somebody else." in text for text in world.texts())
    assert "everybody declined." in escalation_text(world)
    await world.advance(minutes=30)
    assert len(direct(world, "developer")) == 2, "nobody is left to remind"

    await world.presses("dba", "escalation_acknowledge", channel=world.sandbox.open_dm("dba"))
    assert (await escalations(world))[0]["acknowledged_by_id"] == "U0DBA", "after all"


async def test_reminders_until_exhausted(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba wake up")
    paged = world.now
    await world.finish()

    for reminders in (1, 2, 3):
        await world.advance_to(paged + timedelta(minutes=5 * reminders, seconds=30))
        assert len(direct(world, "dba")) == 1 + reminders
        assert f"(reminder {reminders})" in direct(world, "dba")[-1]
        assert len([text for text in world.texts() if "still needed" in text]) == reminders
    await world.advance_to(paged + timedelta(minutes=20, seconds=30))

    assert len(direct(world, "dba")) == 4
    assert any("nobody answered the escalation to <@U0DBA>" in text for text in world.texts())
    assert "nobody answered after 3 reminders" in escalation_text(world)
    await world.advance(hours=2)
    assert len(direct(world, "dba")) == 4

    await world.types("dba", "/incident ack")
    assert (await escalations(world))[0]["acknowledged_by_id"] == "U0DBA"


@pytest.mark.parametrize("typed", ["/incident ack", "/incident resolve rolled back"])
async def test_acknowledging_or_resolving_stops_the_reminders(world: World, typed: str) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba wake up")
    await world.finish()

    await world.types("dba", typed)
    await world.advance(minutes=30)

    assert len(direct(world, "dba")) == 1
    assert not [text for text in world.texts() if "still needed" in text]


async def test_resolved_without_an_acknowledgement(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba wake up")
    await world.finish()
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()

    assert "nobody acknowledged before the incident ended" in escalation_text(world)
    assert "INC-1 is resolved: no action is needed." in await world.types("dba", "/incident ack")
    assert "nobody acknowledged before the incident ended" in direct(world, "dba")[0]
    assert "Can't" not in direct(world, "dba")[0]
    assert (await escalations(world))[0]["acknowledged"] is False


async def test_one_reminder_after_downtime(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba wake up")
    await world.finish()

    await world.bot.stop()
    world.clock.move_to(world.now + timedelta(minutes=9))
    await world.starts()
    await world.finish()

    assert len(direct(world, "dba")) == 2
    await world.advance(minutes=5)
    assert len(direct(world, "dba")) == 3


async def test_a_refused_direct_message_is_shown(world: World) -> None:
    world.sandbox.fault("error", method="conversations.open", error="user_disabled")
    await world.declares()

    await world.types("oncall", "/incident escalate @dba wake up")
    await world.finish()

    assert "no page reached <@U0DBA>" in escalation_text(world)
    await world.presses("dba", "escalation_acknowledge")
    await world.finish()
    assert "acknowledged by <@U0DBA>" in escalation_text(world)


async def test_ack_selects_the_escalation_to_the_actor(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba look at the pool")
    await world.types("oncall", "/incident escalate @developer roll back")
    await world.types("oncall", "/incident escalate vendor:Adyen")
    await world.finish()

    assert "<@U0DBA>" in await world.types("dba", "/incident ack")
    assert "<@U0DEVELOPER>" in await world.types("support", "/incident ack")
    assert "Adyen" in await world.types("support", "/incident ack")
    assert "No escalation" in await world.types("support", "/incident ack")

    assert [each["acknowledged_by_id"] for each in await escalations(world)] == ["U0DBA", "U0SUPPORT", "U0SUPPORT"]


@pytest.mark.parametrize(
    ("at", "paged"), [("13:20", "2026-03-02T13:20:00+00:00"), ("now", "2026-03-02T14:02:00+00:00"), ("?", None)]
)
async def test_with_a_time_it_is_only_recorded(world: World, at: str, paged: str | None) -> None:
    await world.declares()

    await world.types("oncall", f"/incident escalate @dba at:{at} by phone")
    await world.advance(minutes=30)

    assert direct(world, "dba") == []
    [escalation] = await escalations(world)
    assert (escalation["paged_at"], escalation["reason"]) == (paged, "by phone")
    assert "Recorded: <@U0DBA> called" in escalation_text(world)
    assert "; nobody was paged" in escalation_text(world)
    assert ("time not known" in escalation_text(world)) == (paged is None)
    assert not [text for text in world.texts() if "still needed" in text]


async def test_nobody_is_paged_for_an_incident_that_is_over(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve")
    await world.finish()

    answer = await world.types("oncall", "/incident escalate @dba too late")

    assert "INC-1 is resolved, so nobody was paged" in answer
    assert await escalations(world) == []
    await world.types("oncall", "/incident escalate @dba at:13:50 by phone")
    assert [each["reason"] for each in await escalations(world)] == ["by phone"]


async def test_an_escalation_taken_off_the_timeline_is_called_off(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @support wrong person")
    await world.finish()
    await world.types("oncall", "/incident timeline")

    await removes(world, "oncall", "wrong person")
    await world.advance(minutes=30)

    assert "called off" in escalation_text(world)
    assert len(direct(world, "support")) == 1
    assert await escalations(world) == []
    assert "to acknowledge" not in world.card()


async def test_the_acknowledgement_is_on_the_timeline(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the pool is full")
    await world.advance(minutes=3)
    await world.types("dba", "/incident ack")
    await world.finish()

    escalation, acknowledgement = (await world.timeline())[1:]
    assert escalation["kinds"] == ["escalation"]
    assert acknowledgement["kinds"] == ["acknowledged"]
    assert (escalation["about"], acknowledgement["author_id"]) == ((await escalations(world))[0]["ref"], "U0DBA")
    waited = datetime.fromisoformat(acknowledgement["happened_at"]) - datetime.fromisoformat(escalation["happened_at"])
    assert waited == timedelta(minutes=3)
    await world.types("oncall", "/incident timeline")
    text = rendered(world.sandbox.ephemerals("oncall", world.channel)[-1])
    assert "after 3m" in text


async def test_an_acknowledgement_names_further_waiting_escalations(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the pool is exhausted")
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.presses("oncall", "escalation_page_again")
    await world.finish()

    assert "1 more for you" in await world.types("dba", "/incident ack")
    assert "more for you" not in await world.types("dba", "/incident ack")
    assert all(each["acknowledged_by_id"] == "U0DBA" for each in await escalations(world))
