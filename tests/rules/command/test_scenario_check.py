"""Facts that a scenario expects of the record and the draft."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.languages import get_language
from bot.domain.vendor_status.look import VendorState, VendorUpdate
from bot.scenario.check import find_differences
from bot.scenario.reader import read_scenario_text
from bot.scenario.vendor_view import find_vendor_differences
from tests.rules.command.test_scenario import text_of

EXPECTED = {
    "started": "2023-05-15T12:00:00+03:00",
    "resolved": "2023-05-15T14:00:00+03:00",
    "identified": "2023-05-15T13:00:00+03:00",
    "duration": "2h 0m",
    "zone_label": "EAT",
    "detected_by": "Spike",
    "impact": {"text": "20% of users", "percent_of_users": 20},
    "languages": ["en"],
    "timeline_times": ["12:00", None, "14:00"],
    "actions_taken": 2,
    "misleading_paths": 1,
    "escalations": [{"to": "dba", "acknowledged": True}, {"to": "supplier", "external": True}],
    "improvements": 1,
    "tasks": 2,
    "symptom_table": 1,
    "conclusion": True,
}
MARKDOWN = """\
# Postmortem: Checkout is down

- **Duration:** 2h 0m, from May 15, 2023, 12:00 PM to 2:00 PM (EAT) [[1]]

## Timeline (EAT)

### Detection

- *Alert Spike:* Many errors

### Alerts

- *Other*

## Sources

- [[1]] Command — dba, 12:00
- [[2]] Command — dba, 14:00

[1]: https://x.example/2h-5m
[2]: https://x.example/a_b

## Conclusion

It lasted 2h 0m\\. [[2]] [3] Cause: *code*.
"""


def entry(at: str | None, *kinds: str) -> dict[str, Any]:
    return {"happened_at": at and f"2023-05-15T{at}:00+00:00", "kinds": list(kinds), "withdrawn_at": None}


RECORD: dict[str, Any] = {
    "incident": {
        "started_at": "2023-05-15T12:00:00+03:00",
        "ended_at": "2023-05-15T14:00:00+03:00",
        "identified_at": "2023-05-15T10:00:00+00:00",
        "duration_seconds": 7200,
        "impact": {"percent_of_users": 20.0, "texts": [{"text": "About 20% of users could not pay"}]},
        "conclusion": "It lasted 2h 0m. Cause: code.",
    },
    "timeline": [
        entry("09:00", "detection"),
        entry("09:30", "investigation", "hypothesis"),
        entry(None, "misleading path"),
        entry("10:30", "rollback"),
        entry("11:00", "resolved"),
    ],
    "escalations": [
        {"target": "@dba", "external": False, "acknowledged_at": "2023-05-15T12:30:00+03:00"},
        {"target": "engineering", "external": False, "acknowledged_at": None},
        {"target": "supplier", "external": True, "acknowledged_at": None},
    ],
    "actions": [
        {"kind": "improvement", "symptom": None},
        {"kind": "task", "symptom": "Deployment failed"},
        {"kind": "task", "symptom": None},
    ],
    "alerts": [{"name": "Spike"}, {"name": "Other"}],
    "findings": [{"code": "task-without-owner"}, {"code": "repeated-entry"}, {"code": "repeated-entry"}],
}


def list_differences(record: dict[str, Any] = RECORD, markdown: str = MARKDOWN, **expect: Any) -> list[str]:
    return find_differences(read_scenario_text(text_of(expect=expect)), record, markdown)


def test_facts_that_hold_are_not_mentioned():
    assert list_differences(**EXPECTED) == []


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        (
            "started",
            "2023-05-15T12:01:00+03:00",
            "started: expected 2023-05-15T12:01:00+03:00, found 2023-05-15T12:00:00+03:00",
        ),
        (
            "resolved",
            "2023-05-15T14:00:00+02:00",
            "resolved: expected 2023-05-15T14:00:00+02:00, found 2023-05-15T14:00:00+03:00",
        ),
        (
            "identified",
            "2023-05-15T12:00:00+03:00",
            "identified: expected 2023-05-15T12:00:00+03:00, found 2023-05-15T10:00:00+00:00",
        ),
        ("duration", "1h 55m", "duration: expected 1h 55m, found 2h 0m"),
        ("zone_label", "PST", "zone_label: expected PST beside the times of the draft, found beside none"),
        ("detected_by", "Outage", "detected_by: expected Outage, found Spike, Other"),
        ("detected_by", "Other", "detected_by: expected Other, missing in the draft's detection"),
        (
            "impact",
            {"text": "30% of users"},
            "impact: text: expected 30% of users, found About 20% of users could not pay",
        ),
        ("impact", {"percent_of_users": 30}, "impact: percent_of_users: expected 30, found 20.0"),
        ("languages", ["fr", "en"], "languages: expected fr, en, found en"),
        (
            "findings",
            ["repeated-entry", "long-gap"],
            "findings: long-gap is missing among task-without-owner, repeated-entry",
        ),
        (
            "timeline_times",
            ["14:00", "12:00"],
            "timeline_times: number 2, 12:00, is missing or out of order among 12:00, 12:30, no time, 13:30, 14:00",
        ),
        (
            "timeline_times",
            [None, None],
            "timeline_times: number 2, no time, is missing or out of order among 12:00, 12:30, no time, 13:30, 14:00",
        ),
        ("actions_taken", 3, "actions_taken: expected at least 3, found 2"),
        ("misleading_paths", 0, "misleading_paths: expected 0, found 1"),
        ("improvements", 2, "improvements: expected 2, found 1"),
        ("tasks", 1, "tasks: expected 1, found 2"),
        ("symptom_table", 2, "symptom_table: expected 2, found 1"),
        (
            "escalations",
            [{"to": "supplier"}, {"to": "dba"}],
            "escalations: dba is missing or out of order among @dba, engineering, supplier",
        ),
        (
            "escalations",
            [{"to": "engineering", "acknowledged": True}],
            "escalations: engineering: acknowledged: expected yes, found no",
        ),
        ("escalations", [{"to": "dba", "external": True}], "escalations: dba: external: expected yes, found no"),
        ("conclusion", False, "conclusion: expected no, found yes"),
    ],
)
def test_a_fact_that_does_not_hold_is_one_line(key, value, line):
    assert list_differences(**{**EXPECTED, key: value}) == [line]


def test_a_withdrawn_entry_counts_for_nothing():
    record = deepcopy(RECORD)
    record["timeline"][2]["withdrawn_at"] = "2023-05-15T14:00:00+03:00"

    assert list_differences(record, misleading_paths=1, timeline_times=[None]) == [
        "timeline_times: number 1, no time, is missing or out of order among 12:00, 12:30, 13:30, 14:00",
        "misleading_paths: expected 1, found 0",
    ]


def test_an_incident_that_goes_on_has_no_end_and_no_duration():
    record = deepcopy(RECORD)
    record["incident"] |= {"ended_at": None, "duration_seconds": None}

    assert list_differences(record, resolved=EXPECTED["resolved"], duration="2h 0m") == [
        "resolved: expected 2023-05-15T14:00:00+03:00, found nothing",
        "duration: expected 2h 0m, found nothing",
    ]


@pytest.mark.parametrize(
    ("key", "without"),
    [("duration", "2h 0m"), ("zone_label", "EAT"), ("detected_by", "Spike"), ("conclusion", "It lasted 2h 0m\\. ")],
)
def test_what_the_draft_does_not_say_is_a_difference(key, without):
    """The record holds it, and the reader of the draft does not see it."""
    assert without in MARKDOWN

    lines = list_differences(markdown=MARKDOWN.replace(without, ""), **{key: EXPECTED[key]})

    assert [line.partition(":")[0] for line in lines] == [key]


def test_a_draft_says_the_duration_as_its_language_does():
    assert list_differences(markdown=MARKDOWN.replace("2h 0m", "2 h"), duration="2h 0m") == []


@pytest.mark.parametrize("length", ["12 h 0 min", "2h 5m", "1d 2h", "2 Tage 2 h", "2 h 5 min"])
def test_a_part_of_another_length_is_not_the_duration(length):
    assert list_differences(markdown=MARKDOWN.replace("2h 0m", length), duration="2h 0m") != []


def test_a_draft_that_goes_on_after_its_conclusion_does_not_end_with_it():
    assert list_differences(markdown=MARKDOWN + "\nLessons were learned.\n", conclusion=True) == [
        "conclusion: expected yes, found no"
    ]


def test_a_draft_without_a_section_for_it_tells_of_the_detection_first():
    first = "## Timeline (EAT)\n\n- **12:00 PM** *Detection:* Spike\n- **12:30 PM** Other\n"

    assert list_differences(markdown=first, detected_by="Spike") == []
    assert list_differences(markdown=first, detected_by="Other") != []


def test_the_detection_is_found_in_the_drafts_first_language():
    record = deepcopy(RECORD)
    record["incident"]["languages"] = ["fr", "en"]
    markdown = MARKDOWN.replace("### Detection", f"### {get_language('fr').words['detection']}")

    assert markdown != MARKDOWN
    assert list_differences(record, markdown, detected_by="Spike") == []


@pytest.mark.parametrize("code", ["en", "fr", "it", "es", "de", "pt"])
def test_a_document_is_known_by_its_headings_and_labels(code):
    words = get_language(code).words
    headings = "".join(
        f"## {words[key]} (CET)\n\n- **{words[key]}\u202f:** x\n" for key in ("timeline", "impact", "cause")
    )
    document = f"# Outage of Friday\n\n{headings}"

    assert list_differences(markdown=document, languages=[code]) == []
    assert list_differences(markdown=f"{MARKDOWN}\n---\n\n{document}", languages=["en", code]) == []
    assert list_differences(markdown=document, languages=[code, "en"]) == [
        f"languages: expected {code}, en, found {code}"
    ]


def test_a_draft_in_more_languages_than_expected_differs():
    french = f"# Panne\n\n## {get_language('fr').words['timeline']}\n"

    assert list_differences(markdown=f"{MARKDOWN}\n---\n\n{french}", languages=["en"]) == [
        "languages: expected en, found en, fr"
    ]
    assert list_differences(markdown=f"{french}\n---\n\n{MARKDOWN}", languages=["en", "fr"]) == [
        "languages: expected en, fr, found fr, en"
    ]


def test_a_text_without_a_document_is_in_no_language():
    assert list_differences(markdown="Nothing.\n", languages=["en"]) == ["languages: expected en, found nothing"]
    assert list_differences(markdown="# Only a title\n", languages=["en"]) == ["languages: expected en, found nothing"]


def watched(state: str, published: str, text: str = "") -> dict[str, Any]:
    status = {"vendor": "payplug", "id": "tsr-1532", "state": state, "published": published}
    return {"vendor_status": {**status, **({"text": text} if text else {})}, "then": "it is told"}


def test_what_a_watcher_of_the_page_reads_is_compared():
    noon = datetime(2025, 3, 27, 12, tzinfo=UTC)
    read = [
        VendorUpdate("1", "We see failed payments.", VendorState.MONITORING, noon),
        VendorUpdate("2", "It is over.", VendorState.RESOLVED, noon + timedelta(hours=1)),
    ]
    first, second = (
        watched("monitoring", "2025-03-27T12:00:00+00:00", "failed"),
        watched("resolved", "2025-03-27T14:00:00+01:00"),
    )

    def differences(*view: dict[str, Any]) -> list[str]:
        return find_vendor_differences(read_scenario_text(text_of(vendor_view=list(view))), read)

    assert differences(first, second) == []
    assert differences(first) == ["vendor_view: expected monitoring, found monitoring, resolved"]
    assert differences(
        watched("identified", "2025-03-27T12:00:00+00:00"), watched("resolved", "2025-03-27T13:05:00+00:00", "Fixed")
    ) == [
        "vendor_view: expected identified, found monitoring",
        "vendor_view: resolved: expected 2025-03-27T13:05:00+00:00, found 2025-03-27T13:00:00+00:00",
        "vendor_view: resolved: expected 'Fixed', found 'It is over.'",
    ]
    assert find_vendor_differences(read_scenario_text(text_of()), read) == []
