"""Declaration: channel, people and card."""

import re

import pytest

from bot.sandbox.workspace import messages
from tests.flows.timeline.test_time_questions import choose, newest_question
from tests.support.worlds.databases import SQLITE
from tests.support.worlds.world import World, action_ids


async def test_declaring_opens_a_channel_with_its_people_and_its_card(world: World) -> None:
    answer = await world.types("oncall", "/incident start Checkout is down sev:2 service:checkout", "ops")
    await world.finish()

    assert "INC-1" in answer
    assert world.channel == "inc-1-checkout-is-down"
    assert set(world.sandbox.members(world.channel)) == {"U0DOGWATCH", "U0ONCALL", "U0ENGINEER", "U0DBA", "U0DEVELOPER"}
    card = world.card()
    for words in ("INC-1 · Checkout is down", "SEV2", "Investigating", "nobody yet", "checkout", "Nobody leads yet"):
        assert words in card
    channel = world.sandbox.channel(world.channel)
    assert channel["topic"]["value"] == "SEV2 · INC-1 · Checkout is down"
    assert len(world.texts("incidents")) == 1
    assert f"<#{channel['id']}>" in world.texts("incidents")[0]


async def test_a_misspelt_service_is_told_of_because_nobody_is_called_for_it(world: World) -> None:
    wrong = await world.types("oncall", "/incident start slow service:chekout", "ops")
    right = await world.types("oncall", "/incident start slow service:checkout", "ops")
    other = await world.types("oncall", "/incident start slow service:warehouse", "ops")

    mended_by = "`/incident edit INC-1 service:checkout` fixes it and invites its people"
    assert f"Did you mean `checkout`? {mended_by}" in wrong
    assert "Did you mean" not in right + other

    many = ",".join(f"chekout{number}" for number in range(40))
    assert (await world.types("oncall", f"/incident start slow service:{many}", "ops")).count("Did you mean") == 5


async def test_the_announcement_waits_for_the_channel_and_needs_no_edit(world: World) -> None:
    """People are notified of the first post alone: it has the link."""
    await world.declares("the first one makes the incidents channel")
    world.sandbox.clear_calls()

    await world.types("oncall", "/incident start checkout is down", "ops")

    channel = world.sandbox.channel("inc-2-checkout-is-down")
    assert f"<#{channel['id']}>" in world.texts("incidents")[1]
    assert world.sandbox.calls("chat.update") == []


async def test_the_announcement_does_not_wait_long_for_a_channel(world: World) -> None:
    await world.declares("the first one makes the incidents channel")
    world.sandbox.fault("ratelimited", "conversations.create", times=1, retry_after=60)

    await world.types("oncall", "/incident start checkout is down", "ops")
    assert len(world.texts("incidents")) == 1
    await world.advance(seconds=1)

    assert "checkout is down" in world.texts("incidents")[1]
    assert world.channels == ["inc-1-the-first-one-makes-the-incidents-channel"]
    await world.advance(seconds=61)
    assert f"<#{world.sandbox.channel(world.channel)['id']}>" in world.texts("incidents")[1], "it is edited"


async def test_card_and_announcement_are_edited_in_place(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident severity 1 half of all payments fail")
    await world.types("oncall", "/incident lead")
    await world.finish()

    assert "SEV1" in world.card()
    assert "<@U0ONCALL>" in world.card()
    assert len(world.texts("incidents")) == 1
    assert "SEV1" in world.texts("incidents")[0]
    cards = [each for each in world.sandbox.messages(world.channel) if "incident_note" in action_ids(each)]
    assert len(cards) == 1


@pytest.mark.parametrize(
    ("title", "channel"),
    [
        ("الدفع معطل", r"inc-1-[a-z0-9-]+"),
        ("🔥🔥🔥", r"inc-1(-[a-z0-9-]+)?"),
        ("x" * 3_000, r"inc-1-x+"),
        ("Ünïcode <!channel> & co", r"inc-1-unicode-channel-co"),
        ("支付服务中断", r"inc-1-[a-z0-9-]+"),
    ],
)
async def test_any_title_gives_a_valid_channel(world: World, title: str, channel: str) -> None:
    await world.declares(title)

    # Slack itself turns a typed <!channel> into words where commands are escaped.
    title = title.replace("<!channel>", "@channel")
    assert re.fullmatch(channel, world.channel)
    assert len(world.channel) <= 80
    assert (await world.timeline())[0]["text"] == title
    assert not [call for call in world.sandbox.calls() if not call["ok"]]


async def test_a_name_that_is_taken_gets_a_number(world: World) -> None:
    world.sandbox.add_channel("inc-1-checkout-is-down", creator="engineer")

    await world.types("oncall", "/incident start checkout is down", "ops")
    await world.finish()

    assert world.sandbox.channel("inc-1-checkout-is-down-2") is not None
    assert "INC-1 · checkout is down" in world.card("inc-1-checkout-is-down-2")


async def test_an_incident_without_a_title_is_not_opened(world: World) -> None:
    answer = await world.types("oncall", "/incident start sev:1", "ops")

    assert "Describe the problem in a few words" in answer
    assert world.channels == []


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("conversations.setTopic", "missing_scope"),
        ("pins.add", "too_many_pins"),
        ("conversations.invite", "restricted_action"),
    ],
)
async def test_what_slack_refuses_is_shown_and_the_rest_goes_on(world: World, method: str, error: str) -> None:
    world.sandbox.fault("error", method=method, error=error)

    await world.types("oncall", "/incident start checkout is down", "ops")
    await world.finish()
    world.sandbox.clear_faults()
    await world.types("oncall", "/incident severity 1", world.channel)
    await world.finish()

    cards = [each for each in world.sandbox.messages(world.channel) if "incident_note" in action_ids(each)]
    assert len(cards) == 1
    assert error in str(cards[0]["blocks"])
    assert "SEV1" in world.texts("incidents")[0]


async def test_without_a_channel_the_declarer_is_told_and_the_incident_lives(world: World) -> None:
    world.sandbox.fault("error", method="conversations.create", error="restricted_action", times=1)
    world.sandbox.create_channel("oncall", "incidents")

    await world.types("oncall", "/incident start checkout is down", "ops")
    await world.finish()

    direct = world.sandbox.open_dm("oncall")
    assert "restricted_action" in world.texts(direct)[0]
    assert "INC-1" in world.texts("incidents")[0]
    assert "Logged" in await world.types("oncall", "/incident note INC-1 still works", "ops")
    assert [entry["text"] for entry in await world.timeline()] == ["checkout is down", "still works"]


async def test_the_same_command_delivered_twice_opens_one_incident(world: World) -> None:
    world.sandbox.delivery_fault("duplicate", event="slash_commands", times=1)

    await world.types("oncall", "/incident start checkout is down", "ops")
    await world.finish()

    assert world.channels == ["inc-1-checkout-is-down"]


async def test_private_incidents_are_not_announced(world: World) -> None:
    await world.types("oncall", "/incident start keys leaked private:yes", "ops")
    await world.finish()

    assert world.sandbox.channel(world.channel)["is_private"]
    assert world.sandbox.channel("incidents") is None
    assert "There is no INC-1" in await world.types("engineer", "/incident note INC-1 hello", "ops")


OPS = {"channel": "ops"}


async def asks(world: World, line: str) -> list[str]:
    """Type a line that is asked about: nothing is opened or announced. Returns the labels of the buttons."""
    told = await world.types("oncall", f"/incident start {line}", "ops")
    await world.finish()
    assert f">/incident start {line}" in told
    assert "Nothing was done yet" in told
    assert world.channels == []
    assert world.sandbox.channel("incidents") is None
    assert (await world.tables())["incident"] == []
    return [each["text"]["text"] for each in newest_question(world, channel="ops")["blocks"][-1]["elements"]]


PRIVATE = ["Private", "Private, title unchanged", "Public, title unchanged"]
DRILL = ["Drill", "Drill, title unchanged", "Real incident, title unchanged"]


@pytest.mark.parametrize(
    ("line", "labels", "number", "title", "is_private", "said"),
    [
        ("private Customer data leaked", PRIVATE, 0, "Customer data leaked", True, "It is *private*."),
        ("Customer data leaked, private", PRIVATE, 0, "Customer data leaked", True, "It is *private*."),
        ("The repository was not private", PRIVATE, 1, "The repository was not private", True, "It is *private*."),
        ("private beta is down", PRIVATE, 2, "private beta is down", False, "It is *public*."),
        ("drill Evacuate room 4", DRILL, 0, "Evacuate room 4", False, "It is a *public drill*."),
        ("drill Evacuate room 4", DRILL, 2, "drill Evacuate room 4", False, "It is *public*."),
    ],
)
async def test_private_or_drill_beside_the_title_is_asked_about(
    world: World, line: str, labels: list[str], number: int, title: str, is_private: bool, said: str
) -> None:
    assert await asks(world, line) == labels

    told = await choose(world, newest_question(world, channel="ops") | OPS, number)

    assert said in told
    incident = (await world.exported("DRILL-1" if "drill*" in said else "INC-1"))["incident"]
    assert (incident["title"], incident["private"], incident["drill"]) == (title, is_private, "drill*" in said)
    assert (world.sandbox.channel("incidents") is None) == is_private


async def test_private_and_drill_are_asked_about_one_after_the_other(world: World) -> None:
    await asks(world, "Customer data leaked private drill")

    await choose(world, newest_question(world, channel="ops") | OPS, 0)
    assert world.channels == []
    told = await choose(world, newest_question(world, channel="ops") | OPS, 0)

    assert "Declared *DRILL-1* (SEV3). It is a *private drill*." in told
    assert (await world.exported("DRILL-1"))["incident"]["title"] == "Customer data leaked"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("keys leaked sev:2 private", "It is *private*."),
        ("private sev:2 keys leaked", "It is *private*."),
        ("keys leaked --private", "It is *private*."),
        ("the private keys leaked", "It is *public*."),
        ('"private beta is down"', "It is *public*."),
        ("evacuate room 4 sev:2 drill", "It is a *public drill*."),
        ("the drill went wrong", "It is *public*."),
    ],
)
async def test_what_is_clear_is_not_asked_and_the_answer_says_what_it_is(world: World, line: str, said: str) -> None:
    assert said in await world.types("oncall", f"/incident start {line}", "ops")


async def test_a_long_title_that_is_asked_about_is_given_back(world: World) -> None:
    told = await world.types("oncall", f"/incident start private {'customer data leaked ' * 120}", "ops")
    await world.finish()

    assert "Instead of `private` type one of" in told
    assert "`private private:no`" in told
    assert ("customer data leaked " * 120).strip() in "".join(
        each["text"]["text"] for each in world.sandbox.ephemerals("oncall", "ops")[-1]["blocks"]
    )
    assert world.channels == []


JITSI = '[incidents]\nbridge = "https://meet.jit.si/{reference}-{random}"\n'
ZOOM = '[incidents]\nbridge = "https://example.zoom.us/my/incidents"\n'


def call_bookmark(world: World) -> str | None:
    links = [each["link"] for each in world.sandbox.bookmarks(world.channel) if each["title"] == "Join the call"]
    return links[0] if links else None


@pytest.mark.world(config=JITSI)
async def test_each_incident_has_a_call_of_its_own(world: World) -> None:
    await world.declares("Checkout is down")
    first = call_bookmark(world)
    await world.declares("Payroll data leaked private:yes")
    private = call_bookmark(world)

    assert first
    assert re.fullmatch(r"https://meet\.jit\.si/inc-1-[0-9a-f]{20}", first)
    assert private
    assert re.fullmatch(r"https://meet\.jit\.si/inc-2-[0-9a-f]{20}", private)
    assert f"<{private}|Join the call>" in world.card()
    assert first not in world.card()

    await world.types("oncall", "/incident resolve it was found")
    await world.finish()
    assert "Join the call" not in world.card()


@pytest.mark.world(config=ZOOM, databases=SQLITE)
async def test_a_call_that_others_know_is_none_for_a_private_incident(world: World) -> None:
    await world.declares("Checkout is down")
    assert call_bookmark(world) == "https://example.zoom.us/my/incidents"

    await world.declares("Payroll data leaked private:yes")
    assert call_bookmark(world) is None
    assert "Join the call" not in world.card()


@pytest.mark.world(config=JITSI, databases=SQLITE)
async def test_a_channel_that_is_made_private_gets_another_call(world: World) -> None:
    name = await world.declares("Checkout is down")
    known = call_bookmark(world)

    channel = world.sandbox.workspace.channels[world.sandbox.channel(name)["id"]]
    channel.is_private = True
    messages.post_system_message(
        world.sandbox.workspace, channel, "U0ONCALL", "channel_convert_to_private", "made private", world.now
    )
    await world.finish()

    assert known
    assert call_bookmark(world) not in {None, known}
    assert known not in world.card()


@pytest.mark.parametrize(
    ("again", "is_asked"),
    [
        ("Chekout down sev:2", True),
        ("slow pages service:checkout", True),
        ("search is down service:search", False),
        ("checkout is down drill", False),
        ("checkout is down retro", False),
    ],
)
@pytest.mark.world(databases=SQLITE)
async def test_the_answer_names_an_open_incident_that_may_be_the_same(world: World, again: str, is_asked: bool) -> None:
    await world.declares("Checkout is down service:checkout")

    answer = await world.types("dba", f"/incident start {again}", "ops")

    assert ("Is it one of these open incidents?" in answer) is is_asked
    if is_asked:
        assert "*INC-1* Checkout is down · <#C" in answer
        await world.finish()
        assert "Merge" in await world.types("dba", re.findall(r"`(/incident INC-2 merge INC-1)`", answer)[0], "ops")


async def test_a_private_or_resolved_incident_is_not_named_as_the_same(world: World) -> None:
    await world.declares("Checkout is down service:checkout private")
    await world.declares("Checkout is down service:checkout")
    await world.types("oncall", "/incident resolve done", world.channels[1])
    await world.finish()

    answer = await world.types("dba", "/incident start Checkout is down service:checkout", "ops")

    assert "open incident" not in answer


@pytest.mark.parametrize(
    ("title", "says"),
    [("Payments fail, p1", "`p1`. To set SEV1"), ("Payments SEV-2 fail", "`SEV-2`. To set SEV2"), ("p99 is 2 s", "")],
)
@pytest.mark.world(databases=SQLITE)
async def test_a_severity_in_the_title_that_was_not_read_is_pointed_out(world: World, title: str, says: str) -> None:
    answer = await world.types("oncall", f"/incident start {title}", "ops")

    assert "(SEV3)" in answer
    assert ("The title says" in answer) is bool(says)
    assert says in answer
