"""
What a document says by itself, in each language: headings, states and the sentences about what nobody recorded.

Every language is a table of its own with the same keys; what people wrote is never translated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from babel import Locale, UnknownLocaleError

from bot.domain.errors import UserError, did_you_mean
from bot.domain.languages_de import GERMAN
from bot.domain.languages_en import ENGLISH
from bot.domain.languages_es import SPANISH
from bot.domain.languages_fr import FRENCH
from bot.domain.languages_it import ITALIAN
from bot.domain.languages_pt import PORTUGUESE

TABLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"en": ENGLISH, "fr": FRENCH, "it": ITALIAN, "es": SPANISH, "de": GERMAN, "pt": PORTUGUESE}
)
"""By language; the English table defines the keys."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language of a document: its words, and Babel's conventions for dates and times."""

    code: str
    words: Mapping[str, str]
    locale: Locale

    def say(self, key: str, **values: object) -> str:
        """The message with its values put in. Raises KeyError for a key that no table has."""
        return self.words[key].format(**values)

    def count(self, what: str, number: int) -> str:
        """`1 task`, `3 tasks`: the messages `<what>_one` and `<what>_other`, for numbers from one on."""
        return self.say(f"{what}_one" if number == 1 else f"{what}_other", count=number)

    def name_of(self, code: str) -> str:
        """A language's name in this one (`French`), or the code as it stands if Babel knows no such language."""
        try:
            return Locale.parse(code, sep="-").get_display_name(self.locale) or code
        except (ValueError, UnknownLocaleError):
            return code


@cache
def language(code: str) -> Language:
    """
    The language of a tag: `fr`, `pt-BR`. A region changes dates and the clock (`en-GB` has 24 hours), not the words.

    Raises UserError, with the nearest that exists, for a language without a table.
    """
    tag = code.replace("_", "-")
    base = tag.partition("-")[0].lower()
    table = TABLES.get(base)
    if table is None:
        raise UserError(
            f"There are no documents in `{code}`.{did_you_mean(base, list(TABLES))} Languages: {', '.join(TABLES)}."
        )
    try:
        locale = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError) as unknown:
        raise UserError(f"There is no language `{code}`. Languages: {', '.join(TABLES)}.") from unknown
    return Language(code=tag, words=table, locale=locale)
