"""Findings about times without entries, and about late detections."""

from dataclasses import replace

import pytest

from bot.domain.findings.rules.long_gap import check_late_detection, check_long_gap
from bot.domain.terms import Kind, Severity
from tests.support.records.builders import RecordBuilder
from tests.support.records.findings import about, codes, incident


def gap(start: str, end: str, *entries: str | None, severity: Severity = Severity.SEV1) -> list[str]:
    builder = incident(start, end, zone="UTC")
    builder.severity = severity
    for at in entries:
        builder.entry(at, "engineer", "Looking", Kind.INVESTIGATION)
    return codes(check_long_gap, builder.record())


@pytest.mark.parametrize(
    ("start", "end", "entries", "expected"),
    [
        ("12:00", "15:00", ["12:10", "14:50"], ["long-gap"]),
        ("12:00", "15:00", ["12:10", "13:10", "14:10"], []),
        ("12:00", "12:50", [], []),
        ("12:00", "13:00", [], []),
        ("12:00", "20:00", ["12:10", "14:00", "16:00", "18:00"], []),  # two hours of eight
        (
            "2025-03-27 12:00",
            "2025-03-29 12:00",
            ["2025-03-27 14:00", "2025-03-27 22:00", "2025-03-28 08:00", "2025-03-28 20:00"],
            [],
        ),
        ("2025-03-27 12:00", "2025-03-29 12:00", ["2025-03-27 14:00"], ["long-gap"]),
    ],
)
def test_gaps(start, end, entries, expected):
    assert gap(start, end, *entries) == expected


def test_nobody_works_between_a_resolution_and_a_reopening():
    """The impact seemed to be over."""
    builder = incident("12:00", "17:40", zone="UTC")
    builder.typed("12:30", "oncall", "", Kind.RESOLVED)
    builder.typed("16:30", "oncall", "", Kind.REOPENED)
    assert codes(check_long_gap, builder.record()) == []

    builder.entries[-2:] = [replace(each, kinds=(Kind.NOTE,)) for each in builder.entries[-2:]]
    assert codes(check_long_gap, builder.record()) == ["long-gap"]


def test_a_light_incident_sleeps_at_night():
    night = ("2025-03-27 20:00", "2025-03-28 10:00", "2025-03-27 23:00", "2025-03-28 07:00")

    assert gap(*night, severity=Severity.SEV3) == []
    assert gap(*night, severity=Severity.SEV1) == ["long-gap"]


def test_an_entry_of_unknown_time_fills_a_gap():
    builder = incident("15:00", None, zone="UTC")
    builder.entry(None, "engineer", "Checked the database", Kind.INVESTIGATION)
    builder.entry("16:30", "engineer", "It is not the database", Kind.RULED_OUT)
    resolved = builder.typed("16:40", "oncall", "", Kind.RESOLVED)
    builder.sets("ended", resolved, "resolve was typed")

    assert codes(check_long_gap, builder.record()) == []


DAYS = ("2025-03-27 12:00", "2025-03-30 12:00")


def untimed(start: str, end: str, count: int, *entries: str) -> list[str]:
    """A record with that many entries of unknown time in the first gap."""
    builder = incident(start, None, zone="UTC")
    for number in range(count):
        builder.entry(None, "engineer", f"Checked part {number}", Kind.INVESTIGATION)
    for at in entries:
        builder.entry(at, "engineer", "Looking", Kind.INVESTIGATION)
    builder.sets("ended", builder.typed(end, "oncall", "", Kind.RESOLVED), "resolve was typed")
    return codes(check_long_gap, builder.record())


def test_an_entry_of_unknown_time_does_not_fill_days():
    assert untimed(*DAYS, 1) == ["long-gap/untimed"]
    assert untimed(*DAYS, 5) == []


def test_every_long_gap_is_told():
    assert gap("12:00", "15:30", "13:45", "13:50", "15:20") == ["long-gap", "long-gap"]


def found_at(started: str, detected: str, ended: str, *entries: str, because: str = "marked") -> RecordBuilder:
    """An incident that was found some time after it began, and declared then."""
    builder = incident(detected, None, zone="UTC")
    for at in entries:
        builder.entry(at, "engineer", "Looking", Kind.INVESTIGATION)
    impact = builder.typed(ended, "oncall", "", Kind.IMPACT)
    builder.sets("started", impact, "impact started:", at=started)
    builder.sets("detected", builder.entries[0], because)
    builder.sets("ended", impact, "impact ended:")
    return builder


YESTERDAY, NOON = "2025-03-26 00:00", "2025-03-27 12:00"


def test_people_sleep_in_an_incident_that_began_the_day_before():
    builder = found_at(YESTERDAY, NOON, "2025-03-27 15:02", "2025-03-27 12:10", "2025-03-27 13:00", "2025-03-27 14:30")

    assert codes(check_long_gap, builder.record()) == []
    assert codes(check_late_detection, builder.record()) == ["detected-late"]


def test_nothing_recorded_between_detection_and_declaration():
    builder = found_at("12:00", "14:30", "15:30", "14:40", "15:00", "15:20")
    builder.sets("detected", builder.entries[0], "marked", at="12:05")

    assert codes(check_long_gap, builder.record()) == ["long-gap"]
    assert codes(check_late_detection, builder.record()) == []


@pytest.mark.parametrize(
    ("started", "detected", "ended", "because", "expected"),
    [
        ("12:00", "13:05", "18:00", "marked", ["detected-late"]),
        ("12:00", "12:55", "18:00", "marked", []),
        ("12:00", "12:40", "13:30", "marked", ["detected-late"]),
        ("12:00", "12:25", "12:40", "earliest alert", []),
        ("12:00", "12:50", "12:40", "marked", ["detected-late/after_end"]),
        ("12:20", "12:41", "12:40", "marked", []),
        ("12:00", "13:05", "18:00", "declared", ["detected-late/unmarked"]),
        ("12:00", "12:05", "18:00", "declared", []),
        ("12:00", "12:50", "12:40", "declared", ["detected-late/after_end_unmarked"]),
        ("12:30", "12:00", "12:40", "earliest alert", []),
    ],
)
def test_detections_long_after_the_start_or_after_the_end(started, detected, ended, because, expected):
    builder = found_at(started, detected, ended, because=because)

    assert codes(check_late_detection, builder.record()) == expected


def test_a_record_made_afterwards_needs_no_detection():
    builder = found_at("12:00", "16:00", "13:00", because="declared")
    builder.details["retro"] = True

    assert codes(check_late_detection, builder.record()) == []


def test_a_start_that_is_only_known_about_is_given_ten_minutes():
    builder = found_at("12:00", "13:05", "18:00")
    about(builder, "started")

    assert codes(check_late_detection, builder.record()) == []


def test_what_came_after_the_impact_is_no_gap():
    builder = incident("16:11", None)
    resolved = builder.typed("19:00", "oncall", "", Kind.RESOLVED, states_end=builder.at("16:24"))
    builder.sets("resolved", resolved, "resolved")
    builder.sets("ended", resolved, "resolve at:", at="16:24")

    assert codes(check_long_gap, builder.record()) == []
