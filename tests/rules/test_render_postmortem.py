"""Drafts as Markdown: hostile texts stay texts, templates are checked, and every statement has its link."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.errors import UserError
from bot.domain.markdown import escape, lines_of, link
from bot.domain.postmortem_draft import Draft
from bot.domain.postmortem_entries import with_names
from bot.domain.postmortems import assemble
from bot.render import postmortem_templates, render_postmortem, render_template
from tests.support.records import HOSTILE, PEOPLE, checkout_500s, payment_outage, records, texts

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
"""Reads Markdown as openly as the most permissive reader does: raw HTML lives, tables and strikes are on."""

STRUCTURE = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close",
    "list_item_open", "list_item_close", "inline", "hr",
}  # fmt: skip
INLINE = {
    "text", "softbreak", "hardbreak", "strong_open", "strong_close", "em_open", "em_close", "link_open", "link_close",
    "text_special",
}  # fmt: skip


def inline_tokens(markdown: str) -> Iterator[Token]:
    for token in READER.parse(markdown):
        assert token.type in STRUCTURE, token
        for child in token.children or ():
            assert child.type in INLINE, child
            yield child


def shown(markdown: str) -> str:
    """What a reader sees, with every run of blanks as one."""
    words = [" " if each.type.endswith("break") else each.content for each in inline_tokens(markdown)]
    return " ".join("".join(words).split())


def plain(text: str) -> str:
    return " ".join(" ".join(lines_of(with_names(text, PEOPLE))).split())


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("frame", ["{}", "- {}", "# {}", "- **08:45** *Label:* {} — x", "1. {}"])
def test_a_hostile_text_is_shown_as_it_is(text, frame):
    markdown = frame.format(escape(text))

    inside = [token.content for token in READER.parse(markdown) if token.type == "inline"]
    assert len(inside) == 1
    words = "".join(" " if t.type.endswith("break") else t.content for t in READER.parseInline(inside[0])[0].children)
    assert " ".join(" ".join(lines_of(text)).split()) in " ".join(words.split())


@given(texts())
def test_any_text_is_literal_in_a_list_item_and_keeps_its_lines(text):
    markdown = f"- {escape(text, indent='  ')} end"

    assert shown(markdown) == f"{' '.join(' '.join(lines_of(text)).split())} end".strip()
    assert sum(token.type == "hardbreak" for token in inline_tokens(markdown)) == max(0, len(lines_of(text)) - 1)
    assert not [t for t in inline_tokens(markdown) if t.type in {"link_open", "em_open", "strong_open"}]


@given(texts())
def test_any_text_is_literal_in_a_table_cell(text):
    html = READER.render(f"| a | b |\n| --- | --- |\n| {escape(text)} | end |\n")

    assert html.count("<td>") == 2
    assert "<script" not in html
    assert "<td>end</td>" in html


@given(records())
@settings(max_examples=60)
def test_nothing_people_wrote_is_acted_upon(record):
    draft = assemble(record)
    for template in ("classic", "brief"):
        markdown = render_postmortem(draft, template=template)
        tokens = list(inline_tokens(markdown))
        for place, token in enumerate(tokens):
            if token.type == "link_open":
                assert tokens[place + 1].content == "↗"
                assert str(token.attrs["href"]).startswith("https://acme.example/")
        assert not re.search(r"<[a-zA-Z!/]", markdown)


@given(records())
@settings(max_examples=60)
def test_everything_standing_can_be_read_in_each_template(record):
    answers = {each.acknowledgement.ref for each in record.escalations if each.acknowledgement}
    standing = [each for each in record.entries if each.withdrawn_at is None and each.source.ref not in answers]
    written = [*standing, *record.actions, *record.impacts, *record.causes, *record.resolutions]
    draft = assemble(record)

    for template in ("classic", "brief"):
        read = shown(render_postmortem(draft, template=template))
        for each in written:
            assert plain(each.text) in read


@given(records())
@settings(max_examples=30)
def test_the_same_draft_gives_the_same_bytes(record):
    assert render_postmortem(assemble(record)) == render_postmortem(assemble(record))


@pytest.mark.parametrize("template", ["classic", "brief"])
@pytest.mark.parametrize("record", [checkout_500s(), payment_outage()])
def test_every_line_that_states_something_ends_with_a_link(template, record):
    markdown = render_postmortem(assemble(record), template=template)

    stating = [line for line in markdown.splitlines() if line and not line.startswith(("#", "*Nobody"))]
    assert stating
    for line in stating:
        assert re.search(r"\[↗\]\(https://\S+\)$", line), line


def test_the_brief_draft_of_the_checkout_reads_so():
    markdown = re.sub(r" \[↗\]\(\S+\)", "", render_postmortem(assemble(checkout_500s()), template="brief"))

    assert markdown.startswith(
        "# CheckoutHTTP500Spike: Spike in 500 failures on the checkout page\n\n"
        "INC-1 · SEV2 · checkout · resolved\n\n"
        "- **Duration:** 2h 0m, from May 15, 2023, 12:00 PM to 2:00 PM (EAT)\n"
        "- **Impact:** 20% of users could not reach the checkout page; potential purchases were lost\n"
    )
    assert (
        "## Timeline (EAT)\n\n"
        "- **12:00 PM** *Detection:* CheckoutHTTP500Spike: Spike in 500 failures on the checkout page\n"
        "- **12:05 PM** Engineering alerted, looking into it. — oncall\n"
    ) in markdown


def test_a_classic_draft_ends_with_its_conclusion():
    draft = assemble(payment_outage())

    last = render_postmortem(draft, template="classic").strip().rpartition("\n")[2]

    assert re.sub(r" \[↗\]\(\S+\)", "", last) == draft.documents[0].conclusion


def test_languages_stand_one_after_the_other():
    draft = assemble(payment_outage(), languages=["fr", "en"])

    both = render_postmortem(draft)
    french = render_postmortem(draft, languages=["fr"])

    assert both.startswith(french)
    assert "\n---\n\n# Postmortem: " in both
    assert "Durée" in french
    assert "Duration" not in french


def test_lines_of_a_message_stay_in_its_item():
    record = payment_outage()
    entries = [replace(each, text="one\n\n- two\nthree") if "Reading" in each.text else each for each in record.entries]

    markdown = render_postmortem(assemble(replace(record, entries=entries)))

    assert "- **8:52 AM** one  \n  \\- two  \n  three — oncall [↗](" in markdown


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
    assert link(url, "↗") == expected


def test_a_source_without_an_address_is_named():
    record = payment_outage()
    entries = [replace(each, source=replace(each.source, link=None)) for each in record.entries]

    assert "Reading server logs, suspecting a server overload. — oncall (entry-3)" in render_postmortem(
        assemble(replace(record, entries=entries))
    )


class TestOperatorsTemplates:
    def folder(self, tmp_path: Path, text: str, name: str = "own") -> Path:
        (tmp_path / "postmortem").mkdir()
        (tmp_path / "postmortem" / f"{name}.md.j2").write_text(text)
        return tmp_path

    def render(self, tmp_path: Path, text: str, draft: Draft | None = None) -> str:
        folder = self.folder(tmp_path, text)
        return render_postmortem(draft or assemble(payment_outage()), template="own", loader_paths=[folder])

    def test_their_own_comes_before_the_built_in_one(self, tmp_path):
        folder = self.folder(tmp_path, "# Ours: {{ reference }}", name="classic")

        assert render_postmortem(assemble(payment_outage()), loader_paths=[folder]) == "# Ours: INC-1\n"
        assert render_postmortem(assemble(payment_outage())).startswith("# Postmortem: ")

    def test_it_is_listed_beside_the_built_in_ones(self, tmp_path):
        assert postmortem_templates([self.folder(tmp_path, "")]) == ("brief", "classic", "own")

    def test_values_are_shown_and_not_acted_upon(self, tmp_path):
        record = payment_outage()
        draft = assemble(replace(record, incident=replace(record.incident, titles={"": "*a* <b> {{ 7*7 }} | [x](y)"})))

        assert self.render(tmp_path, "{{ title.text }}", draft) == "\\*a\\* &lt;b> {{ 7\\*7 }} \\| \\[x\\](y)\n"

    def test_a_loop_of_their_own(self, tmp_path):
        text = (
            "{% for block in sections.tasks %}\n{{ loop.index }}. {{ block.text }} {{ block | sources }}\n{% endfor %}"
        )

        assert self.render(tmp_path, text).splitlines()[1].startswith("2. Implement a monitoring alert")

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
            ("{{ 'x' * 1000000000 }}", 1, "for numbers"),
            ("{{ 10 ** 1000 }}", 1, "too large"),
            ("a\n{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", 2, "rows"),
            ("{% for i in range(90000) %}{% for b in sections.timeline * 9 %}{% endfor %}{% endfor %}", 1, "numbers"),
            ("{% for i in range(90000) %}{% set x = (sections.timeline + sections.timeline) %}{% endfor %}", 1, "+"),
            ("{% for i in range(90000) %}{{ sections.tasks | bullets }}{% endfor %}", None, "characters"),
            ("{% for i in range(90000) %}{% for b in sections.timeline %}{% for c in sections.timeline %}"  # noqa: ISC004
             "{% endfor %}{% endfor %}{% endfor %}", 1, "rows"),
            ("{% include 'postmortem/absent.md.j2' %}", 1, "absent"),
        ],
    )  # fmt: skip
    def test_a_mistake_names_file_and_line(self, tmp_path, text, line, said):
        with pytest.raises(UserError) as problem:
            self.render(tmp_path, text)

        assert said in problem.value.message
        assert "own.md.j2" in problem.value.message
        if line is not None:
            assert f"own.md.j2, line {line}:" in problem.value.message


@pytest.mark.parametrize("name", ["clasic", "../web/page", "", "classic.md.j2"])
def test_a_template_that_does_not_exist_is_refused(name):
    with pytest.raises(UserError, match="There are: brief, classic"):
        render_postmortem(assemble(payment_outage()), template=name)


def test_the_nearest_template_is_named():
    with pytest.raises(UserError, match=r"Did you mean `classic`\?"):
        render_postmortem(assemble(payment_outage()), template="clasic")


def test_a_language_the_draft_has_not_is_refused():
    with pytest.raises(UserError, match="not written in `fr`"):
        render_postmortem(assemble(payment_outage()), languages=["fr"])


def test_an_html_template_escapes_and_a_markdown_one_does_not_escape_twice(tmp_path):
    (tmp_path / "page.html.j2").write_text("<p>{{ text }}</p>")

    assert render_template("page.html.j2", {"text": "<b>&"}, folders=[tmp_path]) == "<p>&lt;b&gt;&amp;</p>"
    with pytest.raises(UserError, match=r"There is no template `absent\.html\.j2`"):
        render_template("absent.html.j2", {}, folders=[tmp_path])
