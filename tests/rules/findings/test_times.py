"""Findings about times: windows that contradict one another, lengths, order, gaps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.findings.durations_in_text import parse_impact_duration
from bot.domain.findings.rules.duration_conflict import check_duration_conflict
from bot.domain.findings.rules.out_of_order import check_out_of_order
from bot.domain.findings.rules.window_conflicts import (
    check_end_before_start,
    check_end_time_conflict,
    check_start_time_conflict,
)
from bot.domain.findings.times_in_text import parse_window
from bot.domain.terms import Kind, Precision, UpdateState
from tests.support.records.builders import RecordBuilder
from tests.support.records.findings import about, codes, incident, published

PARIS = ZoneInfo("Europe/Paris")
NEAR = datetime(2025, 3, 27, 16, 11, tzinfo=PARIS)


def clock(at: datetime | None) -> str | None:
    return f"{at.astimezone(PARIS):%H:%M}" if at else None


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("An incident occurred between 4.11pm and 4.23pm.", "16:11", "16:23"),
        ("It was down between 4:11 PM and 4:23 PM.", "16:11", "16:23"),
        ("It was down between 4:11 and 4:23 p.m.", "16:11", "16:23"),
        ("Down from 16:11 to 16:23.", "16:11", "16:23"),
        ("Down from 16:11 until about 16:25.", "16:11", "16:25"),
        ("Down from 15:11 to 15:23 UTC.", "16:11", "16:23"),
        ("Un incident a eu lieu entre 16h11 et 16h23.", "16:11", "16:23"),
        ("Le service était coupé de 16 h 11 à 16 h 23.", "16:11", "16:23"),
        ("Tra le 16.11 e le 16.23 si è verificato un incidente", "16:11", "16:23"),
        ("Il servizio era fermo dalle 16:11 alle 16:23.", "16:11", "16:23"),
        ("Hubo un corte entre las 16:11 y las 16:23.", "16:11", "16:23"),
        ("Hubo un corte desde las 16:11 hasta las 16:23 h.", "16:11", "16:23"),
        ("Zwischen 16:11 und 16:23 Uhr waren Zahlungen gestört.", "16:11", "16:23"),
        ("Von 16.11 Uhr bis 16.23 Uhr ging nichts.", "16:11", "16:23"),
        ("Houve uma falha entre as 16h11 e as 16h23.", "16:11", "16:23"),
        ("O serviço ficou fora das 16:11 às 16:23.", "16:11", "16:23"),
        ("From 16:11 to 16:15 all failed, from 16:15 to 16:23 some.", "16:11", "16:23"),
        ("Between 16:11 and 16:23 cards failed; refunds were late until 17:30.", "16:11", "16:23"),
        ("Payments failed until 16:23.", None, "16:23"),
        ("Jusqu'à 16h23, aucun paiement.", None, "16:23"),
        ("Fino alle 16.23 nessun pagamento.", None, "16:23"),
        ("Bis 16:23 Uhr ging nichts.", None, "16:23"),
        ("Sin pagos hasta las 16:23.", None, "16:23"),
        ("Sem pagamentos até as 16:23.", None, "16:23"),
        ("It came back after midnight: from 23:50 to 00:10.", "23:50", "00:10"),
    ],
)
def test_windows_as_the_six_languages_write_them(text, start, end):
    window = parse_window(text, NEAR, PARIS)

    assert window is not None
    assert (clock(window.start.at) if window.start else None, clock(window.end.at)) == (start, end)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No payment during 13 minutes",
        "We are continuing to monitor the service.",
        "Latency rose from 16.11 s to 16.23 s.",
        "Upgraded from 16.11.2 to 16.23.1.",
        "The price went from 16.11 to 16.23 euros.",
        "Between 10 and 20 servers were hit.",
        "Errors went from 4% to 16%.",
        "Between 25:11 and 25:23.",
    ],
)
def test_texts_that_state_no_window(text):
    assert parse_window(text, NEAR, PARIS) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("An incident occurred between 4.11pm and 4.23pm.", ["end-time-conflict"]),
        ("An incident occurred between 4.11pm and 4.24pm.", []),
        ("An incident occurred between 4.11pm and 4.25pm.", []),  # a round number
        ("An incident occurred between 4.11pm and about 4.20pm.", []),
        ("An incident occurred between 4pm and 5pm.", []),
        ("The rollback was done between 16:18 and 16:20.", []),
        ("We monitor from 16:11 to 19:00.", []),  # still to come when it was said
        ("Payments failed until 16:23.", ["end-time-conflict"]),
        ("Payments failed until 16:24.", []),
        ("Cards failed from 16:11 to 16:24, refunds from 16:11 to 16:40.", []),
        ("Cards failed from 16:11 to 16:24; refunds were late until 16:40.", []),
        ("Cards failed from 16:11 to 16:15, then some until 16:24.", []),
        ("Everything works again.", []),
        ("Von 16:11 bis 16:23 Uhr ging nichts.", ["end-time-conflict"]),
    ],
)
def test_ends_in_what_the_public_was_told(text, expected):
    assert codes(check_end_time_conflict, published(incident(), "16:42", text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The incident was resolved at 17:40.", ["end-time-conflict"]),
        ("Payments work again since 17:40.", ["end-time-conflict"]),
        ("Les paiements fonctionnent de nouveau depuis 17h40.", ["end-time-conflict"]),
        ("L’incident a été résolu à 17h40.", ["end-time-conflict"]),
        ("Seit 17:40 Uhr funktionieren die Zahlungen wieder.", ["end-time-conflict"]),
        ("Die Störung wurde um 17:40 Uhr behoben.", ["end-time-conflict"]),
        ("Il problema è stato risolto alle 17:40.", ["end-time-conflict"]),
        ("El incidente se resolvió a las 17:40.", ["end-time-conflict"]),
        ("O incidente foi resolvido às 17h40.", ["end-time-conflict"]),
        ("The incident was resolved at 17:59.", []),
        ("The incident was resolved at 18:10.", []),  # it can be resolved later than its impact ended
        ("Card payments were restored at 17:40, transfers at 18:00.", []),
        ("Some payments were restored at 17:40.", []),
        ("A fix was deployed at 17:40.", []),
        ("Wir arbeiten seit 17:40 Uhr wieder an der Ursache.", []),
    ],
)
def test_a_single_time_of_the_resolution_before_the_end(text, expected):
    assert codes(check_end_time_conflict, published(incident("16:11", "18:00"), "18:20", text)) == expected


def test_an_end_after_a_forgotten_time_of_the_resolve_is_the_case_it_is_made_for():
    builder = incident("16:11", "18:00")

    record = published(builder, "18:01", "It was down from 16:11 to 16:23.")

    assert codes(check_end_time_conflict, record) == ["end-time-conflict"]
    assert codes(check_start_time_conflict, record) == []


def test_an_end_that_a_command_states_otherwise():
    builder = incident()
    builder.typed("16:50", "oncall", "", Kind.IMPACT, states_end=builder.at("16:30"))

    assert codes(check_end_time_conflict, builder.record()) == ["end-time-conflict"]


def test_who_states_an_end_again_corrects_it():
    builder = incident()
    builder.typed("16:30", "oncall", "", Kind.IMPACT, states_end=builder.at("16:20"))
    holds = builder.typed("16:50", "oncall", "", Kind.IMPACT, states_end=builder.at("16:24"))
    builder.sets("ended", holds, "impact ended:", at="16:24")

    assert codes(check_end_time_conflict, builder.record()) == []


def test_who_states_the_start_after_the_declaration_corrects_it():
    builder = RecordBuilder("2025-03-27", "Europe/Paris", "Payments are down", "payments")
    declared = builder.typed("16:16", "oncall", builder.title, Kind.DECLARED, states_start=builder.at("16:11"))
    stated = builder.typed("16:50", "oncall", "", Kind.IMPACT, states_start=builder.at("16:05"))
    for name in ("declared", "detected"):
        builder.sets(name, declared, "declared")
    builder.sets("started", stated, "impact started:", at="16:05")

    assert codes(check_start_time_conflict, builder.record()) == []


def test_what_was_said_before_a_reopening_is_out_of_date():
    builder = incident("16:11", "18:00")
    builder.typed("16:30", "oncall", "", Kind.RESOLVED, states_end=builder.at("16:23"))
    builder.typed("16:40", "oncall", "It is back", Kind.REOPENED)
    before = published(builder, "16:31", "It was down from 16:11 to 16:23.")

    assert codes(check_end_time_conflict, before) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("An incident occurred between 16:09 and 16:24.", ["start-time-conflict"]),
        ("An incident occurred between 16:11 and 16:24.", []),
        ("An incident occurred between 16:10 and 16:25.", []),
        ("We rolled back between 16:20 and 16:24.", []),
        ("An incident occurred between 15:11 and 15:24 UTC.", []),
    ],
)
def test_starts_in_what_the_public_was_told(text, expected):
    assert codes(check_start_time_conflict, published(incident(), "16:42", text)) == expected


def test_a_start_that_a_command_states_otherwise():
    builder = incident()
    builder.typed("16:50", "oncall", "", Kind.IMPACT, states_start=builder.at("16:05"))

    assert codes(check_start_time_conflict, builder.record()) == ["start-time-conflict"]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("No payment during 13 minutes", 13),
        ("Pas de paiement pendant 13 minutes.", 13),
        ("Nessun pagamento per 13 minuti", 13),
        ("Sin pagos durante 13 minutos", 13),
        ("Keine Zahlungen für 13 Minuten", 13),
        ("Sem pagamentos por 2 horas", 120),
        ("Zwei Stunden? Es waren 13 Minuten lang keine Zahlungen möglich", 13),
        ("Panne de 2 heures sur les paiements", 120),
        ("Interruzione di circa 2 ore", 120),
        ("Störung von 40 Minuten", 40),
        ("Corte de 2 horas en los pagos", 120),
        ("An outage of 13 minutes", 13),
        ("The outage lasted 2 hours and 5 minutes.", 125),
        ("L'incident a duré 2 heures", 120),
        ("Der Ausfall dauerte 90 Minuten.", 90),
        ("L'incidente è durato 1,5 ore", 90),
        ("A falha durou 3 horas", 180),
        ("A 13-minute outage of payments", 13),
        ("Payments failed for 13 minutes, then for 20 minutes more slowly.", None),
        ("For the last 10 minutes payments fail", None),
        ("Each retry waits for 5 minutes before the next", None),
        ("Nobody could pay", None),
    ],
)
def test_lengths_as_the_six_languages_write_them(text, minutes):
    found = parse_impact_duration(text, is_impact=True)

    assert (found.length if found else None) == (timedelta(minutes=minutes) if minutes else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No payment during 13 minutes", []),
        ("No payment during 14 minutes", []),
        ("No payment during 15 minutes", []),  # a round number
        ("No payment during 30 minutes", ["duration-conflict"]),
        ("No payment for 2 hours", ["duration-conflict"]),
        ("No payment for up to 2 hours", []),
    ],
)
def test_lengths_that_differ_from_the_record(text, expected):
    builder = incident()
    builder.impact("16:44", "oncall", text)

    assert codes(check_duration_conflict, builder.record()) == expected


def test_a_length_is_not_compared_with_times_that_are_only_known_about():
    builder = incident()
    builder.impact("16:44", "oncall", "No payment for 30 minutes")
    about(builder, "started")

    assert codes(check_duration_conflict, builder.record()) == []


def test_an_update_is_not_about_the_whole_unless_it_says_so():
    builder = published(incident(), "16:42", "Wait for 30 minutes.", UpdateState.RESOLVED)
    said = published(incident(), "16:42", "The outage lasted 30 minutes.", UpdateState.RESOLVED)

    assert codes(check_duration_conflict, builder) == []
    assert codes(check_duration_conflict, said) == ["duration-conflict"]


def test_an_end_before_the_start():
    builder = incident("16:11", "16:05")

    assert codes(check_end_before_start, builder.record()) == ["end-before-start"]
    assert codes(check_end_before_start, incident("16:11", "16:11").record()) == []
    assert codes(check_end_before_start, incident("16:11", None).record()) == []


def test_an_alert_that_ended_before_it_began():
    builder = RecordBuilder("2025-03-27", "UTC", "Payments", "payments")
    builder.declared_by_alert("16:11", "Down", "Payments are down", origin="generic")
    builder.alerts[0] = replace(builder.alerts[0], ended_at=builder.at("16:00"))

    assert codes(check_end_before_start, builder.record()) == ["end-before-start/alert"]


@pytest.mark.parametrize(
    ("written", "text", "kinds", "expected"),
    [
        ("16:40", "16:12: restarted the gateway", [Kind.ACTION], ["out-of-order/told_late"]),
        ("16:40", "[16:12] restarted the gateway", [Kind.ACTION], ["out-of-order/told_late"]),
        ("16:40", "16:12 restarted the gateway", [Kind.NOTE], ["out-of-order/told_late"]),
        ("16:40", "16h12 - redémarrage de la passerelle", [Kind.ACTION], ["out-of-order/told_late"]),
        ("16:40", "16:12 deploy is the suspect", [Kind.HYPOTHESIS], []),
        ("16:40", "16:38: restarted the gateway", [Kind.ACTION], []),
        ("16:40", "15:40: restarted the gateway", [Kind.ACTION], []),  # an hour off: who writes it thinks in UTC
        ("16:40", "17:40: we meet again", [Kind.NOTE], []),
        ("16:21", "16:15: restarted the gateway", [Kind.ACTION], []),
        ("16:40", "13 pods restarted", [Kind.ACTION], []),
        ("16:40", "The 16:12 restart did nothing", [Kind.NOTE], []),
    ],
)
def test_messages_that_give_another_time_than_their_own(written, text, kinds, expected):
    builder = incident("16:11", "17:30")
    builder.entry("16:20", "engineer", "Something else happened in between", Kind.ACTION)
    builder.entry(written, "engineer", text, *kinds)

    assert codes(check_out_of_order, builder.record()) == expected


def test_nothing_between_the_two_times_is_no_finding():
    builder = incident("16:11", "17:30")
    builder.entry("16:40", "engineer", "16:12: restarted the gateway", Kind.ACTION)

    assert codes(check_out_of_order, builder.record()) == []


def test_an_answer_before_its_call():
    builder = incident("16:11", "17:30")
    builder.escalated("16:20", "oncall", "dba", "Slow")
    builder.acknowledged("16:15", "dba-lead", "dba")

    assert codes(check_out_of_order, builder.record()) == ["out-of-order/answer"]


def test_a_fix_before_the_impact():
    builder = incident("16:11", "17:30")
    builder.entry("16:02", "engineer", "It works again", Kind.FIXED)

    assert codes(check_out_of_order, builder.record()) == ["out-of-order/fix"]

    about(builder, "started")
    assert codes(check_out_of_order, builder.record()) == []


@pytest.mark.parametrize(
    ("at", "kind", "expected"),
    [
        ("2025-03-26 16:30", Kind.INVESTIGATION, ["out-of-order/early"]),
        ("2025-03-26 16:30", Kind.ACKNOWLEDGED, ["out-of-order/early"]),
        ("15:30", Kind.INVESTIGATION, []),
        ("2025-03-26 16:30", Kind.ACTION, []),  # the change that broke it
        ("2025-03-26 16:30", Kind.NOTE, []),
    ],
)
def test_a_response_of_the_day_before(at, kind, expected):
    builder = incident("16:11", "17:30")
    builder.entry(at, "engineer", "Looking at the gateway", kind)

    assert codes(check_out_of_order, builder.record()) == expected


@given(st.text(max_size=200))
def test_any_text_is_read_or_left_alone(text):
    parse_window(text, datetime(2025, 3, 30, 1, 30, tzinfo=UTC), PARIS)
    parse_impact_duration(text, is_impact=True)


def test_precision_is_kept_in_mind():
    builder = incident()
    about(builder, "ended")

    assert codes(check_end_time_conflict, published(builder, "16:42", "Down from 16:11 to 16:23.")) == []
    assert builder.moments["ended"].precision is Precision.APPROXIMATE
