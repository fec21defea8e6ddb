"""Drafts as Markdown: hostile texts stay texts, templates are checked, and every statement has its link."""

import itertools
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.drafting.model import Draft
from bot.domain.errors import UserError
from bot.domain.findings import review_record
from bot.domain.postmortem import build_draft
from bot.domain.record.model import Record, Update
from bot.domain.terms import Kind, UpdateState
from bot.domain.text.markdown_escape import escape_markdown, markdown_link, visible_lines
from bot.domain.text.mentions import resolve_mentions
from bot.templating.render import postmortem_templates, render_documents, render_postmortem, render_template
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


def test_lines_of_a_message_stay_in_its_item():
    record = payment_outage()
    entries = [replace(each, text="one\n\n- two\nthree") if "Reading" in each.text else each for each in record.entries]

    markdown = render_postmortem(build_draft(replace(record, entries=entries)))

    assert "- **08:52** one  \n  \\- two  \n  three — oncall [[" in markdown


@pytest.mark.parametrize("template", TEMPLATES)
def test_code_stays_code(template):
    said = "Log:\n```\nFATAL  <too many>\n\n\n`idle` | 2\n```\nso *restart* `pg|pool`"
    record = payment_outage()
    entries = [replace(each, text=said) if "Reading" in each.text else each for each in record.entries]
    titles = {"": "`pay` is down"}
    actions = [replace(each, text="Watch `a|b`", symptom="`x|y` grows") for each in record.actions]
    changed = replace(record, entries=entries, actions=actions, incident=replace(record.incident, titles=titles))

    markdown = render_postmortem(build_draft(changed, findings=review_record(changed)), template=template)
    tokens = list(inline_tokens(markdown))

    assert re.search(r"^# .*`pay` is down$", markdown, re.MULTILINE)
    assert (
        "Log:\n  ```\n  FATAL  <too many>\n\n\n  `idle` | 2\n  ```\n  so **restart** `pg|pool` — oncall [[" in markdown
    )
    assert {each.content for each in tokens if each.type == "fence"} == {"FATAL  <too many>\n\n\n`idle` | 2\n"}
    assert {"pay", "pg|pool", "a|b"} <= {each.content for each in tokens if each.type == "code_inline"}
    assert "\\`" not in markdown


def test_text_in_a_fence_ends_no_item_and_no_paragraph():
    record = payment_outage()
    cause = [replace(record.causes[0], text="```\nmax_connections\n```")]
    markdown = render_postmortem(build_draft(replace(record, causes=cause)))

    assert "- **Root cause:** \n  ```\n  max_connections\n  ```\n  [[" in markdown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x?y=(1)&z=<b>", "[↗](https://a.example/x?y=%281%29&z=%3Cb%3E)"),
        ("https://a.example/&lt;/x", "[↗](https://a.example/&amp;lt;/x)"),
        ("https://a.example/a b\n[x](y)", "[↗](https://a.example/a%20b%0A%5Bx%5D%28y%29)"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//a.example", None),
        ("", None),
        (None, None),
    ],
)
def test_only_addresses_of_the_web_become_links(url, expected):
    assert markdown_link(url, "↗") == expected


def test_a_source_without_an_address_is_listed_without_a_link():
    record = payment_outage()
    entries = [replace(each, source=replace(each.source, link=None)) for each in record.entries]

    markdown = render_postmortem(build_draft(replace(record, entries=entries)))

    said = re.search(
        r"Reading server logs, suspecting a server overload. — oncall (\[(\d+)\])$", markdown, re.MULTILINE
    )
    assert said
    assert f"\n- {said[1]} Message — oncall, 08:52\n" in markdown
    assert f"\n{said[1]}: " not in markdown


def references_in(markdown: str) -> list[int]:
    """The numbers of the statements, in order."""
    return [int(number) for number in re.findall(r"(?<!- )\[\[?(\d+)\]\]?(?!:)", markdown)]


def listed_in(markdown: str) -> list[tuple[int, str]]:
    """Number and note of each source of the list."""
    return [(int(number), note) for number, note in re.findall(r"^- \[\[?(\d+)\]\]? (.+)$", markdown, re.MULTILINE)]


@given(records(), st.sampled_from(TEMPLATES))
def test_numbers_begin_in_the_order_of_the_text_and_each_is_listed_once(record, template):
    markdown = render_postmortem(build_draft(record, languages=["en"]), template=template)
    body = markdown.partition("\n## Sources\n")

    first = list(dict.fromkeys(references_in(body[0])))
    assert first == list(range(1, len(first) + 1))
    assert [number for number, _ in listed_in(body[2])] == sorted({*first, *references_in(body[2])})


def test_the_list_says_what_each_source_is():
    notes = dict(listed_in(render_postmortem(build_draft(payment_outage(), languages=["de"]))))

    assert {
        "Alarm FailedTransactionsSpike — 08:45",
        "Vorfall eröffnet — 08:45",
        "Nachricht — oncall, 08:52",
        "Befehl — oncall, 10:30",
        "Aufgabe 4",
    } <= set(notes.values())


def test_a_source_has_one_number_in_all_languages_of_a_file():
    documents = render_documents(build_draft(payment_outage(), languages=["fr", "en"]))

    french, english = (dict(re.findall(r"^\[(\d+)\]: (\S+)$", each, re.MULTILINE)) for each in documents.values())
    assert french
    assert {number: french.get(number, address) for number, address in english.items()} == english
    assert len({*french.values(), *english.values()}) == len({*french, *english})


def test_a_message_cited_twice_has_one_number():
    record = payment_outage()
    same = [replace(each, source=replace(each.source, link="https://acme.example/list")) for each in record.actions]

    markdown = render_postmortem(build_draft(replace(record, actions=same)))

    assert markdown.count("https://acme.example/list") == 1
    assert [note for _, note in listed_in(markdown)].count("List of follow-ups") == 1


def test_a_line_added_by_hand_moves_no_number():
    markdown = render_postmortem(build_draft(payment_outage()))
    changed = markdown.replace("\n### Improvements", "\n- Added by hand [[2]]\n\n### Improvements")

    usual, edited = (
        [each.attrs["href"] for each in inline_tokens(text) if each.type == "link_open"] for text in (markdown, changed)
    )
    assert len(edited) == len(usual) + 1
    assert set(edited) == set(usual)


@pytest.mark.parametrize("said", ["[[1]]", "[1]: https://evil.example", "[x][1]", "![1]", "`[[1]]`"])
def test_typed_brackets_are_no_reference(said):
    record = payment_outage()
    entries = [replace(each, text=said) if "Reading" in each.text else each for each in record.entries]

    tokens = list(inline_tokens(render_postmortem(build_draft(replace(record, entries=entries)))))
    usual = list(inline_tokens(render_postmortem(build_draft(record))))

    assert [each.attrs for each in tokens if each.type == "link_open"] == [
        each.attrs for each in usual if each.type == "link_open"
    ]


class TestOperatorsTemplates:
    def folder(self, tmp_path: Path, text: str, name: str = "own") -> Path:
        (tmp_path / "postmortem").mkdir()
        (tmp_path / "postmortem" / f"{name}.md.j2").write_text(text)
        return tmp_path

    def render(self, tmp_path: Path, text: str, draft: Draft | None = None) -> str:
        folder = self.folder(tmp_path, text)
        return render_postmortem(draft or build_draft(payment_outage()), template="own", loader_paths=[folder])

    def test_their_own_comes_before_the_built_in_one(self, tmp_path):
        folder = self.folder(tmp_path, "# Ours: {{ reference }}", name="classic")

        assert render_postmortem(build_draft(payment_outage()), loader_paths=[folder]) == "# Ours: INC-1\n"
        assert render_postmortem(build_draft(payment_outage())).startswith("# Postmortem: ")

    def test_it_is_listed_beside_the_built_in_ones(self, tmp_path):
        assert postmortem_templates([self.folder(tmp_path, "")]) == ("brief", "classic", "own", "sre", "statuspage")

    def test_values_are_shown_and_not_acted_upon(self, tmp_path):
        record = payment_outage()
        draft = build_draft(
            replace(record, incident=replace(record.incident, titles={"": "*a* <b> {{ 7*7 }} | [x](y)"}))
        )

        assert self.render(tmp_path, "{{ title.text }}", draft) == "\\*a\\* &lt;b> {{ 7\\*7 }} \\| \\[x\\](y)\n"

    def test_a_loop_of_their_own(self, tmp_path):
        text = (
            "{% for block in sections.tasks %}\n{{ loop.index }}. {{ block.text }} {{ block | sources }}\n{% endfor %}"
        )

        assert self.render(tmp_path, text).splitlines()[1].startswith("2. Implement a monitoring alert")

    def test_a_template_without_a_place_for_it_ends_with_the_list(self, tmp_path):
        lines = self.render(tmp_path, "{{ sections.impact | paragraph }}").splitlines()

        assert lines[0].endswith("[[1]]")
        assert lines[1:4] == ["", "## Sources", ""]
        assert lines[4] == "- [[1]] Command — oncall, 10:05"

    def test_the_list_stands_where_the_template_puts_it(self, tmp_path):
        text = "{{ references }}\n\n{{ sections.impact | paragraph }}"

        assert self.render(tmp_path, text).splitlines()[0] == "- [[1]] Command — oncall, 10:05"

    def test_a_macro_marks_its_markdown(self, tmp_path):
        text = "{% macro strong(text) %}**{{ text }}**{% endmacro %}{{ strong(reference) | markdown }}"

        assert self.render(tmp_path, text) == "**INC-1**\n"

    @pytest.mark.parametrize(
        ("text", "line", "said"),
        [
            ("fine\n{% for %}", 2, "Expected an expression"),
            ("fine\n\n{{ sections.nonsense | bullets }}", 3, "nonsense"),
            ("{{ nonsense }}", 1, "'nonsense' is undefined"),
            ("a\n{{ 1 / 0 }}", 2, "division by zero"),
            ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
            ("{{ 'x' * 1000000000 }}", 1, "takes numbers only"),
            ("{{ 10 ** 1000 }}", 1, "too large"),
            ("a\n{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", 2, "rows"),
            ("{% for i in range(90000) %}{% for b in sections.timeline * 9 %}{% endfor %}{% endfor %}", 1, "numbers"),
            ("{% for i in range(90000) %}{% set x = (sections.timeline + sections.timeline) %}{% endfor %}", 1, "+"),
            ("{% for i in range(90000) %}{{ sections.tasks | bullets }}{% endfor %}", None, "characters"),
            (
                "{% for i in range(90000) %}{% for b in sections.timeline %}{% for c in sections.timeline %}"  # noqa: ISC004
                "{% endfor %}{% endfor %}{% endfor %}",
                1,
                "rows",
            ),
            ("{% include 'postmortem/absent.md.j2' %}", 1, "absent"),
        ],
    )
    def test_a_mistake_names_file_and_line(self, tmp_path, text, line, said):
        with pytest.raises(UserError) as problem:
            self.render(tmp_path, text)

        assert said in problem.value.message
        assert "own.md.j2" in problem.value.message
        if line is not None:
            assert f"own.md.j2, line {line}:" in problem.value.message


@pytest.mark.parametrize("name", ["clasic", "../web/page", "", "classic.md.j2"])
def test_a_template_that_does_not_exist_is_refused(name):
    with pytest.raises(UserError, match="Use one of brief, classic, sre, statuspage"):
        render_postmortem(build_draft(payment_outage()), template=name)


def test_the_nearest_template_is_named():
    with pytest.raises(UserError, match=r"Did you mean `classic`\?"):
        render_postmortem(build_draft(payment_outage()), template="clasic")


def test_a_language_the_draft_has_not_is_refused():
    with pytest.raises(UserError, match="has no `fr` version"):
        render_postmortem(build_draft(payment_outage()), languages=["fr"])


def test_an_html_template_escapes_and_a_markdown_one_does_not_escape_twice(tmp_path):
    (tmp_path / "page.html.j2").write_text("<p>{{ text }}</p>")

    assert render_template("page.html.j2", {"text": "<b>&"}, folders=[tmp_path]) == "<p>&lt;b&gt;&amp;</p>"
    with pytest.raises(UserError, match=r"There is no template `absent\.html\.j2`"):
        render_template("absent.html.j2", {}, folders=[tmp_path])
