"""Failures of Slack or of the network, and how they show."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.workspace.records import SlackError
from bot.store import outbox
from tests.flows.timeline.test_time_questions import choose, newest_question
from tests.support.survivors.survivor_outcome import same, seen_by_all
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World, action_ids, rendered

CHANNEL = "inc-1-checkout-is-down"
METHODS = (
    "conversations.create",
    "conversations.list",
    "conversations.invite",
    "conversations.setTopic",
    "conversations.open",
    "pins.add",
    "chat.postMessage",
    "chat.update",
    "reactions.add",
    "users.info",
    "files.getUploadURLExternal",
    "files.completeUploadExternal",
    "canvases.create",
    "canvases.getContent",
    "bookmarks.list",
    "bookmarks.add",
)
READS = {"conversations.list", "users.info", "canvases.getContent", "bookmarks.list"}
WRITES = tuple(method for method in METHODS if method not in READS)
PEACE: dict[str, Any] = {}
"""What is seen after a story in peace, played once."""


async def play(world: World) -> dict[str, Any]:
    """From the declaration to the draft; returns what everybody sees afterwards."""
    assert "Declared" in await world.types("oncall", "/incident start checkout is down sev:2", "ops")
    await world.finish()
    ts = await world.says("engineer", "Reading the logs of the proxy")
    await world.reacts("engineer", ts, "mag")
    await world.finish()
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.finish()
    await world.presses("dba", "escalation_acknowledge", channel=CHANNEL)
    await world.finish()
    await world.types("oncall", "/incident resolve took the release back")
    await world.finish()
    await world.finish()  # file, canvas and bookmarks go one after the other, and each of their calls may be put off
    return seen_by_all(world.sandbox)


async def in_peace(folder: Path) -> dict[str, Any]:
    if not PEACE:
        place = folder / "peace"
        place.mkdir()
        async with World(f"sqlite:///{place / 'dogwatch.db'}", place) as world:
            PEACE.update(await play(world))
            assert {call["method"] for call in world.sandbox.calls()} >= set(METHODS)
    return PEACE


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("ratelimited", {"retry_after": 1}),
        ("ratelimited", {"retry_after": 30}),
        ("status", {"status": 500}),
        ("status", {"status": 503, "body": {"ok": False, "error": "service_unavailable"}}),
        ("status", {"status": 200, "body": "<html>Slack is being maintained</html>"}),
        ("error", {"error": "internal_error"}),
        ("cut_before", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(str(each)[:12] for each in value.values()),
)
async def test_every_method_fails_once_before_it_works(
    world: World, tmp_path: Path, kind: str, params: dict[str, Any]
) -> None:
    expected = await in_peace(tmp_path)
    for method in METHODS:
        world.sandbox.fault(kind, method, times=1, **params)

    seen = await play(world)

    assert not world.sandbox.list_faults(), "a method was never called"
    assert same(expected, seen) == ""


@pytest.mark.parametrize(
    ("method", "kind"), [*((method, "cut_after") for method in WRITES), ("conversations.create", "truncated")]
)
async def test_a_lost_answer_doubles_nothing(world: World, tmp_path: Path, method: str, kind: str) -> None:
    """The effect is there, the bot does not know: it looks."""
    expected = await in_peace(tmp_path)
    world.sandbox.fault(kind, method, times=1)

    seen = await play(world)

    assert not world.sandbox.list_faults()
    assert same(expected, seen) == ""


@pytest.mark.parametrize("kind", ["cut_after", "truncated"])
async def test_every_post_is_looked_for(world: World, tmp_path: Path, kind: str) -> None:
    """Card, announcement, line, page: the answer to each of them is lost."""
    expected = await in_peace(tmp_path)
    world.sandbox.fault(kind, "chat.postMessage")

    seen = await play(world)

    assert same(expected, seen) == ""


async def test_an_answer_that_is_lost_twice_doubles_nothing(world: World, tmp_path: Path) -> None:
    expected = await in_peace(tmp_path)
    for method in ("conversations.create", "chat.postMessage", "files.completeUploadExternal"):
        world.sandbox.fault("cut_after", method, times=1)
        world.sandbox.fault("cut_before", method.replace("create", "list"), times=1)

    assert same(expected, await play(world)) == ""


async def test_an_upload_that_shows_late_is_waited_for(world: World, tmp_path: Path) -> None:
    expected = await in_peace(tmp_path)
    world.sandbox.upload_seconds(0.5)
    world.sandbox.fault("cut_after", "files.completeUploadExternal", times=1)

    assert same(expected, await play(world)) == ""


async def test_a_row_that_takes_longer_than_its_lease_keeps_its_lane(world: World) -> None:
    """An upload has three calls; no worker may start it again meanwhile."""
    await world.declares("checkout is down")
    world.bot.sender.leases.duration = timedelta(seconds=0.6)
    world.sandbox.fault("latency", "files.getUploadURLExternal", seconds=1.5)
    await world.sandbox.command("oncall", CHANNEL, "/incident resolve over")

    def is_uploaded() -> bool:
        world.bot.sender.wake()
        return bool(world.sandbox.files())

    await world.sandbox.wait_until(is_uploaded)
    await world.finish()

    assert len(world.sandbox.calls("files.getUploadURLExternal")) == 2, "the picture and the draft"
    assert len(draft_files(world)) == 1


async def test_slack_is_away_for_an_hour(world: World, tmp_path: Path) -> None:
    """Accepted requests are delivered once Slack is back."""
    expected = await in_peace(tmp_path)
    gone = world.sandbox.fault("cut_before")
    assert "Declared" in await world.types("oncall", "/incident start checkout is down sev:2", "ops")
    await world.advance(hours=1)
    assert not world.channels
    world.sandbox.clear_fault(gone)

    await world.finish()

    assert expected["places"].keys() >= {CHANNEL, "incidents"}
    assert "checkout is down" in world.card()
    assert len(world.texts("incidents")) == 1
    assert "U0ONCALL" in world.sandbox.members(world.channel)


# --- names


async def test_a_name_that_others_have_gets_a_number(world: World) -> None:
    foreign = world.sandbox.add_channel(CHANNEL, members=["engineer"], creator="engineer")

    await world.declares("checkout is down")

    assert world.sandbox.messages(foreign["id"]) == []
    assert world.sandbox.channel(f"{CHANNEL}-2") is not None
    assert "checkout is down" in world.card(f"{CHANNEL}-2")


async def test_our_own_half_made_channel_is_taken_over(world: World) -> None:
    world.sandbox.fault("cut_after", "conversations.create", times=1)

    await world.declares("checkout is down")

    assert world.channels == [CHANNEL]
    assert "checkout is down" in world.card()


async def test_a_channel_that_cannot_be_looked_for_is_made_anew(world: World) -> None:
    """Without the scope to list channels the half-made one is not found: the next name is taken."""
    world.sandbox.fault("cut_after", "conversations.create", times=1)
    listing = world.sandbox.fault("error", "conversations.list", error="missing_scope")

    await world.declares("checkout is down")
    world.sandbox.clear_fault(listing)

    assert f"{CHANNEL}-2" in world.channels
    assert "checkout is down" in world.card(f"{CHANNEL}-2")


# --- refusals for good


async def test_no_channel_may_be_made(world: World) -> None:
    """The person who declared is told, and the incident goes on without a channel."""
    refusal = world.sandbox.fault("error", "conversations.create", error="restricted_action")

    answer = await world.types("oncall", "/incident start checkout is down sev:2", "ops")
    await world.finish()

    assert "INC-1" in answer
    direct = world.sandbox.open_dm("oncall")
    told = [each for each in world.sandbox.messages(direct) if each["user"] == "U0DOGWATCH"]
    assert len(told) == 1
    assert "restricted_action" in rendered(told[0])
    world.sandbox.clear_fault(refusal)
    await world.types("oncall", "/incident resolve INC-1 over", "ops")
    assert "resolved" in await choose(world, newest_question(world, channel="ops") | {"channel": "ops"}, 0)
    await world.finish()
    assert (await world.exported())["incident"]["status"] == "resolved"


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_private_incident_without_a_channel_is_reached_by_its_declarer(world: World) -> None:
    """It has no announcement: the direct message has the button to try again."""
    refusal = world.sandbox.fault("error", "conversations.create", error="too_many_convos_for_team")

    await world.types("oncall", "/incident start --private payroll is wrong sev:2", "ops")
    await world.finish()
    direct = world.sandbox.open_dm("oncall")
    shown = await world.types("oncall", "/incident show INC-1", "ops")
    listed = await world.types("oncall", "/incident list", "ops")
    others = [await world.types("dba", f"/incident {line}", "ops") for line in ("show INC-1", "list", "find payroll")]
    await world.types("oncall", "/incident severity INC-1 1", "ops")

    assert "payroll is wrong" in shown
    assert "payroll is wrong" in listed
    assert not any("is wrong" in each for each in others)
    assert not world.channels
    told = [each for each in world.sandbox.messages(direct) if "too_many_convos_for_team" in rendered(each)]
    assert [action_ids(each) for each in told] == [{"incident_retry"}]

    await world.presses("oncall", "incident_retry", channel=direct)
    await world.finish()
    told = [each for each in world.sandbox.messages(direct) if "too_many_convos_for_team" in rendered(each)]
    assert len(told) == 2, "refused again"

    world.sandbox.clear_fault(refusal)
    await world.presses("oncall", "incident_retry", channel=direct)
    await world.finish()
    assert "U0ONCALL" in world.sandbox.members(world.channel)
    assert "SEV1" in world.card()


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("pins.add", "too_many_pins"),
        ("conversations.setTopic", "restricted_action"),
        ("conversations.invite", "user_is_restricted"),
        ("conversations.invite", "missing_scope"),
    ],
)
async def test_what_slack_refuses_stands_on_the_card(world: World, method: str, error: str) -> None:
    """One step is refused for good: people see which, and all the others are done."""
    world.sandbox.fault("error", method, channel=CHANNEL, error=error)

    await world.declares("checkout is down")

    cards = [each for each in world.sandbox.messages(CHANNEL) if "incident_note" in action_ids(each)]
    assert len(cards) == 1
    assert error in rendered(cards[0])
    assert len(world.texts("incidents")) == 1
    channel = world.sandbox.channel(CHANNEL)
    assert bool(channel["topic"]["value"]) == (method != "conversations.setTopic")
    assert bool(world.sandbox.pins(CHANNEL)) == (method != "pins.add")
    assert ("U0ONCALL" in world.sandbox.members(CHANNEL)) == (method != "conversations.invite")


async def test_one_of_many_cannot_be_invited(world: World, tmp_path: Path) -> None:
    await world.declares("checkout is down")
    world.sandbox.change_user("manager", deleted=True)

    await world.types("oncall", "/incident lead @engineer")
    await world.types("oncall", "/incident lead @manager")
    await world.finish()

    assert "U0ENGINEER" in world.sandbox.members(CHANNEL)
    assert "U0MANAGER" not in world.sandbox.members(CHANNEL)


async def test_an_archived_channel_stops_nothing_else(world: World) -> None:
    await world.declares("checkout is down")
    world.sandbox.archive("oncall", CHANNEL)

    await world.types("oncall", "/incident resolve INC-1 over", "ops")
    await choose(world, newest_question(world, channel="ops") | {"channel": "ops"}, 0)
    await world.finish()

    assert "resolved" in world.texts("incidents")[0].lower()
    assert (await world.exported())["incident"]["status"] == "resolved"
    assert (await world.bot.database.read(outbox.count_backlog)).unfinished == 0, (
        "a lane still tries what can never work"
    )


# --- people tidy up


async def test_a_card_that_is_deleted_before_it_is_pinned(world: World) -> None:
    world.sandbox.fault("ratelimited", "pins.add", times=1, retry_after=30)
    await world.types("oncall", "/incident start checkout is down sev:2", "ops")
    await world.advance(seconds=10)
    delete_card(world)

    await world.finish()

    assert "U0ONCALL" in world.sandbox.members(CHANNEL)
    await world.types("oncall", "/incident severity 1 worse")
    await world.finish()
    assert "SEV1" in world.card()


async def test_a_card_that_somebody_deletes_comes_back(world: World) -> None:
    await world.declares("checkout is down")
    delete_card(world)

    await world.types("oncall", "/incident severity 1 worse")
    await world.finish()

    assert "SEV1" in world.card()
    assert len([each for each in world.sandbox.messages(CHANNEL) if "incident_note" in action_ids(each)]) == 1


def delete_card(world: World) -> None:
    cards = [each for each in world.sandbox.messages(CHANNEL) if "incident_note" in action_ids(each)]
    assert len(cards) == 1
    world.sandbox.delete("U0DOGWATCH", CHANNEL, cards[0]["ts"])


# --- the token


@pytest.mark.parametrize("error", ["token_revoked", "invalid_auth", "account_inactive"])
async def test_work_waits_until_the_token_is_mended(world: World, error: str) -> None:
    broken = world.sandbox.fault("error", error=error)
    assert "Declared" in await world.types("oncall", "/incident start checkout is down", "ops")
    await world.advance(minutes=10)
    assert not world.channels
    world.sandbox.clear_fault(broken)

    await world.finish()

    assert "checkout is down" in world.card()
    assert len(world.texts("incidents")) == 1


async def test_a_fault_is_one(world: World) -> None:
    """The faults that these tests rely on do happen."""
    with pytest.raises(SlackError):
        world.sandbox.fault("nonsense")
    world.sandbox.fault("error", "chat.postMessage", error="fatal_error", times=1)
    await world.declares("checkout is down")
    failed = [call for call in world.sandbox.calls("chat.postMessage") if call["error"] == "fatal_error"]
    assert len(failed) == 1


async def test_a_command_in_a_channel_of_which_the_bot_does_not_know_yet_that_it_is_there(world: World) -> None:
    """Slack has made it, and its answer was lost: people are in it and write."""
    lost = world.sandbox.fault("cut_after", method="conversations.create")
    declared = await world.sandbox.command("oncall", "ops", "/incident start checkout is down")
    assert "Declared" in (declared.text or "")
    await world.sandbox.wait_until(lambda: bool(world.channels))

    noted = await world.sandbox.command("oncall", world.channel, "/incident note the fans are loud")
    shown = await world.sandbox.command("oncall", world.channel, "/incident")
    other = await world.sandbox.command("oncall", "ops", "/incident note the fans are loud")

    assert noted.text == "Logged (note)."
    assert "checkout is down" in str(shown)
    assert world.sandbox.views("oncall") == [], "no form to declare another one"
    assert "Which incident" in (other.text or "")
    world.sandbox.clear_fault(lost)
    await world.finish()
    assert len(world.channels) == 1
    assert "the fans are loud" in [each["text"] for each in await world.timeline()]
