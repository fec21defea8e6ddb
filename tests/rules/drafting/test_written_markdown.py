"""Markdown that people write into a draft: what stays, what is made harmless, and how it stands in a document."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.drafting.document.anchors import replace_anchors
from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.document.edits import add_block, edit_block, remove_block
from bot.domain.drafting.document.markdown import clean_markdown, end_written
from bot.domain.drafting.document.merge import merge
from bot.domain.drafting.document.sections import anchor_draft, generate_blocks
from bot.domain.postmortem import build_draft
from bot.domain.record.samples import bare_record, full_record
from bot.export.html import render_html_body
from bot.templating.render import postmortem_templates, render_postmortem
from tests.rules.drafting.test_merge import block_id


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("The **cache** was full.\r\n\r\n- one\r\n- two", "The **cache** was full.\n\n- one\n- two"),
        ("`<b>` and a < b", "`<b>` and a < b"),
        ("<script>alert(1)</script> <!channel> <@U1>", "&lt;script>alert(1)&lt;/script> &lt;!channel> &lt;@U1>"),
        ("![](@U123) ![x](https://tracker.example/x.png)", r"\![](@U123) \![x](https://tracker.example/x.png)"),
        ("[1]: https://other.example", r"\[1]: https://other.example"),
        ("- > [1]: https://other.example", r"- > \[1]: https://other.example"),
        ("```\n<b> [1]: x\n", "```\n<b> [1]: x\n```"),
        ("~~~~\n~~~\n<i>", "~~~~\n~~~\n<i>\n~~~~"),
        ("a\x02block 00\x03b", "ablock 00b"),
    ],
)
def test_what_is_kept_of_a_text(typed, kept):
    assert clean_markdown(typed) == kept


@given(st.text(alphabet=" \n`~<>[]!:-1ab|#\\", max_size=40))
def test_what_is_clean_stays_unchanged(text):
    assert clean_markdown(clean_markdown(text)) == clean_markdown(text)


@given(st.text(alphabet=" \n`~<>[]!:-1ab|#*_()\\", min_size=1, max_size=60))
def test_no_text_changes_the_document_around_it(text):
    """The next section and the list of sources stay what they are."""
    record = full_record()
    document = merge((), generate_blocks(build_draft(record).documents[0].sections["impact"]))
    if not clean_markdown(text):
        return
    edits = edit_block(document, block_id("impact", "impact"), text)

    html = render_html_body(render_postmortem(build_draft(record, edits=edits), template="sre"))

    plain = render_html_body(render_postmortem(build_draft(record), template="sre"))
    for heading in ("<h2>Contributing factors</h2>", "<h2>Sources</h2>"):
        assert heading in html
        assert heading in plain


@pytest.mark.parametrize("template", postmortem_templates())
@pytest.mark.parametrize("record", [full_record(), bare_record()])
def test_a_document_without_edits_is_the_same_to_the_byte(template, record):
    moved_back = merge((), generate_blocks(build_draft(record).documents[0].sections["timeline"]))

    assert render_postmortem(build_draft(record, edits=moved_back), template=template) == render_postmortem(
        build_draft(record), template=template
    )


def statements(markdown: str) -> list[str]:
    """The lines above the list of sources, whose numbers shift with each new source."""
    return re.sub(r" \[+\d+\]+", "", markdown.partition("\n## Sources")[0]).splitlines()


@pytest.mark.parametrize("template", postmortem_templates())
def test_edits_change_their_blocks_and_nothing_else(template):
    record = full_record()
    sections = build_draft(record).documents[0].sections
    document = merge((), generate_blocks(sections["timeline"]) + generate_blocks(sections["course"]))
    for section in ("timeline", "course"):
        document = edit_block(document, block_id("entry-8", section), "Restarted **all** workers.\n\n- one\n- two")
        document = remove_block(document, block_id("entry-4", section))
        added = BlockId(section, "added-1", "en")
        document = add_block(document, added, "Seen in hindsight.", before=block_id("entry-9", section))

    before, after = (
        render_postmortem(draft, template=template)
        for draft in (build_draft(record), build_draft(record, edits=document))
    )

    assert {line for line in statements(before) if line not in statements(after)} == {
        line for line in statements(before) if "Sample: hypothesis" in line or "Sample: action" in line
    }
    assert "- Restarted **all** workers.\n\n  - one\n  - two\n\n  [[" in after
    assert re.search(r"^- Seen in hindsight\. \[\d+\]$", after, re.MULTILINE), "it has a source"
    assert re.search(r"^- \[\d+\] Edit$", after, re.MULTILINE)


@pytest.mark.parametrize("text", ["**17:40** Rolled back", "*Late:* rolled back", "-5 percent", "#42 is the change"])
def test_references_stand_behind_text_with_marks(text):
    assert end_written(text, "[1]") == f"{text} [1]"


@pytest.mark.parametrize(
    "last", ["- one", "  * two", "1. three", "# Four", "#", "> five", "| 6 |", "```", "    seven", "---", "* * *", "=="]
)
def test_references_stand_below_what_is_no_text(last):
    assert end_written(f"Text\n{last}", "[1]") == f"Text\n{last}\n\n  [1]"


def test_that_nobody_recorded_the_cause_is_not_said_where_a_person_wrote_it():
    record = bare_record()
    document = merge((), generate_blocks(build_draft(record).documents[0].sections["cause"]))

    draft = build_draft(record, edits=edit_block(document, block_id("cause", "cause"), "A full disk."))

    assert "A full disk." in render_postmortem(draft)
    assert [block.is_missing for block in draft.documents[0].sections["cause"]] == [False]


@pytest.mark.parametrize("template", postmortem_templates())
@pytest.mark.parametrize("section", ["action_items", "symptoms"])
def test_a_row_that_a_person_added_has_its_place_in_the_table(section, template):
    record = full_record()
    document = merge((), generate_blocks(build_draft(record).documents[0].sections[section]))
    added = add_block(document, block_id("new", section), "Read the *alerts* daily.", before=document[-1].id)

    shown = "Read the *alerts* daily." in render_postmortem(build_draft(record, edits=added), template=template)

    assert shown == ((section, template) in {("action_items", "sre"), ("symptoms", "statuspage")})


def test_each_block_of_a_rendered_draft_has_its_anchor():
    draft = build_draft(full_record())
    found: list[BlockId] = []

    def note(each: BlockId) -> str:
        found.append(each)
        return "⚓"

    html = replace_anchors(render_html_body(render_postmortem(anchor_draft(draft), template="sre")), note)

    assert {(each.section, each.key) for each in found} >= {
        ("timeline", "entry-8"),
        ("action_items", "action-3"),
        ("impact", "impact"),
    }
    assert "\x02" not in html
    assert replace_anchors(html, lambda _: "") == html
