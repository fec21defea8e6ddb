"""The public postmortems of the shared scenarios and of the examples: what a customer would be shown."""

import tempfile
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.cli.commands.replay import LEAD_TIME, TRAILING_TIME, scenario_config
from bot.config import Settings
from bot.domain.record.model import Record
from bot.local.replay_world import ALERT_TOKEN, ReplayWorld
from bot.scenario.reader import read_scenario
from bot.services.postmortem.load_record import load_record
from bot.services.postmortem.public import PublicationRefused, write_public_postmortem
from bot.simulation.player import Player
from bot.store.incidents import incidents, installations
from tests.support.servers.requirements import conformance_data

EXAMPLES = Path(__file__).parents[3] / "examples"


async def publish(path: Path, *languages: str) -> tuple[Record, str, list[str]]:
    """The record after the scenario, its public postmortem, and the reasons against it."""
    scenario = read_scenario(path)
    with tempfile.TemporaryDirectory() as folder:
        world = ReplayWorld(scenario.steps[0].at - LEAD_TIME, Path(folder), config=scenario_config(scenario))
        try:
            await world.start()
            player = Player(scenario, world.sandbox, world, bot_url=world.url, token=ALERT_TOKEN)
            for step in scenario.steps:
                await world.advance_to(step.at)
                await player.perform(step)
            await world.advance_to(world.clock.now() + TRAILING_TIME)

            def read(session: Session, settings: Settings) -> tuple[Record, str, list[str]]:
                installation = installations.find_installation(session)
                assert installation is not None
                row = incidents.find_by_channel(session, installation.team_id, player.channel or "")
                assert row is not None
                record = load_record(session, settings, row.key)
                try:
                    written = write_public_postmortem(session, settings, row.key, languages=languages or None)
                except PublicationRefused as refused:
                    return record, "", [each.in_english() for each in refused.refusals]
                return record, written.markdown, []

            return await world.dogwatch.database.read(read, world.dogwatch.settings)
        finally:
            await world.stop()


def internal_words(record: Record) -> list[str]:
    """Parts of the record that no customer may read: people, alerts, messages, links, tasks."""
    incident = record.incident
    words = [*record.people, *record.people.values(), incident.reference, incident.severity_label, "slack", "http"]
    words += [alert.name for alert in record.alerts] + [action.text for action in record.actions]
    words += [entry.text for entry in record.entries if entry.source.kind.value == "message" and len(entry.text) > 20]
    return [word for word in words if word]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("checkout-500s", "A flaw in the integration code for the payment gateway crashed the checkout page"),
        ("payment-outage", "Rolled back to the previous version, eliminating the misconfiguration"),
        ("nuru-outage", "A misconfiguration in the payment gateway integration prevented secure connections"),
    ],
)
async def test_shared_scenarios_leave_with_their_statements_only(name, told):
    record, markdown, reasons = await publish(conformance_data() / "scenarios" / f"{name}.yaml")

    assert reasons == []
    assert told in markdown
    assert [word for word in internal_words(record) if word.casefold() in markdown.casefold()] == []


async def test_contradicting_times_and_a_text_without_a_language_are_refused():
    _, markdown, reasons = await publish(conformance_data() / "scenarios" / "payplug-tsr-1532.yaml", "fr", "en")

    assert markdown == ""
    assert [each.partition(" (")[0].partition(":")[0] for each in reasons] == [
        "Impact",
        "Impact",
        "Finding end-time-conflict",
    ]


async def test_two_languages_of_an_example_follow_one_another():
    record, markdown, reasons = await publish(EXAMPLES / "cdn-outage.yaml", "es", "en")

    assert reasons == []
    spanish, _, english = markdown.partition("\n---\n")
    assert spanish.startswith("# Sitio web no disponible\n")
    assert "*Investigating:* The website is unavailable." in english
    assert "The website" not in spanish
    assert [word for word in internal_words(record) if word.casefold() in markdown.casefold()] == []
