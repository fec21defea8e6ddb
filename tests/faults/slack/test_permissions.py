"""Without a scope or a plan feature incidents go on with less, and it is reported once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.config.crypto import outbox_path
from bot.domain.slack_app.scopes import PERMISSIONS
from bot.sandbox.web_api.methods import ALL_SCOPES
from bot.services.postmortem.load_record import load_record
from bot.services.workspace.missing_permissions import list_missing
from bot.store.incidents import incident_lists
from tests.support.worlds.world import World, rendered

ALL = {each.scope for each in PERMISSIONS}
OPTIONAL = [each.scope for each in PERMISSIONS if not each.is_required]
CONFIG = """
[services.checkout]
people = ["U0ENGINEER"]
team = "payments"

[teams.payments]
usergroup = "S0DATABASE"
"""


pytestmark = pytest.mark.world(config=CONFIG)


def said_of(world: World, word: str) -> list[str]:
    """The notices in the incidents channel that name it."""
    channel = world.sandbox.channel("incidents")
    return [text for text in (world.texts("incidents") if channel else []) if f"`{word}`" in text]


async def an_incident(world: World, title: str = "checkout is down") -> dict[str, Any]:
    """Run an incident with all optional permissions in use; return the record."""
    await world.declares(f"{title} service:checkout")
    ts = await world.says("engineer", "the pool is exhausted")
    await world.reacts("oncall", ts, "dart")
    assert await world.types("oncall", "/incident escalate @dba the pool is exhausted") == ""
    await world.finish()
    await world.types("dba", "/incident ack")
    await world.types("oncall", "/incident resolve raised the pool's size")
    await world.finish()
    await world.types("oncall", "/incident postmortem")
    await world.finish()
    return await facts(world)


async def facts(world: World) -> dict[str, Any]:
    """Of the newest incident."""

    def read(session: Any) -> dict[str, Any]:
        incident = incident_lists.find_newest(session, world.sandbox.team_id, 1)[0]
        found = load_record(session, world.bot.settings, incident.key)
        return {
            "status": incident.status,
            "texts": sorted(entry.text for entry in found.entries if entry.text),
            "cause": [entry.text for entry in found.entries if "cause" in entry.kinds],
            "answered": [each.acknowledged_by for each in found.escalations],
            "has ended": incident.ended_at is not None,
        }

    return await world.bot.database.read(read)


async def restarted_with(world: World, scopes: set[str]) -> None:
    await world.settle()
    world.sandbox.set_scopes(sorted(scopes))
    await world.restart()
    await world.finish()


async def test_with_every_permission_nothing_is_told(world: World) -> None:
    await restarted_with(world, ALL)
    record_of_it = await an_incident(world)

    assert record_of_it["cause"] == ["the pool is exhausted"]
    assert record_of_it["answered"] == ["U0DBA"]
    assert record_of_it["status"] == "resolved"
    assert await world.bot.database.read(list_missing) == []
    assert not [text for text in world.texts("incidents") if "dogwatch doctor" in text]


@pytest.mark.parametrize("scope", OPTIONAL)
async def test_without_one_permission_incidents_go_on_and_it_is_told_once(world: World, scope: str) -> None:
    with_all = await an_incident(world)
    await restarted_with(world, ALL - {scope})

    without = [await an_incident(world), await an_incident(world)]
    await world.restart()
    await world.finish()

    assert without == [with_all, with_all]
    assert len(said_of(world, scope)) == 1
    assert [each.permission.scope for each in await world.bot.database.read(list_missing)] == [scope]
    cards = rendered(world.sandbox.messages(world.channel)[0]) + "".join(world.texts())
    assert ("lacks a permission" in cards) is (scope == "files:write"), "somebody waits for the draft"


@pytest.mark.parametrize("scope", ["groups:write", "groups:read", "groups:history"])
async def test_a_private_incident_without_its_permissions_is_recorded(world: World, scope: str) -> None:
    await restarted_with(world, ALL - {scope})

    answer = await world.types("oncall", "/incident start somebody's account private:yes", "ops")
    await world.finish()
    if scope != "groups:write":  # without it there is no channel
        await world.types("oncall", "/incident resolve closed it")
        await world.finish()

    assert "INC-1" in answer
    assert (await facts(world))["status"] == ("investigating" if scope == "groups:write" else "resolved")
    assert len(said_of(world, scope)) == 1
    assert "account" not in "".join(world.texts("incidents"))


REFUSED_IN_A_STORY = [
    "bookmarks:write",
    "canvases:write",
    "pins:write",
    "reactions:write",
    "files:write",
    "im:write",
    "users:read",
    "usergroups:read",
]


@pytest.mark.parametrize("scope", REFUSED_IN_A_STORY)
async def test_a_permission_that_is_taken_away_while_it_runs_is_noticed_at_the_first_refusal(
    world: World, scope: str
) -> None:
    world.sandbox.set_scopes(sorted(set(ALL_SCOPES) - {scope}))
    await an_incident(world)
    await an_incident(world)

    assert len(said_of(world, scope)) == 1


async def test_a_permission_that_came_back_and_went_again_is_told_again(world: World) -> None:
    await restarted_with(world, ALL - {"pins:write"})
    await restarted_with(world, ALL)
    assert await world.bot.database.read(list_missing) == []
    await restarted_with(world, ALL - {"pins:write"})

    assert len(said_of(world, "pins:write")) == 2


async def test_a_plan_without_user_groups_is_told_once(world: World) -> None:
    world.sandbox.fault("error", "usergroups.list", error="paid_teams_only")

    await an_incident(world)
    await an_incident(world)
    await world.restart()
    await an_incident(world)

    assert len(said_of(world, "paid_teams_only")) == 1
    assert "paid_teams_only" not in world.card()


@pytest.mark.parametrize("missing", ["canvases", "usergroups"])
async def test_what_a_plan_lacks_is_told_once_and_stops_nothing(world: World, missing: str) -> None:
    setattr(world.sandbox.workspace.plan, missing, False)

    await an_incident(world)
    await an_incident(world)

    (lack,) = await world.bot.database.read(list_missing)
    assert not lack.is_scope
    assert len(said_of(world, lack.error_code)) == 1
    assert "depends on the workspace's plan" in said_of(world, lack.error_code)[0]


async def test_several_that_are_missing_at_a_start_are_told_in_one_message(world: World) -> None:
    await restarted_with(world, ALL - {"pins:write", "im:write", "users:read"})

    (text,) = said_of(world, "pins:write")
    assert "`im:write`" in text
    assert "`users:read`" in text
    assert "Incidents still work" in text


async def test_without_a_permission_that_is_needed_the_log_and_the_outbox_say_so(world: World) -> None:
    await restarted_with(world, ALL - {"channels:manage"})

    lacking = await world.bot.database.read(list_missing)
    assert [each.permission.is_required for each in lacking] == [True]
    answer = await world.types("oncall", "/incident start checkout is down", "ops")
    assert "INC-1" in answer


async def test_the_operators_page_names_what_is_lacking(world: World) -> None:
    await restarted_with(world, ALL - {"usergroups:read"})

    path = outbox_path(world.bot.settings, int(datetime.now(UTC).timestamp()) + 600)
    status, page = await world.gets(path)

    assert status == 200
    assert "usergroups:read" in page
    assert "User groups are not invited or paged" in page


async def test_channels_are_found_without_the_permission_for_private_ones(world: World) -> None:
    """Slack refuses a list of both kinds if one of them may not be seen."""
    world.sandbox.add_channel("incidents", members=["oncall"])
    await restarted_with(world, ALL - {"groups:read"})

    await world.declares()

    assert len(world.texts("incidents")) == 2
    listed = [(call["args"]["types"], call["error"]) for call in world.sandbox.calls("conversations.list")]
    assert listed == [("public_channel,private_channel", "missing_scope"), ("public_channel", None)]
