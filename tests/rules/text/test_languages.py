"""Every language has every message, and every message is used."""

import ast
import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_time

import bot
from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.errors import UserError
from bot.domain.languages import get_language, load_words
from bot.domain.terms import LANGUAGES, Kind, Status, UpdateState
from bot.templating.environment import templates_folder

ENGLISH = load_words("en")


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_language_lacks_a_message(code):
    assert set(load_words(code)) == set(ENGLISH)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_message_takes_the_same_values(code):
    assert {key: fields(text) for key, text in load_words(code).items()} == {
        key: fields(text) for key, text in ENGLISH.items()
    }


def test_every_kind_and_status_has_its_word():
    assert {f"kind_{kind.name.lower()}" for kind in Kind} <= set(ENGLISH)
    assert {f"status_{status.value}" for status in Status} <= set(ENGLISH)
    assert {f"public_{state.value}" for state in UpdateState} <= set(ENGLISH)


def test_no_message_is_unused():
    package = Path(bot.__file__).parent
    trees = [ast.parse(path.read_text()) for path in package.rglob("*.py") if not path.name.startswith("languages_")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    literals = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    composed = [pattern for node in nodes if isinstance(node, ast.JoinedStr) and (pattern := composed_keys(node))]
    in_templates = {
        word for path in templates_folder().rglob("*.j2") for word in re.findall(r"\bt\.(\w+)", path.read_text())
    }

    def is_used(key: str) -> bool:
        stem = re.sub("_(one|other)$", "", key)  # what `Language.count` is given
        if key in literals | in_templates or (stem != key and stem in literals) or key.startswith("finding_"):
            return True
        return any(pattern.fullmatch(key) for pattern in composed)

    assert not [key for key in ENGLISH if not is_used(key)]


def composed_keys(text: ast.JoinedStr) -> re.Pattern[str] | None:
    """A pattern for the keys that `f"kind_{…}"` makes; None for texts that are no keys."""
    first = text.values[0]
    if not (isinstance(first, ast.Constant) and re.fullmatch("[a-z_]+_", str(first.value))):
        return None
    return re.compile(
        "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in text.values)
    )


def test_french_never_breaks_a_line_before_its_punctuation():
    wrong = {
        key: text
        for key, text in load_words("fr").items()
        if re.search(r"(?<!\u202f)[:;!?»](?!\w|//)|«(?!\u202f)", text)
    }

    assert not wrong


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "fr"])
def test_no_other_language_has_a_blank_before_punctuation(code):
    assert not {key: text for key, text in load_words(code).items() if re.search(r"\s[:;!?.,»]|«\s", text)}


@pytest.mark.parametrize("code", LANGUAGES)
def test_apostrophes_and_quotes_are_typographic(code):
    assert not {key: text for key, text in load_words(code).items() if re.search("['\"]|\\.\\.\\.|--", text)}


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_a_state_stands_without_a_preposition(code):
    """`de en cours d’analyse` is no French: a state is named, never declined."""
    changed = load_words(code)["changed_to"].format(what="W", was="A", became="B")

    assert changed == "W (A → B)"


@pytest.mark.parametrize("code", ["en-US", "en-GB", "en-AU", "fr", "it", "es", "es-MX", "de", "pt", "pt-BR"])
def test_times_of_day_are_babels_own(code):
    spoken = get_language(code)
    midnight = datetime(2024, 3, 1, tzinfo=UTC)
    formatter = TimeFormatter(spoken, ZoneInfo("UTC"), midnight, [])

    for minute in range(0, 24 * 60, 7):
        at = midnight + timedelta(minutes=minute)
        expected = format_time(at, "short", tzinfo=UTC, locale=spoken.locale)
        assert formatter.format_short(at) == expected.replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(("code", "expected"), [("en", "20:05"), ("en-US", "8:05 PM"), ("en-GB", "20:05")])
def test_only_a_region_chooses_a_clock_of_twelve_hours(code, expected):
    at = datetime(2024, 3, 10, 20, 5, tzinfo=UTC)

    assert TimeFormatter(get_language(code), ZoneInfo("UTC"), at, []).format_short(at) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", "March 10, 2024, 20:05 (EAT)"),
        ("en-GB", "10 March 2024, 20:05 (EAT)"),
        ("fr", "10 mars 2024 à 20:05 (EAT)"),
        ("it", "10 marzo 2024, 20:05 (EAT)"),
        ("es", "10 de marzo de 2024, 20:05 (EAT)"),
        ("de", "10. März 2024, 20:05 Uhr (EAT)"),
        ("pt", "10 de março de 2024, 20:05 (EAT)"),
    ],
)
def test_a_full_time_in_each_language(code, expected):
    at = datetime(2024, 3, 10, 17, 5, tzinfo=UTC)

    assert TimeFormatter(get_language(code), ZoneInfo("Africa/Nairobi"), at, []).format_full(at) == expected


def test_a_region_keeps_the_words_of_its_language():
    assert get_language("pt_BR").words is get_language("pt").words


@pytest.mark.parametrize("code", ["ja", "", "-", "e n", "zz-ZZ"])
def test_an_unknown_language_is_refused(code):
    with pytest.raises(UserError, match="Languages: en, fr, it, es, de, pt"):
        get_language(code)


def test_a_language_that_does_not_exist_in_a_region_is_refused():
    with pytest.raises(UserError, match="There is no language `en-XX-YY-ZZ`"):
        get_language("en-XX-YY-ZZ")
