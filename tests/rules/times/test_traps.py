"""The border between a time and the text after it."""

import contextlib
from datetime import UTC, datetime
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.command.grammar import parse
from bot.command.table import Command, Context, Option, Value
from bot.domain.errors import Ambiguous, UserError
from bot.domain.times import CLOCK_SKEW, read_leading_time
from tests.rules.times.strategies import ZONES, result_or_refusal

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2025, 3, 28, 18, 0, tzinfo=UTC)  # a Friday: 19:00 in Paris


def cut(line):
    """The time of a line, in Paris, and the text that it leaves."""
    when, taken = read_leading_time(line.split(), now=NOW, zone=PARIS)
    return when.at.astimezone(PARIS).strftime("%d.%m.%y %H:%M"), " ".join(line.split()[taken:])


@pytest.mark.parametrize(
    ("line", "time", "text"),
    [
        ("il y a 10 min redémarrage", "18:50", "redémarrage"),
        ("vor 10 Minuten Neustart", "18:50", "Neustart"),
        ("10 minuti fa riavvio", "18:50", "riavvio"),
        ("hace 10 minutos se reinició", "18:50", "se reinició"),
        ("27 mars 16h11 texte", "27.03.25 16:11", "texte"),
        ("16:11 Uhr Neustart", "16:11", "Neustart"),
        ("alle 16.24 testo", "16:24", "testo"),
        ("a las 16:11 reinicio", "16:11", "reinicio"),
        ("las 4 de la tarde reinicio", "16:00", "reinicio"),
        ("16 horas reinicio", "16:00", "reinicio"),
        ("hier soir 22h10 les paiements", "27.03.25 22:10", "les paiements"),
        ("lundi 14h déploiement", "24.03.25 14:00", "déploiement"),
        ("2 days ago 14:05 db", "26.03.25 14:05", "db"),
        ("14:05 le 27 mars pod", "27.03.25 14:05", "pod"),
        ("14:05 am 27. März Neustart", "27.03.25 14:05", "Neustart"),
        ("12:05 am Montag Neustart", "24.03.25 12:05", "Neustart"),
        ("16.11. 14:05 Neustart", "16.11.24 14:05", "Neustart"),
        ("14:05 2023-11-07 log", "07.11.23 14:05", "log"),
        ("14:05 7 nov 2023 db", "07.11.23 14:05", "db"),
        ("14:05. Neustart", "14:05", "Neustart"),
        ("14:05: restarted", "14:05", "restarted"),
        ("14:05 - restarted", "14:05", "- restarted"),
        ("2pm 3 pods", "14:00", "3 pods"),
        ("11:05 am deploy", "11:05", "deploy"),
        ("10 am Fuß", "10:00", "Fuß"),
    ],
)
def test_a_time_in_any_language_leaves_the_text(line, time, text):
    at, left = cut(line)

    assert at == (time if " " in time else f"28.03.25 {time}")
    assert left == text


@pytest.mark.parametrize(
    "text",
    [
        "may be down",
        "5 may fail",
        "2 pods restarted",
        "2 out of 5 pods",
        "set 3 flags",
        "2 set",
        "mar 3",
        "march 3",
        "11 mars attacks",
        "3/4 pods down",
        "1/2 nodes",
        "5/5 green",
        "10 min ago someone",
        "last 3 deploys",
        "sat down",
        "so langsam",
        "do we",
        "a meeting",
        "segunda falha",
        "qui répond",
        "fr en panne",
        "am Gateway",
        "am",
        "du matin au soir",
        "de la base",
        "di sera",
        "le pod",
        "el servidor",
        "la base",
        "ore di attesa",
        "in the morning run",
        "this morning deploy",
        "this morning's deploy",
        "circa 20 pods",
        "est tombé",
        "ist weg",
        "cat pictures",
        "met the DBA",
        "api/v1 is down",
        "ago 3",
        "-5 users",
        "7.11. deploy",
        "as usual",
        "alle 16 Server neu gestartet",
        "um 16 Server",
        "h264 encoder",
        "vor allem",
        "fa freddo",
    ],
)
def test_words_of_a_text_are_no_part_of_the_time(text):
    assert cut(f"14:05 {text}") == ("28.03.25 14:05", " ".join(text.split()))


@pytest.mark.parametrize(
    "line",
    [
        "dans la base",
        "in production",
        "en production depuis",
        "vor allem",
        "ha fallado",
        "hace mucho",
        "about the db",
        "il y a des erreurs",
        "fa freddo",
        "como siempre",
        "sobre la base",
        "am Server",
        "em produção",
        "le pod 14",
        "ora funziona",
        "lundi on verra",
        "hier ist alles rot",
        "mars attacks",
        "16 Server",
    ],
)
def test_a_text_is_no_time(line):
    assert read_leading_time(line.split(), now=NOW, zone=PARIS) is None


def test_hier_behind_a_time_is_asked_about_and_stays_in_the_text_if_it_is_german():
    with pytest.raises(Ambiguous) as question:
        cut("14:05 hier ist alles rot")

    assert question.value.about == "14:05 hier"
    yesterday, here = question.value.candidates
    assert cut(f"{yesterday} les paiements") == ("27.03.25 14:05", "les paiements")
    assert cut(f"{here} ist alles rot") == ("28.03.25 14:05", "hier ist alles rot")


NOTE = Command("note", "note", "", options=(Option("at", Value.TIME), Option("until", Value.TIME)), text="optional")
LINES = st.lists(
    st.sampled_from(
        [
            "at:14:05",
            "at:",
            "at:hier",
            "at:03/02/2025",
            "until:27",
            "10:00",
            "CST",
            "mars",
            "2025",
            "2h30",
            "hier",
            "ist",
            "minuit",
            "gestern",
            "Nacht",
            "at:2:00",
            "am",
            "Montag",
            "du",
            "matin",
            "il",
            "y",
            "a",
            "min",
            "fa",
            "vor",
            "10",
            "Uhr",
            "às",
            "16h11",
            "de",
            "la",
            "tarde",
            "IST",
            "le",
            "30",
            "octobre",
            "~",
            "?",
            '"03/02/2025 10:00"',
        ]
    ),
    max_size=9,
).map(" ".join)


@given(LINES, ZONES)
def test_a_chosen_reading_is_carried_out_and_leaves_no_question_about_it(line, zone):
    """Each candidate of a question answers it, or explains why it cannot."""

    def answered(chosen):
        context = Context(now=NOW, zone=zone, inside="INC-7", chosen=chosen)
        found = result_or_refusal(lambda: parse(f"note {line}", [NOTE], context))
        if isinstance(found, Ambiguous):
            assert found.about not in chosen
            assert 2 <= len(found.candidates) <= 6
            assert len(set(found.candidates)) == len(found.candidates)
            for candidate in found.candidates:
                answered({**chosen, found.about: candidate})
        elif isinstance(found, UserError):
            assert found.message
        else:
            assert all(when.at is None or when.at <= NOW + CLOCK_SKEW for when in found.options.values())
        return found

    again = (answered({}), answered({}))
    assert str(again[0]) == str(again[1])


def test_the_chosen_time_is_the_one_that_is_read():
    line = "note at:03/02/2025 10:00 CST deploy"
    context = Context(now=NOW, zone=PARIS, inside="INC-7")
    with pytest.raises(Ambiguous) as question:
        parse(line, [NOTE], context)

    for candidate in question.value.candidates:
        chosen = {question.value.about: candidate}
        read = parse(line, [NOTE], Context(now=NOW, zone=PARIS, inside="INC-7", chosen=chosen))
        assert read.text == "deploy"
        assert read.options["at"].at == datetime.fromisoformat(candidate)


@pytest.mark.parametrize(
    "line",
    [
        "14:05 " + "x " * 40,
        "il y a 10 min " + "redémarrage de la base " * 10,
        "a " * 60,
        "10 " * 60,
        "27 mars 2025 " * 20,
        "1" * 4000,
        "mar " * 60,
    ],
)
def test_reading_a_time_is_cheap(line):
    """Well under five milliseconds, the best of five tries: the machine may be busy."""

    def seconds():
        began = perf_counter()
        with contextlib.suppress(UserError):
            read_leading_time(line.split(), now=NOW, zone=PARIS)
        return perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.005


def test_what_is_still_to_come_is_not_offered():
    with pytest.raises(Ambiguous) as question:
        read_leading_time(["14:05", "CST"], now=datetime(2026, 11, 21, 12, tzinfo=UTC), zone=PARIS)

    assert question.value.candidates == (
        "2026-11-20 14:05 -06:00",
        "2026-11-21 14:05 +08:00",
        "2026-11-20 14:05 -05:00",
    )
