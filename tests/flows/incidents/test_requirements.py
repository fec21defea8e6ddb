"""Custom status names, and requirements of severities and statuses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.worlds.world import World

CONFIG = """
[severities.SEV1]
label = "P1"
demands = ["lead", "scribe", "impact", "update"]

[severities.SEV2]
demands = ["services", "category"]

[statuses]
monitoring = "watching"

[statuses.identified]
label = "Cause known"
words = ["known"]
demands = ["cause"]

[statuses.resolved]
demands = ["resolution", "improvement", "users"]
"""


@pytest.fixture
async def own(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, config=CONFIG) as built:
        await built.declares()
        yield built


@pytest.mark.parametrize("typed", ['"cause known"', "cause-known", "known", "identified", "Known"])
async def test_a_status_is_typed_and_shown_by_the_workspaces_words(own: World, typed: str) -> None:
    answer = await own.types("oncall", f"/incident status {typed} the pool was halved")
    await own.finish()

    assert answer == "", "the channel says it, and what is asked for"
    assert "*Status:* Cause known" in own.card()
    assert "Cause known" in own.texts("incidents")[0]
    assert any("set the status: *Cause known*" in text for text in own.texts())
    assert "Cause known" in await own.types("oncall", "/incident list")
    assert "Cause known" in await own.types("oncall", "/incident catchup")
    incident = (await own.exported())["incident"]
    assert (incident["status"], incident["status_label"]) == ("identified", "Cause known")


async def test_a_wrong_status_is_answered_with_the_workspaces_words(own: World) -> None:
    refused = await own.types("oncall", "/incident status wachting")
    again = await own.types("oncall", "/incident status investigating")
    await own.types("oncall", "/incident status watching")
    now = await own.types("oncall", "/incident status monitoring")

    assert "Did you mean `watching`?" in refused
    assert "Nothing to change: it is already investigating." in again
    assert "Nothing to change: it is already watching." in now


async def test_the_form_offers_the_workspaces_words(own: World) -> None:
    await own.presses("oncall", "incident_status")

    shown = str(own.sandbox.views("oncall")[-1])
    assert "Cause known" in shown
    assert "watching" in shown


async def test_what_a_severity_asks_for_is_ticked_off_on_the_card(own: World) -> None:
    answer = await own.types("oncall", "/incident sev p1 everybody")
    await own.finish()

    assert answer == ""
    line = next(text for text in own.texts() if "changed the severity" in text)
    assert "P1 asks for: Lead (`/incident lead`), Scribe" in line
    asked = own.card()
    assert "*P1 asks for*" in asked
    for open_one in ("Lead", "Scribe", "impact", "public update"):
        assert f":white_medium_square: {open_one}" in asked

    await own.types("oncall", "/incident lead")
    await own.types("oncall", "/incident role scribe <@U0DBA|dba>")
    await own.types("oncall", "/incident impact half of all payments fail")
    await own.types("oncall", "/incident update investigating We look into it")
    await own.finish()

    assert ":white_medium_square:" not in own.card()
    assert own.card().count("\n:white_check_mark:") == 4


async def test_demands_hold_nothing_up(own: World) -> None:
    await own.types("oncall", "/incident sev p1")

    answer = await own.types("oncall", "/incident resolve")
    await own.finish()

    assert answer == ""
    assert (await own.exported())["incident"]["status"] == "resolved"
    assert "*Resolved asks for*" in own.card()
    assert ":white_medium_square: resolution" in own.card()

    await own.types("oncall", "/incident improve watch the size of the pool")
    await own.types("oncall", "/incident impact users:20% half of all payments fail")
    await own.finish()

    assert ":white_check_mark: improvement" in own.card()
    assert ":white_check_mark: affected users" in own.card()


async def test_what_the_details_say_counts(own: World) -> None:
    await own.types("oncall", "/incident sev 2")
    await own.types("oncall", "/incident edit category:capacity")
    await own.finish()

    assert ":white_check_mark: category" in own.card()
    assert ":white_medium_square: affected services" in own.card()


async def test_a_false_alarm_is_asked_for_nothing(own: World) -> None:
    await own.types("oncall", "/incident sev p1")
    await own.types("oncall", "/incident cancel a test")
    await own.finish()

    assert "asks for" not in own.card()
