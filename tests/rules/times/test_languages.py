"""Times in the six languages of documents: a table for each form and language."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import Ambiguous, UserError
from bot.domain.terms import Precision
from bot.domain.times import read_time

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2025, 3, 28, 18, 0, tzinfo=UTC)  # a Friday: 19:00 in Paris

CLOCK = {
    "en": [
        ("at 16:11", "16:11"),
        ("4:11 PM", "16:11"),
        ("4 p.m.", "16:00"),
        ("4:11 in the afternoon", "16:11"),
        ("8 in the evening", "20:00"),
        ("noon", "12:00"),
        ("at midnight", "00:00"),
        ("11:05 at night", "23:05"),
    ],
    "fr": [
        ("16h21", "16:21"),
        ("16 h 21", "16:21"),
        ("16h", "16:00"),
        ("à 16h21", "16:21"),
        ("16 heures 21", "16:21"),
        ("8h30 du soir", "20:30"),
        ("4 h de l’après-midi", "16:00"),
        ("9 heures du matin", "09:00"),
        ("midi", "12:00"),
        ("à midi", "12:00"),
        ("à minuit", "00:00"),
        ("16h21min", "16:21"),
    ],
    "it": [
        ("16.11", "16:11"),
        ("alle 16.11", "16:11"),
        ("alle ore 16.11", "16:11"),
        ("ore 16:11", "16:11"),
        ("all'1.30", "01:30"),
        ("h 16.11", "16:11"),
        ("4 del pomeriggio", "16:00"),
        ("9.15 di sera", "21:15"),
        ("mezzogiorno", "12:00"),
        ("a mezzanotte", "00:00"),
        ("le 16.11", "16:11"),
    ],
    "es": [
        ("16:11 h", "16:11"),
        ("a las 16:11", "16:11"),
        ("a la 1:30", "01:30"),
        ("las 4 de la tarde", "16:00"),
        ("a las 4:30 de la tarde", "16:30"),
        ("9 de la noche", "21:00"),
        ("4:05 p. m.", "16:05"),
        ("4:05 p.\N{NO-BREAK SPACE}m.", "16:05"),
        ("4:05 a.m.", "04:05"),
        ("16 horas", "16:00"),
        ("3 de la madrugada", "03:00"),
        ("mediodía", "12:00"),
        ("a medianoche", "00:00"),
    ],
    "de": [
        ("16:11 Uhr", "16:11"),
        ("16.11 Uhr", "16:11"),
        ("16 Uhr", "16:00"),
        ("14 Uhr 05", "14:05"),
        ("um 16:11 Uhr", "16:11"),
        ("8 Uhr abends", "20:00"),
        ("3 Uhr nachmittags", "15:00"),
        ("12 Uhr mittags", "12:00"),
        ("9 Uhr morgens", "09:00"),
        ("um Mitternacht", "00:00"),
        ("Mittag", "12:00"),
    ],
    "pt": [
        ("16h11", "16:11"),
        ("às 16h11", "16:11"),
        ("às 16:11", "16:11"),
        ("16h11min", "16:11"),
        ("4 da tarde", "16:00"),
        ("8 da noite", "20:00"),
        ("9h da manhã", "09:00"),
        ("ao meio-dia", "12:00"),
        ("à meia-noite", "00:00"),
    ],
}
RELATIVE = {
    "en": [
        ("10 min ago", "18:50"),
        ("half an hour ago", "18:30"),
        ("an hour ago", "18:00"),
        ("2h30 ago", "16:30"),
        ("1h 20m ago", "17:40"),
        ("a quarter of an hour ago", "18:45"),
        ("just now", "19:00"),
    ],
    "fr": [
        ("il y a 10 min", "18:50"),
        ("il y a une heure", "18:00"),
        ("il y a une demi-heure", "18:30"),
        ("il y a une heure et demie", "17:30"),
        ("il y a un quart d’heure", "18:45"),
        ("il y a 1 h 20", "17:40"),
        ("maintenant", "19:00"),
    ],
    "it": [
        ("10 minuti fa", "18:50"),
        ("un'ora fa", "18:00"),
        ("mezz’ora fa", "18:30"),
        ("un'ora e mezza fa", "17:30"),
        ("un quarto d'ora fa", "18:45"),
        ("2 ore fa", "17:00"),
        ("adesso", "19:00"),
    ],
    "es": [
        ("hace 10 minutos", "18:50"),
        ("hace una hora", "18:00"),
        ("hace media hora", "18:30"),
        ("hace una hora y media", "17:30"),
        ("10 minutos atrás", "18:50"),
        ("ahora mismo", "19:00"),
    ],
    "de": [
        ("vor 10 Minuten", "18:50"),
        ("vor einer Stunde", "18:00"),
        ("vor einer halben Stunde", "18:30"),
        ("vor anderthalb Stunden", "17:30"),
        ("vor 1 Std. 20 Min.", "17:40"),
        ("jetzt", "19:00"),
    ],
    "pt": [
        ("há 10 minutos", "18:50"),
        ("ha 10 min", "18:50"),
        ("há uma hora", "18:00"),
        ("há meia hora", "18:30"),
        ("há uma hora e meia", "17:30"),
        ("10 minutos atrás", "18:50"),
        ("agora", "19:00"),
    ],
}
DAYS = {
    "en": [
        ("yesterday evening 8:10", "27 20:10"),
        ("the day before yesterday 15:00", "26 15:00"),
        ("this morning 9:30", "28 09:30"),
        ("last night 23:50", "27 23:50"),
        ("2 days ago 14:05", "26 14:05"),
        ("last friday 9am", "21 09:00"),
        ("monday 14:00", "24 14:00"),
    ],
    "fr": [
        ("hier 14:05", "27 14:05"),
        ("hier à 15h", "27 15:00"),
        ("hier soir à 8h", "27 20:00"),
        ("avant-hier 15h", "26 15:00"),
        ("aujourd’hui 9h", "28 09:00"),
        ("ce matin 9h30", "28 09:30"),
        ("lundi 14h", "24 14:00"),
        ("vendredi dernier 9h", "21 09:00"),
        ("il y a 2 jours à 14h", "26 14:00"),
    ],
    "it": [
        ("ieri alle 15.00", "27 15:00"),
        ("ieri sera alle 22.10", "27 22:10"),
        ("l'altro ieri alle 15:00", "26 15:00"),
        ("oggi 9:00", "28 09:00"),
        ("stamattina alle 9.30", "28 09:30"),
        ("lunedì alle 14.00", "24 14:00"),
        ("venerdì scorso alle 9.00", "21 09:00"),
        ("2 giorni fa alle 14:05", "26 14:05"),
    ],
    "es": [
        ("ayer a las 15:00", "27 15:00"),
        ("ayer por la tarde a las 4:00", "27 16:00"),
        ("anteayer 15:00", "26 15:00"),
        ("hoy a las 9:00", "28 09:00"),
        ("esta mañana 9:30", "28 09:30"),
        ("lunes 14:00", "24 14:00"),
        ("el viernes pasado a las 9:00", "21 09:00"),
        ("hace 2 días a las 14:05", "26 14:05"),
    ],
    "de": [
        ("gestern um 15 Uhr", "27 15:00"),
        ("gestern Abend 22:10", "27 22:10"),
        ("vorgestern 15:00", "26 15:00"),
        ("heute um 9:00 Uhr", "28 09:00"),
        ("heute früh um 9:30", "28 09:30"),
        ("Montag, 14:00 Uhr", "24 14:00"),
        ("am Montag um 14 Uhr", "24 14:00"),
        ("Mo. 14:00", "24 14:00"),
        ("letzten Freitag 9 Uhr", "21 09:00"),
        ("14:05 Uhr am Montag", "24 14:05"),
        ("vor 2 Tagen um 14:05", "26 14:05"),
    ],
    "pt": [
        ("ontem às 15h", "27 15:00"),
        ("ontem à noite 23:50", "27 23:50"),
        ("anteontem às 15h", "26 15:00"),
        ("hoje às 9h", "28 09:00"),
        ("segunda-feira às 14h", "24 14:00"),
        ("segunda às 14h", "24 14:00"),
        ("sexta-feira passada às 9h", "21 09:00"),
        ("há 2 dias às 14:05", "26 14:05"),
    ],
}
DATES = {
    "en": [
        ("March 27, 2025, 4:11 PM", "2025-03-27 16:11"),
        ("27 March 2025 at 16:11", "2025-03-27 16:11"),
        ("Thu 27 Mar 16:11", "2025-03-27 16:11"),
        ("27-Mar-2025 16:11", "2025-03-27 16:11"),
    ],
    "fr": [
        ("27 mars 2025 16h11", "2025-03-27 16:11"),
        ("jeudi 27 mars 2025 à 16h11", "2025-03-27 16:11"),
        ("7 novembre 2023 à 08:45", "2023-11-07 08:45"),
        ("1er mars 8h", "2025-03-01 08:00"),
        ("16h11 le 27 mars", "2025-03-27 16:11"),
        ("27 févr. 16h11", "2025-02-27 16:11"),
        ("27 fevrier 2025 16h11", "2025-02-27 16:11"),
    ],
    "it": [
        ("27 marzo 2025, 16:11", "2025-03-27 16:11"),
        ("giovedì 27 marzo 2025 alle 16.11", "2025-03-27 16:11"),
        ("16.11 del 27 marzo", "2025-03-27 16:11"),
        ("il 27 gen 2025 alle 16.11", "2025-01-27 16:11"),
    ],
    "es": [
        ("el 7 de noviembre de 2023 a las 08:45", "2023-11-07 08:45"),
        ("27 mar 2025, 16:11", "2025-03-27 16:11"),
        ("jueves, 27 de marzo de 2025, 16:11", "2025-03-27 16:11"),
        ("7 de noviembre del 2023 8:45", "2023-11-07 08:45"),
    ],
    "de": [
        ("27. März 2025, 16:11 Uhr", "2025-03-27 16:11"),
        ("Donnerstag, 27. März 2025 um 16:11 Uhr", "2025-03-27 16:11"),
        ("Donnerstag, den 27. März 2025, 16:11", "2025-03-27 16:11"),
        ("27.3. 16:11", "2025-03-27 16:11"),
        ("27.03.2025 16:11", "2025-03-27 16:11"),
        ("27.03.25 16:11", "2025-03-27 16:11"),
        ("27. 3. 2025 16:11", "2025-03-27 16:11"),
        ("16:11 Uhr am 27. Maerz", "2025-03-27 16:11"),
    ],
    "pt": [
        ("27 de março de 2025 às 16h11", "2025-03-27 16:11"),
        ("1º de março 8h", "2025-03-01 08:00"),
        ("quinta-feira, 27 de março de 2025, 16:11", "2025-03-27 16:11"),
        ("27 de fev. de 2025, 16:11", "2025-02-27 16:11"),
    ],
}
ABOUT = {
    "en": ["about 2pm", "at about 2pm", "around 14:00", "~2pm", "14:00?"],
    "fr": ["vers 14h", "environ 14h", "vers 14:00", "aux environs de 14h"],
    "it": ["circa 14:00", "verso le 14.00", "intorno alle 14.00", "14.00 circa", "alle 14.00 circa"],
    "es": ["hacia las 14:00", "sobre las 14:00", "alrededor de las 14:00", "a eso de las 14:00"],
    "de": ["gegen 14 Uhr", "etwa 14 Uhr", "um ca. 14 Uhr", "ungefähr um 14:00"],
    "pt": ["por volta das 14h", "cerca das 14h", "perto das 14:00"],
}


def cases(table):
    """The cases of every language, named by it and by what is typed."""
    rows = [(code, (case,) if isinstance(case, str) else case) for code, group in table.items() for case in group]
    return [pytest.param(*case, id=f"{code}-{case[0]}") for code, case in rows]


def parse(text):
    return read_time(text, now=NOW, zone=PARIS)


def local_text(text, form="%Y-%m-%d %H:%M"):
    when = parse(text)
    assert when.precision is Precision.EXACT
    return when.at.astimezone(PARIS).strftime(form)


@pytest.mark.parametrize(("text", "expected"), cases(CLOCK))
def test_clock_times(text, expected):
    assert local_text(text) == f"2025-03-28 {expected}"
    assert local_text(text, "%H:%M") == expected


@pytest.mark.parametrize(("text", "expected"), cases(RELATIVE))
def test_times_counted_from_now(text, expected):
    assert local_text(text) == f"2025-03-28 {expected}"


@pytest.mark.parametrize(("text", "expected"), cases(DAYS))
def test_days(text, expected):
    assert local_text(text) == f"2025-03-{expected}"


@pytest.mark.parametrize(("text", "expected"), cases(DATES))
def test_dates(text, expected):
    assert local_text(text) == expected


@pytest.mark.parametrize("text", cases(ABOUT))
def test_about_a_time(text):
    when = parse(text)

    assert when.precision is Precision.APPROXIMATE
    assert when.at == datetime(2025, 3, 28, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "about 10 min ago",
        "il y a environ 10 min",
        "circa 10 minuti fa",
        "hace unos 10 minutos",
        "vor etwa 10 Minuten",
        "há cerca de 10 minutos",
        "~10 min ago",
        "vor ~10 Minuten",
    ],
)
def test_about_so_long_ago(text):
    when = parse(text)

    assert when.precision is Precision.APPROXIMATE
    assert when.at == datetime(2025, 3, 28, 17, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alle 16", "Write the minutes too"),
        ("um 9", "Write the minutes too"),
        ("hier 15", "Write the minutes too"),
        ("gestern Abend", "`gestern Abend 15:00`"),
        ("il y a 10", "`10 min ago`"),
        ("10 ago", "`10 min ago`"),
        ("31/12/24 10:00", "the year in full"),
        ("1743000000", "is not a time"),
        ("15:00 du matin", "is not in the morning"),
        ("ce matin 15:00", "is not in the morning"),
        ("bientôt", "`bientôt` is not a time"),
        ("jeudi 28 mars 2025 16h", "is a Friday, not a Thursday"),
        ("30 février 10h", "does not exist"),
    ],
)
def test_what_is_no_time_is_refused_with_an_explanation(text, said):
    with pytest.raises(UserError) as refusal:
        parse(text)

    assert not isinstance(refusal.value, Ambiguous)
    assert said in refusal.value.message
