"""Alert storms: one incident, nothing lost, a readable channel."""

import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, func, select

from bot.store.alerts.alerts import Alert
from bot.store.incidents.incidents import Incident
from tests.support.requests.alert_storm import Monitors, one_of_many
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World

CONFIG = """
[storms]
incidents = 3
minutes = 5

[alerts.severities]
critical = "SEV1"
warning = "SEV3"
info = "SEV4"

[services.payments]
people = ["U0DBA"]

[services.mail]
people = ["U0DEVELOPER"]
"""
STORM = "inc-4-alert-storm"


class Storming(World):
    """The alerts of a story begin when it begins."""

    def __init__(self, database_url: str, folder: Path, *, config: str = CONFIG) -> None:
        super().__init__(database_url, folder, config=config)
        self.began = self.now

    async def hears(self, *payloads: dict[str, Any]) -> None:
        answers = await Monitors(self.url).send(payloads)
        assert {status for status, _ in answers} == {200}, answers

    async def storms(self, count: int, *, first: int = 0, **more: Any) -> None:
        """`count` alerts of as many groups, all at once."""
        await self.hears(*(one_of_many(self, number, **more) for number in range(first, first + count)))


pytestmark = pytest.mark.world(kind=Storming)


async def alerts_by_incident(world: World) -> Counter[str]:
    def read(session: Session) -> Counter[str]:
        rows = session.exec(
            select(Incident.number, func.count())
            .join(Alert, Alert.incident_id == Incident.id)
            .group_by(Incident.number)
        )
        return Counter({f"INC-{number}": count for number, count in rows})

    return await world.bot.database.read(read)


def posts(world: World, channel: str = STORM) -> list[str]:
    """Messages in the channel, without the card and edited messages."""
    return [text for text in world.texts(channel) if not text.startswith(("🔴", "🟠", "🟡", "🔵", "✅"))]


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_storm_is_one_incident(world: Storming) -> None:
    """Two hundred groups fire at once: three own incidents, and one for the rest."""
    await world.storms(200)
    await world.advance(minutes=2)

    assert len(world.channels) == 4
    assert world.channels[-1] == STORM
    assert await alerts_by_incident(world) == {"INC-1": 1, "INC-2": 1, "INC-3": 1, "INC-4": 197}
    card = world.card(STORM)
    assert "Alert storm: 197 alerts of 12 services" in card
    assert "197 of 197 firing" in card
    for other in world.channels[:3]:
        ids = {each["name"]: each["id"] for each in world.sandbox.channels()}
        assert f"<#{ids[other]}>" in card
        assert f"<#{ids[STORM]}>" in world.card(other)
        assert sum("An alert storm began" in text for text in world.texts(other)) == 1
    assert {"U0DBA", "U0DEVELOPER"} <= set(world.sandbox.members(STORM)), "the people of its services are called"
    assert world.sandbox.channel(STORM)["topic"]["value"] == "SEV3 · INC-4 · Alert storm"


async def test_the_channel_of_a_storm_can_be_read(world: Storming) -> None:
    """Ten named alerts, then one line a minute, in the timeline as well."""
    await world.storms(200)
    await world.advance(minutes=2)

    told = posts(world)
    assert sum("*Alert*" in text for text in told) <= 10
    assert [text for text in told if "more alerts" in text] == [
        text for text in told if re.search(r"1\d\d more alerts of 12 services in one minute: \w+ \d+", text)
    ]
    assert len(told) <= 12, told
    entries = await world.timeline("INC-4")
    assert len(entries) <= 13
    counted = [int(found[1]) for each in entries if (found := re.match(r"(\d+) more alerts", each["text"]))]
    named = sum(each["text"].count("is too high") for each in entries if each["kinds"] == ["detection"])
    assert sum(counted) + named == 197, "each alert is told of once"


async def test_the_card_is_edited_once_a_second_at_most(world: Storming) -> None:
    await world.storms(30)
    await world.finish()
    world.sandbox.clear_calls()

    for first in range(30, 90, 20):
        await world.storms(20, first=first)
    await world.advance(seconds=1)

    (card,) = world.sandbox.pins(STORM)
    edits = [each for each in world.sandbox.calls("chat.update") if each["args"]["ts"] == card["ts"]]
    assert len(edits) == 1
    assert "Alert storm: 87 alerts" in world.card(STORM)


async def test_a_storm_is_as_bad_as_the_worst_of_it(world: Storming) -> None:
    await world.storms(20)
    await world.hears(one_of_many(world, 50, severity="critical"), one_of_many(world, 51, severity="info"))
    await world.finish()

    assert "*Severity:* SEV1" in world.card(STORM)
    assert any("SEV3 → *SEV1*" in text and "High50" in text for text in posts(world)), "and says because of what"

    await world.types("oncall", "/incident severity sev2 only one customer", STORM)
    await world.hears(one_of_many(world, 52, severity="critical"))
    await world.finish()
    assert "*Severity:* SEV2" in world.card(STORM), "people have seen how bad it is"


async def test_an_alert_of_an_open_incident_s_own_group_goes_there(world: Storming) -> None:
    await world.storms(20)
    await world.finish()
    folded = await alerts_by_incident(world)

    again = one_of_many(world, 0)
    again["alerts"][0]["labels"]["instance"] = "another"
    await world.hears(again)

    found = await alerts_by_incident(world)
    assert found["INC-4"] == folded["INC-4"]
    assert sum(found.values()) == 21


async def test_what_people_declare_neither_counts_nor_folds(world: Storming) -> None:
    for number in range(4):
        await world.types("oncall", f"/incident start it is down {number}", "ops")
    await world.finish()
    await world.storms(2, first=100)
    await world.finish()
    assert len(world.channels) == 6
    assert not any("storm" in name for name in world.channels)

    await world.storms(20)
    await world.types("oncall", "/incident start it is down as well", "ops")
    await world.finish()

    assert [name for name in world.channels if "storm" in name] == ["inc-8-alert-storm"]
    assert world.channels[-1] == "inc-9-it-is-down-as-well"


async def test_folding_can_be_switched_off(tmp_path: Path) -> None:
    async with Storming(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config="[storms]\nincidents = 0") as world:
        await world.storms(12)
        await world.finish()

        assert len(world.channels) == 12


async def test_a_storm_ends_by_itself(world: Storming) -> None:
    await world.storms(20)
    await world.advance(minutes=6)

    assert sum("The alert storm is over: no further alert for 5 min." in text for text in posts(world)) == 1
    await world.storms(2, first=100)
    await world.finish()
    assert len(world.channels) == 6, "what fires after it has incidents of its own again"
    assert "Investigating" in world.card(STORM), "people resolve it, nobody else"


async def test_it_goes_on_within_half_an_hour_after_it_was_resolved(world: Storming) -> None:
    await world.storms(20)
    await world.advance(minutes=6)
    await world.types("oncall", "/incident resolve the switch is back", STORM)
    await world.advance(minutes=10)

    await world.storms(20, first=100)
    await world.finish()

    assert sum("storm" in name for name in world.channels) == 1
    assert any("The alert storm continues" in text for text in posts(world))
    assert "Alert storm: 34 alerts" in world.card(STORM)


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_second_burst_is_told_and_linked_while_the_first_incident_is_open(world: Storming) -> None:
    await world.storms(20)
    await world.advance(minutes=6)

    await world.hears(one_of_many(world, 10, pod="new"))
    await world.advance(minutes=6)
    assert sum("The alert storm is over" in text for text in posts(world)) == 1, "one alert of it is no storm"
    await world.storms(20, first=100)
    await world.advance(minutes=6)

    told = [text for text in posts(world) if "storm" in text]
    assert ["continues" in text for text in told] == [False, True, False], told
    assert (
        "The alert storm continues: alerts had opened 3 more incidents within 5 min (INC-5, INC-6, INC-7)." in told[1]
    )
    notes = [
        each["text"] for each in await world.timeline("INC-4") if "storm" in each["text"] and each["kinds"] == ["note"]
    ]
    assert [text.split(":")[0] for text in notes] == [
        "The alert storm is over",
        "The alert storm continues",
        "The alert storm is over",
    ]
    ids = {each["name"]: each["id"] for each in world.sandbox.channels()}
    assert len(world.channels) == 7
    for other in world.channels[4:]:
        assert f"<#{ids[other]}>" in world.card(STORM)
        assert f"<#{ids[STORM]}>" in world.card(other)
        assert sum("The alert storm continues" in text for text in world.texts(other)) == 1


async def test_an_old_alert_does_not_date_the_storm(world: Storming) -> None:
    """A newly connected monitor sends alerts that have been firing for days."""
    await world.advance(minutes=30)
    old, began = world.began, world.now
    await world.storms(6)
    await world.finish()
    first = (await world.exported("INC-4"))["incident"]
    world.began = began - timedelta(seconds=30)
    await world.storms(3, first=50)
    await world.finish()
    then = (await world.exported("INC-4"))["incident"]

    assert first["sources"]["started_at"]["because"] == "alert storm began"
    assert datetime.fromisoformat(first["started_at"]) == datetime.fromisoformat(first["detected_at"])
    assert began <= datetime.fromisoformat(first["started_at"]) <= world.now
    assert then["sources"]["started_at"]["because"] == "earliest alert of the storm"
    assert datetime.fromisoformat(then["started_at"]) == began - timedelta(seconds=30)
    other = (await world.exported("INC-1"))["incident"]
    assert datetime.fromisoformat(other["started_at"]) == old, "any other incident began with its alert"


async def test_how_many_have_ended_is_counted(world: Storming) -> None:
    await world.storms(200)
    await world.advance(minutes=7)
    entries = len(await world.timeline("INC-4"))

    await world.storms(190, ended=True)
    await world.advance(minutes=2)

    (stand,) = [text for text in world.texts(STORM) if "firing" in text and text.startswith(":rotating_light:")]
    found = re.match(r":rotating_light: (\d+) of 197 alerts firing, (\d+) resolved", stand)
    assert found is not None, stand
    assert int(found[1]) + int(found[2]) == 197
    assert 184 <= int(found[2]) <= 190
    assert len(await world.timeline("INC-4")) <= entries + 12
    told = [each["text"] for each in await world.timeline("INC-4") if each["kinds"] == ["alert resolved"]]
    assert any(re.match(r"\d+ alerts of 12 services ended: ", text) for text in told)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Alert storm: 197 alerts of 12 services", "The alert storm is over", "more alerts of 12 services"]),
        (
            "de",
            ["Alarmsturm: 197 Alarme von 12 Diensten", "Der Alarmsturm ist vorbei", "weitere Alarme von 12 Diensten"],
        ),
    ],
)
async def test_its_draft_is_short_and_reads_well(tmp_path: Path, language: str, words: list[str]) -> None:
    config = f'{CONFIG}\n[incidents]\nlanguages = ["{language}"]'
    async with Storming(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=config) as world:
        await world.storms(200)
        await world.advance(minutes=7)
        await world.types("oncall", "/incident resolve the switch is back", STORM)
        await world.finish()

        (file,) = draft_files(world, STORM)
        draft = world.sandbox.file_content(file["id"]).decode()
        assert all(each in draft for each in words), draft
        assert len(draft.splitlines()) < 120
        assert draft.count("High") < 120, "not each of two hundred"


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_what_is_counted_survives_a_restart(world: Storming) -> None:
    await world.storms(60)
    await world.settle()
    await world.restart()
    await world.advance(minutes=2)

    assert "Alert storm: 57 alerts" in world.card(STORM)
    assert sum("more alerts" in text for text in posts(world)) == 1
