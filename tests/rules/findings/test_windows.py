"""Windows and weekdays as people write them in six languages: what counts, and what does not."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.findings.dates_in_text import find_weekday_dates
from bot.domain.findings.rules.window_conflicts import (
    check_end_time_conflict,
    check_start_time_conflict,
    check_weekday_conflict,
)
from bot.domain.findings.times_in_text import parse_window
from bot.domain.terms import Kind
from tests.support.records.builders import RecordBuilder
from tests.support.records.findings import codes, incident, published

PARIS = ZoneInfo("Europe/Paris")
NEAR = datetime(2026, 3, 3, 9, 0, tzinfo=PARIS)


@pytest.mark.parametrize(
    "text",
    [
        "Between 3 March 2026 at 8:00 and 3 March 2026 at 10:30",
        "On 3 March 2026 between 7:00 and 9:30 UTC",
        "On Tuesday, March 3, 2026, payments failed from 8:00 AM to 10:30 AM.",
        "Between 8:00 and 10:30 on 3 March 2026",
        "2026-03-03 08:00 - 10:30",
        "From 2026-03-03 08:00 to 2026-03-03 10:30",
        "Le 3 mars 2026, entre 8h et 10h30, les paiements",
        "Entre le 3 mars 2026 à 8h00 et le 3 mars à 10h30",
        "Du 3 mars 2026 à 8h00 au 3 mars 2026 à 10h30",
        "Zwischen dem 3. März 2026 um 8:00 Uhr und dem 3. März 2026 um 10:30 Uhr",
        "Vom 3. März 2026, 8:00 Uhr, bis 3. März 2026, 10:30 Uhr",
        "Am 3. März 2026 war der Dienst von 8:00 bis 10:30 Uhr gestört",
        "Il 3 marzo 2026 dalle 8:00 alle 10:30",
        "Dal 3 marzo 2026 alle 8:00 al 3 marzo 2026 alle 10:30",
        "El 3 de marzo de 2026, entre las 8:00 y las 10:30",
        "Desde el 3 de marzo de 2026 a las 8:00 hasta el 3 de marzo de 2026 a las 10:30",
        "Em 3 de março de 2026, das 8h às 10h30",
        "Entre 3 de março de 2026, às 8h, e 3 de março de 2026, às 10h30, o serviço",
    ],
)
def test_windows_with_dates(text):
    window = parse_window(text, NEAR, PARIS)

    assert window is not None
    assert window.is_dated
    assert window.start is not None
    assert [f"{each.at.astimezone(PARIS):%F %H:%M}" for each in (window.start, window.end)] == [
        "2026-03-03 08:00",
        "2026-03-03 10:30",
    ]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("from 22:00 on 2 March to 02:00 on 3 March", "02 22:00", "03 02:00"),
        ("Between 22:00 and 02:00 on 4 March 2026", "03 22:00", "04 02:00"),
        ("The maintenance of 1 March 2026 caused an outage between 8:00 and 10:30.", "03 08:00", "03 10:30"),
        ("From noon to 2pm", "03 12:00", "03 14:00"),
        ("Start: 8:00, end: 10:30", "03 08:00", "03 10:30"),
        ("Début / Start 8h00 CET, Fin / End 10h30 CET", "03 08:00", "03 10:30"),
        ("(08:00–10:30)", "03 08:00", "03 10:30"),
    ],
)
def test_other_windows(text, start, end):
    window = parse_window(text, NEAR, PARIS)

    assert window is not None
    assert window.start is not None
    assert [f"{each.at.astimezone(PARIS):%d %H:%M}" for each in (window.start, window.end)] == [start, end]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Between 27 March 2025 at 8:00 and 27 March 2025 at 10:30", True),
        ("Entre 27 de março de 2025, às 8h00, e 27 de março de 2025, às 10h30", True),
        ("Zwischen dem 27. März 2025 um 8:00 Uhr und dem 27. März 2025 um 10:30 Uhr", True),
        ("Between 27 March 2025 at 9:00 and 27 March 2025 at 10:30", False),
        ("Between 28 March 2025 at 9:00 and 28 March 2025 at 10:30", True),  # the right times of another day
    ],
)
def test_a_start_with_its_date(text, expected):
    record = published(incident("09:00", "10:30"), "2025-03-29 11:00", text)

    assert codes(check_start_time_conflict, record) == (["start-time-conflict"] if expected else [])


def test_windows_with_dates_count_in_long_incidents():
    builder = incident("2025-03-27 09:00", "2025-03-29 10:30")
    text = "Down from 27 March 2025 09:00 to 29 March 2025 11:10"

    assert codes(check_end_time_conflict, published(builder, "2025-03-29 12:00", text)) == ["end-time-conflict"]


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        ("An incident affecting payments occurred between 9:10 and 10:45.", True, True),
        ("An outage of payments from 9:10 to 10:30.", True, False),
        ("Un incident a touché les paiements entre 9h10 et 10h45.", True, True),
        ("Die Störung dauerte von 9:10 bis 10:45 Uhr.", True, True),
        ("Si è verificato un disservizio dalle 9:10 alle 10:45.", True, True),
        ("Hubo una interrupción de los pagos entre las 9:10 y las 10:45.", True, True),
        ("Houve uma falha nos pagamentos das 9h10 às 10h45.", True, True),
        ("An incident occurred between 9:00 and 10:30.", False, False),
        ("During the incident we had no logs from 9:10 to 9:45.", False, False),
        ("Some had an outage between 9:10 and 9:45.", False, False),
        ("We look at the gateway between 9:10 and 9:45.", False, False),
        ("The outage of 1 March was from 9:10 to 9:45, too; cards then failed.", False, False),
    ],
)
def test_a_window_that_is_said_of_the_incident(text, starts, ends):
    record = published(incident("09:00", "10:30"), "11:00", text)

    assert bool(codes(check_start_time_conflict, record)) == starts
    assert bool(codes(check_end_time_conflict, record)) == ends


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        ("The outage began at 8:40.", True, False),
        ("The outage began at 9:00.", False, False),
        ("La panne a commencé à 8h40.", True, False),
        ("Der Ausfall begann um 8:40 Uhr.", True, False),
        ("Il guasto è iniziato alle 8:40.", True, False),
        ("El corte comenzó a las 8:40.", True, False),
        ("A falha começou às 8h40.", True, False),
        ("The deployment began at 8:40.", False, False),
        ("Dalle 8:15 gli accessi falliscono.", True, False),
        ("Desde las 8:15 fallan los accesos.", True, False),
        ("Desde as 8h15 os acessos falham.", True, False),
        ("Service was fully restored by 10:10.", False, True),
        ("El servicio se restableció a las 10:10.", False, True),
        ("O serviço foi restabelecido às 10h10.", False, True),
        ("Since 10:10 everything works again.", False, True),
        ("Depuis 10h10, tout fonctionne.", False, True),
        ("Since 10:30 everything works again.", False, False),
        ("No further errors since 10:30.", False, False),
        ("Seit 10:30 Uhr keine neuen Fehler.", False, False),
        ("Depuis 10h10, rien ne fonctionne.", True, False),
    ],
)
def test_a_single_time_of_the_beginning_or_the_end(text, starts, ends):
    record = published(incident("09:00", "10:30"), "11:00", text)

    assert bool(codes(check_start_time_conflict, record)) == starts
    assert bool(codes(check_end_time_conflict, record)) == ends


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("Between 9 and 10.30am nobody could pay.", False),
        ("Between 9 and 11am nobody could pay.", True),
        ("Zwischen 9 und 11 Uhr ging nichts.", True),
        ("Von 9 bis 10.30 Uhr ging nichts.", False),
        ("Entre 9 et 11h, rien ne fonctionnait.", True),
        ("Das 9 às 11h15 nada funcionava.", True),
        ("From 9 to 11 users could not pay.", False),
        ("Des délais de 9 à 11h.", False),
    ],
)
def test_an_hour_with_the_unit_at_the_end_of_the_window(text, ends):
    record = published(incident("09:00", "10:30"), "12:00", text)

    assert bool(codes(check_end_time_conflict, record)) == ends


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Down from 1:30am to 4:06am AEDT.", []),
        ("Down from 3:30pm to 5:06pm UTC.", []),
        ("Down from 1:00am to 4:06am AEDT.", ["start-time-conflict"]),
    ],
)
def test_a_window_in_the_night_of_a_clock_change(text, expected):
    builder = incident("2024-10-06 01:30", "2024-10-06 04:06", zone="Australia/Sydney")

    assert codes(check_start_time_conflict, published(builder, "2024-10-06 04:40", text)) == expected


def test_the_window_of_a_part_is_no_other_end():
    builder = incident("09:00", "10:30")

    assert codes(check_end_time_conflict, published(builder, "10:40", "Down from 9:00 to 9:20, then slow.")) == []
    text = "40% of the logins failed from 9:00 to 9:20, 5% later."
    assert codes(check_end_time_conflict, published(builder, "10:40", text)) == []


def test_a_share_of_the_requests_is_no_part_of_the_time():
    record = published(incident("09:00", "10:30"), "10:40", "18% of the requests failed from 9:00 to 9:50.")

    assert codes(check_end_time_conflict, record) == ["end-time-conflict"]


@pytest.mark.parametrize(
    ("text", "is_possible"),
    [
        ("On Tuesday, 3 March 2026", True),
        ("On Wednesday, 3 March 2026", False),
        ("Wed 3 March", False),
        ("le mercredi 3 mars 2026", False),
        ("le mardi 3 mars 2026", True),
        ("am Mittwoch, den 3. März 2026", False),
        ("am Mittwoch, 3.3.2026", False),
        ("am Dienstag, dem 3.3.", True),
        ("mercoledì 3 marzo", False),
        ("el miércoles 3 de marzo de 2026", False),
        ("el martes 3 de marzo de 2026", True),
        ("na quarta-feira 3/3/2026", False),
        ("na terça-feira, 3 de março", True),
        ("March 3, 2026 (Wednesday)", False),
        ("Tuesday 4/3/2026", False),  # a Wednesday, or a Friday in April
        ("Tuesday 3/4/2026", False),
        ("Friday 3/4/2026", True),
        ("Tuesday 29 February 2028", True),
    ],
)
def test_weekdays_beside_dates(text, is_possible):
    assert [each.is_possible for each in find_weekday_dates(text, date(2026, 3, 3))] == [is_possible]


@pytest.mark.parametrize(
    "text", ["Tuesday", "3 March 2026", "We meet on Tuesday at 3", "Monday 30 February", "7/2 pods"]
)
def test_texts_without_a_weekday_beside_a_date(text):
    assert list(find_weekday_dates(text, date(2026, 3, 3))) == []


def test_a_weekday_that_does_not_fit_names_the_right_one():
    builder = RecordBuilder("2026-03-03", "UTC", "Payments are down", "payments")
    builder.entry("10:00", "oncall", "Na quarta-feira 3/3/2026 os pagamentos falharam", Kind.NOTE)
    declared = builder.typed("09:00", "oncall", builder.title, Kind.DECLARED)
    for name in ("declared", "started", "detected"):
        builder.sets(name, declared, "declared")

    [found] = check_weekday_conflict(builder.record())
    assert (found.code, found.entries) == ("weekday-conflict", ("entry-1",))
