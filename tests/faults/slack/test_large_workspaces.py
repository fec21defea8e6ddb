"""More channels and people than Slack allows calls a minute."""

from bot.slack.handlers.commands.execution import MAX_MENTIONED, SlashCommand
from tests.faults.slack.test_refusals import backlog
from tests.support.worlds.world import World


def invites(world: World) -> int:
    return len(world.sandbox.calls("conversations.invite"))


async def test_a_merge_invites_more_people_than_slack_allows_calls(world: World) -> None:
    """Some are in the channel already, and one has left: the others are invited by a few calls."""
    await world.declares("checkout is down")
    first = world.channel
    await world.declares("payments fail")
    second = world.channel
    for number in range(130):
        world.sandbox.add_user(f"p{number}")
        world.sandbox.join(f"p{number}", second)
    world.sandbox.change_user("p7", deleted=True)
    world.sandbox.rate_limits()
    before = invites(world)

    await world.types("oncall", "/incident merge INC-1", second)
    await world.presses("oncall", "merge_confirmed", channel=second)
    await world.finish()

    members = set(world.sandbox.members(first))
    assert set(world.sandbox.members(second)) - members <= {world.sandbox.user("p7")["id"]}
    assert len(members) >= 130
    assert invites(world) - before <= 4
    assert (await backlog(world)).unfinished == 0


async def test_a_channel_is_found_among_more_than_slack_lists_a_minute(world: World) -> None:
    """The answer to its creation is lost. The search goes on where the limit interrupted it."""
    for number in range(4_500):
        world.sandbox.add_channel(f"c-{number}")
    world.sandbox.rate_limits()
    world.sandbox.fault("cut_after", "conversations.create", times=1)

    await world.types("oncall", "/incident start checkout is down", "ops")
    await world.advance(minutes=5)

    names = [each["name"] for each in world.sandbox.channels() if each.get("name", "").startswith("inc")]
    assert sorted(names) == ["inc-1-checkout-is-down", "incidents"]
    assert "U0ONCALL" in world.sandbox.members("inc-1-checkout-is-down")
    assert (await backlog(world)).unfinished == 0


def test_a_line_that_mentions_hundreds_of_people_looks_few_of_them_up() -> None:
    text = "note <@UANA|ana> " + " ".join(f"<@U{number}|p{number}> <@UANA|ana>" for number in range(300))
    body = {"team_id": "T1", "user_id": "U1", "channel_id": "C1", "text": text}

    mentioned = SlashCommand.from_payload(body).mentioned

    assert list(mentioned)[:3] == ["UANA", "U0", "U1"]
    assert mentioned["UANA"] == "ana"
    assert len(mentioned) == MAX_MENTIONED
