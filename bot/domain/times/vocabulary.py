"""
Words of dates and times in the six languages of documents.

All are without accents, as after `strip_accents`: people in a hurry type `fevrier` and `Maerz`.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType


def alternatives(words: Iterable[str]) -> str:
    """A pattern (verbose) for any of these words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


def word_set(text: str) -> frozenset[str]:
    """The words and phrases of a text; `_` is a space."""
    return frozenset(word.replace("_", " ") for word in text.split())


def _by_row(text: str) -> Mapping[str, int]:
    """Map each word to its row, from 0; `_` is a space."""
    rows = text.strip().splitlines()
    return MappingProxyType({word.replace("_", " "): row for row, words in enumerate(rows) for word in words.split()})


ENGLISH_MONTHS = _by_row("""
january jan
february feb
march mar
april apr
may
june jun
july jul
august aug
september sept sep
october oct
november nov
december dec
""")
"""Months that may stand before the day, in English only: `set 3` and `out 5` are no dates."""

MONTHS = _by_row("""
january jan janvier janv janeiro gennaio gen enero ene januar janner jaenner
february feb fevrier fevr fev fevereiro febbraio febrero februar
march mar mars marco marzo marz maerz mrz
april apr avril avr abril abr aprile
may mai maio maggio mag mayo
june jun juin giugno giu junio juni junho
july jul juillet juil luglio lug julio juli julho
august aug aout agosto ago
september sept sep septembre settembre set septiembre setiembre setembro
october oct octobre ottobre ott octubre oktober okt outubro out
november nov novembre noviembre novembro
december dec decembre dicembre dic diciembre dezember dez dezembro
""")

WHOLE_WEEKDAYS = _by_row("""
monday lundi lunedi lunes montag segunda-feira
tuesday mardi martedi martes dienstag terca-feira
wednesday mercredi mercoledi miercoles mittwoch quarta-feira
thursday jeudi giovedi jueves donnerstag quinta-feira
friday vendredi venerdi viernes freitag sexta-feira
saturday samedi sabato sabado samstag sonnabend
sunday dimanche domenica domingo sonntag
""")
"""Names that are a day in any position."""

_ENGLISH_WEEKDAYS = _by_row("""
mon
tue tues
wed
thu thur thurs
fri
sat
sun
""")
_SHORT_WEEKDAYS = _by_row("""
lun mo seg segunda
mar di ter terca
mer mie mi qua quarta
jeu gio jue do qui quinta
ven vie fr sex sexta
sam sab sa
dim dom so
""")
"""Short forms that are words elsewhere (`so`, `do`, `qui`, `segunda`): a day only with a time or date beside them."""

ENGLISH_WEEKDAYS: Mapping[str, int] = MappingProxyType({**WHOLE_WEEKDAYS, **_ENGLISH_WEEKDAYS})
WEEKDAYS: Mapping[str, int] = MappingProxyType({**ENGLISH_WEEKDAYS, **_SHORT_WEEKDAYS})
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_AWAY = _by_row("""
the_day_before_yesterday avant-hier avant_hier l'altro_ieri ieri_l'altro l'altroieri anteayer antes_de_ayer vorgestern anteontem antes_de_ontem
yesterday hier ieri ayer gestern ontem
today aujourd'hui oggi hoy heute hoje
tomorrow demain domani manana morgen amanha
the_day_after_tomorrow apres-demain apres_demain dopodomani pasado_manana ubermorgen uebermorgen depois_de_amanha
""")  # noqa: E501  a row is one day
DAYS_AWAY: Mapping[str, int] = MappingProxyType({word: row - 2 for word, row in _AWAY.items()})
"""Days named from today: -1 is yesterday."""

HERE_IN_GERMAN = "hier"
"""Yesterday in French, and the beginning of many German sentences."""

LAST_WORDS = word_set("""
    last dernier derniere passe passee scorso scorsa pasado pasada ultimo ultima passado passada letzten letzter
    letzte letztem vergangenen vergangene
""")
NEXT_WORDS = word_set("""
    next prochain prochaine prossimo prossima proximo proxima que_viene que_vem nachsten nachster nachste naechsten
    naechster naechste kommenden kommende
""")
THIS_WORDS = word_set("""
    this ce questo questa este esta diesen diese
""")

_PARTS = {
    "morning": "morning matin matinee mattina mattino manana madrugada morgen fruh frueh vormittag manha",
    "afternoon": "afternoon apres-midi pomeriggio tarde nachmittag",
    "evening": "evening soir soiree sera abend",
    "night": "night nuit notte noche nacht noite",
}
PARTS: Mapping[str, str] = MappingProxyType({word: part for part, words in _PARTS.items() for word in words.split()})
"""Parts of the day beside a day: `gestern Abend`, `hier soir`, `this morning`."""

_PHRASES = {
    "morning": """
        in_the_morning du_matin del_mattino della_mattina di_mattina de_la_manana por_la_manana de_la_madrugada
        da_manha da_madrugada morgens vormittags
    """,
    "midday": """
        mittags
    """,
    "afternoon": """
        in_the_afternoon de_l'apres-midi del_pomeriggio di_pomeriggio de_la_tarde por_la_tarde da_tarde nachmittags
    """,
    "evening": """
        in_the_evening du_soir di_sera della_sera abends
    """,
    "night": """
        at_night di_notte de_la_noche por_la_noche da_noite nachts
    """,
}
PHRASES: Mapping[str, str] = MappingProxyType(
    {phrase: part for part, phrases in _PHRASES.items() for phrase in word_set(phrases)}
)
"""Parts of the day after a time: `las 4 de la tarde`."""

ONE_WORD_DAYS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "stamattina": (0, "morning"),
        "stamani": (0, "morning"),
        "stasera": (0, "evening"),
        "last night": (-1, "night"),
        "la nuit derniere": (-1, "night"),
        "la notte scorsa": (-1, "night"),
        "anoche": (-1, "night"),
        "letzte nacht": (-1, "night"),
        "a noite passada": (-1, "night"),
        "tonight": (0, "evening"),
    }
)
"""A day with its part: days from today, and the part."""

MINUTES_PAST: Mapping[str, int] = MappingProxyType(
    {
        "et quart": 15,
        "et demie": 30,
        "et demi": 30,
        "moins le quart": -15,
        "moins quart": -15,
        "e un quarto": 15,
        "e mezza": 30,
        "e mezzo": 30,
        "meno un quarto": -15,
        "y cuarto": 15,
        "y media": 30,
        "menos cuarto": -15,
        "e um quarto": 15,
        "e meia": 30,
        "menos um quarto": -15,
    }
)
"""Minutes in words after an hour: `14h et quart`, `las 4 y media`."""

NOON = ("noon", "12 noon", "midday", "midi", "mezzogiorno", "mediodia", "mittag", "meio-dia", "meio dia")
MIDNIGHT = (
    "midnight",
    "12 midnight",
    "12:00 midnight",
    "minuit",
    "mezzanotte",
    "medianoche",
    "mitternacht",
    "meia-noite",
    "meia noite",
)

# Words before a time of day: `las 4`, `alle 16.11`.
AT_PATTERN = r"(?:at|um|a|as|ao|al|a\ las?|las?|le|alle(?:\ ore)?|(?:le\ )?ore|h\.?)\ |all'"

ABOUT_PATTERN = r"""[~≈]\ ?|(?:
    about|around|approx(?:imately|\.)?|roughly|circa|ca\.?|vers|environ|aux\ environs\ de|autour\ de|gegen|etwa
  | ungefahr|ungefaehr|verso|intorno\ al(?:le)?|attorno\ al(?:le)?|hacia|sobre|a\ eso\ de|alrededor\ de|cerca\ d[aeo]s?
  | aproximadamente|por\ volta\ d[aeo]s?|perto\ d[aeo]s?|unos|como
)\ """

# Words before a date: `on 7 Nov`, `le 7 novembre`, `el día 7 de noviembre`, `am 7. November`.
ON_PATTERN = r"(?:on|le|il(?:\ giorno)?|el(?:\ dia)?|am|den|em|n[ao](?:\ dia)?|dia)\ |l'"
# Words between a time of day and a date: `16.11 del 27 marzo`, `16:11 vom 27. März`.
OF_PATTERN = r"(?:on|le|du|il|del|el|am|vom|den|em|de|do|n[ao]|do\ dia)\ |(?:l|dell)'"
