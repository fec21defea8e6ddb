"""Statements of a draft: tasks, languages, public words, and what only one source gives."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import UserError
from bot.domain.postmortem import build_draft
from bot.domain.record.model import Update
from bot.domain.terms import Kind, SourceKind, UpdateState
from tests.rules.postmortem.test_assemble import only, said, told
from tests.support.records.samples import checkout_500s, payment_outage


def test_an_end_before_the_start_is_told_and_not_computed():
    record = payment_outage()
    ended = replace(record.incident.ended, at=record.incident.started.at - timedelta(minutes=5))
    document = only(replace(record, incident=replace(record.incident, ended=ended)))

    assert said(document.sections["duration"]) == [
        (
            "The recorded end, November 7, 2023 at 08:40 (PST), is before the recorded start, "
            "November 7, 2023 at 08:45 (PST)."
        )
    ]
    assert "lasted" not in document.conclusion


def test_a_message_marked_as_a_task_is_among_the_tasks_with_its_author():
    builder = told()
    builder.entry("22:10", "dba", "Watch the disk.", Kind.TASK)
    builder.follow_ups("23:00", "oncall", [], ["Buy a disk"])

    document = only(builder.record())

    assert said(document.sections["tasks"]) == ["Buy a disk", "22:10 | Watch the disk. | dba"]
    assert [line for line in said(document.sections["timeline"]) if "disk" in line.casefold()] == [
        "22:10 | Task: Watch the disk. | dba"
    ]


def test_the_owner_the_date_and_the_symptom_of_a_task():
    record = payment_outage()
    task = replace(record.actions[-1], owner="UDEVELOPER", due="2023-12-01", symptom="No docs", done=True)

    document = only(replace(record, actions=[task], entries=[]))

    assert document.sections["tasks"][0].details == {
        "owner": "developer",
        "due": "December 1, 2023",
        "symptom": "No docs",
    }
    assert said(document.sections["tasks"]) == [
        f"{task.text} | symptom: No docs; owner: developer; due December 1, 2023; done"
    ]


def test_each_language_has_its_own_statement_and_none_is_lost():
    builder = told(languages=("fr", "en"))
    for text, code in (("Kaputt", "de"), ("Cassé", "fr"), ("Broken", None)):
        builder.states(builder.typed("22:30", "dba", text, Kind.CAUSE, language=code))

    french, english = build_draft(builder.record()).documents

    assert said(french.sections["cause"]) == ["Cassé"]
    assert said(english.sections["cause"]) == ["Broken"]
    assert said(english.sections["also_stated"]) == ["Cause: Kaputt | German"]


@pytest.mark.parametrize(("title", "shown"), [("500s above 5 %", []), ("Nobody can pay", ["Title: Nobody can pay"])])
def test_a_title_in_the_words_of_an_alert_is_not_said_again(title, shown):
    builder = told(languages=("en",))
    builder.entry("22:01", None, "High5xx: 500s above 5 %", Kind.DETECTION, source=SourceKind.ALERT)
    record = builder.record()
    titled = replace(record, incident=replace(record.incident, titles={"": title, "en": "Payments fail"}))

    [document] = build_draft(titled).documents

    assert said(document.sections["also_stated"]) == shown


def test_the_times_of_the_response_stand_in_their_order():
    builder = told()
    fixed = builder.entry("22:20", "dba", "Works again.", Kind.FIXED)
    builder.cause("22:40", "dba", "A full disk")
    builder.sets("mitigated", fixed, "last message marked as fixed before the resolution")

    assert [line.partition(": ")[0] for line in said(only(builder.record()).sections["response"])] == [
        "Detected",
        "Declared",
        "First response",
        "Mitigated",
        "Cause identified",
    ]


def test_the_public_window_stands_apart():
    builder = told()
    for at in ("22:30", "22:45", "23:10"):
        builder.entry(at, "oncall", f"Told the public at {at}", Kind.COMMUNICATION)

    document = only(builder.record())

    assert said(document.sections["public_window"]) == [
        "First public word: December 31, 2023, 22:30 (UTC)",
        "Last public word: December 31, 2023, 23:10 (UTC)",
    ]
    assert len(document.sections["communication"]) == 3


def test_an_update_in_two_languages_is_one_public_word():
    builder = told()
    english, french = (
        builder.typed("22:30", "oncall", text, Kind.COMMUNICATION, language=code, public=UpdateState.RESOLVED)
        for code, text in (("en", "It is over."), ("fr", "C’est fini."))
    )
    texts = {"en": english.text, "fr": french.text}
    sources = (english.source, french.source)
    update = Update(UpdateState.RESOLVED, english.happened_at, texts, tuple(texts), sources)

    document = only(replace(builder.record(), updates=[update]))

    assert said(document.sections["public_window"]) == ["First public word: December 31, 2023, 22:30 (UTC)"]


def test_a_figure_the_text_lacks_is_added():
    builder = told()
    builder.impact("22:30", "dba", "Nobody in Rome could pay", percent=12.5)

    assert said(only(builder.record()).sections["impact"]) == ["Nobody in Rome could pay | 12.5% of users"]


def test_a_detection_by_a_message_shows_the_message():
    builder = told()
    entry = builder.entry("21:55", "support", "Customers cannot pay!", Kind.DETECTION)
    builder.alerts.clear()
    builder.sets("detected", entry, "message marked as detection")

    assert said(only(builder.record()).sections["detection"]) == [
        "December 31, 2023, 21:55 (UTC) | Customers cannot pay! | support"
    ]


def test_an_escalation_without_an_entry_stands_in_the_timeline_at_its_time():
    record = checkout_500s()
    without = [entry for entry in record.entries if Kind.ESCALATION not in entry.kinds]

    document = only(replace(record, entries=without))

    lines = said(document.sections["timeline"])
    places = [place for place, line in enumerate(lines) if "Escalated" in line]
    assert [lines[place].partition(" | ")[0] for place in places] == ["13:00", "13:00"]
    assert lines[places[-1] + 1].startswith("13:30")


def test_a_zone_without_letters_of_its_own_is_shown_with_its_offset():
    record = payment_outage()
    india = replace(record.incident, zone=ZoneInfo("Asia/Kolkata"))
    azores = replace(record.incident, zone=ZoneInfo("America/Sao_Paulo"))

    assert only(replace(record, incident=india)).zone == "IST, UTC+05:30"
    assert only(replace(record, incident=azores)).zone == "UTC-03:00"


def test_a_language_without_words_is_refused_with_the_nearest():
    with pytest.raises(UserError, match=r"no documents in `ja`.*Languages: en, fr"):
        build_draft(payment_outage(), languages=["ja"])


def test_a_machine_that_wrote_is_no_author():
    detection = next(entry for entry in payment_outage().entries if entry.source.kind is SourceKind.ALERT)

    assert detection.author is None
    assert all("None" not in line for line in said(only(payment_outage()).sections["timeline"]))
