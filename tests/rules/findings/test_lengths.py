"""Durations as people write them in six languages: what counts, and what does not."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.findings.durations_in_text import parse_impact_duration
from bot.domain.findings.rules.duration_conflict import check_duration_conflict
from bot.domain.record.model import Statement
from bot.domain.terms import Kind, UpdateState
from tests.support.records.findings import codes, incident, published

PARIS = ZoneInfo("Europe/Paris")
NEAR = datetime(2026, 3, 3, 9, 0, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("The outage lasted 2 hours and 5 minutes.", 125),
        ("L'incident a duré 2 heures", 120),
        ("L'incident aura duré au total 1h10.", 70),
        ("L'interruption a duré trois quarts d'heure.", 45),
        ("Der Ausfall dauerte 90 Minuten.", 90),
        ("Der Vorfall dauerte zwölf Stunden.", 720),
        ("Die Störung hielt anderthalb Stunden an.", 90),
        ("L'incidente è durato 1,5 ore", 90),
        ("La interrupción duró una hora y media.", 90),
        ("A falha durou 3 horas", 180),
        ("The incident lasted seven hours.", 420),
        ("The incident lasted nearly two hours.", 120),
        ("A 13-minute outage of payments", 13),
        ("Eine 90-minütige Störung der Anmeldung.", 90),
        ("Ein zweistündiger Ausfall aller Dienste.", 120),
        ("25 minutes of downtime", 25),
        ("25 minutes d'indisponibilité", 25),
        ("25 Minuten Ausfall", 25),
        ("25 minuti di disservizio", 25),
        ("25 minutos de indisponibilidad", 25),
        ("25 minutos de indisponibilidade", 25),
        ("Total downtime: 1h 50m", 110),
        ("Durée totale : 45 min", 45),
        ("Gesamtdauer: 1 Std 50 Min", 110),
        ("Durata: 45 minuti", 45),
        ("Duración: 1 h 30 min", 90),
        ("Duração total: 2 horas", 120),
        ("Everything was back to normal after 1 hour 10 minutes.", 70),
        ("After 40 minutes everything was back to normal.", 40),
        ("Le service a été rétabli après 40 minutes.", 40),
        ("Der Dienst war nach 40 Minuten wieder da.", 40),
        ("Nach 40 Minuten war alles wieder da.", 40),
        ("Il servizio è stato ripristinato dopo 40 minuti.", 40),
        ("El servicio quedó restablecido tras 40 minutos.", 40),
        ("O serviço foi restabelecido após 40 minutos.", 40),
        ("It took 2 hours to resolve.", 120),
        ("Payments were down for half an hour.", 30),
        ("The site was unavailable for one and a half hours.", 90),
        ("Checkout was down 2h.", 120),
        ("For 20 minutes no payments were possible.", 20),
        ("Le site était indisponible pendant une demi-heure.", 30),
        ("Pendant 20 minutes, les paiements étaient impossibles.", 20),
        ("Die Seite war eine halbe Stunde nicht erreichbar.", 30),
        ("Zahlungen waren 40 Minuten lang gestört.", 40),
        ("Il sito non era disponibile per 45 minuti.", 45),
        ("El servicio estuvo caído durante 2 horas.", 120),
        ("O site ficou fora do ar por 45 minutos.", 45),
    ],
)
def test_durations_of_the_whole(text, minutes):
    found = parse_impact_duration(text, is_impact=False)

    assert found is not None
    assert (found.length, found.may_be_part) == (timedelta(minutes=minutes), False)


@pytest.mark.parametrize(
    "text",
    [
        "Searches timed out for about 10 minutes, then were slow",
        "No search for 10 minutes, afterwards slow",
        "Aucune recherche pendant 10 minutes, puis lenteurs",
        "10 Minuten lang keine Suche, danach langsam",
        "Nessuna ricerca per 10 minuti, poi lenta",
        "Sin búsquedas durante 10 minutos, luego lentas",
        "Sem buscas por 10 minutos, depois lentas",
        "Some customers could not log in for 20 minutes",
        "Login failed for the first 20 minutes",
        "Each customer was affected for up to 10 minutes",
        "12% of the requests failed for 20 minutes",
        "The rollback lasted 10 minutes",
        "During the outage the failover lasted 10 minutes",
        "Le redémarrage a duré 10 minutes",
        "Der Neustart dauerte 10 Minuten",
        "The deploy took 10 minutes",
        "We restarted the gateway at 10:20. Service was restored 10 minutes later.",
        "It took 10 minutes to find the logs",
        "Après 10 minutes, le paiement ne fonctionnait plus",
        "We monitored the service for 20 minutes",
        "Invoices were delayed for 20 minutes",
        "Payments fail for 13 minutes of every hour",
        "The database was slow for 20 minutes before the outage",
        "Europe was down for 20 minutes, Asia for 40 minutes",
        "Was it down for 20 minutes?",
        "Nobody could pay",
    ],
)
def test_durations_of_a_part_are_no_objection_to_a_longer_whole(text):
    found = parse_impact_duration(text, is_impact=True)

    assert found is None or not found.contradicts(timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "recorded", "expected"),
    [
        ("The outage lasted more than three hours.", 120, True),
        ("The outage lasted more than an hour.", 120, False),
        ("The outage lasted less than an hour.", 120, True),
        ("The outage lasted less than three hours.", 120, False),
        ("The outage lasted less than an hour.", 65, True),  # a bound is not rounded
        ("La panne a duré moins d'une heure.", 10, False),
        ("Le site était indisponible pendant moins d'une heure.", 90, True),
        ("Der Dienst war in weniger als einer Stunde wieder da.", 90, True),
        ("Il disservizio è durato meno di un'ora.", 90, True),
        ("La interrupción duró menos de una hora.", 10, False),
        ("Everything was fixed within an hour.", 10, False),
        ("Everything was fixed within an hour.", 90, True),
        ("Der Dienst war innerhalb einer Stunde wieder da.", 90, True),
        ("The outage lasted no longer than an hour.", 90, True),
        ("Payments were down for half an hour or so.", 75, True),
        ("Les paiements étaient impossibles pendant une petite demi-heure.", 25, False),
        ("L'incident a duré une bonne heure.", 75, False),
        ("L'incident a duré une bonne heure.", 180, True),
        ("The outage lasted 2 hours.", 145, False),  # rounded
        ("The outage lasted 2 hours.", 155, True),
        ("The outage lasted half an hour.", 38, False),
        ("The outage lasted 1h 50m.", 112, False),
        ("The outage lasted 1h 52m.", 112, False),
        ("The outage lasted 1h 52m.", 115, True),
        ("For a little over two hours nobody could log in.", 90, True),
        ("For a little over two hours nobody could log in.", 135, False),
        ("La interrupción duró algo más de una hora.", 80, False),
        ("Die Störung dauerte etwas mehr als eine Stunde.", 45, True),
        ("L'interruption a duré un peu moins de deux heures.", 105, False),
        ("O serviço ficou fora do ar por pouco mais de duas horas.", 90, True),
        ("The outage lasted three and a half days.", 5370, False),
        ("The outage lasted three and a half days.", 6000, True),
        ("Der Ton war drei Stunden lang weg.", 60, True),
        ("3.000 Haushalte waren 45 Minuten ohne Strom.", 90, True),
        ("The API returned errors for 40 minutes.", 90, True),
        ("Nobody could pay for sixty minutes.", 90, True),
        ("Nobody could pay for ninety minutes.", 90, False),
        ("Quattro dighe non erano raggiungibili per 25 minuti.", 90, True),
        ("The site was not accessible for 25 minutes.", 90, True),
        ("Die Seite war 25 Minuten nicht nutzbar.", 90, True),
        ("El sitio no estuvo disponible durante 25 minutos.", 90, True),
        ("O site não esteve disponível por 25 minutos.", 90, True),
        ("Downtime: 1:15 h", 90, True),
        ("Downtime 2.5h", 150, False),
        ("The incident was resolved 3 hours later.", 90, True),
        ("Dopo tre ore tutto funzionava di nuovo.", 90, True),
        ("It took our engineers three hours to find and fix it.", 90, True),
        ("Es dauerte drei Stunden, bis der Fehler behoben war.", 90, True),
        ("Il a fallu trois heures pour rétablir le service.", 90, True),
        ("Some customers were down for 3 hours.", 120, True),  # no part is longer than the whole
    ],
)
def test_bounds_and_rounding(text, recorded, expected):
    found = parse_impact_duration(text, is_impact=True)

    assert found is not None
    assert found.contradicts(timedelta(minutes=recorded)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Payments failed from 9:00am to 10:05am (2 hours).", ["duration-conflict/window"]),
        ("Payments failed from 9:00am to 10:05am (65 minutes).", []),
        ("Les paiements ont échoué de 9h00 à 10h05 (2 heures).", ["duration-conflict/window"]),
        ("Von 9:00 bis 10:05 Uhr, also 2 Stunden, ging nichts.", ["duration-conflict/window"]),
        ("Dalle 9:00 alle 10:05, 2 ore.", ["duration-conflict/window"]),
        ("Desde las 9:00 hasta las 10:05 (2 horas).", ["duration-conflict/window"]),
        ("Das 9h às 10h05 (2 horas).", ["duration-conflict/window"]),
        ("Down 9:00-10:05 (1h 5m).", []),
        ("Down from 9:00 to 10:25, 1h 25m", ["duration-conflict"]),
        ("Down from 9:00 to 10:05 (less than 2 hours).", []),
        ("Down for less than an hour.", ["duration-conflict/at_most"]),
        ("The rollback ran from 9:30 to 9:40 (10 minutes).", []),
        ("From 9:00 to 10:05, 2 hours after the deployment.", []),
    ],
)
def test_a_window_with_its_length(text, expected):
    builder = incident("09:00", "10:05")
    builder.impact("10:30", "oncall", text)

    assert codes(check_duration_conflict, builder.record()) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Checkout was down for a few minutes.",
        "The outage lasted only several minutes.",
        "Le paiement était indisponible pendant quelques minutes.",
        "Die Störung dauerte einige Minuten.",
        "Der Ausfall dauerte ein paar Minuten.",
        "Il disservizio è durato alcuni minuti.",
        "El pago estuvo caído durante unos pocos minutos.",
        "O pagamento ficou fora do ar por alguns minutos.",
    ],
)
@pytest.mark.parametrize(("ended", "expected"), [("09:15", []), ("10:50", ["duration-conflict/few_minutes"])])
def test_minutes_that_nobody_counted(text, ended, expected):
    builder = incident("09:00", ended)
    builder.impact("11:30", "oncall", text)

    assert codes(check_duration_conflict, builder.record()) == expected


@pytest.mark.parametrize(
    ("text", "ended", "expected"),
    [
        ("The outage lasted a few hours.", "10:50", []),
        ("The outage lasted a few hours.", "09:15", ["duration-conflict/few_hours"]),
        ("The outage lasted a few minutes, then it was slow for an hour.", "10:50", []),
        ("A few minutes after the deployment checkout was down.", "10:50", []),
        ("Checkout was down for \ue000 5 minutes.", "10:50", []),
        ("The outage lasted 110 minutes, not 3 hours.", "10:50", []),
        ("The outage lasted 3 hours, not 2 hours.", "10:50", ["duration-conflict"]),
        ("The outage did not last 4 hours.", "10:50", []),
        ("La panne n'a pas duré 4 heures.", "10:50", []),
        ("Il disservizio non è durato 4 ore.", "10:50", []),
        ("Der Ausfall dauerte keine 4 Stunden.", "10:50", []),
    ],
)
def test_rough_and_denied_lengths(text, ended, expected):
    builder = incident("09:00", ended)
    builder.impact("11:30", "oncall", text)

    assert codes(check_duration_conflict, builder.record()) == expected


def test_back_to_normal_is_compared_with_the_recorded_times():
    builder = incident("09:00", "10:30")
    builder.impact("10:40", "oncall", "Checkout failed; back to normal after 1 hour 10 minutes")

    assert codes(check_duration_conflict, builder.record()) == ["duration-conflict"]


@pytest.mark.parametrize(
    ("text", "expected"), [("a good hour", []), ("100 minutes", []), ("30 minutes", ["duration-conflict"])]
)
def test_the_time_until_a_reopening_may_be_left_out(text, expected):
    builder = incident("09:00", "10:40")
    builder.entry("09:30", "oncall", "Relay restarted", Kind.RESOLVED)
    builder.entry("10:00", "oncall", "Stuck again", Kind.REOPENED)
    builder.impact("10:45", "oncall", f"No mail was delivered for {text}")

    assert codes(check_duration_conflict, builder.record()) == expected


def test_a_recovery_may_be_counted_from_the_detection():
    builder = incident("09:00", "10:30")
    builder.sets("detected", builder.entry("09:20", "oncall", "I see errors", Kind.DETECTION), "marked")
    builder.impact("10:40", "oncall", "Checkout failed; back to normal after 1 hour 10 minutes")

    assert codes(check_duration_conflict, builder.record()) == []


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("The outage lasted 3 hours and nobody noticed", Kind.WENT_BADLY, ["duration-conflict"]),
        ("The restore lasted 3 hours", Kind.WENT_BADLY, []),
        ("Checkout failed for 3 hours last year", Kind.NOTE, []),
        ("The outage lasted 3 hours", Kind.HYPOTHESIS, []),
    ],
)
def test_what_people_note_after_the_end(text, kind, expected):
    builder = incident("09:00", "10:30")
    builder.entry("11:00", "oncall", text, kind)

    assert codes(check_duration_conflict, builder.record()) == expected


def test_a_wrong_length_in_two_languages_of_an_update_has_a_source_each():
    builder = incident("09:00", "10:30")
    texts = {"en": "The outage lasted 3 hours.", "fr": "La panne a duré 3 heures."}
    entries = [
        builder.typed("10:40", "oncall", text, Kind.COMMUNICATION, language=code, public=UpdateState.RESOLVED)
        for code, text in texts.items()
    ]
    record = published(builder, "10:40", "Resolved")
    [update] = record.updates
    both = replace(update, texts=texts, languages=("en", "fr"), sources=tuple(entry.source for entry in entries))

    found = list(check_duration_conflict(replace(record, updates=[both])))
    assert [each.entries for each in found] == [(entry.source.ref,) for entry in entries]


@pytest.mark.parametrize(
    "text",
    [
        "No one has to log in again for 30 days.",
        "Sessions without activity for 30 minutes are closed.",
        "Wer sich 30 Tage lang ohne zweiten Faktor anmeldet, wird gefragt.",
        "It was rolled back in 12 minutes.",
        "We have seen no further errors for 30 minutes.",
        "Seit 30 Minuten sehen wir keine Fehler mehr.",
        "Nothing was lost. Payments from the evening appear for 3 days as pending.",
    ],
)
def test_public_words_about_other_lengths(text):
    assert codes(check_duration_conflict, published(incident("09:00", "10:30"), "10:40", text)) == []


def test_a_cause_that_gives_a_length_is_compared_too():
    builder = incident("09:00", "10:30")
    builder.cause("10:40", "engineer", "A full disk made the shop unavailable for 3 hours")
    record = builder.record()

    assert isinstance(record.causes[0], Statement)
    assert codes(check_duration_conflict, record) == ["duration-conflict"]
