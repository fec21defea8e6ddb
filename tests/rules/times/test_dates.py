import contextlib
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Ambiguous, UserError
from bot.domain.times import read_date, read_leading_date

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2023, 11, 7, 18, 0, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-12-01", date(2023, 12, 1)),
        ("1 Dec", date(2023, 12, 1)),
        ("Dec 1st", date(2023, 12, 1)),
        ("1 Dec 2024", date(2024, 12, 1)),
        ("01.12.2023", date(2023, 12, 1)),
        ("7 Nov", date(2023, 11, 7)),
        ("6 Nov", date(2024, 11, 6)),
        ("29 Feb", date(2024, 2, 29)),
        ("today", date(2023, 11, 7)),
        ("tomorrow", date(2023, 11, 8)),
        ("friday", date(2023, 11, 10)),
        ("on friday", date(2023, 11, 10)),
        ("tuesday", date(2023, 11, 14)),
        ("next tuesday", date(2023, 11, 14)),
        ("in 2 weeks", date(2023, 11, 21)),
        ("2w", date(2023, 11, 21)),
        ("in 3 days", date(2023, 11, 10)),
        ("in a week", date(2023, 11, 14)),
        ("next week", date(2023, 11, 14)),
        ("in a month", date(2023, 12, 7)),
        ("in 3 months", date(2024, 2, 7)),
    ],
)
def test_read_date(text, expected):
    assert read_date(text, now=NOW, zone=PARIS) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ("demain|domani|mañana|morgen|amanhã", date(2023, 11, 8)),
        ("après-demain|dopodomani|pasado mañana|übermorgen|depois de amanhã", date(2023, 11, 9)),
        ("vendredi|le vendredi|venerdì|viernes|Freitag|am Freitag|sexta-feira|sexta|Fr|Fr.", date(2023, 11, 10)),
        (
            "by friday|d'ici vendredi|avant vendredi|entro venerdì|para el viernes|bis Freitag|até sexta",
            date(2023, 11, 10),
        ),
        (
            "dans 2 semaines|tra 2 settimane|en 2 semanas|dentro de 2 semanas|in 2 Wochen|em 2 semanas",
            date(2023, 11, 21),
        ),
        ("daqui a 2 semanas", date(2023, 11, 21)),
        ("dans une semaine|tra una settimana|en una semana|in einer Woche|em uma semana", date(2023, 11, 14)),
        (
            "la semaine prochaine|la prossima settimana|la semana que viene|nächste Woche|semana que vem",
            date(2023, 11, 14),
        ),
        (
            "dans un mois|tra un mese|en un mes|in einem Monat|em um mês|mois prochain|nächsten Monat|el próximo mes",
            date(2023, 12, 7),
        ),
        ("dans 3 mois|tra 3 mesi|en 3 meses|in drei Monaten|em 3 meses", date(2024, 2, 7)),
        (
            "1er décembre|1 dicembre|1 de diciembre|el 1 de diciembre|1. Dezember|1º de dezembro|1.12.|1.12.2023",
            date(2023, 12, 1),
        ),
    ],
)
def test_days_in_each_language(texts, expected):
    for text in texts.split("|"):
        assert read_date(text, now=NOW, zone=PARIS) == expected, text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13/12", date(2023, 12, 13)),
        ("12/13/2023", date(2023, 12, 13)),
        ("12/10/2023", date(2023, 12, 10)),
        ("Tue 05/12/2023", date(2023, 12, 5)),
    ],
)
def test_figures_that_can_be_one_day_to_come_only_are_that_day(text, expected):
    assert read_date(text, now=NOW, zone=PARIS) == expected


def test_a_month_ends_where_it_ends():
    assert read_date("in a month", now=datetime(2023, 1, 31, 12, tzinfo=UTC), zone=PARIS) == date(2023, 2, 28)


def test_today_is_the_day_of_the_people_who_read_it():
    late = datetime(2023, 11, 7, 23, 30, tzinfo=UTC)

    assert read_date("tomorrow", now=late, zone=PARIS) == date(2023, 11, 9)


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("next friday", ("2023-11-10", "2023-11-17")),
        ("vendredi prochain", ("2023-11-10", "2023-11-17")),
        ("nächsten Freitag", ("2023-11-10", "2023-11-17")),
        ("el próximo viernes", ("2023-11-10", "2023-11-17")),
        ("3/4", ("2024-04-03", "2024-03-04")),
    ],
)
def test_what_can_be_two_days_is_asked_about(text, candidates):
    with pytest.raises(Ambiguous) as question:
        read_date(text, now=NOW, zone=PARIS)

    assert question.value.candidates == candidates


@pytest.mark.parametrize(
    "text", ["", "soon", "2h", "14:05", "Feb 30", "2023-02-30", "32 Dec", "999999 weeks", "x" * 999]
)
def test_what_is_no_day_is_refused(text):
    with pytest.raises(UserError) as refusal:
        read_date(text, now=NOW, zone=PARIS)

    assert not isinstance(refusal.value, Ambiguous)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("vendredi vérifier", 1),
        ("in 2 Wochen prüfen", 3),
        ("fr. prüfen", 1),
        ("mar 3 pods", 2),
        ("friday check it", 1),
        ("in 2 weeks check it", 3),
        ("1 Dec 2023 check", 3),
        ("2023-12-01, check", 1),
    ],
)
def test_the_longest_day_wins(text, words):
    assert read_leading_date(text.split(), now=NOW, zone=PARIS)[1] == words


@pytest.mark.parametrize("line", ["so schnell wie möglich", "qui vérifie", "segunda pessoa", "en production", "do it"])
def test_words_of_a_text_are_no_day(line):
    assert read_leading_date(line.split(), now=NOW, zone=PARIS) is None


@pytest.mark.parametrize("text", ["so", "do", "qui"])
def test_short_for_a_day_in_one_language_and_a_word_in_all(text):
    with pytest.raises(UserError):
        read_date(text, now=NOW, zone=PARIS)
    assert read_date("So.", now=NOW, zone=PARIS) == date(2023, 11, 12)


@given(st.text(max_size=30))
def test_any_text_is_a_day_or_a_clear_refusal(text):
    with contextlib.suppress(UserError):
        read_date(text, now=NOW, zone=PARIS)
