"""The reactions are explained where people are: help, the card, its menu, App Home."""

import pytest

from tests.support.worlds.world import World, rendered

LEGEND = ":mag: *investigation*"


async def test_help_explains_the_reactions_and_says_so_first(world: World) -> None:
    everything = await world.types("oncall", "/incident help", "ops")
    legend = await world.types("oncall", "/incident help reactions", "ops")

    assert "`/incident help reactions`" in everything.splitlines()[1]
    assert LEGEND in legend


async def test_the_first_message_of_a_channel_names_the_reactions_that_are_used_most(world: World) -> None:
    await world.declares()

    assert ":mag: investigation · :hammer_and_wrench: action · :dart: cause" in world.card()


@pytest.mark.world(config='[reactions]\nmag = "cause"\nbug = "cause"\n')
async def test_the_legend_is_that_of_the_team_s_own_table(world: World) -> None:
    await world.declares()

    assert "investigation" not in world.card()
    assert ":mag: :dart: :bug: *cause*" in await world.types("oncall", "/incident help reactions", "ops")


async def test_the_menu_of_the_card_shows_the_legend_to_whoever_asks(world: World) -> None:
    await world.declares()
    await world.presses("oncall", "incident_more")

    answer = await world.sandbox.click_view("oncall", world.sandbox.views("oncall")[0]["id"], "reactions_help", None)
    await world.settle()

    assert answer.ok, answer
    assert LEGEND in world.sandbox.ephemerals("oncall", world.channel)[-1]["text"]
    assert world.sandbox.ephemerals("engineer", world.channel) == []


async def test_app_home_has_the_legend(world: World) -> None:
    await world.sandbox.open_home("oncall")
    await world.finish()
    shown = world.sandbox.home("oncall")
    assert shown is not None
    assert ":mag: investigation" in rendered(shown)

    await world.sandbox.click_view("oncall", shown["id"], "reactions_help")
    await world.settle()

    assert LEGEND in rendered(world.sandbox.views("oncall")[-1])
