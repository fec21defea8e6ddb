"""All rules together: on the known incidents, on any record, and on long ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.findings import RULES, review_record
from bot.domain.findings.wording import english_formatter, finding_blocks
from bot.domain.languages import get_language
from bot.domain.postmortem import build_draft
from bot.domain.record.model import Record, Update
from bot.domain.terms import LANGUAGES, Kind, UpdateState
from tests.support.records.builders import RecordBuilder
from tests.support.records.samples import checkout_500s, payment_outage
from tests.support.records.strategies import records

TEXTS = {
    "en": "An incident affecting payments occurred between 4.11pm and 4.23pm. The situation has returned to normal.",
    "fr": "Un incident affectant les paiements a eu lieu entre 16h11 et 16h23. La situation est revenue à la normale.",
    "it": "Tra le 16.11 e le 16.23 si è verificato un incidente. La situazione è ora tornata alla normalità.",
}


def payment_disruption() -> Record:
    """Thirteen minutes in Paris, with updates in three languages and a postmortem in two."""
    builder = RecordBuilder("2025-03-27", "Europe/Paris", "Payment platform disruptions", "payments")
    builder.languages = ("fr", "en", "it")
    began = builder.entry("16:11", "engineer", "Production deployment of an upgrade.", Kind.IMPACT_BEGAN)
    declared = builder.typed("16:16", "oncall", builder.title, Kind.DECLARED)
    builder.sets("started", began, "message marked as impact began")
    for name in ("declared", "detected"):
        builder.sets(name, declared, "declared")
    builder.entry("16:21", "engineer", "Rollback of the production change deployed.", Kind.ROLLBACK)
    builder.typed("16:21", "oncall", "Status page communication", Kind.NOTE)
    builder.entry("16:24", "oncall", "Service restored.", Kind.FIXED)
    said = [
        builder.typed("16:42", "oncall", text, Kind.COMMUNICATION, language=code, public=UpdateState.MONITORING)
        for code, text in TEXTS.items()
    ]
    builder.impact("16:44", "oncall", "No payment during 13 minutes")
    resolved = builder.typed("18:00", "oncall", "Service restored.", Kind.RESOLVED, states_end=builder.at("16:24"))
    builder.sets("resolved", resolved, "resolved")
    builder.sets("ended", resolved, "resolve at:", at="16:24")
    published = builder.typed("2025-03-31 09:43", "oncall", "", Kind.COMMUNICATION, public=UpdateState.POSTMORTEM)
    builder.follow_ups("18:10", "oncall", [], ["Investigate the deployment", "Create dedicated tests of ingresses"])
    updates = [
        Update(UpdateState.MONITORING, said[0].happened_at, TEXTS, tuple(TEXTS), tuple(each.source for each in said)),
        Update(UpdateState.POSTMORTEM, published.happened_at, {}, ("fr", "en"), (published.source,)),
    ]
    return replace(builder.record(), updates=updates)


@pytest.mark.parametrize(
    ("record", "codes"),
    [
        (
            checkout_500s(),
            [
                "alert-after-end",
                "repeated-entry",
                "escalation-not-acknowledged",
                "measure-repeats-task",
                "measure-repeats-task",
                "task-without-owner",
            ],
        ),
        (payment_outage(), ["alert-after-end", "task-without-owner"]),
        (
            payment_disruption(),
            ["end-time-conflict", "public-word-late", "public-word-late", "language-missing", "task-without-owner"],
        ),
    ],
    ids=["checkout", "payments", "payment_disruption"],
)
def test_what_a_reviewer_of_the_known_incidents_would_say(record, codes):
    assert [finding.code for finding in review_record(record)] == codes


def test_the_words_name_both_times():
    record = payment_disruption()

    sentences = [english_formatter(record).format_finding(finding) for finding in review_record(record)]

    assert sentences[0] == "End of impact is inconsistent: at 16:24 in the record, at 16:23 (CET) in a text."
    assert sentences[3].endswith("Italian.")


def test_a_code_that_is_off_is_not_looked_for():
    assert "task-without-owner" not in {
        finding.code for finding in review_record(payment_disruption(), off=["task-without-owner"])
    }


@given(records())
def test_any_record_is_looked_over(record):
    found = review_record(record)

    refs = {
        each.source.ref
        for group in (record.entries, record.alerts, record.escalations, record.actions)
        for each in group
    }
    assert found == review_record(record)
    assert [finding.code for finding in found] == sorted((each.code for each in found), key=list(RULES).index)
    assert len({finding.key for finding in found}) == len(found)
    for finding in found:
        assert finding.entries
        assert set(finding.entries) <= refs


@given(records())
def test_each_finding_is_told_in_each_language_and_has_its_sources(record):
    findings = review_record(record)
    for code in LANGUAGES:
        clock = TimeFormatter(get_language(code), record.incident.zone, record.incident.started.at, ())
        blocks = finding_blocks(record, findings, clock)
        assert all(block.text and block.sources for block in blocks)
        assert len(blocks) == len(findings)


def test_a_draft_has_them_in_a_section_of_their_own_in_its_language():
    record = payment_disruption()

    french, english = build_draft(record, languages=["fr", "en"], findings=review_record(record)).documents

    assert [block.details["code"] for block in french.sections["findings"]] == [
        each.code for each in review_record(record)
    ]
    assert french.sections["findings"][-1].text == "2 tâches n’ont ni responsable ni échéance."
    assert english.sections["findings"][-1].text == "2 tasks have neither an owner nor a date."


def long_record(length: int) -> Record:
    """A record of `length` entries, every tenth of them a duplicate."""
    builder = RecordBuilder("2024-01-01", "UTC", "A long one", "checkout")
    start = datetime(2024, 1, 1, tzinfo=UTC)
    first = builder.typed("2024-01-01 00:00", "oncall", builder.title, Kind.DECLARED)
    for name in ("declared", "started", "detected"):
        builder.sets(name, first, "declared")
    kinds = (Kind.INVESTIGATION, Kind.ACTION, Kind.HYPOTHESIS, Kind.NOTE)
    for number in range(length):
        at = (start + timedelta(seconds=30 * number)).astimezone(ZoneInfo("UTC"))
        text = f"Looking at shard {number - number % 10} of the database behind the checkout, step {number // 2}"
        builder.entry(f"{at:%Y-%m-%d %H:%M:%S}", "engineer", text, kinds[number % 4])
    improvements = [f"Improve test {number} of shard {number * 7} in the checkout" for number in range(length // 20)]
    to_do = [f"Add test {number} of shard {number * 7} to the checkout" for number in range(length // 20)]
    builder.follow_ups("2024-01-09 00:00", "oncall", improvements, to_do)
    builder.resolved("2024-01-09 01:00", "oncall", "The shards of the database were repaired")
    return builder.record()


def test_the_time_grows_with_the_entries_and_not_with_their_square():
    """Compared with as many entries in short records; quadratic time would be a hundred times."""
    short, long = [long_record(100) for _ in range(100)], [long_record(10_000)]

    def best(looked_at: list[Record]) -> float:
        times = []
        for _ in range(3):
            began = process_time()
            for record in looked_at:
                review_record(record)
            times.append(process_time() - began)
        return min(times) / sum(len(record.entries) for record in looked_at)

    assert best(long) < best(short) * 4
