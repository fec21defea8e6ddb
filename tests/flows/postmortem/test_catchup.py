"""Catchup: a private summary from the present record."""

from tests.support.worlds.world import World, rendered


async def tells(
    world: World, user: str = "support", text: str = "/incident catchup", channel: str | None = None
) -> str:
    """The summary's text, blocks included, sent to the person alone."""
    answer = await world.sandbox.command(user, channel or world.channel, text)
    await world.settle()
    assert answer.ok, answer
    assert answer.body is not None
    assert answer.body["response_type"] == "ephemeral"
    return rendered(answer.body)


async def goes_wrong(world: World) -> None:
    await world.declares("Payments fail at:13:50 sev:1 service:checkout")
    await world.types("oncall", "/incident lead")
    first = await world.says("engineer", "is it the network?")
    await world.reacts("engineer", first, "thinking_face")
    second = await world.says("dba", "the pool is too small")
    await world.reacts("oncall", second, "thinking_face")
    await world.advance(minutes=2)
    no = await world.says("engineer", "no, pings arrive", thread_ts=first)
    await world.reacts("engineer", no, "x")
    rolling = await world.says("engineer", "rolling back to 4710")
    await world.reacts("engineer", rolling, "rewind")
    await world.types("oncall", "/incident escalate @dba pool is full")
    await world.types("oncall", "/incident task Tell the partners @support due:2026-03-02")
    await world.finish()


async def test_in_the_middle_of_it(world: World) -> None:
    await goes_wrong(world)
    before = len(world.sandbox.messages(world.channel))

    shown = await tells(world)

    head, _, rest = shown.partition("*Open hypotheses*")
    assert "INC-1 · Payments fail" in head
    assert "SEV1 · *under investigation*" in head
    assert "checkout" in head
    assert "<@U0ONCALL>" in head
    suspected, _, rest = rest.partition("*Ruled out*")
    assert "the pool is too small" in suspected
    assert "network" not in suspected
    excluded, _, rest = rest.partition("*Assignments*")
    assert "is it the network?" in excluded
    assert "no, pings arrive" in excluded
    work, _, due = rest.partition("*Due next*")
    assert "rolling back to 4710" in work
    assert "<@U0DBA> to answer" in due
    assert "next reminder" in due
    assert "Tell the partners" in due
    assert "2026-03-02" in due
    assert "Still missing: impact" in due
    assert "/incidents/INC-1?key=" in shown
    assert len(world.sandbox.messages(world.channel)) == before, "nobody else is told anything"


async def test_it_follows_what_happens(world: World) -> None:
    await goes_wrong(world)
    await world.types("dba", "/incident ack")
    await world.types("oncall", "/incident impact users:20% one in five payments failed")
    await world.types("dba", "/incident cause the deploy halved the pool")

    shown = await tells(world)

    assert "Open hypotheses" not in shown, "the cause is stated"
    assert "*Cause:* the deploy halved the pool" in shown
    assert "one in five payments failed (20% of users)" in shown
    assert "<@U0DBA> answered" in shown
    assert "to answer" not in shown


async def test_by_the_button_on_the_card(world: World) -> None:
    await goes_wrong(world)
    card = world.card()

    await world.presses("support", "incident_catchup")

    def seen_by(user: str) -> int:
        return sum("Open hypotheses" in rendered(each) for each in world.sandbox.messages(world.channel, user))

    assert (seen_by("support"), seen_by("oncall")) == (1, 0)
    assert world.card() == card


async def test_of_an_incident_that_is_over_and_from_outside(world: World) -> None:
    await goes_wrong(world)
    await world.types("oncall", "/incident resolve rolled back to 4710")
    await world.finish()

    shown = await tells(world, text="/incident catchup INC-1", channel="ops")

    assert "*resolved* since" in shown
    assert "*Resolution:* rolled back to 4710" in shown
    assert "Open hypotheses" not in shown
    assert "impact (`/incident impact`)" in shown
    assert "lead (`/incident lead`)" not in shown


async def test_outside_an_incident_has_to_be_named_and_a_private_one_does_not_exist(world: World) -> None:
    await world.declares("secret sev:1 private")

    assert "Which incident?" in await world.types("oncall", "/incident catchup", "ops")
    refused = await world.types("oncall", "/incident catchup INC-1", "ops")
    assert "There is no INC-1" in refused
    assert "secret" not in refused
    assert "private" in await tells(world, "oncall")


async def test_a_second_delivery_of_the_command_shows_what_stands_then(world: World) -> None:
    """Quotes are not stored: a deleted message is gone from this reply, too."""
    await world.declares()
    ts = await world.says("engineer", "hunter2 is the password")
    await world.reacts("oncall", ts, "pushpin")
    assert "hunter2" in await tells(world)
    await world.deletes("engineer", ts)

    assert "hunter2" not in await tells(world)
    assert "hunter2" not in await world.stored()
