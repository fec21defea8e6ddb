"""A vendor's postmortem in two languages: the reference scenario with all words of its source."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli.commands.replay import play, replay
from bot.scenario.reader import read_scenario

ROWS = {
    "Production deployment of an upgrade": "Mise en production d’une évolution sur un composant réseau (ingress).",
    "Rollback of the production change": "Déploiement du rollback de la mise en production.",
    "Status page communication": "Communication status page.",
    "Service restored.": "Service rétabli.",
}
"""French words of the rows, by the beginning of the English ones."""
TESTS_UNFIT = (
    "Test des composants réseau (ingress externals) ne permettant pas de valider qu’ils étaient fonctionnels après le "
    "changement en environnement de test."
)
TASKS = (
    (
        "Mise en production en erreur.",
        "Investigation de la mise en production avant toute tentative de redéploiement ultérieure.",
    ),
    (
        TESTS_UNFIT,
        "Créer des tests dédiés afin de valider isolément le fonctionnement des ingress external des ingress internal.",
    ),
)
STATED = (
    '/incident edit lang:fr service:"Paiements e-commerce, Paiements magasin"',
    "/incident edit grade:Notice",
    "/incident impact lang:fr Aucun paiement durant 13 minutes.",
    "/incident resolve lang:fr L’incident est maintenant résolu et le service est rétabli.",
)
LANGUAGE_STATED = ("/incident impact ", "/incident task ", "/incident resolve at:16:24 ", "/incident note ")


def with_french_words(path: Path, refs: Mapping[str, str]) -> dict[str, Any]:
    """
    The scenario, its English commands with their language, and the French words at its end.

    `refs` are those of the entries by text.
    """
    scenario = yaml.safe_load(path.read_text())
    for command in [step["command"] for step in scenario["steps"] if "command" in step]:
        for begin in LANGUAGE_STATED:
            command["text"] = command["text"].replace(begin, f"{begin}lang:en ")
    lines = [*STATED]
    for english, french in ROWS.items():
        [ref] = [ref for text, ref in refs.items() if text.startswith(english)]
        lines.append(f"/incident note {ref} lang:fr {french}")
    for number, (symptom, text) in enumerate(TASKS, start=1):
        lines.append(f'/incident task #{number} lang:fr symptom:"{symptom}" {text}')
    scenario["steps"][-1:-1] = [{"command": {"who": "oncall", "text": line}} for line in lines]
    del scenario["expect"], scenario["vendor_view"]
    return dict(scenario)


@pytest.fixture
async def documents(conformance: Path, tmp_path: Path) -> tuple[str, str]:
    """The French and the English document."""
    reference = conformance / "scenarios" / "payplug-tsr-1532.yaml"
    played = await play(read_scenario(reference))
    scenario = with_french_words(reference, {each["text"]: each["ref"] for each in played.record["timeline"]})
    path = tmp_path / "both.yaml"
    path.write_text(yaml.safe_dump(scenario, allow_unicode=True, sort_keys=False))
    assert await replay(path, tmp_path / "out") == []
    french, _, english = (tmp_path / "out" / "postmortem.md").read_text().partition("\n---\n")
    return french, english


async def test_each_document_is_in_its_language(documents: tuple[str, str]) -> None:
    french, english = documents

    for english_row, french_row in ROWS.items():
        assert french_row in french
        assert english_row not in french
        assert english_row in english
        assert french_row not in english
    for symptom, text in TASKS:
        assert f"| {symptom} | {text} " in french
        assert text not in english
    assert "Paiements e-commerce, Paiements magasin" in french
    assert "e-commerce payments, in-store payments" in english
    assert "(anglais)" not in french
    assert "— anglais" not in french
    assert french.count("*Cause consignée\u202f:*") == 1, "a cause in two languages has one time"
    assert english.count("*Cause stated:*") == 1
    for document in documents:
        assert "in every language of the document" not in document
        assert "dans toutes les langues du document" not in document


async def test_each_public_update_has_its_particulars(documents: tuple[str, str]) -> None:
    french, english = documents

    [line] = [each for each in french.splitlines() if "a eu lieu entre 16h11 et 16h23" in each]
    assert "Début\u202f: 27 mars 2025 à 16:11 (CET)" in line
    assert "Fin\u202f: 27 mars 2025 à 16:24 (CET)" in line
    assert "Catégorie\u202f: Production" in line
    assert "Responsabilité\u202f: Payplug" in line
    assert "Niveau public\u202f: Notice" in line
    [line] = [each for each in english.splitlines() if "occurred between 4.11pm and 4.23pm" in each]
    assert "Start: March 27, 2025, 16:11 (CET); End: March 27, 2025, 16:24 (CET)" in line
    assert "Severity: P1; Public grade: Notice; Category: Production; Responsibility: Payplug" in line
