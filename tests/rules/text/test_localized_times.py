"""Times in the sentences of each language: preposition, date, zone and span."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.languages import get_language
from bot.domain.record.sources import Moment, Source
from bot.domain.terms import LANGUAGES, Precision, SourceKind

PARIS = ZoneInfo("Europe/Paris")
SOMETHING = Source(SourceKind.COMMAND, "entry-1")
NEW_YEARS_EVE = "2023-12-31 13:05"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def moment(text: str) -> Moment:
    """`~` before it: about then."""
    precision = Precision.APPROXIMATE if text.startswith("~") else Precision.EXACT
    return Moment(at(text.removeprefix("~")), "said so", SOMETHING, precision)


def formatter_for(code: str) -> TimeFormatter:
    return TimeFormatter(get_language(code), PARIS, at(NEW_YEARS_EVE), [])


SHORT = {
    "en": ["01:05", "about 13:05", "Dec 30, about 01:05", "Jan 1, 2024, 00:10"],
    "en-GB": ["01:05", "about 13:05", "30 Dec, about 01:05", "1 Jan 2024, 00:10"],
    "fr": ["01:05", "vers 13:05", "30 déc. vers 01:05", "1er janv. 2024 à 00:10"],
    "it": ["01:05", "verso le 13:05", "30 dic, verso le 01:05", "1º gen 2024, 00:10"],
    "es": ["1:05", "hacia las 13:05", "30 dic, hacia la 1:05", "1 ene 2024, 0:10"],
    "de": ["01:05", "gegen 13:05", "30. Dez., gegen 01:05", "1. Jan. 2024, 00:10"],
    "pt": ["01:05", "por volta das 13:05", "30 de dez., por volta da 01:05", "1º de jan. de 2024, 00:10"],
}


@pytest.mark.parametrize("code", SHORT)
def test_a_time_by_itself(code):
    times = ("2023-12-31 01:05", "~2023-12-31 13:05", "~2023-12-30 01:05", "2024-01-01 00:10")
    shown = [formatter_for(code).format_short(each.at, each.precision) for each in map(moment, times)]

    assert shown == SHORT[code]


IN_A_SENTENCE = {
    "en": ["at 13:05", "at about 01:05", "on Dec 30 at about 13:05", "on Jan 1, 2024 at 00:10"],
    "en-GB": ["at 13:05", "at about 01:05", "on 30 Dec at about 13:05", "on 1 Jan 2024 at 00:10"],
    "fr": ["à 13:05", "vers 01:05", "le 30 déc. vers 13:05", "le 1er janv. 2024 à 00:10"],
    "it": ["alle 13:05", "verso le 01:05", "il giorno 30 dic verso le 13:05", "il giorno 1º gen 2024 alle 00:10"],
    "es": ["a las 13:05", "hacia la 1:05", "el 30 dic hacia las 13:05", "el 1 ene 2024 a las 0:10"],
    "de": ["um 13:05 Uhr", "gegen 01:05 Uhr", "am 30. Dez. gegen 13:05 Uhr", "am 1. Jan. 2024 um 00:10 Uhr"],
    "pt": ["às 13:05", "por volta da 01:05", "em 30 de dez. por volta das 13:05", "em 1º de jan. de 2024 à 00:10"],
}


@pytest.mark.parametrize("code", IN_A_SENTENCE)
def test_a_time_in_a_sentence(code):
    times = (NEW_YEARS_EVE, "~2023-12-31 01:05", "~2023-12-30 13:05", "2024-01-01 00:10")
    shown = [formatter_for(code).format_short_phrase(each.at, each.precision) for each in map(moment, times)]

    assert shown == IN_A_SENTENCE[code]


WHOLE = {
    "en": [
        "January 1, 2024, 00:10 (CET)",
        "December 31, 2023, about 13:05 (CET)",
        "on December 31, 2023 at 01:05 (CET)",
        "Since December 31, 2023 at about 13:05 (CET)",
    ],
    "en-GB": [
        "1 January 2024, 00:10 (CET)",
        "31 December 2023, about 13:05 (CET)",
        "on 31 December 2023 at 01:05 (CET)",
        "Since 31 December 2023 at about 13:05 (CET)",
    ],
    "fr": [
        "1er janvier 2024 à 00:10 (CET)",
        "31 décembre 2023 vers 13:05 (CET)",
        "le 31 décembre 2023 à 01:05 (CET)",
        "Depuis le 31 décembre 2023 vers 13:05 (CET)",
    ],
    "it": [
        "1º gennaio 2024, 00:10 (CET)",
        "31 dicembre 2023, verso le 13:05 (CET)",
        "il giorno 31 dicembre 2023 alle 01:05 (CET)",
        "Dal giorno 31 dicembre 2023 verso le 13:05 (CET)",
    ],
    "es": [
        "1 de enero de 2024, 0:10 (CET)",
        "31 de diciembre de 2023, hacia las 13:05 (CET)",
        "el 31 de diciembre de 2023 a la 1:05 (CET)",
        "Desde el 31 de diciembre de 2023 hacia las 13:05 (CET)",
    ],
    "de": [
        "1. Januar 2024, 00:10 Uhr (CET)",
        "31. Dezember 2023, gegen 13:05 Uhr (CET)",
        "am 31. Dezember 2023 um 01:05 Uhr (CET)",
        "Seit dem 31. Dezember 2023 gegen 13:05 Uhr (CET)",
    ],
    "pt": [
        "1º de janeiro de 2024, 00:10 (CET)",
        "31 de dezembro de 2023, por volta das 13:05 (CET)",
        "em 31 de dezembro de 2023 à 01:05 (CET)",
        "Desde 31 de dezembro de 2023 por volta das 13:05 (CET)",
    ],
}


@pytest.mark.parametrize("code", WHOLE)
def test_a_whole_date_with_its_zone(code):
    formatter = formatter_for(code)

    assert [
        formatter.format_moment(moment("2024-01-01 00:10")),
        formatter.format_moment(moment("~2023-12-31 13:05")),
        formatter.format_moment_phrase(moment("2023-12-31 01:05")),
        formatter.format_since(moment("~2023-12-31 13:05")),
    ] == WHOLE[code]


SPANS = {
    "en": [
        "from 13:05 to 15:10 (CET) on December 31, 2023",
        "from about 13:05 to 15:10 (CET) on December 31, 2023",
        "from 01:05 to about 01:15 (CET) on December 31, 2023",
        "from December 31, 2023 at 23:30 to January 1, 2024 at about 01:15 (CET)",
    ],
    "en-GB": [
        "from 13:05 to 15:10 (CET) on 31 December 2023",
        "from about 13:05 to 15:10 (CET) on 31 December 2023",
        "from 01:05 to about 01:15 (CET) on 31 December 2023",
        "from 31 December 2023 at 23:30 to 1 January 2024 at about 01:15 (CET)",
    ],
    "fr": [
        "le 31 décembre 2023, de 13:05 à 15:10 (CET)",
        "le 31 décembre 2023, de 13:05 environ à 15:10 (CET)",
        "le 31 décembre 2023, de 01:05 à 01:15 environ (CET)",
        "du 31 décembre 2023 à 23:30 au 1er janvier 2024 vers 01:15 (CET)",
    ],
    "it": [
        "il giorno 31 dicembre 2023, dalle 13:05 alle 15:10 (CET)",
        "il giorno 31 dicembre 2023, dalle 13:05 circa alle 15:10 (CET)",
        "il giorno 31 dicembre 2023, dalle 01:05 alle 01:15 circa (CET)",
        "dal giorno 31 dicembre 2023 alle 23:30 al giorno 1º gennaio 2024 verso le 01:15 (CET)",
    ],
    "es": [
        "el 31 de diciembre de 2023, de las 13:05 a las 15:10 (CET)",
        "el 31 de diciembre de 2023, de las 13:05 aprox. a las 15:10 (CET)",
        "el 31 de diciembre de 2023, de la 1:05 a la 1:15 aprox. (CET)",
        "desde el 31 de diciembre de 2023 a las 23:30 hasta el 1 de enero de 2024 hacia la 1:15 (CET)",
    ],
    "de": [
        "am 31. Dezember 2023 von 13:05 bis 15:10 Uhr (CET)",
        "am 31. Dezember 2023 von ca. 13:05 bis 15:10 Uhr (CET)",
        "am 31. Dezember 2023 von 01:05 bis ca. 01:15 Uhr (CET)",
        "vom 31. Dezember 2023 um 23:30 Uhr bis zum 1. Januar 2024 gegen 01:15 Uhr (CET)",
    ],
    "pt": [
        "em 31 de dezembro de 2023, das 13:05 às 15:10 (CET)",
        "em 31 de dezembro de 2023, das 13:05 aprox. às 15:10 (CET)",
        "em 31 de dezembro de 2023, da 01:05 à 01:15 aprox. (CET)",
        "de 31 de dezembro de 2023 às 23:30 até 1º de janeiro de 2024 por volta da 01:15 (CET)",
    ],
}


@pytest.mark.parametrize("code", SPANS)
def test_from_when_to_when(code):
    ends = (
        (NEW_YEARS_EVE, "2023-12-31 15:10"),
        ("~2023-12-31 13:05", "2023-12-31 15:10"),
        ("2023-12-31 01:05", "~2023-12-31 01:15"),
        ("2023-12-31 23:30", "~2024-01-01 01:15"),
    )
    shown = [formatter_for(code).format_span(moment(start), moment(end)) for start, end in ends]

    assert shown == SPANS[code]


CLOCKS_CHANGE = {
    "en": ["01:30 PDT", "about 01:30 PST", "at 01:30 PST", "from 01:30 (PDT) to 01:30 (PST) on November 5, 2023"],
    "fr": ["01:30 PDT", "vers 01:30 PST", "à 01:30 PST", "le 5 novembre 2023, de 01:30 (PDT) à 01:30 (PST)"],
    "de": [
        "01:30 PDT",
        "gegen 01:30 PST",
        "um 01:30 Uhr PST",
        "am 5. November 2023 von 01:30 (PDT) bis 01:30 Uhr (PST)",
    ],
}


@pytest.mark.parametrize("code", CLOCKS_CHANGE)
def test_where_the_clocks_change_each_time_bears_its_label(code):
    before, after = datetime(2023, 11, 5, 8, 30, tzinfo=UTC), datetime(2023, 11, 5, 9, 30, tzinfo=UTC)
    formatter = TimeFormatter(get_language(code), ZoneInfo("America/Los_Angeles"), before, [after])
    span = formatter.format_span(Moment(before, "said so", SOMETHING), Moment(after, "said so", SOMETHING))

    shown = [
        formatter.format_short(before),
        formatter.format_short(after, Precision.APPROXIMATE),
        formatter.format_short_phrase(after),
        span,
    ]
    assert shown == CLOCKS_CHANGE[code]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Africa/Nairobi", "March 10, 2024, 12:05 (EAT)"),
        ("America/Los_Angeles", "March 10, 2024, 01:05 (PST)"),
        ("Europe/Paris", "March 10, 2024, 10:05 (CET)"),
        ("UTC", "March 10, 2024, 09:05 (UTC)"),
        ("America/Sao_Paulo", "March 10, 2024, 06:05 (UTC-03:00)"),
        ("Asia/Kathmandu", "March 10, 2024, 14:50 (UTC+05:45)"),
    ],
)
def test_the_zone_beside_the_time(zone, expected):
    moment_of_it = datetime(2024, 3, 10, 9, 5, tzinfo=UTC)

    assert TimeFormatter(get_language("en"), ZoneInfo(zone), moment_of_it, []).format_full(moment_of_it) == expected


LENGTHS = {
    "en": ["13m", "1h 45m", "1d 5m", "2d 3h", "45s"],
    "fr": ["13 min", "1 h 45 min", "1 j 5 min", "2 j 3 h", "45 s"],
    "it": ["13 min", "1 h 45 min", "1 giorno 5 min", "2 giorni 3 h", "45 s"],
    "es": ["13 min", "1 h 45 min", "1 día 5 min", "2 días 3 h", "45 s"],
    "de": ["13 min", "1 h 45 min", "1 Tag 5 min", "2 Tage 3 h", "45 s"],
    "pt": ["13 min", "1 h 45 min", "1 dia 5 min", "2 dias 3 h", "45 s"],
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_lengths(code):
    lengths = (
        timedelta(minutes=13),
        timedelta(hours=1, minutes=45),
        timedelta(days=1, minutes=5),
        timedelta(days=2, hours=3),
        timedelta(seconds=45),
    )

    assert [get_language(code).format_duration(each) for each in lengths] == LENGTHS[code]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", ["20%", "12.5%", "a, b, and c", "1 task", "2 tasks", "1,234 tasks"]),
        ("en-GB", ["20%", "12.5%", "a, b and c", "1 task", "2 tasks", "1,234 tasks"]),
        ("fr", ["20\xa0%", "12,5\xa0%", "a, b et c", "1 tâche", "2 tâches", "1\u202f234 tâches"]),
        ("it", ["20%", "12,5%", "a, b e c", "1 attività", "2 attività", "1.234 attività"]),
        ("es", ["20\xa0%", "12,5\xa0%", "a, b y c", "1 tarea", "2 tareas", "1.234 tareas"]),
        ("de", ["20\xa0%", "12,5\xa0%", "a, b und c", "1 Aufgabe", "2 Aufgaben", "1.234 Aufgaben"]),
        ("pt", ["20%", "12,5%", "a, b e c", "1 tarefa", "2 tarefas", "1.234 tarefas"]),
    ],
)
def test_numbers_and_lists(code, expected):
    spoken = get_language(code)

    assert [
        spoken.format_percent(20.0),
        spoken.format_percent(12.5),
        spoken.format_list(["a", "b", "c"]),
        *(spoken.format_count("task", number) for number in (1, 2, 1234)),
    ] == expected


@pytest.mark.parametrize(
    ("zone", "label"),
    [
        ("Asia/Kolkata", "(IST, UTC+05:30)"),
        ("America/Chicago", "(CST, UTC-06:00)"),
        ("Europe/Paris", "(CET)"),
        ("Asia/Kathmandu", "(UTC+05:45)"),
    ],
)
def test_letters_of_several_zones_have_their_offset(zone, label):
    at = datetime(2024, 1, 1, 12, tzinfo=UTC)
    formatter = TimeFormatter(get_language("en"), ZoneInfo(zone), at, ())

    assert formatter.format_full(at).endswith(label)
