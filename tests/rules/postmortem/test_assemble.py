"""What a draft says, and that it says nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given

from bot.domain.drafting.model import Block, BlockKind, Document
from bot.domain.postmortem import build_draft
from bot.domain.record.model import Record
from bot.domain.terms import Kind, Precision, SourceKind, TargetKind
from bot.domain.text.markdown_escape import visible_lines
from bot.domain.text.mentions import resolve_mentions
from tests.support.records.builders import RecordBuilder
from tests.support.records.samples import checkout_500s, payment_outage
from tests.support.records.strategies import records


def only(record: Record, **more: object) -> Document:
    (document,) = build_draft(record, **more).documents
    return document


def said(blocks: tuple[Block, ...]) -> list[str]:
    """Each block as a reader would say it, without its source."""
    lines = []
    for block in blocks:
        label = f"{block.label}: {block.text}" if block.label and block.text else block.label or block.text
        remarks = "; ".join(each for each in (block.by, *block.notes) if each)
        lines.append(" | ".join(part for part in (block.time, label, remarks) if part))
    return lines


@given(records())
def test_the_same_record_gives_the_same_draft(record):
    assert build_draft(record) == build_draft(record)


@given(records())
def test_no_statement_is_without_a_source(record):
    for block in build_draft(record).blocks():
        if block.kind is BlockKind.MISSING:
            assert block.sources == ()
        else:
            assert any(source.link for source in block.sources), block


@given(records())
def test_every_block_has_an_identity_of_its_own(record):
    identities = [block.identity for block in build_draft(record).blocks()]

    assert len(set(identities)) == len(identities)


@given(records())
def test_the_timeline_keeps_the_order_of_the_record(record):
    order = [entry.source.ref for entry in record.entries if entry.withdrawn_at is None]

    for document in build_draft(record).documents:
        shown = [block.key for block in document.sections["timeline"] if block.kind is BlockKind.ENTRY]
        assert shown == [ref for ref in order if ref in set(shown)]


@given(records())
def test_nothing_recorded_is_missing(record):
    answers = {each.acknowledgement.ref for each in record.escalations if each.acknowledgement}
    texts = [
        entry.text
        for entry in record.entries
        if entry.withdrawn_at is None and entry.source.ref not in answers and entry.text
    ]
    texts += [each.text for each in (*record.actions, *record.impacts, *record.causes, *record.resolutions)]
    texts += [each.reason for each in record.escalations]
    texts += [
        value for alert in record.alerts for value in (alert.annotations["summary"], alert.annotations["runbook"])
    ]

    draft = build_draft(record)

    for document in draft.documents[:1]:
        shown = "\n".join(_everything(block) for block in document.blocks())
        others = "\n".join(_everything(block) for block in draft.blocks())
        for text in texts:
            wanted = _plain(resolve_mentions(text, record.people))
            assert wanted in shown or wanted in others, text


def _plain(text: str) -> str:
    return " ".join(" ".join(visible_lines(text)).split())


def _everything(block: Block) -> str:
    return _plain(" ".join([block.text, block.label, *block.notes]))


@given(records())
def test_withdrawn_entries_are_left_out(record):
    withdrawn = {entry.source.ref for entry in record.entries if entry.withdrawn_at is not None}

    assert not withdrawn & {block.key for block in build_draft(record).blocks() if block.kind is BlockKind.ENTRY}


def test_the_payment_outage_in_groups():
    why = "Initial investigation did not find the cause"
    document = only(payment_outage())

    assert said(document.sections["duration"]) == ["1h 45m, from 08:45 to 10:30 (PST) on November 7, 2023"]
    assert said(document.sections["detection"]) == [
        "November 7, 2023, 08:45 (PST) | Alert FailedTransactionsSpike: Sudden spike in failed transactions"
    ]
    assert said(document.sections["actions_taken"]) == [
        "08:52 | Reading server logs, suspecting a server overload. | oncall",
        "08:59 | Assuming a database issue: checking for slow queries. | oncall",
        "09:40 | Rollback: Rolling back the recent payment gateway code deployment. | developer",
    ]
    assert said(document.sections["misleading_paths"]) == [
        "09:06 | Exploring network issues, suspecting connectivity problems. | oncall; cost 9m, until 09:15"
    ]
    assert said(document.sections["escalations"]) == [
        f"09:15 | Escalated to development: {why} | oncall; acknowledged by developer at 09:20, after 5m",
        f"09:15 | Escalated to operations: {why} | oncall; acknowledged by operator at 09:27, after 12m",
    ]
    assert not [line for line in said(document.sections["course"]) if "acknowledged" in line]  # said once
    assert said(document.sections["response"]) == [
        "Detected: 08:45",
        "Declared: 08:45",
        "First response: 08:52 | 7m after detection",
        "Cause identified: 10:15 | 1h 30m after detection",
        "Resolved: 10:30 | 1h 45m after detection",
    ]
    assert (len(document.sections["improvements"]), len(document.sections["tasks"])) == (3, 5)


def test_the_conclusion_is_made_of_the_facts_recorded():
    assert only(payment_outage()).conclusion == (
        "“Payment processing service complete outage” (INC-1, SEV1) lasted 1h 45m, from 08:45 to 10:30 (PST) on "
        "November 7, 2023. Recorded as follow-up: 3 improvements and 5 tasks."
    )


def test_the_checkout_timeline_by_the_clock():
    times = [block.time for block in only(checkout_500s()).sections["timeline"]]

    assert times == ["May 15, 12:00", "12:05", "12:10", "12:20", "12:40", "13:00", "13:00", "13:30", "13:50", "14:00"]


def test_an_escalation_nobody_answered_says_so_in_the_timeline_too():
    document = only(checkout_500s())

    for section in ("escalations", "timeline"):
        asked = [line for line in said(document.sections[section]) if "payment-gateway" in line]
        assert len(asked) == 1
        assert "Escalated to the vendor payment-gateway: Checkout crashes" in asked[0]
        assert asked[0].endswith("no answer recorded"), "a vendor's answer that nobody recorded is no reproach"


def told(**more: object) -> RecordBuilder:
    builder = RecordBuilder("2023-12-31", "UTC", "It broke", "shop", **more)
    builder.declared_by_alert("22:00", "Down", "Shop is down", origin="generic")
    return builder


def test_what_nobody_recorded_is_said_to_be_missing():
    document = only(told().record())

    assert said(document.sections["impact"]) == ["Nobody recorded the impact."]
    assert said(document.sections["cause"]) == ["Nobody recorded the cause."]
    assert said(document.sections["resolution"]) == ["The incident is not resolved yet."]
    assert said(document.sections["duration"]) == [
        "Since December 31, 2023 at 22:00 (UTC).",
        "Nobody recorded an end of the impact.",
    ]
    assert said(document.sections["tasks"]) == ["Nobody recorded a task."]
    assert said(document.sections["conclusion"]) == [
        "“It broke” (INC-1, SEV2) began on December 31, 2023 at 22:00 (UTC)."
    ]


@pytest.mark.parametrize("kind", [Kind.ROLLBACK, Kind.FIXED])
def test_a_rollback_or_a_fix_shows_how_it_was_resolved(kind):
    builder = told()
    builder.entry("22:30", "dba", "Rolled back to v41.", kind)
    builder.resolved("22:40", "dba", "")
    builder.statements.clear()

    [resolution] = only(builder.record()).sections["resolution"]

    assert (resolution.text, resolution.is_missing) == ("Rolled back to v41.", False)


def test_a_resolution_that_nothing_shows_is_missing():
    builder = told()
    builder.resolved("22:40", "dba", "")
    builder.statements.clear()
    builder.entry("22:50", "dba", "Rolled back to v41.", Kind.ROLLBACK)

    assert said(only(builder.record()).sections["resolution"]) == ["Nobody recorded how it was resolved."]


def test_an_entry_without_a_time_stays_in_its_place_and_gets_none():
    builder = told()
    builder.entry("22:10", "dba", "Looking.", Kind.INVESTIGATION)
    builder.entry(None, "dba", "It was not the disk.", Kind.RULED_OUT)
    builder.entry("22:30", "dba", "Still looking.", Kind.INVESTIGATION)

    assert said(only(builder.record()).sections["timeline"])[1:] == [
        "22:10 | Investigation: Looking. | dba",
        "Ruled out: It was not the disk. | dba",
        "22:30 | Investigation: Still looking. | dba",
    ]


def test_a_time_of_another_day_or_year_shows_its_date():
    builder = told()
    builder.entry("2024-01-01 00:10", "dba", "Happy new year.", Kind.NOTE)
    builder.entry("2023-12-30 23:50", "dba", "It began here.", Kind.NOTE)

    times = {block.text: block.time for block in only(builder.record()).sections["timeline"]}

    assert times["Happy new year."] == "Jan 1, 2024, 00:10"
    assert times["It began here."] == "Dec 30, 23:50"


def test_the_first_line_of_each_day_has_its_date():
    builder = told()
    builder.entry("2023-12-30 23:50", "dba", "It began here.", Kind.NOTE)
    builder.entry("22:10", "dba", "Restarted.", Kind.ACTION)
    builder.entry(None, "dba", "Restarted again.", Kind.ACTION)
    builder.entry("2024-01-01 00:10", "dba", "Works.", Kind.FIXED, precision=Precision.APPROXIMATE)
    builder.entry("2024-01-01 00:20", "dba", "Watching.", Kind.NOTE)

    assert [block.time for block in only(builder.record()).sections["timeline"]] == [
        "Dec 30, 23:50",
        "Dec 31, 22:00",
        "22:10",
        "",
        "Jan 1, 2024, about 00:10",
        "00:20",
    ]


@pytest.mark.parametrize(
    ("who", "kind", "cost"),
    [
        ("dba", Kind.INVESTIGATION, "cost 20m, until 22:30"),
        ("dba", Kind.ESCALATION, "cost 20m, until 22:30"),
        ("engineer", Kind.ROLLBACK, "cost 20m, until 22:30"),
        ("engineer", Kind.INVESTIGATION, None),
        ("dba", Kind.RESOLVED, None),
        ("dba", Kind.CANCELLED, None),
    ],
)
def test_what_a_misleading_path_cost_is_said_where_somebody_left_it(who, kind, cost):
    builder = told()
    builder.entry("22:10", "dba", "Is it the disk?", Kind.MISLEADING_PATH)
    builder.entry("22:30", who, "Something else.", kind)

    [path] = only(builder.record()).sections["misleading_paths"]

    assert path.notes == ((cost,) if cost else ())


def test_a_vendor_answers_by_itself():
    builder = told()
    builder.escalated("22:10", "oncall", "acme", "Your gateway is down", kind=TargetKind.VENDOR)
    builder.acknowledged("22:25", "oncall", "acme")
    document = only(builder.record())

    [called] = said(document.sections["escalations"])
    assert called.endswith("acme: Your gateway is down | oncall; answered at 22:25, after 15m; noted by oncall")
    assert said(document.sections["timeline"])[-1] == "22:25 | acme answered after 15m | oncall"


def test_alerts_of_one_name_are_told_apart_by_their_labels():
    builder = told()
    first = replace(builder.alerts[0], labels={"alertname": "Down", "probe": "london"})
    second = replace(first, source=replace(first.source, ref="alert-2"), labels={"alertname": "Down", "probe": "leeds"})
    builder.alerts[:] = [first, second]
    for ref in ("alert-1", "alert-2"):
        builder.entry("22:05", None, "Down: Shop is down", Kind.DETECTION, source=SourceKind.ALERT, about=ref)

    notes = [block.notes for block in only(builder.record()).sections["timeline"]][-2:]

    assert notes == [("probe=london",), ("probe=leeds",)]


def test_a_cause_that_is_stated_after_it_was_known_is_not_identified_again():
    builder = told()
    builder.sets("identified", builder.entry("22:10", "dba", "It is the disk.", Kind.CAUSE), "first cause")
    builder.states(builder.typed("23:10", "dba", "The disk was full", Kind.CAUSE))

    assert said(only(builder.record()).sections["timeline"])[-1] == "23:10 | Cause stated: The disk was full | dba"


def test_a_cause_in_two_languages_has_one_row_at_one_time():
    builder = told(languages=("fr", "en"))
    first = builder.typed("22:30", "dba", "Disque plein", Kind.CAUSE, language="fr")
    builder.states(first)
    builder.states(builder.typed("22:50", "dba", "A full disk", Kind.CAUSE, language="en"))
    builder.sets("identified", first, "first cause")

    rows = [said(document.sections["timeline"])[-1] for document in build_draft(builder.record()).documents]

    assert rows == ["22:30 | Cause identifiée: Disque plein | dba", "22:30 | Cause identified: A full disk | dba"]


def test_a_resolution_is_told_in_its_row():
    builder = told()
    builder.resolved("23:00", "dba", "Disk cleared")

    assert said(only(builder.record()).sections["timeline"])[-1] == "23:00 | Resolved: Disk cleared | dba"


def test_a_statement_of_times_that_hold_has_no_row():
    builder = told()
    stated = builder.typed("22:30", "dba", "Nobody could pay", Kind.IMPACT, states_start=builder.at("21:50"))
    builder.states(stated)
    builder.sets("started", stated, "impact started:", "21:50")

    assert said(only(builder.record()).sections["timeline"]) == [
        "Dec 31, 21:50",
        "22:00 | Detection: Down: Shop is down",
    ]


def test_an_approximate_time_says_so():
    builder = told()
    builder.entry("22:10", "dba", "Restarted.", Kind.ACTION, precision=Precision.APPROXIMATE)

    assert said(only(builder.record()).sections["timeline"])[-1] == "about 22:10 | Action: Restarted. | dba"


def test_a_deleted_message_keeps_who_and_when():
    builder = told()
    builder.entry("22:10", "dba", "", Kind.INVESTIGATION)

    assert said(only(builder.record()).sections["timeline"])[-1] == "22:10 | Message deleted | dba"


@pytest.mark.parametrize(
    ("kind", "was", "became", "text", "expected"),
    [
        (Kind.STATUS, "investigating", "monitoring", "", "Status changed from under investigation to being monitored"),
        (Kind.SEVERITY, "SEV3", "SEV1", "all down", "Severity changed from SEV3 to SEV1: all down"),
        (Kind.RESOLVED, "monitoring", "resolved", "", "Resolved"),
        (Kind.REOPENED, "resolved", "investigating", "again", "Reopened: again"),
        (Kind.IMPACT, None, None, "", "Times of the impact stated"),
        (Kind.ROLE, None, None, "<@UDBA> leads", "Role: @dba leads"),
    ],
)
def test_what_commands_record_in_words(kind, was, became, text, expected):
    builder = told()
    builder.typed("22:10", "dba", text, kind, was=was, became=became)

    assert said(only(builder.record()).sections["timeline"])[-1] == f"22:10 | {expected} | dba"


def test_a_change_of_severity_is_told_in_the_workspace_s_own_words():
    builder = told()
    builder.typed("22:10", "dba", "all down", Kind.SEVERITY, was="SEV2", became="SEV1")
    record = builder.record()
    labelled = replace(record, incident=replace(record.incident, severity_labels={"SEV1": "P0", "SEV2": "P1"}))

    assert said(only(labelled).sections["timeline"])[-1] == "22:10 | Severity changed from P1 to P0: all down | dba"


def test_the_clocks_change_meanwhile_and_every_time_bears_its_label():
    builder = RecordBuilder("2023-11-04", "America/Los_Angeles", "It broke", "shop")
    builder.declared_by_alert("23:00", "Down", "Shop is down", origin="generic")
    builder.entry("2023-11-05 03:00", "dba", "After the change.", Kind.NOTE)
    builder.resolved("2023-11-05 04:00", "dba", "Done.")

    document = only(builder.record())

    assert document.zone == "PDT, PST"
    assert said(document.sections["duration"]) == [
        "6h, from November 4, 2023 at 23:00 (PDT) to November 5, 2023 at 04:00 (PST)"
    ]
    assert [block.time for block in document.sections["timeline"]] == [
        "Nov 4, 23:00 PDT",
        "Nov 5, 03:00 PST",
        "04:00 PST",
    ]
