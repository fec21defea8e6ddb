"""
What a document says by itself, in each language: headings, states and the sentences about what nobody recorded.

Every language is a table of its own with the same keys; what people wrote is never translated. Numbers, lists, names of
languages and the choice between singular and plural are Babel's. Portuguese is that of Brazil.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from types import MappingProxyType

from babel import Locale, UnknownLocaleError
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from bot.domain.errors import UserError, did_you_mean
from bot.domain.languages.de import GERMAN
from bot.domain.languages.en import ENGLISH
from bot.domain.languages.es import SPANISH
from bot.domain.languages.fr import FRENCH
from bot.domain.languages.it import ITALIAN
from bot.domain.languages.pt import PORTUGUESE
from bot.domain.text.durations import duration_parts

TABLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"en": ENGLISH, "fr": FRENCH, "it": ITALIAN, "es": SPANISH, "de": GERMAN, "pt": PORTUGUESE}
)
"""By language; the English table defines the keys."""


_SOUNDS_LIKE_I = re.compile(r"h?i(?![aeo])", re.IGNORECASE)
"""`inglés`, `hilo`; in `hielo` the i is none."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language of a document: its words, and Babel's conventions for dates and times."""

    code: str
    words: Mapping[str, str]
    locale: Locale

    def say(self, key: str, **values: object) -> str:
        """The message with its values put in. Raises KeyError for a key that no table has."""
        return self.words[key].format(**values)

    def count(self, what: str, number: int, **values: object) -> str:
        """
        `1 task`, `3 tasks`: one of the messages `<what>_one` and `<what>_other`, as the language's plural rule says.

        The categories that only some languages have (`many`) count as `other`: they are for millions.
        """
        form = "one" if self.locale.plural_form(number) == "one" else "other"
        return self.say(f"{what}_{form}", **{"count": format_decimal(number, locale=self.locale), **values})

    def length(self, length: timedelta) -> str:
        """
        How long something took: `1h 45m` in English, `1 h 45 min` elsewhere, the same units in every language.

        The symbols stand in the tables because Babel's are unfit: its German lacks most of them, its Spanish writes
        `1 horas`. The blanks are plain ones, so that a length is found by who looks for it.
        """
        return " ".join(
            self.count("length_d", amount) if unit == "d" else self.say(f"length_{unit}", count=amount)
            for unit, amount in duration_parts(length)
        )

    def percent(self, percent: float) -> str:
        """`20%`, `12,5 %`; the argument is 20.0 or 12.5."""
        head, zero, sign = self.locale.percent_formats[None].pattern.rpartition("0")
        return format_percent(percent / 100, f"{head}{zero}.####{sign}", locale=self.locale)

    def listed(self, items: Sequence[str]) -> str:
        """`a, b, and c`. Babel does not know that Spanish says `e` before an i: `francés e inglés`."""
        text = format_list(list(items), locale=self.locale)
        if self.locale.language == "es" and len(items) > 1 and _SOUNDS_LIKE_I.match(items[-1]):
            text = f"{text.removesuffix(f' y {items[-1]}')} e {items[-1]}"
        return text

    def is_foreign(self, code: str) -> bool:
        """Whether it is another language than this one; a region makes no difference."""
        return code.partition("-")[0].lower() != self.code.partition("-")[0].lower()

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
