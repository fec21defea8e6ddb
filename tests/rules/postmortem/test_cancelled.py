"""The draft of an incident that was none: what was recorded, and nothing missed that it need not have."""

from dataclasses import replace

import pytest

from bot.domain.postmortem import build_draft
from bot.domain.record.model import Record
from bot.domain.terms import LANGUAGES, Kind, Status
from bot.templating.render import postmortem_templates, render_postmortem
from tests.support.records.builders import RecordBuilder

WHY = "false alarm, the exporter counted twice"


def false_alarm(why: str | None = WHY) -> Record:
    builder = RecordBuilder("2024-05-06", "UTC", "Disk full", "logs")
    builder.declared_by_alert("03:12", "DiskFull", "Disk 99% full", origin="alertmanager")
    builder.entry("03:15", "dba", "df says 40 % free")
    builder.typed("03:20", "oncall", why or "", Kind.CANCELLED)
    record = builder.record()
    return replace(record, incident=replace(record.incident, status=Status.CANCELLED, closure_reason=why, ended=None))


@pytest.mark.parametrize("template", postmortem_templates())
def test_every_form_says_that_it_was_cancelled_and_why(template: str) -> None:
    draft = render_postmortem(build_draft(false_alarm()), template=template)

    assert WHY in draft
    assert "began" not in draft
    assert "Impact begins" not in draft
    for missed in ("Nobody recorded an end", "Nobody recorded the impact", "Nobody recorded the cause", "not resolved"):
        assert missed not in draft


def test_its_duration_is_when_it_was_cancelled() -> None:
    (block,) = build_draft(false_alarm()).documents[0].sections["duration"]

    assert (block.label, block.text) == ("Incident cancelled", "May 6, 2024, 03:20 (UTC)")
    assert [source.ref for source in block.sources] == [false_alarm().entries[-1].source.ref]


def test_without_the_entry_it_is_cancelled_all_the_same() -> None:
    record = false_alarm(None)
    record = replace(record, entries=[entry for entry in record.entries if Kind.CANCELLED not in entry.kinds])

    (block,) = build_draft(record).documents[0].sections["duration"]

    assert block.text == "Incident cancelled"
    assert block.sources


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_words_for_it(code: str) -> None:
    sections = build_draft(false_alarm(), languages=[code]).documents[0].sections

    said = [sections[name][0].text for name in ("impact", "cause", "resolution")]
    assert len({text for text in said if text}) == 3


def test_an_alerts_words_stand_in_the_timeline_once_whatever_the_incident_is_called() -> None:
    timeline = build_draft(false_alarm()).documents[0].sections["timeline"]

    assert sum("Disk 99% full" in f"{block.text}" for block in timeline) == 1
