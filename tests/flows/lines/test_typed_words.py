"""Words that people type instead of a command do what is meant, or offer it."""

from tests.flows.lines.test_refused_lines import labels_of, newest_answer, press_offer
from tests.support.worlds.world import World


async def test_a_sentence_starts_an_incident_only_when_somebody_presses(world: World) -> None:
    await world.types("oncall", "/incident Login is down for 5 & more", "ops")
    assert world.channels == []
    assert labels_of(newest_answer(world, channel="ops")) == ['Declare incident "Login is down for 5 & more"']

    assert "Declared" in await press_offer(world, channel="ops")
    assert (await world.exported())["incident"]["title"] == "Login is down for 5 & more"


async def test_start_alone_opens_the_form_everywhere(world: World) -> None:
    for channel, line in (("ops", "/incident start"), ("ops", "/incident Declare")):
        await world.types("oncall", line, channel)
        assert world.sandbox.views("oncall")[-1]["callback_id"] == "declare_modal"
    await world.declares()

    await world.types("dba", "/incident start", "ops")
    assert world.sandbox.views("dba")[-1]["callback_id"] == "declare_modal"


async def test_severities_and_leads_by_a_short_word(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident sev2 everybody is hit")
    assert (await world.exported())["incident"]["severity"] == "SEV2"
    await world.types("oncall", "/incident sev:1")
    await world.types("oncall", "/incident lead me")
    await world.types("oncall", "/incident role @dba communications reads along")
    whole = (await world.exported())["incident"]
    assert (whole["severity"], whole["lead_id"]) == ("SEV1", "U0ONCALL")
    assert "<@U0DBA>" in await world.types("oncall", "/incident role")


async def test_an_update_without_a_state_asks_for_it(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident update We are investigating. We know more soon.")
    assert labels_of(newest_answer(world)) == ["Investigating", "Identified", "Monitoring", "Resolved", "Postmortem"]
    await press_offer(world)

    (update,) = (await world.exported())["updates"]
    assert update["state"] == "investigating"
    assert list(update["texts"].values()) == ["We are investigating. We know more soon."]


async def test_a_length_ends_a_mute_and_a_maintenance(world: World) -> None:
    assert "until 2026-03-02 15:00" in await world.types("oncall", "/incident mute 1h the dentist", "ops")
    answer = await world.types("oncall", "/incident maintenance checkout 90 min new disks", "ops")
    assert "from 2026-03-02 14:00 UTC to 2026-03-02 15:30 UTC" in answer
    assert "new disks" in await world.types("oncall", "/incident maintenance", "ops")


async def test_close_resolves_and_help_is_asked_for_by_signs(world: World) -> None:
    await world.declares()

    assert "`/incident note" in await world.types("oncall", "/incident ?")
    assert "Add a timeline entry" in await world.types("oncall", "/incident note --help")
    await world.types("oncall", "/incident close rolled back")
    assert (await world.exported())["incident"]["status"] == "resolved"
