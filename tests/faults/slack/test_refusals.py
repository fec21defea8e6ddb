"""Permanent errors of Slack, changes of channels by people, and rows that cannot succeed."""

from datetime import datetime

import pytest
from sqlmodel import Session

from bot.services.outbox import OutboxKind
from bot.services.views.outbox_operations import retry_all_rows
from bot.services.workspace.actor import Actor, Origin
from bot.store import outbox
from bot.store.outbox import State
from tests.faults.slack.test_delivery_faults import CHANNEL
from tests.flows.operations.test_outbox import by_state, put_broken
from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World, action_ids, rendered

BOT = "U0DOGWATCH"


def the_card(world: World) -> str:
    cards = [each for each in world.sandbox.messages(CHANNEL) if "incident_note" in action_ids(each)]
    assert len(cards) == 1
    return rendered(cards[0])


async def retries(world: World) -> None:
    """The same as `dogwatch outbox retry --all-dead`."""
    await world.bot.database.run(retry_all_rows, Actor("", None, world.now, Origin.CLI))
    await world.finish()


async def backlog(world: World) -> outbox.Backlog:
    return await world.bot.database.read(outbox.count_backlog)


def noted(world: World, text: str) -> int:
    return len([each for each in world.texts(CHANNEL) if text in each])


# --- refusals, one by one


@pytest.mark.parametrize(
    ("method", "error", "told"),
    [
        ("pins.add", "permission_denied", "Slack does not permit it to the app"),
        ("pins.add", "too_many_pins", "The channel has the maximum number of pins (too_many_pins). Remove one."),
        ("conversations.setTopic", "restricted_action", "A workspace admin can allow it in Slack's settings."),
        ("conversations.setTopic", "too_long", "Slack refuses it (too_long)."),
        ("conversations.invite", "user_is_restricted", "A guest cannot be invited by an app"),
        ("conversations.invite", "not_in_channel", "Invite it there: /invite @Dogwatch."),
        ("chat.postMessage", "no_permission", "Invite it to the channel: /invite @Dogwatch."),
        ("chat.postMessage", "ekm_access_denied", "Access to the messages is suspended by an admin"),
        ("conversations.setTopic", "ekm_access_denied", "Try again when it is restored."),
        ("chat.postMessage", "msg_too_long", "The message is too long for Slack (msg_too_long)."),
        ("chat.postMessage", "invalid_blocks", "Slack cannot show the message (invalid_blocks)."),
        ("chat.postMessage", "restricted_action", "The workspace does not allow apps to do this (restricted_action)."),
        ("chat.postMessage", "channel_not_found", "Dogwatch cannot see the channel (channel_not_found)."),
        ("files.getUploadURLExternal", "file_uploads_disabled", "The workspace does not allow files"),
    ],
)
async def test_a_refusal_is_told_with_what_mends_it_and_is_done_afterwards(
    world: World, method: str, error: str, told: str
) -> None:
    """The rest is delivered, and the failed row is not retried until a person asks for it."""
    if method == "chat.postMessage":
        await world.declares("checkout is down")
    refusal = world.sandbox.fault(
        "error", method, channel=CHANNEL if method != "files.getUploadURLExternal" else None, error=error
    )
    if method != "chat.postMessage":
        await world.declares("checkout is down")
    await world.types("oncall", "/incident note the cache is cold")
    await world.finish()
    if method == "files.getUploadURLExternal":
        await world.types("oncall", "/incident resolve over")
        await world.finish()
    asked = len(world.sandbox.calls(method))
    await world.advance(minutes=5)
    assert len(world.sandbox.calls(method)) == asked, "a refusal is no reason to ask again"
    assert told in the_card(world)
    assert "Try again" in the_card(world)

    world.sandbox.clear_fault(refusal)
    await world.presses("oncall", "incident_retry", channel=CHANNEL)
    await world.finish()

    assert "Not everything could be done" not in the_card(world)
    assert (await backlog(world)).unfinished == (await backlog(world)).failed == 0
    assert world.sandbox.pins(CHANNEL)
    assert "U0ONCALL" in world.sandbox.members(CHANNEL)
    assert world.sandbox.channel(CHANNEL)["topic"]["value"]
    assert noted(world, "the cache is cold") == 1
    assert len(draft_files(world)) == (method == "files.getUploadURLExternal")


@pytest.mark.parametrize(
    ("method", "error"), [("conversations.invite", "already_in_channel"), ("pins.add", "already_pinned")]
)
async def test_what_is_as_it_should_be_is_no_problem(world: World, method: str, error: str) -> None:
    world.sandbox.fault("error", method, channel=CHANNEL, error=error)

    await world.declares("checkout is down")

    assert "Not everything could be done" not in the_card(world)
    found = await backlog(world)
    assert (found.unfinished, found.failed, found.dead) == (0, 0, 0)


async def test_a_card_that_slack_cannot_show_stops_nothing_and_operators_see_it(world: World) -> None:
    """The incident has no card to show it."""
    world.sandbox.fault("error", "chat.update", channel=CHANNEL, error="invalid_blocks")
    await world.declares("checkout is down")
    await world.types("oncall", "/incident severity 1 worse")
    await world.finish()

    assert noted(world, "worse") == 1
    failed = await world.bot.database.read(by_state, State.FAILED)
    assert {(row.kind, row.error) for row in failed} == {(OutboxKind.CARD, "chat.update: invalid_blocks")}

    world.sandbox.clear_faults()
    await retries(world)
    assert "SEV1" in the_card(world)


# --- a name that others have


async def test_a_lost_answer_and_a_foreign_channel_of_that_name(world: World) -> None:
    """The answer is lost twice, and the name is taken: our channel is found by its own name."""
    foreign = world.sandbox.add_channel(CHANNEL, members=["engineer"], creator="engineer")
    world.sandbox.fault("cut_after", "conversations.create", times=3)

    await world.declares("checkout is down")

    assert world.sandbox.messages(foreign["id"]) == []
    ours = [name for name in world.channels if name != CHANNEL]
    assert ours == [f"{CHANNEL}-2"], "one channel was made, whatever became of the answers"
    assert "checkout is down" in world.card(ours[0])
    assert "U0ONCALL" in world.sandbox.members(ours[0])


# --- people tidy up


async def test_the_bot_is_removed_from_a_private_channel_and_invited_again(world: World) -> None:
    await world.declares("checkout is down private:yes")
    world.sandbox.kick("oncall", CHANNEL, BOT)
    answer = await world.sandbox.command("oncall", CHANNEL, "/incident note the cache is cold")
    assert answer.ok
    await world.finish()
    found = await backlog(world)
    assert (found.unfinished, found.dead) == (0, 0)
    assert found.failed
    assert noted(world, "the cache is cold") == 0

    world.sandbox.invite("oncall", CHANNEL, [BOT])
    await world.says("oncall", "here again")
    await retries(world)

    assert noted(world, "the cache is cold") == 1
    assert "Not everything could be done" not in the_card(world)
    assert (await backlog(world)).failed == 0


async def test_the_bot_is_removed_from_a_public_channel_and_goes_on(world: World) -> None:
    """The bot may still post there."""
    await world.declares("checkout is down")
    world.sandbox.kick("oncall", CHANNEL, BOT)

    await world.types("oncall", "/incident note the cache is cold")
    await world.types("oncall", "/incident severity 1 worse")
    await world.finish()

    assert noted(world, "the cache is cold") == 1
    assert "SEV1" in the_card(world)


async def test_an_archived_channel_that_is_opened_again_gets_what_it_missed(world: World) -> None:
    await world.declares("checkout is down")
    unheard = world.sandbox.delivery_fault("drop")
    world.sandbox.archive("oncall", CHANNEL)
    await world.finish()
    world.sandbox.clear_fault(unheard)
    await world.types("oncall", "/incident note INC-1 the cache is cold", "ops")
    await world.finish()
    assert (await backlog(world)).failed

    world.sandbox.unarchive("oncall", CHANNEL)
    world.sandbox.invite("oncall", CHANNEL, [BOT]) if BOT not in world.sandbox.members(CHANNEL) else None
    await retries(world)

    assert noted(world, "the cache is cold") == 1
    assert (await backlog(world)).failed == 0


async def test_a_renamed_channel_is_still_the_incidents(world: World) -> None:
    await world.declares("checkout is down")
    world.sandbox.rename("oncall", CHANNEL, "checkout-war-room")

    await world.types("oncall", "/incident note the cache is cold", "checkout-war-room")
    await world.types("oncall", "/incident severity 1 worse", "checkout-war-room")
    await world.finish()

    assert [text for text in world.texts("checkout-war-room") if "the cache is cold" in text]
    assert "SEV1" in world.card("checkout-war-room")
    assert (await backlog(world)).failed == 0


async def test_a_card_that_is_gone_cannot_be_pinned_and_the_next_one_is(world: World) -> None:
    world.sandbox.fault("ratelimited", "pins.add", times=1, retry_after=30)
    await world.types("oncall", "/incident start checkout is down sev:2", "ops")
    await world.advance(seconds=10)
    card = next(each for each in world.sandbox.messages(CHANNEL) if "incident_note" in action_ids(each))
    world.sandbox.delete(BOT, CHANNEL, card["ts"])

    await world.finish()

    assert (await backlog(world)).unfinished == 0
    assert world.sandbox.pins(CHANNEL), "the card came back with its pin"
    assert "Pin the card: The message is gone" in world.card()
    await world.presses("oncall", "incident_retry", channel=CHANNEL)
    await world.finish()
    assert "Not everything" not in world.card()


async def test_a_card_that_cannot_be_shown_is_one_row_however_much_is_refused(world: World) -> None:
    await world.declares("checkout is down")
    for method in ("chat.update", "conversations.setTopic", "chat.postMessage", "conversations.invite"):
        world.sandbox.fault("error", method, channel=CHANNEL, error="restricted_action")
    for text in ("severity 1 worse", "note the cache is cold", "lead @engineer", "title checkout is slow"):
        await world.types("oncall", f"/incident {text}")
        await world.finish()
    edits = len(world.sandbox.calls("chat.update"))
    failed = await world.bot.database.read(by_state, State.FAILED, State.DEAD)
    assert [row.kind for row in failed].count(OutboxKind.CARD) == 1
    assert {OutboxKind.EVENT, OutboxKind.TOPIC, OutboxKind.INVITE} <= {row.kind for row in failed}

    world.sandbox.fault("error", "pins.add", channel=CHANNEL, error="restricted_action")
    await world.bot.database.run(put_pin, world.now)
    await world.finish()
    assert len(world.sandbox.calls("chat.update")) == edits, "what is refused now is no reason to try the card again"

    world.sandbox.clear_faults()
    await retries(world)
    assert not await world.bot.database.read(by_state, State.FAILED, State.DEAD)
    assert "SEV1" in the_card(world)
    assert "Not everything" not in the_card(world)


def put_pin(session: Session, at: datetime) -> None:
    outbox.enqueue(
        session, lane="pin:1", kind=OutboxKind.PIN_CARD, team_id="T0HARBOUR", at=at, priority=33, incident_id=1
    )


# --- a row that nothing can carry out


async def test_a_poison_row_is_given_up_seen_and_dropped(world: World) -> None:
    """Rows behind it wait for its few attempts; other lanes do not notice."""
    await world.declares("checkout is down")
    await world.bot.database.run(put_broken)
    await world.types("oncall", "/incident note behind the poison")
    await world.types("oncall", "/incident severity 1 beside the poison")
    assert "SEV1" in the_card(world), "another lane"
    assert noted(world, "behind the poison") == 0, "order within a lane: it may yet work"

    await world.finish()

    assert noted(world, "behind the poison") == 1
    (dead,) = await world.bot.database.read(by_state, State.DEAD)
    assert dead.attempts == 5
    assert "Post what happened: Dogwatch had an internal error (KeyError)." in the_card(world)
    assert "no such event" not in the_card(world), "what a defect says may hold words of the record"

    await retries(world)
    (dead,) = await world.bot.database.read(by_state, State.DEAD)
    assert dead.attempts == 5, "it was tried as often again"

    await world.bot.database.run(outbox.drop_row, dead.key, world.now)
    assert (await backlog(world)).dead == 0
