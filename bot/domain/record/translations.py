"""The words of an entry or a task in several languages, and those for one reader."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bot.domain.languages import base_language
from bot.domain.terms import SourceKind
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Translation:
    """The same words in another language. `symptom` is that of an improvement or a task."""

    language: str
    text: str
    at: datetime
    by: str | None
    source: SourceKind
    symptom: str | None = None


class Words(NamedTuple):
    """
    The words for a reader.

    `foreign` is their language if the reader's is another one, else None.
    """

    text: str
    foreign: str | None = None
    translation: Translation | None = None


def words_for_reader(text: str, language: str | None, translations: Sequence[Translation], reader: str) -> Words:
    """
    The words in the reader's language if there are any, else the original ones.

    Words in no stated language count as the reader's, unless a translation is.
    """
    own = base_language(reader)
    if language is not None and base_language(language) == own:
        return Words(text)
    found = next((each for each in translations if base_language(each.language) == own), None)
    return Words(found.text, translation=found) if found else Words(text, foreign=language)


def read_translations(stored: Mapping[str, Mapping[str, Any]] | None) -> tuple[Translation, ...]:
    """The translations of an entry, as `store_translation` writes them."""
    return tuple(
        Translation(
            language=code,
            text=value["text"],
            at=datetime.fromisoformat(value["at"]),
            by=value["by"],
            source=SourceKind(value["source"]),
            symptom=value.get("symptom"),
        )
        for code, value in (stored or {}).items()
    )


def store_translation(translation: Translation) -> dict[str, str | None]:
    """The JSON value of a translation, without its language."""
    return {
        "text": translation.text,
        "at": translation.at.isoformat(),
        "by": translation.by,
        "source": translation.source.value,
        "symptom": translation.symptom,
    }
