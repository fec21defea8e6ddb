"""
Words and conventions of a document's language.

The words are in `templates/languages/`, one file for each language, with the same keys; texts of people are never
translated. Numbers, lists, names of languages and the choice between singular and plural are Babel's.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.domain.errors import UserError, did_you_mean
from bot.domain.resources import resource_path
from bot.domain.terms import LANGUAGES
from bot.domain.text.durations import duration_parts
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    import babel
    from babel import lists, numbers
else:
    babel, lists, numbers = LazyModule("babel"), LazyModule("babel.lists"), LazyModule("babel.numbers")

_SOUNDS_LIKE_I = re.compile(r"h?i(?![aeo])", re.IGNORECASE)
"""`inglés`, `hilo`; in `hielo` the i is none."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language of a document: its words, and Babel's conventions for dates and times."""

    code: str
    words: Mapping[str, str]
    locale: "babel.Locale"

    def format_message(self, key: str, **values: object) -> str:
        """Fill in a message. Raises KeyError for a key that no language has."""
        return self.words[key].format(**values)

    def format_count(self, key: str, number: int, **values: object) -> str:
        """
        `1 task`, `3 tasks`: message `<key>_one` or `<key>_other`, by the language's plural rule.

        The categories that only some languages have (`many`) count as `other`: they are for millions.
        """
        form = "one" if self.locale.plural_form(number) == "one" else "other"
        return self.format_message(f"{key}_{form}", **{"count": self.format_number(number), **values})

    def format_number(self, number: int) -> str:
        """`1,200`, `1.200`."""
        return numbers.format_decimal(number, locale=self.locale)

    def format_duration(self, length: timedelta) -> str:
        """
        `1h 45m` in English, `1 h 45 min` elsewhere, with the same units in every language.

        None of them is 0.

        Babel's symbols do not fit: German has few of them, Spanish writes `1 horas`. The spaces are plain ones, so that
        a search finds a duration.
        """
        parts = duration_parts(length)
        return " ".join(
            self.format_count("length_d", amount)
            if unit == "d"
            else self.format_message(f"length_{unit}", count=amount)
            for unit, amount in parts
            if amount or len(parts) == 1
        )

    def format_percent(self, percent: float) -> str:
        """`20%`, `12,5 %`; the argument is 20.0 or 12.5."""
        head, zero, sign = self.locale.percent_formats[None].pattern.rpartition("0")
        return numbers.format_percent(percent / 100, f"{head}{zero}.####{sign}", locale=self.locale)

    def format_list(self, items: Sequence[str]) -> str:
        """`a, b, and c`. Babel does not know that Spanish says `e` before an i: `francés e inglés`."""
        text = lists.format_list(list(items), locale=self.locale)
        if self.locale.language == "es" and len(items) > 1 and _SOUNDS_LIKE_I.match(items[-1]):
            text = f"{text.removesuffix(f' y {items[-1]}')} e {items[-1]}"
        return text

    def is_foreign(self, code: str) -> bool:
        """Return whether the language differs from this one, regions aside."""
        return base_language(code) != base_language(self.code)

    def language_name(self, code: str) -> str:
        """The name of a language in this one (`French`); `code` if Babel does not know it."""
        try:
            return babel.Locale.parse(code, sep="-").get_display_name(self.locale) or code
        except (ValueError, babel.UnknownLocaleError):
            return code


def base_language(code: str) -> str:
    """The language of a tag without its region: `pt` of `pt-BR` and `pt_BR`."""
    return code.replace("_", "-").partition("-")[0].lower()


@cache
def load_words(code: str) -> Mapping[str, str]:
    """The messages of one of LANGUAGES by key, read once."""
    path = resource_path("templates") / "languages" / f"{code}.toml"
    return MappingProxyType(tomllib.loads(path.read_text(encoding="utf-8")))


@cache
def get_language(code: str) -> Language:
    """
    The language of a tag: `fr`, `pt-BR`.

    A region changes dates and the clock (`en-GB` has 24 hours), not the words.

    Raises UserError, with the nearest that exists, for a language without words.
    """
    tag = code.replace("_", "-")
    base = base_language(code)
    if base not in LANGUAGES:
        raise UserError(
            f"There are no documents in `{code}`.{did_you_mean(base, LANGUAGES)} Languages: {', '.join(LANGUAGES)}."
        )
    try:
        locale = babel.Locale.parse(tag, sep="-")
    except (ValueError, babel.UnknownLocaleError) as unknown:
        raise UserError(f"There is no language `{code}`. Languages: {', '.join(LANGUAGES)}.") from unknown
    return Language(code=tag, words=load_words(base), locale=locale)
