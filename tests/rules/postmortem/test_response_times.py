"""The times of the response: only what the record holds, from the first thing that one of our people did."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.escalation.vendors import VendorEvent
from bot.domain.postmortem import Document, build_draft
from bot.domain.record.facts import RoleAssigned
from bot.domain.record.model import Update
from bot.domain.terms import Kind, Precision, TargetKind, UpdateState
from tests.support.records.builders import RecordBuilder


def told(**more: Any) -> RecordBuilder:
    builder = RecordBuilder("2023-12-31", "UTC", "It broke", "shop", **more)
    builder.declared_by_alert("10:00", "Down", "Shop is down", origin="generic")
    return builder


def declared_by_hand() -> RecordBuilder:
    builder = RecordBuilder("2023-12-31", "UTC", "It broke", "shop")
    declared = builder.typed("10:00", "oncall", "It broke", Kind.DECLARED)
    for name in ("declared", "started", "detected"):
        builder.sets(name, declared, "declared")
    return builder


def document_of(builder: RecordBuilder) -> Document:
    (document,) = build_draft(builder.record(), languages=["en-GB"]).documents
    return document


def times_of(builder: RecordBuilder) -> dict[str, str]:
    """Each time with its remark, by its name."""
    return {block.label: " — ".join([block.text, *block.notes]) for block in document_of(builder).sections["response"]}


@pytest.mark.parametrize(
    "kind", [Kind.INVESTIGATION, Kind.NOTE, Kind.HYPOTHESIS, Kind.ACTION, Kind.ESCALATION, Kind.ROLE, Kind.STATUS]
)
def test_the_first_response_is_the_first_thing_that_somebody_did(kind: Kind) -> None:
    builder = told()
    builder.entry("10:06", "engineer", "On it", kind)
    builder.escalated("10:20", "engineer", "dba", "Slow queries")
    builder.acknowledged("10:25", "dba", "dba")

    assert times_of(builder)["First response"] == "10:06 — 6m after detection"


@pytest.mark.parametrize("kind", [Kind.DETECTION, Kind.IMPACT_BEGAN, Kind.DETAILS, Kind.TASK])
def test_a_report_or_a_detail_is_no_response(kind: Kind) -> None:
    builder = told()
    builder.entry("10:06", "support", "Customers complain", kind)
    builder.entry("10:09", "engineer", "Reading logs", Kind.INVESTIGATION)

    assert times_of(builder)["First response"] == "10:09 — 9m after detection"


@pytest.mark.parametrize("kind", [Kind.NOTE, Kind.ACTION, Kind.ROLLBACK])
def test_what_was_done_before_the_detection_is_no_response(kind: Kind) -> None:
    """The job that was started again by hand at night is the course of the incident."""
    builder = told()
    noticed = builder.entry("10:30", "support", "A customer writes", Kind.DETECTION)
    builder.sets("detected", noticed, "message marked as detection")
    builder.sets("declared", builder.typed("10:32", "support", "It broke", Kind.DECLARED), "declared")
    builder.entry("10:10", "operator", "Started the job again", kind)
    builder.entry("10:40", "engineer", "Reading logs", Kind.NOTE)

    assert times_of(builder)["First response"] == "10:40 — 10m after detection"


def test_a_note_from_before_the_declaration_is_no_response() -> None:
    builder = declared_by_hand()
    builder.sets("started", builder.entry("09:40", "dba", "Disk full", Kind.IMPACT_BEGAN), "message marked as boom")
    builder.entry("09:50", "support", "A depot calls", Kind.NOTE)
    builder.entry("10:06", "engineer", "On it", Kind.NOTE)

    assert times_of(builder)["First response"] == "10:06 — 6m after the declaration"


@pytest.mark.parametrize("kind", [Kind.INVESTIGATION, Kind.ESCALATION, Kind.HYPOTHESIS])
def test_somebody_who_looks_into_it_before_the_declaration_responds(kind: Kind) -> None:
    builder = declared_by_hand()
    builder.sets("started", builder.entry("09:40", "dba", "Disk full", Kind.IMPACT_BEGAN), "message marked as boom")
    builder.entry("09:50", "engineer", "Why are there errors?", kind)

    assert times_of(builder)["First response"] == "09:50"


def test_a_detection_after_the_declaration_was_no_later_than_it() -> None:
    """The alert came when people knew: nobody recorded when they noticed."""
    builder = declared_by_hand()
    alert = builder.entry("10:11", "support", "The alert came, too", Kind.DETECTION)
    builder.sets("detected", alert, "message marked as detection")
    builder.entry("10:06", "engineer", "On it", Kind.NOTE)
    builder.resolved("11:00", "engineer", "Restarted")

    assert times_of(builder) == {
        "Declared": "10:00",
        "Detected": "no later than 10:00",
        "First response": "10:06 — 6m after the declaration",
        "Resolved": "11:00 — 1h after the declaration",
    }
    assert lengths_of(builder)[1] == "Duration of the response: 1h, from declaration to resolution"


def test_a_vendor_s_answer_is_no_response_of_ours() -> None:
    builder = told()
    builder.typed("10:03", "oncall", "acme answered", Kind.ACKNOWLEDGED, vendor=VendorEvent.ANSWERED)
    builder.escalated(None, None, "acme", "Your gateway is down", kind=TargetKind.VENDOR)
    builder.acknowledged("10:05", "oncall", "acme")
    builder.entry("10:30", "engineer", "Reading logs", Kind.INVESTIGATION)

    assert times_of(builder)["First response"] == "10:30 — 30m after detection"


def test_a_first_response_without_a_time_was_before_the_next_time() -> None:
    builder = told()
    builder.entry(None, "engineer", "Looked into it at once.", Kind.INVESTIGATION)
    builder.entry("10:30", "dba", "The database is fine.", Kind.RULED_OUT)

    assert times_of(builder)["First response"] == "no later than 10:30 — at most 30m after detection"


def test_nobody_responded_and_nothing_is_said() -> None:
    assert "First response" not in times_of(told())


def test_a_time_after_the_end_of_the_impact_is_no_length() -> None:
    builder = told()
    fixed = builder.entry("10:30", "dba", "Works again.", Kind.FIXED)
    builder.cause("11:00", "dba", "A full disk")
    builder.resolved("11:30", "dba", "Disk cleared")
    builder.sets("ended", fixed, "impact ended:")

    assert times_of(builder) == {
        "Detected": "10:00",
        "Declared": "10:00",
        "First response": "10:30 — 30m after detection",
        "Cause identified": "11:00 — after the end of the impact",
        "Resolved": "11:30 — after the end of the impact",
    }


def test_a_detection_that_nobody_recorded_is_said_to_be_missing() -> None:
    builder = declared_by_hand()
    builder.entry("10:06", "engineer", "On it", Kind.NOTE)
    document = document_of(builder)

    assert [block.text for block in document.sections["detection"]] == ["Nobody recorded how it was detected."]
    assert times_of(builder) == {"Declared": "10:00", "First response": "10:06 — 6m after the declaration"}


def lengths_of(builder: RecordBuilder) -> list[str]:
    return [f"{block.label}: {block.text}" for block in document_of(builder).sections["durations"]]


def test_impact_response_and_public_words_are_three_lengths() -> None:
    builder = told()
    ended = builder.entry("10:13", "dba", "Works again.", Kind.FIXED)
    for at in ("10:31", "11:49"):
        builder.entry(at, "oncall", f"Told the public at {at}", Kind.COMMUNICATION)
    builder.entry("2024-01-03 09:00", "oncall", "", Kind.COMMUNICATION, public=UpdateState.POSTMORTEM)
    builder.resolved("11:50", "oncall", "Rolled back")
    builder.sets("ended", ended, "resolve at:")

    assert lengths_of(builder) == [
        "Duration of the impact: 13m, from 10:00 to 10:13 (UTC) on 31 December 2023",
        "Duration of the response: 1h 50m, from detection to resolution",
        "Public communication: told 31m after it began; the public record lasted 1h 18m",
    ]


def test_a_public_word_in_two_languages_is_one() -> None:
    builder = told()
    first, second = (
        builder.entry(at, "oncall", text, Kind.COMMUNICATION, language=code, public=UpdateState.RESOLVED)
        for at, text, code in (("10:31", "Resolved.", "en"), ("10:33", "Behoben.", "de"))
    )
    texts = {"en": "Resolved.", "de": "Behoben."}
    update = Update(UpdateState.RESOLVED, first.happened_at, texts, tuple(texts), (first.source, second.source))
    (document,) = build_draft(replace(builder.record(), updates=[update])).documents

    assert [block.text for block in document.sections["durations"][1:]] == ["told 31m after it began"]


def test_impact_and_response_of_the_same_times_are_one_length() -> None:
    builder = told()
    builder.resolved("11:00", "oncall", "Rolled back")

    assert lengths_of(builder) == ["Duration of impact and response: 1h, from 10:00 to 11:00 (UTC) on 31 December 2023"]


def test_an_open_incident_has_no_length_yet() -> None:
    assert lengths_of(told()) == ["Duration of the impact: Since 31 December 2023 at 10:00 (UTC)."]


def test_without_a_recorded_detection_the_response_counts_from_the_declaration() -> None:
    builder = declared_by_hand()
    builder.resolved("11:00", "oncall", "Rolled back")

    assert lengths_of(builder)[1] == "Duration of the response: 1h, from declaration to resolution"


def test_nobody_recorded_how_long_the_response_to_a_past_incident_took() -> None:
    builder = declared_by_hand()
    noticed = builder.entry("09:10", "support", "Customers call", Kind.DETECTION)
    stopped = builder.entry("09:40", "engineer", "Stopped the queue", Kind.ACTION)
    builder.resolved("10:05", "oncall", "Stopped the queue")
    builder.sets("started", noticed, "impact started:")
    builder.sets("detected", noticed, "message marked as detection")
    builder.sets("ended", stopped, "resolve at:")

    assert lengths_of(builder) == ["Duration of the impact: 30m, from 09:10 to 09:40 (UTC) on 31 December 2023"]


def test_a_length_to_an_approximate_time_is_approximate() -> None:
    builder = told()
    builder.entry("10:31", "oncall", "Told the public", Kind.COMMUNICATION, precision=Precision.APPROXIMATE)
    builder.resolved("11:00", "oncall", "Rolled back")

    assert lengths_of(builder)[1] == "Public communication: told about 31m after it began"


def test_a_resolution_that_did_not_hold_is_told_beside_the_length() -> None:
    builder = told()
    builder.typed("10:20", "oncall", "Restarted", Kind.RESOLVED)
    builder.typed("10:40", "oncall", "It is down again", Kind.REOPENED)
    builder.resolved("11:00", "oncall", "Rolled back")

    assert lengths_of(builder) == [
        (
            "Duration of impact and response: 1h, from 10:00 to 11:00 (UTC) on 31 December 2023; "
            "resolved at 10:20 and reopened at 10:40 in between"
        )
    ]


@pytest.mark.parametrize(("at", "label"), [("09:50", "Trigger"), ("10:00", ""), ("10:05", "")])
def test_what_was_before_the_impact_is_its_trigger(at: str, label: str) -> None:
    """At the beginning the line is marked; later, the impact had begun already."""
    builder = told()
    builder.entry(at, "engineer", "Deployed 7.2", Kind.IMPACT_BEGAN)

    (row,) = [block for block in document_of(builder).sections["timeline"] if block.text == "Deployed 7.2"]

    assert row.label == label


def test_a_change_of_role_names_nobody_twice() -> None:
    builder = told()
    user = builder.person("dba")
    fact = RoleAssigned("lead", "Lead", user)
    builder.typed("10:02", "dba", fact, Kind.ROLE, role="lead", person=user)
    builder.typed("10:04", "oncall", fact, Kind.ROLE, role="lead", person=user)

    rows = document_of(builder).sections["timeline"][-2:]

    assert [(row.text, row.by) for row in rows] == [("dba leads", ""), ("dba leads", "oncall")]


def test_each_group_of_an_incident_of_several_days_begins_with_a_date() -> None:
    builder = told()
    builder.entry("10:06", "engineer", "Reading logs", Kind.INVESTIGATION)
    builder.entry("10:20", "dba", "Could be DNS", Kind.MISLEADING_PATH)
    builder.entry("2024-01-01 08:00", "dba", "Works again.", Kind.FIXED)
    sections = document_of(builder).sections

    assert [sections[name][0].time for name in ("course", "misleading_paths", "outcome")] == [
        "31 Dec, 10:06",
        "31 Dec, 10:20",
        "1 Jan 2024, 08:00",
    ]
    assert sections["response"][0].text == "31 Dec, 10:00"


def test_a_row_without_words_has_no_language() -> None:
    builder = RecordBuilder("2023-12-31", "UTC", "Es brennt", "shop")
    declared = builder.typed("10:00", "oncall", "Es brennt", Kind.DECLARED, language="de")
    for name in ("declared", "started", "detected"):
        builder.sets(name, declared, "declared")

    (row,) = document_of(builder).sections["timeline"]

    assert (row.text, row.label, row.notes) == ("", "Incident declared", ())


def test_times_and_lengths_are_approximate_together() -> None:
    builder = told()
    builder.entry("10:06", "engineer", "Reading logs", Kind.INVESTIGATION, precision=Precision.APPROXIMATE)
    builder.resolved("11:00", "engineer", "Restarted")
    builder.moments["resolved"] = replace(builder.moments["resolved"], precision=Precision.APPROXIMATE)
    builder.sets("ended", builder.entry("10:50", "dba", "Works again", Kind.FIXED), "resolve at:")
    builder.moments["ended"] = replace(builder.moments["ended"], precision=Precision.APPROXIMATE)

    assert times_of(builder)["First response"] == "about 10:06 — about 6m after detection"
    assert lengths_of(builder)[1] == "Duration of the response: about 1h, from detection to resolution"
    assert "lasted about 50m" in document_of(builder).sections["conclusion"][0].text
