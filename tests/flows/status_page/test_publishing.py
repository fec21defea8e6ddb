"""`/incident update` where a public page is configured: what readers see, and what they never see."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from bot.domain.status_page.components import ComponentState
from bot.sandbox.workspace import messages
from bot.store.shared.audit import AuditRow
from tests.support.records.entries import acts, removes
from tests.support.records.public_page import load_only_incident, load_state, opens_until
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World


async def audit_of(world: World, action: str) -> list[AuditRow]:
    def read(session: Any) -> list[AuditRow]:
        return [row for row in session.exec(select(AuditRow)).all() if row.action == action]

    return await world.bot.database.read(read)


async def test_an_update_from_the_channel_is_on_the_page_in_the_readers_language(world: World) -> None:
    await world.declares("Card payments fail sev:1 service:checkout")

    answer = await world.types(
        "oncall", "/incident update investigating lang:en affects:online=major,store=partial We see failed payments."
    )
    french = await world.types("oncall", "/incident update investigating lang:fr Des paiements échouent.")
    await world.advance(minutes=20)
    await world.types("oncall", "/incident update resolved lang:en It is over.")

    assert "It is on the status page in English: https://status.example.test" in answer
    assert "Missing: French and Italian." in answer
    assert "The title is missing in French." in french
    assert "The title" not in answer
    page = await opens_until(world, "/status", "It is over.", **{"Accept-Language": "fr-CH, en;q=0.5"})
    assert 'lang="fr"' in page.text
    assert "Paiements en ligne" in page.words
    assert "Disponible uniquement en anglais." in page.words
    assert "Titre disponible uniquement en anglais." in page.words
    incident = await load_only_incident(world)
    assert incident.states == ("investigating", "resolved")
    assert incident.updates[0].texts == {"en": "We see failed payments.", "fr": "Des paiements échouent."}
    assert incident.updates[0].components["online"].names["fr"] == "Paiements en ligne"
    assert {key: each.state for key, each in incident.components.items()} == dict.fromkeys(
        ("online", "store"), ComponentState.OPERATIONAL
    )
    alone = await opens_until(world, f"/status/en/incidents/{incident.public_id}.html", "We see failed payments.")
    for internal in ("INC-1", "oncall", "#inc", "checkout", "SEV1", "harbour.slack"):
        assert internal not in alone.words


async def test_an_option_that_does_not_exist_is_not_published(world: World) -> None:
    await world.declares("Card payments fail sev:2 service:checkout")

    answer = await world.types("oncall", "/incident update investigating componets:online Payments fail.")

    assert "`componets:online` is not an option here" in answer
    assert "which customers read" in answer
    assert (await load_state(world)).incidents == ()


async def test_the_answer_suggests_states_and_changes_none_by_itself(world: World) -> None:
    await world.declares("Card payments fail sev:2 service:checkout")

    answer = await world.types("oncall", "/incident update investigating We see failed payments.")

    assert "Suggested: `affects:online=partial_outage`" in answer
    assert [each.state for each in (await load_state(world)).components] == [ComponentState.OPERATIONAL] * 2
    await world.types("oncall", "/incident update identified affects:online=degraded We found the cause.")
    later = await world.types("oncall", "/incident update monitoring It works again.")
    assert "Suggested" not in later, "a person has chosen the state"


async def test_a_declaration_and_a_resolution_suggest_the_states_of_components(world: World) -> None:
    declared = await world.types("oncall", "/incident start Card payments fail sev:1 service:checkout", "ops")
    await world.finish()
    await world.types("oncall", "/incident update investigating lang:en affects:online=major It fails.")
    resolved = await world.types("oncall", "/incident resolve rolled back")

    form = f"{world.url}/incidents/INC-1/publish"
    assert f"Suggested for the status page: Online payments: major outage. Confirm and publish: {form}" in declared
    assert f"Suggested for the status page: Online payments: operational. Confirm and publish: {form}" in resolved


@pytest.mark.parametrize(
    ("words", "reference"), [("Somebody steals cards private:yes", "INC-1"), ("Cards fail drill:yes", "DRILL-1")]
)
async def test_private_incidents_and_drills_are_never_published(world: World, words: str, reference: str) -> None:
    await world.declares(words)

    answer = await world.types("oncall", "/incident update investigating lang:en We look into it.")

    assert "never published" in answer
    assert (await load_state(world)).incidents == ()
    assert (await world.exported(reference))["updates"][0]["texts"] == {"en": "We look into it."}


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("investigating lang:de Wir schauen.", "The status page is not in German."),
        ("investigating Ask <@U0DBA> for more.", "is a person, channel or link of Slack"),
        ("investigating See INC-1 for more.", "`INC-1` is internal"),
        ("investigating Project falcon is down.", "`Falcon` is internal"),
        ("investigating affects:onlin=major It fails.", "Did you mean `online`?"),
        (f"investigating {'a' * 5001}", "Use up to 5,000."),
    ],
)
async def test_what_must_not_leave_is_refused_and_changes_nothing(world: World, line: str, refusal: str) -> None:
    await world.declares()
    before = await world.tables()

    answer = await world.types("oncall", f"/incident update {line}")

    assert refusal in answer
    assert await world.tables() == before


async def test_a_correction_is_shown_with_its_time_and_the_audit_keeps_the_old_words(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident update monitoring lang:en It lasted until 4.23pm.")
    await world.advance(minutes=10)

    await acts(world, "oncall", "It lasted until 4.23pm.", "amend", text="It lasted until 4.24pm.")

    await opens_until(world, "/status/en/", "It lasted until 4.24pm.")
    update = (await load_only_incident(world)).updates[0]
    assert (update.texts, update.corrected_at) == ({"en": "It lasted until 4.24pm."}, world.now)
    page = await opens_until(world, "/status/en/", "Corrected")
    assert "4.23pm" not in page.text
    [row] = await audit_of(world, "corrected a published update")
    assert row.details["before"] == {"text": "It lasted until 4.23pm."}


async def test_an_update_that_is_removed_is_shown_as_withdrawn(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident update identified lang:en affects:online=major We know why.")

    await world.types("oncall", "/incident timeline")
    await removes(world, "oncall", "We know why.")

    page = await opens_until(world, "/status/en/", "This update was withdrawn.")
    assert "We know why." not in page.text
    assert (await load_state(world)).components[0].state is ComponentState.OPERATIONAL


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_redacted_words_leave_the_page(world: World) -> None:
    await world.declares("Vault 9876 is open")
    await world.types("oncall", "/incident update identified lang:en The secret is 1234.")
    exported = await world.exported()

    for entry in (exported["updates"][0]["refs"][0], exported["timeline"][0]["ref"]):
        await world.types("oncall", f"/incident redact {entry} a secret")

    page = await opens_until(world, "/status/en/", "Service incident")
    assert "This text was removed." in page.words
    assert "1234" not in page.text
    assert "9876" not in page.text


@pytest.mark.parametrize("line", ["cancel false alarm", "merge INC-2"])
async def test_an_incident_that_ends_without_a_resolution_is_ended_in_public(world: World, line: str) -> None:
    await world.declares("Card payments fail service:checkout")
    first = world.channel
    await world.types("oncall", "/incident update investigating lang:en affects:online=major We see failed payments.")
    await world.declares("The database is down")

    await world.types("oncall", f"/incident {line}", first)
    if line.startswith("merge"):
        await world.presses("oncall", "merge_confirmed", channel=first)
    await world.finish()

    page = await opens_until(world, "/status/fr/", "Nous mettons fin à ce signalement.")
    assert "INC-2" not in page.text
    incident = await load_only_incident(world)
    assert (incident.is_open, incident.updates[-1].is_closing) == (False, True)
    assert (await load_state(world)).components[0].state is ComponentState.OPERATIONAL
    refused = await world.types("oncall", "/incident update identified lang:en We know why.", first)
    corrected = await world.types("oncall", "/incident update resolved lang:en It was a false alarm.", first)
    assert "nothing would end its report on the status page" in refused
    assert "It is on the status page in English" in corrected
    assert [each.state for each in (await load_only_incident(world)).updates] == [
        "investigating",
        "resolved",
        "resolved",
    ]


async def test_an_incident_that_becomes_private_leaves_the_page(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident update investigating lang:en We look into it.")
    await opens_until(world, "/status/en/", "We look into it.")

    channel = world.sandbox.workspace.channels[world.sandbox.channel(world.channel)["id"]]
    channel.is_private = True
    kind = "channel_convert_to_private"
    messages.post_system_message(world.sandbox.workspace, channel, "U0ONCALL", kind, "made private", world.now)
    await world.finish()

    page = await opens_until(world, "/status/en/", "All systems operational")
    assert "We look into it." not in page.text


async def test_the_words_of_people_are_text_in_every_format(world: World) -> None:
    await world.declares()
    hostile = "<b>bold</b> & *stars* {{ 7*7 }} <https://x.example/a|a link>"

    await world.types("oncall", f"/incident update investigating lang:en {hostile}")

    page = await opens_until(world, "/status/en/", "a link (https://x.example/a)")
    assert "<b>bold" not in page.text
    assert "{{ 7*7 }}" in page.words


async def test_two_replies_of_one_state_after_another_are_two_updates(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident update investigating lang:en First.")
    await world.types("engineer", "/incident update investigating lang:en Second.")
    await world.types("oncall", "/incident update investigating lang:fr Deuxième.")

    assert [each.texts for each in (await load_only_incident(world)).updates] == [
        {"en": "First."},
        {"en": "Second.", "fr": "Deuxième."},
    ]


async def test_an_update_of_earlier_says_when_it_was_published(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident update investigating at:13:50 lang:en We look into it.")

    page = await opens_until(world, "/status/en/", "We look into it.")
    update = (await load_only_incident(world)).updates[0]
    assert (update.published_at.isoformat()[11:16], update.added_at) == ("12:50", world.now)
    assert "Published Mar 2, 2026" in page.words


@pytest.mark.world(config="")
async def test_without_a_page_the_command_records_and_the_address_has_nothing(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident update investigating lang:en We look into it.")

    assert answer == "Dogwatch does not publish it: post it where your customers read it."
    async with Visitor(world) as reader:
        assert (await reader.opens("/status")).status == 404


async def test_the_same_update_by_two_people_at_once_is_published_once(world: World) -> None:
    """Also again by one person, who got no answer. Later on the same words are news."""
    await world.declares("Card payments fail sev:1 service:checkout")
    line = "/incident update investigating lang:en affects:online=major We see failed payments."

    answers = await asyncio.gather(
        *(world.sandbox.command(each, world.channel, line) for each in ("oncall", "dba", "oncall"))
    )
    await world.finish()
    assert sum("already says exactly this" in (each.text or "") for each in answers) == 2
    assert len((await load_only_incident(world)).updates) == 1
    assert len([each for each in await world.timeline() if "communication" in each["kinds"]]) == 1

    await world.types("oncall", line.replace("major", "partial"))
    await world.advance(minutes=30)
    await world.types("oncall", line.replace("major", "partial"))
    assert len((await load_only_incident(world)).updates) == 3
