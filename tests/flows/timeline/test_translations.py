"""Words of entries, tasks and resolutions in several languages."""

from typing import Any

import pytest

from tests.flows.incidents.test_lifecycle import incident
from tests.flows.timeline.test_amend import entry_of, marked
from tests.flows.timeline.test_redact import remains
from tests.flows.timeline.test_time_questions import choose, newest_question
from tests.support.records.entries import acts
from tests.support.worlds.story import drafts
from tests.support.worlds.world import World


async def ref_of(world: World, text: str) -> str:
    return str((await entry_of(world, text))["ref"])


def words(item: dict[str, Any]) -> dict[str, str]:
    return {each["language"]: each["text"] for each in item["translations"]}


async def posted_draft(world: World, languages: str) -> str:
    await world.types("oncall", f"/incident postmortem template:statuspage lang:{languages}")
    await world.finish()
    return drafts(world)[-1]


async def test_a_note_has_words_in_two_languages_each_with_author_and_time(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note lang:en We failed over")
    await world.advance(minutes=5)

    ref = await ref_of(world, "We failed over")
    answer = await world.types("dba", f"/incident note {ref} lang:fr Nous avons basculé")

    assert answer == f"{ref} has words in French now."
    entry = await entry_of(world, "We failed over")
    assert entry["language"] == "en"
    [translation] = entry["translations"]
    assert (translation["text"], translation["by_id"], translation["source"]) == (
        "Nous avons basculé",
        "U0DBA",
        "command",
    )
    assert translation["at"] > entry["recorded_at"]
    french, _, english = (await posted_draft(world, "fr,en")).partition("\n---\n")
    assert "Nous avons basculé" in french
    assert "We failed over" not in french
    assert "We failed over" in english


async def test_words_in_another_language_only_are_quoted_and_labelled(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note lang:fr Nous avons basculé")
    await world.types("oncall", "/incident task lang:fr Ajouter une alerte")

    english = await posted_draft(world, "en")

    assert "Nous avons basculé — oncall; French" in english
    assert "Ajouter une alerte — French" in english
    assert "Entries are not in every language of the document. Missing: English." in english
    assert "Tasks or improvements are not in every language of the document. Missing: English." in english


async def test_a_task_in_a_further_language_is_the_same_task(world: World) -> None:
    await world.declares()
    await world.types("oncall", '/incident task lang:en symptom:"The deploy failed." Add an alert')

    answer = await world.types("dba", '/incident task #1 lang:fr symptom:"Le déploiement a échoué." Ajouter une alerte')

    assert answer == "Task 1 has words in French now."
    [task] = (await world.exported())["actions"]
    assert (task["text"], task["language"], words(task)) == ("Add an alert", "en", {"fr": "Ajouter une alerte"})
    french = await posted_draft(world, "fr")
    assert "| Le déploiement a échoué. | Ajouter une alerte" in french
    assert "Add an alert" not in french


async def test_the_resolution_has_words_in_two_languages(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve lang:en The rollback fixed it")

    await world.types("dba", "/incident resolve lang:fr Le retour arrière a suffi")

    stated = (await incident(world))["resolution"]["texts"]
    assert {each["language"]: each["text"] for each in stated} == {
        "en": "The rollback fixed it",
        "fr": "Le retour arrière a suffi",
    }
    french = await posted_draft(world, "fr")
    assert "Le retour arrière a suffi" in french
    assert "The rollback fixed it" not in french.split("### Autres formulations")[0]


async def test_services_and_title_by_language_and_the_public_grade(world: World) -> None:
    await world.declares("lang:en Payments fail service:payments")
    await world.types("oncall", '/incident edit lang:fr title:"Paiements en panne"')
    await world.types("oncall", '/incident edit lang:fr service:"Paiements en magasin"')
    await world.types("oncall", "/incident edit grade:Notice")

    found = await incident(world)
    assert found["titles"] == {"en": "Payments fail", "fr": "Paiements en panne"}
    assert (found["services"], found["service_names"]) == (["payments"], {"fr": ["Paiements en magasin"]})
    assert found["public_grade"] == "Notice"
    french = await posted_draft(world, "fr")
    assert "Paiements en magasin" in french
    assert "**Niveau public\u202f:** Notice" in french
    assert "Payments fail" not in french.split("Autres formulations")[0]


async def test_the_amend_form_has_the_words_in_each_language_of_the_documents(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident edit lang:en,fr")
    await marked(world, "the pool is full")

    answer = await acts(world, "dba", "the pool", "amend", **{"text.fr": "le pool est plein"})

    assert not answer.errors
    entry = await entry_of(world, "the pool is full")
    assert words(entry) == {"fr": "le pool est plein"}
    assert entry["amended_at"] is None, "it still follows its message"

    await acts(world, "dba", "the pool", "amend", **{"text.fr": ""})
    assert words(await entry_of(world, "the pool is full")) == {}


async def test_redaction_removes_the_words_in_every_language(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note lang:en the password is hunter2 for everybody")
    ref = await ref_of(world, "hunter2")
    await world.types("dba", f"/incident note {ref} lang:fr le mot de passe est sesame42 pour tous")

    await world.types("dba", f"/incident redact {ref} it held a password")
    await world.finish()

    assert await remains(world, "sesame42") == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("note entry-999 lang:fr Texte", "has no entry-999"),
        ("task #7 lang:fr Texte", "has no improvement or task 7"),
        ("note lang:fr,en Texte", "A text has one language."),
        ("note lang:json is the default", "put the text in quotes"),
    ],
)
async def test_what_cannot_be_translated_is_refused(world: World, line: str, says: str) -> None:
    await world.declares()
    before = await world.timeline()

    assert says in await world.types("oncall", f"/incident {line}")
    assert await world.timeline() == before


async def test_a_language_amid_the_text_is_asked_about(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident note The page lang:fr is broken")
    assert "`lang:fr` is between words of the text." in answer
    await choose(world, newest_question(world), 1)

    entry = await entry_of(world, "is broken")
    assert (entry["text"], entry["language"]) == ("The page lang:fr is broken", None)
