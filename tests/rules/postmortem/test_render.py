"""Drafts as Markdown: hostile texts stay texts, templates are checked, and every statement has its link."""

import itertools
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.findings import review_record
from bot.domain.postmortem import build_draft
from bot.domain.record.model import Record, Update
from bot.domain.terms import Kind, UpdateState
from bot.domain.text.markdown_escape import escape_markdown, visible_lines
from bot.domain.text.mentions import resolve_mentions
from bot.templating.render import postmortem_templates, render_documents, render_postmortem
from tests.support.records.builders import RecordBuilder
from tests.support.records.samples import checkout_500s, payment_outage
from tests.support.records.strategies import HOSTILE, PEOPLE, records, texts, withdrawn_text

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
"""Reads Markdown as openly as the most permissive reader does: raw HTML lives, tables and strikes are on."""

TEMPLATES = postmortem_templates()
STRUCTURE = {
    "blockquote_open",
    "blockquote_close",
    "table_open",
    "table_close",
    "thead_open",
    "thead_close",
    "tbody_open",
    "tbody_close",
    "tr_open",
    "tr_close",
    "th_open",
    "th_close",
    "td_open",
    "td_close",
    "heading_open",
    "heading_close",
    "paragraph_open",
    "paragraph_close",
    "bullet_list_open",
    "bullet_list_close",
    "list_item_open",
    "list_item_close",
    "inline",
    "fence",
    "hr",
}
INLINE = {
    "text",
    "softbreak",
    "hardbreak",
    "strong_open",
    "strong_close",
    "em_open",
    "em_close",
    "s_open",
    "s_close",
    "code_inline",
    "link_open",
    "link_close",
    "text_special",
}


def inline_tokens(markdown: str) -> Iterator[Token]:
    for token in READER.parse(markdown):
        assert token.type in STRUCTURE, token
        if token.type == "fence":
            yield token
        for child in token.children or ():
            assert child.type in INLINE, child
            yield child
        yield Token("softbreak", "br", 0)  # the end of a block parts words


NO_MARKS = str.maketrans("", "", "*_~`>")
"""Signs that format a text in one place and are a part of it in another."""


def shown(markdown: str) -> str:
    """What a reader sees, with every run of blanks as one."""
    words = [
        " " if each.type.endswith("break") else f" {each.content} " if each.type == "fence" else each.content
        for each in inline_tokens(markdown)
    ]
    return " ".join("".join(words).split())


def without_references(markdown: str) -> str:
    return re.sub(r" \[\[\d+\]\]", "", markdown)


def without_list(markdown: str) -> str:
    """A document without its list of sources."""
    return re.sub(r"^(- )?\[\[?\d+\]\]?:? .*\n?", "", markdown, flags=re.MULTILINE)


def plain(text: str) -> str:
    """The words of a text, without marks of formatting."""
    return words_of(" ".join(visible_lines(resolve_mentions(text, PEOPLE))))


def words_of(text: str) -> str:
    return " ".join(text.translate(NO_MARKS).split())


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("frame", ["{}", "- {}", "# {}", "- **08:45** *Label:* {} — x", "1. {}"])
def test_a_hostile_text_is_shown_as_it_is(text, frame):
    markdown = frame.format(escape_markdown(text))

    inside = [token.content for token in READER.parse(markdown) if token.type == "inline"]
    assert len(inside) == 1
    words = "".join(" " if t.type.endswith("break") else t.content for t in READER.parseInline(inside[0])[0].children)
    assert " ".join(" ".join(visible_lines(text)).split()) in " ".join(words.split())


@given(texts())
def test_any_text_is_literal_in_a_list_item_and_keeps_its_lines(text):
    markdown = f"- {escape_markdown(text, indent='  ')} end"

    assert shown(markdown) == f"{' '.join(' '.join(visible_lines(text)).split())} end".strip()
    assert sum(token.type == "hardbreak" for token in inline_tokens(markdown)) == max(0, len(visible_lines(text)) - 1)
    assert not [t for t in inline_tokens(markdown) if t.type in {"link_open", "em_open", "strong_open"}]


@given(texts())
def test_any_text_is_literal_in_a_table_cell(text):
    html = READER.render(f"| a | b |\n| --- | --- |\n| {escape_markdown(text)} | end |\n")

    assert html.count("<td>") == 2
    assert "<script" not in html
    assert "<td>end</td>" in html


@given(records(), st.sampled_from(TEMPLATES))
def test_nothing_people_wrote_is_acted_upon(record, template):
    markdown = render_postmortem(build_draft(record, findings=review_record(record)), template=template)

    tokens = list(inline_tokens(markdown))
    for place, token in enumerate(tokens):
        if token.type == "link_open":
            assert re.fullmatch(r"\d+", tokens[place + 1].content)
            assert str(token.attrs["href"]).startswith("https://acme.example/")


def recorded(record: Record) -> Iterator[str]:
    """Every word that somebody or something put on record and that stands."""
    answers = {each.acknowledgement.ref for each in record.escalations if each.acknowledgement}
    for entry in record.entries:
        if entry.withdrawn_at is None:
            yield from entry.files
            yield from (value for name, value in entry.changes if name not in {"zone", "languages", "template"})
            if entry.source.ref not in answers:
                yield entry.text
    for action in record.actions:
        yield from (action.text, action.symptom or "")
        yield record.people.get(action.owner or "", "")
    for statement in (*record.impacts, *record.causes, *record.resolutions):
        yield statement.text
    for escalation in record.escalations:
        yield from (escalation.target, escalation.reason)
        yield record.people.get(escalation.acknowledged_by or "", "")
    for alert in record.alerts:
        yield from (alert.name, *alert.annotations.values(), alert.labels["service"])
    for update in record.updates:
        yield from update.texts.values()
    incident = record.incident
    yield from (incident.reference, incident.severity_label)
    yield from (" ".join(title.split()) for title in incident.titles.values())


@given(records(), st.sampled_from(TEMPLATES))
def test_nothing_recorded_is_missing(record, template):
    read = words_of(shown(render_postmortem(build_draft(record), template=template)))

    for text in recorded(record):
        assert plain(text) in read, text


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_escalation_that_is_a_status_update_too_keeps_its_target(template):
    builder = RecordBuilder("2023-12-31", "UTC", "It broke", "shop")
    builder.declared_by_alert("10:00", "Errors", "many", origin="prometheus")
    escalation = builder.escalated("10:05", "ana", "payplug", "we told everybody")
    record = builder.record()
    entry = record.entries[-1]
    both = replace(entry, kinds=(Kind.ESCALATION, Kind.COMMUNICATION), public=UpdateState.INVESTIGATING)
    update = Update(UpdateState.INVESTIGATING, entry.sort_at, {"en": entry.text}, ("en",), (entry.source,))
    record = replace(record, entries=[*record.entries[:-1], both], updates=[update])

    assert escalation.target in shown(render_postmortem(build_draft(record), template=template))


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("text", ["", "we are looking into it"])
def test_a_file_of_a_published_entry_is_in_the_draft(template, text):
    builder = RecordBuilder("2023-12-31", "UTC", "It broke", "shop")
    builder.declared_by_alert("10:00", "Errors", "many", origin="prometheus")
    record = builder.record()
    entry = replace(
        record.entries[-1],
        text=text,
        kinds=(Kind.COMMUNICATION,),
        public=UpdateState.INVESTIGATING,
        files=("graph.png",),
    )
    update = Update(UpdateState.INVESTIGATING, entry.sort_at, {"en": text} if text else {}, ("en",), (entry.source,))
    record = replace(record, entries=[*record.entries[:-1], entry], updates=[update])

    read = shown(render_postmortem(build_draft(record), template=template))

    assert read.count("graph.png") == 1
    assert not text or text in read


@pytest.mark.parametrize("separator", ["\n", "\v", "\x1c", "\x1f", "\u2028"])
def test_a_separator_becomes_a_blank(separator):
    assert escape_markdown(f"one{separator}two") == "one two"


@given(records(), st.sampled_from(TEMPLATES))
def test_what_was_withdrawn_is_in_no_draft(record, template):
    markdown = render_postmortem(build_draft(record, findings=review_record(record)), template=template)

    for entry in record.entries:
        assert entry.withdrawn_at is None or withdrawn_text(entry.seq) not in markdown


@given(records(), st.sampled_from(TEMPLATES))
def test_people_are_called_by_their_names(record, template):
    read = shown(render_postmortem(build_draft(record, findings=review_record(record)), template=template))

    assert not re.search(rf"<@({'|'.join(PEOPLE)})", read)


@given(records(), st.sampled_from(TEMPLATES))
def test_the_same_record_gives_the_same_bytes(record, template):
    first, second = (render_postmortem(build_draft(deepcopy(record)), template=template) for _ in range(2))

    assert first == second


def level_of(line: str) -> int:
    """Of a heading; 0 for any other line, also one that begins with a `#` which makes none."""
    heading = re.match(r"(#{1,6})(?:\s|$)", line)
    return len(heading[1]) if heading else 0


@given(records(), st.sampled_from(TEMPLATES))
def test_no_heading_stands_over_nothing(record, template):
    markdown = render_postmortem(build_draft(record, findings=review_record(record)), template=template)

    assert "\n\n\n" not in markdown
    found = [line for line in markdown.splitlines() if line]
    for line, after in itertools.pairwise([*found, "# end"]):
        level, level_after = (level_of(each) for each in (line, after))
        assert not (level and level_after and level_after <= level), line


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("record", [checkout_500s(), payment_outage()])
def test_every_line_that_states_something_ends_with_a_reference(template, record):
    markdown = without_list(render_postmortem(build_draft(record), template=template))

    stating = [
        line
        for line in markdown.splitlines()
        if line and not line.startswith(("#", "*Nobody", "| ---", "| Action |", "| Symptoms |"))
    ]
    assert stating
    for line in stating:
        assert re.search(r" \[\[\d+\]\]($| \|)", line), line


def test_the_brief_draft_of_the_checkout_reads_so():
    markdown = without_references(render_postmortem(build_draft(checkout_500s()), template="brief"))

    assert markdown.startswith(
        "# CheckoutHTTP500Spike: Spike in 500 failures on the checkout page\n\n"
        "INC-1 · SEV2 · checkout · resolved\n\n"
        "- *Impact:* 20% of users could not reach the checkout page; potential purchases were lost\n"
        "- *Duration of impact and response:* 2h, from 12:00 to 14:00 (EAT) on May 15, 2023\n"
        "- *Root cause:* A flaw in the integration code for the payment gateway"
    )
    assert (
        "## Timeline (EAT)\n\n"
        "- **May 15, 12:00** *Detection:* CheckoutHTTP500Spike: Spike in 500 failures on the checkout page. "
        "**Impact begins.**\n"
        "- **12:05** Engineering alerted, looking into it. — oncall\n"
    ) in markdown


def test_a_classic_draft_tells_each_event_once():
    record = payment_outage()
    markdown = without_references(render_postmortem(build_draft(record), template="classic"))
    course = markdown.partition("\n## Timeline")[2].partition("\n## ")[0]

    said = [each for each in record.entries if Kind.ESCALATION not in each.kinds and each.author and each.text]
    texts = [each.text for each in said if each.kinds[0] in {Kind.INVESTIGATION, Kind.MISLEADING_PATH, Kind.FIXED}]
    assert len(texts) == 4
    assert [course.count(text) for text in texts] == [1, 1, 1, 1]
    assert re.findall(r"^##+ (.+)$", markdown, re.MULTILINE) == [
        "Issue summary",
        "Timeline (PST)",
        "Detection",
        "Actions taken",
        "Misleading paths",
        "Escalations",
        "Resolution",
        "Response",
        "Root cause and resolution",
        "Corrective and preventive measures",
        "Improvements",
        "Tasks",
        "Supporting information",
        "Alerts",
        "Sources",
        "Conclusion",
    ]


@pytest.mark.parametrize("template", ["classic", "brief", "sre", "statuspage"])
def test_what_nobody_recorded_is_asked_once(template):
    builder = RecordBuilder("2023-12-31", "UTC", "It broke", "shop")
    builder.declared_by_alert("22:00", "Down", "Shop is down", origin="generic")
    builder.resolved("23:00", "dba", "Disk cleared")

    markdown = render_postmortem(build_draft(builder.record()), template=template)

    questions = "What was the impact, and for whom? What was the cause? What will be improved?"
    assert f"*Questions to the lead: {questions}*" in markdown
    assert "Nobody recorded" not in markdown


def test_a_classic_draft_ends_with_its_conclusion():
    draft = build_draft(payment_outage())

    last = render_postmortem(draft, template="classic").strip().rpartition("\n")[2]

    assert without_references(last) == draft.documents[0].conclusion


def test_languages_stand_one_after_the_other():
    draft = build_draft(payment_outage(), languages=["fr", "en"])

    both = render_postmortem(draft)
    french = render_postmortem(draft, languages=["fr"])
    english = render_documents(draft)["en"]

    assert both == f"*English version below*\n\n{french}\n---\n\n{english}"
    assert without_list(without_references(english)) == without_list(
        without_references(render_postmortem(draft, languages=["en"]))
    )
    assert "Durée" in french
    assert "Duration" not in french
