"""`incident.json` and the HTML file."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from bot.domain.escalation import Acknowledgement, PagedLevel, Position
from bot.domain.findings import Finding, review_record
from bot.domain.incidents.impact import AffectedUsers
from bot.domain.postmortem import build_draft
from bot.domain.record.escalations import PageOutcome, RecordedPage, VendorFacts
from bot.domain.record.model import Record, RoleAssignment, Statement, Update
from bot.domain.record.samples import full_record
from bot.domain.record.transcript import Transcript, TranscriptMessage
from bot.domain.terms import Kind, Precision, UpdateState
from bot.export.html import Article, render_html_body, render_html_document
from bot.export.json import incident_json, json_text
from bot.templating.render import render_documents, render_postmortem
from tests.support.records.builders import RecordBuilder
from tests.support.records.samples import checkout_500s, payment_outage
from tests.support.records.strategies import HOSTILE, records

TRANSCRIPT = Transcript(
    "inc-1", [TranscriptMessage("1.2", datetime.fromisoformat("2023-11-07T17:00:00+00:00"), "U1", "Hello")]
)
DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "export.md"


def whole() -> Record:
    """A record in which every key has a value."""
    record = payment_outage()
    incident = replace(record.incident, lead="UONCALL", declared_by="UONCALL", mitigated=record.incident.resolved)
    told = Update(
        UpdateState.RESOLVED, record.incident.resolved.at, {"en": "It is over"}, ("en",), (record.entries[0].source,)
    )
    led = RoleAssignment(record.entries[0].source, "lead", "Lead", "UONCALL", record.incident.declared.at)
    at = record.incident.declared.at
    called = replace(
        record.escalations[0],
        called=(PagedLevel(Position(1, 0), at, at, people=("UONCALL",)),),
        pages=(RecordedPage("UONCALL", "slack", 1, 0, at, at, PageOutcome.SENT),),
        answers=(Acknowledgement("UONCALL", at, "slack", Position(1, 0)),),
        vendor=VendorFacts(),
    )
    escalations = [called, *record.escalations[1:]]
    parts = {"changes": full_record().changes, "vendor_incidents": full_record().vendor_incidents}
    return replace(record, incident=incident, updates=[told], roles=[led], escalations=escalations, **parts)


def test_the_times_of_the_checkout_are_in_its_zone():
    incident = incident_json(checkout_500s())["incident"]

    assert incident["started_at"] == "2023-05-15T12:00:00+03:00"
    assert incident["ended_at"] == "2023-05-15T14:00:00+03:00"
    assert (incident["duration_seconds"], incident["duration"]) == (7200, "2h 0m")
    assert incident["zone"] == "Africa/Nairobi"
    assert incident["mitigated_at"] is None
    assert "mitigated_at" not in incident["sources"]
    assert incident["sources"]["started_at"] == {
        "because": "earliest alert",
        "precision": "exact",
        "kind": "alert",
        "ref": "alert-1",
        "link": "https://monitor.example/alerts/CheckoutHTTP500Spike",
    }


def test_messages_that_were_marked_as_tasks_are_among_the_actions():
    builder = RecordBuilder("2023-11-07", "UTC", "It broke", "shop")
    builder.declared_by_alert("09:00", "Down", "Shop is down", origin="generic")
    builder.entry("10:00", "dba", "Renew the certificate by hand.", Kind.TASK)
    marked = builder.entry("10:05", "dba", "Alert on certificates that end soon.", Kind.IMPROVEMENT)
    gone = builder.entry("10:06", "dba", "Buy a bigger clock.", Kind.TASK)
    record = builder.record()
    entries = [replace(each, withdrawn_at=each.recorded_at) if each == gone else each for each in record.entries]

    actions = incident_json(replace(record, entries=entries))["actions"]

    assert [(each["kind"], each["text"]) for each in actions] == [
        ("improvement", "Alert on certificates that end soon."),
        ("task", "Renew the certificate by hand."),
    ]
    assert (actions[0]["ref"], actions[0]["number"], actions[0]["owner"]) == (marked.source.ref, None, None)


def test_the_impact_and_its_figure():
    impact = incident_json(checkout_500s())["incident"]["impact"]

    assert impact["text"].startswith("20% of users")
    assert impact["percent_of_users"] == 20.0
    assert [each["text"] for each in impact["texts"]] == [impact["text"]]


def test_what_nobody_recorded_is_null():
    builder = RecordBuilder("2023-12-31", "UTC", "It broke", "shop")
    builder.declared_by_alert("22:00", "Down", "Shop is down", origin="generic")

    incident = incident_json(builder.record())["incident"]

    for key in ("ended_at", "resolved_at", "duration_seconds", "duration", "impact", "cause", "resolution", "lead"):
        assert incident[key] is None, key


def test_an_end_before_the_start_has_no_duration():
    record = payment_outage()
    ended = replace(record.incident.ended, at=datetime.fromisoformat("2023-11-07T08:00:00-08:00"))

    incident = incident_json(replace(record, incident=replace(record.incident, ended=ended)))["incident"]

    assert incident["ended_at"] == "2023-11-07T08:00:00-08:00"
    assert incident["duration_seconds"] is None


def test_entries_keep_their_order_and_their_unknown_times():
    builder = RecordBuilder("2023-12-31", "UTC", "It broke", "shop")
    builder.declared_by_alert("22:00", "Down", "Shop is down", origin="generic")
    builder.entry("22:10", "dba", "Ask <@UDBA> or <@UNOBODY>")
    builder.entry(None, "dba", "Not the disk")
    builder.entry("22:20", "dba", "", precision=Precision.APPROXIMATE)

    timeline = incident_json(builder.record())["timeline"][2:]

    assert [each["happened_at"] for each in timeline] == [
        "2023-12-31T22:10:00+00:00",
        None,
        "2023-12-31T22:20:00+00:00",
    ]
    assert [each["precision"] for each in timeline] == ["exact", "unknown", "approximate"]
    assert [each["deleted"] for each in timeline] == [False, False, True]
    assert timeline[0]["text"] == "Ask @dba or @UNOBODY"
    assert (timeline[0]["author"], timeline[0]["author_id"]) == ("dba", "UDBA")


def test_withdrawn_entries_stay_and_say_when():
    record = payment_outage()
    entries = [replace(record.entries[0], withdrawn_at=record.entries[0].recorded_at), *record.entries[1:]]

    assert incident_json(replace(record, entries=entries))["timeline"][0]["withdrawn_at"] == "2023-11-07T08:45:01-08:00"


def test_escalations_say_who_answered_after_how_long():
    first, second = incident_json(checkout_500s())["escalations"]
    answered = incident_json(payment_outage())["escalations"][0]

    assert (first["target"], first["external"], first["acknowledged"]) == ("senior-engineers", False, False)
    assert (second["target"], second["external"]) == ("payment-gateway", True)
    assert first["acknowledged_after_seconds"] is None
    assert (answered["acknowledged_by"], answered["acknowledged_after_seconds"]) == ("developer", 300)


def test_an_update_has_its_texts_by_language_and_its_sources():
    record = whole()
    first, second = record.entries[0].source, record.entries[1].source
    told = Update(
        UpdateState.MONITORING,
        record.incident.resolved.at,
        {"en": "Better, says <@UDEVELOPER>", "fr": "Mieux"},
        ("en", "fr"),
        (first, second),
        "UONCALL",
    )
    published = Update(UpdateState.POSTMORTEM, None, {}, ("fr", "en"), (first,))

    updates = incident_json(replace(record, updates=[told, published]))["updates"]

    assert updates[0] == {
        "state": "monitoring",
        "published_at": "2023-11-07T10:30:00-08:00",
        "precision": "exact",
        "texts": {"en": "Better, says @developer", "fr": "Mieux"},
        "languages": ["en", "fr"],
        "by": "oncall",
        "by_id": "UONCALL",
        "refs": [first.ref, second.ref],
        "links": [first.link, second.link],
    }
    assert (updates[1]["published_at"], updates[1]["texts"], updates[1]["languages"]) == (None, {}, ["fr", "en"])


def test_findings_are_told():
    finding = Finding("task-without-owner", ("action-4",), {"count": 1})

    assert incident_json(payment_outage(), [finding])["findings"] == [
        {"code": "task-without-owner", "message": "1 task has no owner.", "entries": ["action-4"]}
    ]


@given(records())
def test_any_record_is_json_that_reads_back(record):
    value = incident_json(record)

    assert json.loads(json_text(value)) == value
    assert json_text(value) == json_text(incident_json(record))
    assert len(value["timeline"]) == len(record.entries)


def described() -> dict[str, set[str]]:
    """The keys that the documentation describes: by heading, from the first column of its tables."""
    found: dict[str, set[str]] = {}
    section = ""
    for line in DOCUMENT.read_text().splitlines():
        if heading := re.match(r"#+ `(.+)`", line):
            section = heading[1]
        elif key := re.match(r"\| `([^`]+)` \|", line):
            found.setdefault(section, set()).add(key[1])
    del found["translations"]  # of entries and actions; the schema's test compares them
    return found


def produced() -> dict[str, set[str]]:
    value: dict[str, Any] = incident_json(whole(), review_record(whole()), transcript=TRANSCRIPT)
    incident = value["incident"]
    return {
        "incident.json": set(value),
        "incident": set(incident),
        "incident.sources": set(incident["sources"]["started_at"]),
        "incident.impact": set(incident["impact"]),
        "incident.roles[]": set(incident["roles"][0]),
        "incident.cause": set(incident["cause"]),
        **{
            f"{name}[]": set(value[name][0])
            for name in (
                "timeline",
                "escalations",
                "actions",
                "updates",
                "alerts",
                "changes",
                "vendor_incidents",
                "findings",
                "transcript",
            )
        },
        **{f"escalations.{name}[]": set(value["escalations"][0][name][0]) for name in ("steps", "pages", "answers")},
        "escalations.vendor": set(value["escalations"][0]["vendor"]),
    }


def test_the_documentation_describes_every_key_and_no_other():
    assert described() == produced()


def test_a_cause_and_a_resolution_have_the_same_keys():
    incident = incident_json(whole())["incident"]

    assert set(incident["cause"]) == set(incident["resolution"])


FORMATTING = {"br", "p", "pre", "code", "strong", "em", "del", "s", "blockquote"}
"""Tags of a text's own formatting. They have no attributes and load nothing."""


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_only_text_in_html(text):
    record = payment_outage()
    entries = [replace(each, text=text) if "Reading" in each.text else each for each in record.entries]
    draft = build_draft(replace(record, entries=entries))
    usual = render_html_body(render_postmortem(build_draft(record)))

    html = render_html_body(render_postmortem(draft))

    tags, usual_tags = (re.findall(r"</?(\w+)", each) for each in (html, usual))
    assert [each for each in tags if each not in FORMATTING] == [each for each in usual_tags if each not in FORMATTING]
    assert html.count("href=") == usual.count("href=")


def html_of(record: Record, **chosen: Any) -> str:
    documents = render_documents(build_draft(record, **chosen))
    return render_html_document(
        [Article(code, markdown) for code, markdown in documents.items()], title="A <b>title</b>"
    )


def test_the_html_file_needs_nothing_else():
    html = html_of(payment_outage())

    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in html
    assert '<meta name="viewport"' in html
    assert "@media print" in html
    assert not re.search(r"<script|<img|<link|src=|url\(|@import", html)
    assert "<nav>" not in html, "there is one language"


def test_a_source_is_a_small_mark_that_says_where_it_leads():
    html = html_of(payment_outage(), languages=["de"])

    assert (
        '<a href="https://monitor.example/alerts/FailedTransactionsSpike" class="source" '
        'title="Quelle 4: monitor.example" aria-label="Quelle 4: monitor.example">[4]</a>' in html
    )
    assert html.count('class="source"') == len(re.findall(r">\[\d+\]</a>", html))


def test_each_language_is_a_part_that_says_so():
    html = html_of(payment_outage(), languages=["fr", "en"])

    assert '<html lang="fr">' in html
    assert re.findall(r'<article id="([\w-]+)" class="document" lang="(\w+)">', html) == [
        ("in-fr", "fr"),
        ("in-en", "en"),
    ]
    assert '<a href="#in-fr" hreflang="fr" lang="fr">Français</a>' in html


def test_a_table_scrolls_by_itself_and_has_a_head():
    html = render_html_body("| a | b |\n| --- | --- |\n| 1 | 2 |")

    assert html.startswith('<div class="wide" tabindex="0">\n<table>')
    assert '<th scope="col">a</th>' in html


def test_times_are_to_the_second_and_lengths_agree_with_them():
    record = payment_outage()
    started = replace(record.incident.started, at=record.incident.started.at.replace(microsecond=900_000))
    ended = replace(record.incident.ended, at=started.at.replace(microsecond=100_000) + timedelta(seconds=90))

    incident = incident_json(replace(record, incident=replace(record.incident, started=started, ended=ended)))[
        "incident"
    ]

    assert incident["started_at"] == "2023-11-07T08:45:00-08:00"
    assert incident["ended_at"] == "2023-11-07T08:46:30-08:00"
    assert incident["duration_seconds"] == 90


def test_a_figure_names_the_entry_that_states_it():
    record = checkout_500s()
    said = record.impacts[0]
    elsewhere = replace(said.source, ref="entry-99")
    anew = replace(said, users_source=elsewhere)
    french = replace(said, language="fr", users=AffectedUsers(percent=12.5), source=replace(said.source, ref="entry-7"))

    def refs(*impacts: Statement) -> tuple[float | None, str | None]:
        impact = incident_json(replace(record, impacts=impacts))["incident"]["impact"]
        return impact["percent_of_users"], impact["users_ref"]

    assert refs(said) == (20.0, said.source.ref)
    assert refs(anew) == (20.0, "entry-99")
    assert refs(replace(said, users=None), french) == (12.5, "entry-7")
    assert refs(replace(said, users=None)) == (None, None)


def test_raw_html_in_markdown_stays_text():
    assert render_html_body("<script>alert(1)</script>\n\n[x](javascript:alert(1))") == (
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n<p>[x](javascript:alert(1))</p>\n"
    )
