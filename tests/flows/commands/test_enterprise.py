"""An app installed in an Enterprise organisation names its workspace in some calls."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.doctor import run_checks
from bot.domain.errors import UserError
from bot.services.workspace.access import REFUSAL
from bot.store.incidents import installations
from tests.support.worlds.world import World

CONFIG = """
[services.checkout]
team = "payments"

[teams.payments]
usergroup = "S0DATABASE"
"""


def of_organisation(url: str, folder: Path, approved: Sequence[str] | None = None) -> World:
    built = World(url, folder, config=CONFIG)
    built.sandbox.organisation("E0HARBOUR", approved)
    return built


async def test_an_incident_runs_in_the_workspace_that_the_app_was_approved_for(
    database_url: str, tmp_path: Path
) -> None:
    async with of_organisation(database_url, tmp_path) as world:
        await world.declares("checkout is down service:checkout")
        ts = await world.says("engineer", "the pool is exhausted")
        await world.reacts("oncall", ts, "dart")
        await world.types("dba", "/incident lead")
        await world.types("oncall", "/incident resolve")
        await world.finish()
        await world.restart()
        await world.settle()

        installation = await world.bot.database.read(installations.find_installation)
        assert installation.team_id == "E0HARBOUR"
        assert world.is_confirmed(ts)
        assert "U0DBA" in world.sandbox.members(world.channel), "by the user group"
        assert "Resolved" in world.card()
        assert not [call for call in world.sandbox.calls() if call["error"] == "missing_argument"]
        token = next(each for each in await run_checks(world.bot.settings) if each.check == "bot token")
        assert (token.state, "the organisation Harbour (E0HARBOUR)" in token.found) == ("ok", True)


@pytest.mark.parametrize("approved", [[], ["T0HARBOUR", "T0ANOTHER"]])
async def test_an_app_without_one_workspace_is_refused_with_what_to_do(tmp_path: Path, approved: list[str]) -> None:
    world = of_organisation(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, approved)

    with pytest.raises(UserError, match=f"approved for {len(approved)} of its workspaces: .*approve it for that one"):
        async with world:
            pass
    token = next(each for each in await run_checks(world.settings()) if each.check == "bot token")
    await world.bot.stop()
    await world.sandbox.stop()

    assert token.state == "failed"
    assert "approved for" in token.found


@pytest.mark.parametrize("organisation", ["", "E0PARTNER"])
async def test_people_of_another_company_act_on_nothing(database_url: str, tmp_path: Path, organisation: str) -> None:
    """Slack Connect invites them into an incident's channel. Their company may have an organisation or none."""
    async with of_organisation(database_url, tmp_path) as world:
        await world.declares("checkout is down service:checkout")
        await world.types("oncall", "/incident escalate @dba please look")
        await world.finish()
        world.sandbox.add_user("partner", team_id="T0PARTNER", enterprise_id=organisation)
        world.sandbox.invite("oncall", world.channel, ["partner"])
        page = next(each for each in world.sandbox.messages(world.channel) if "please look" in str(each))
        acted = len(await world.audited())

        answer = await world.types("partner", "/incident resolve it works for us")
        named = await world.types("oncall", "/incident role scribe @partner")
        await world.presses("partner", "incident_lead")
        await world.presses("partner", "escalation_acknowledge")
        await world.reacts("partner", page["ts"], "eyes")
        await world.finish()

        assert REFUSAL in answer
        assert "is in another workspace" in named
        assert [each["text"] for each in world.sandbox.ephemerals("partner")].count(f":warning: {REFUSAL}") >= 2
        assert (await world.audited())[acted:] == []
        assert "*Lead:* nobody" in world.card()


async def test_colleagues_of_another_workspace_of_the_organisation_act(database_url: str, tmp_path: Path) -> None:
    async with of_organisation(database_url, tmp_path) as world:
        await world.declares("checkout is down service:checkout")
        colleague = world.sandbox.add_user("colleague", team_id="T0SISTER", enterprise_id="E0HARBOUR")
        world.sandbox.invite("oncall", world.channel, ["colleague"])

        await world.presses("colleague", "incident_lead")
        await world.types("colleague", "/incident resolve rolled back")
        await world.finish()

        assert "Resolved" in world.card()
        assert f"*Lead:* <@{colleague['id']}>" in world.card()
