"""An incident's own page: all of its record, each thing where drafts lead to it."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given

from bot.domain.findings import review_record
from bot.domain.record.model import Record, Update
from bot.domain.record.sources import Source
from bot.domain.terms import Kind, SourceKind, UpdateState
from bot.templating.render import render_template
from bot.web.pages.incidents.incident_view import template_values
from tests.support.records.builders import RecordBuilder
from tests.support.records.samples import checkout_500s, payment_outage
from tests.support.records.strategies import records

AT = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)


def page_of(record: Record) -> str:
    values = {"root": "", "style": "", **template_values(record, review_record(record))}
    return render_template("web/incidents/incident_link.html.j2", values)


def item(page: str, ref: str) -> str:
    """What stands at an anchor, as plain words."""
    found = re.search(rf'<li id="{ref}">(.*?)</li>', page, re.DOTALL)
    assert found, ref
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def builder() -> RecordBuilder:
    made = RecordBuilder("2026-03-02", "Europe/Paris", "Checkout is down", "checkout")
    made.declared_by_alert("14:00", "Errors", "Errors on the checkout page", origin="generic")
    return made


def test_formatting_of_messages_is_shown_and_html_in_it_is_not() -> None:
    made = builder()
    entry = made.entry("14:05", "dba", "*Log* of `pg`:\n```\n<script>x</script>\n\n  idle\n```\n> late", Kind.NOTE)
    gone = made.entry("14:06", "dba", "`x`", Kind.NOTE, withdrawn_at=AT)

    page = page_of(made.record())

    said = re.search(rf'<li id="{entry.source.ref}">.*?<div class="said">(.*?)</div>', page, re.DOTALL)
    assert said
    assert said[1] == (
        "<strong>Log</strong> of <code>pg</code>:<pre><code>&lt;script&gt;x&lt;/script&gt;\n\n  idle</code></pre>"
        "<blockquote>late</blockquote>"
    )
    assert "<del><code>x</code></del>" in page
    assert gone.source.ref in page


def test_what_was_done_to_an_entry_is_told() -> None:
    made = builder()
    who = made.person("oncall")
    amended = made.entry("14:05", "dba", "the pool", Kind.NOTE, amended_at=AT)
    gone = made.entry(
        "14:06",
        "dba",
        "the wrong pool",
        Kind.NOTE,
        withdrawn_at=AT,
        withdrawn_by=who,
        withdrawal_reason="another incident",
    )
    kept = made.entry("14:07", "dba", "both", Kind.NOTE)
    merged = made.entry("14:08", "dba", "one", Kind.NOTE, withdrawn_at=AT, merged_into=kept.source.ref)
    made.entries[made.entries.index(kept)] = replace(kept, also=(merged.source,))

    page = page_of(made.record())

    assert "amended 2026-03-02 14:30 CET" in item(page, amended.source.ref)
    assert "withdrawn 2026-03-02 14:30 CET by oncall: another incident" in item(page, gone.source.ref)
    assert "<del>the wrong pool</del>" in page
    assert f"merged into {kept.source.ref}" in item(page, merged.source.ref)
    assert f"merged from {merged.source.ref}" in item(page, kept.source.ref)


def test_roles_statements_findings_and_public_words() -> None:
    made = builder()
    made.role("14:01", "Communications lead", made.person("support"))
    made.impact("14:10", "oncall", "One in five payments failed", percent=20.0)
    record = made.record()
    told = Update(UpdateState.IDENTIFIED, AT, {"fr": "Nous savons pourquoi."}, ("fr",), (record.entries[0].source,))

    page = page_of(replace(record, updates=[told]))

    assert "<dt>Communications lead</dt><dd>support</dd>" in page
    assert "20% of users" in page
    assert '<div class="said" lang="fr">Nous savons pourquoi.</div>' in page
    objections = review_record(payment_outage())
    assert objections
    assert "<h2>To check</h2>" in page_of(payment_outage())


def test_an_address_that_could_act_is_no_link() -> None:
    record = payment_outage()
    source = Source(SourceKind.ALERT, "alert-1", "javascript:alert(1)")
    entries = [replace(each, source=replace(each.source, link="javascript:alert(2)")) for each in record.entries]

    page = page_of(replace(record, alerts=[replace(record.alerts[0], source=source)], entries=entries))

    assert "javascript:" not in page


def test_a_source_that_is_this_place_is_not_linked() -> None:
    record = checkout_500s()
    page = page_of(record)
    typed = next(each for each in record.entries if each.source.link and each.source.link.endswith("#entry-7"))

    assert "source" not in item(page, typed.source.ref)
    assert "source" in item(page, "entry-3")


@given(records())
def test_all_that_a_draft_can_cite_has_its_place_on_the_page(record: Record) -> None:
    page = page_of(record)

    anchors = re.findall(r' id="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    own = {each.source.ref for each in (*record.entries, *record.escalations)}
    own |= {each.source.ref for each in record.actions} | {each.source.ref for each in record.alerts}
    assert own <= set(anchors)
    assert not re.search(r"<script|<b>x</b>|<i>|<!channel>", page)


def test_an_alert_is_told_with_its_whole_help_and_links_to_web_addresses_only() -> None:
    record = builder().record()
    annotations = {
        "summary": "Errors",
        "description": "8% fail. " * 200,
        "value": "A=8.1",
        "runbook_url": "https://wiki.example/errors",
        "dashboard_url": "javascript:alert(3)",
    }

    page = page_of(replace(record, alerts=[replace(record.alerts[0], annotations=annotations)]))

    told = item(page, "alert-1")
    assert ("8% fail. " * 200).strip() in told
    assert "value A=8.1" in told
    assert "severity=critical" in told
    assert 'href="https://wiki.example/errors" aria-label="Runbook of alert-1"' in page
    assert "javascript:" not in page
