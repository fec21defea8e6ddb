"""A line that is refused comes back, with a button for what was probably meant."""

from typing import Any

import pytest

from tests.support.worlds.world import World, rendered

OFFER = "typed_line_0"


def newest_answer(world: World, user: str = "oncall", channel: str | None = None) -> dict[str, Any]:
    return world.sandbox.ephemerals(user, channel or world.channel)[-1]


def code_of(message: dict[str, Any]) -> list[str]:
    """The texts of the code blocks."""
    found = [block for block in message.get("blocks") or [] if block["type"] == "rich_text"]
    return [block["elements"][0]["elements"][0]["text"] for block in found]


def labels_of(message: dict[str, Any]) -> list[str]:
    buttons = [block["elements"] for block in message.get("blocks") or [] if block["type"] == "actions"]
    return [each["text"]["text"] for row in buttons for each in row]


async def press_offer(world: World, user: str = "oncall", *, channel: str | None = None, number: int = 0) -> str:
    """Press a button of the newest refusal. Returns the newest answer as its reader sees it."""
    where = channel or world.channel
    message = newest_answer(world, user, where)
    await world.sandbox.click(user, where, message["ts"], f"typed_line_{number}")
    await world.settle()
    await world.finish()
    seen = world.sandbox.ephemerals(user, where)
    return rendered(next((each for each in seen if each["ts"] == message["ts"] and OFFER not in str(each)), seen[-1]))


async def test_the_whole_line_comes_back_as_it_was_typed(world: World) -> None:
    await world.declares()
    line = "/incident note at:26:10 The *pool* was full & `max` <100\n• first db-1\n• then ```db-2```"

    answer = await world.types("oncall", line)

    assert "`26:10` is not a time" in answer
    assert code_of(newest_answer(world)) == [line]
    assert "Correct *`at:26:10`*" in rendered(newest_answer(world))
    assert labels_of(newest_answer(world)) == []
    assert all("26:10" not in text for text in world.texts()), "nobody else sees it"


async def test_a_refusal_by_the_record_gives_the_line_back_too(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident reopen it came back at once")

    assert code_of(newest_answer(world)) == ["/incident reopen it came back at once"]


async def test_lines_that_only_read_are_not_repeated(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident help ntoe")

    assert code_of(newest_answer(world)) == []
    assert labels_of(newest_answer(world)) == ["Run /incident help note"]


async def test_a_press_runs_the_corrected_line_once(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident reslove rolled back by @dba")
    assert labels_of(newest_answer(world)) == ["Run /incident resolve rolled back by @dba"]
    assert (await world.exported())["incident"]["status"] == "investigating"

    assert await press_offer(world) == "Done."
    whole = await world.exported()
    assert whole["incident"]["status"] == "resolved"
    assert [each["author_id"] for each in whole["timeline"] if "rolled back" in each["text"]] == ["U0ONCALL"]


async def test_a_corrected_line_may_be_refused_in_turn(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident ntoe kind:hypotesis It is DNS")
    await press_offer(world)
    assert code_of(newest_answer(world)) == ["/incident note kind:hypotesis It is DNS"]
    await press_offer(world)

    assert [(each["kinds"], each["text"]) for each in (await world.timeline())[-1:]] == [(["hypothesis"], "It is DNS")]


async def test_a_word_that_is_nearly_an_option_is_read_as_somebody_chooses(world: World) -> None:
    for number in (0, 1):
        await world.types("oncall", "/incident start Login fails severty:1", "ops")
        assert labels_of(newest_answer(world, channel="ops")) == [
            "Run /incident start Login fails severity:1",
            "Keep as text",
        ]
        assert len(world.channels) == number
        await press_offer(world, channel="ops", number=number)

    opened = [(await world.exported(each))["incident"] for each in ("INC-1", "INC-2")]
    assert [(each["title"], each["severity"]) for each in opened] == [
        ("Login fails", "SEV1"),
        ("Login fails severty:1", "SEV3"),
    ]


async def test_outside_the_open_incidents_are_offered(world: World) -> None:
    await world.declares("checkout is down")
    await world.declares("keys leaked private:yes")

    answer = await world.types("oncall", "/incident note it began at the gateway", "ops")

    assert "Which incident?" in answer
    assert labels_of(newest_answer(world, channel="ops")) == ["INC-1 checkout is down"]
    await press_offer(world, channel="ops")
    assert (await world.timeline())[-1]["text"] == "it began at the gateway"


async def test_outside_without_an_open_incident_it_says_so(world: World) -> None:
    assert "No incident is open" in await world.types("oncall", "/incident note it began", "ops")


@pytest.mark.parametrize("command", ["task", "improve"])
async def test_nothing_is_due_in_the_past(world: World, command: str) -> None:
    await world.declares()

    assert "2020-01-01 is in the past" in await world.types("oncall", f"/incident {command} Look due:2020-01-01")
    assert "noted" in await world.types("oncall", f"/incident {command} Look due:2026-03-02")
    assert "is in the past" in await world.types("oncall", f"/incident {command} #1 due:2026-03-01")


VENDORS = '[vendors.payment-gateway]\ncontact = "support@gateway.example"\n'


@pytest.mark.world(config=VENDORS)
async def test_a_misspelt_vendor_is_never_a_new_one_unasked(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident escalate vendor:paymnt-gateway cards fail")
    assert "Did you mean `payment-gateway`?" in answer
    assert (await world.exported())["escalations"] == []
    await press_offer(world)

    await world.types("oncall", "/incident escalate vendor:Payment_Gateway still")
    await world.types("oncall", "/incident escalate vendor:paymnt-gateway and another")
    await press_offer(world, number=1)
    names = [each["target"] for each in (await world.exported())["escalations"]]
    assert names == ["payment-gateway", "payment-gateway", "paymnt-gateway"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("/incident resolve done", "it is already Resolved"),
        ("/incident ack", "INC-1 is Resolved: no action is needed"),
        ("/incident lead", "leads INC-1 already"),
        ("/incident unmute", "not muted"),
    ],
)
async def test_a_line_that_fails_again_is_not_offered_to_copy(world: World, line: str, reason: str) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")
    await world.types("oncall", "/incident resolve done")
    await world.finish()

    answer = await world.types("oncall", line)

    assert reason.casefold() in answer.casefold()
    assert "send" not in rendered(newest_answer(world))
    assert code_of(newest_answer(world)) == []


async def test_a_text_that_was_not_used_comes_back_without_the_advice_to_send_it_again(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve done")
    await world.finish()

    await world.types("oncall", "/incident resolve the replica was promoted by hand")

    assert code_of(newest_answer(world)) == ["/incident resolve the replica was promoted by hand"]
    assert "Your text was not used:" in rendered(newest_answer(world))
    assert "send it again" not in rendered(newest_answer(world))
