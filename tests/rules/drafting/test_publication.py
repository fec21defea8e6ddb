"""The steps to a publication, and which lines of a frozen document have the words of which block."""

import pytest

from bot.domain.drafting.document.block_key import find_block_id
from bot.domain.drafting.document.edits import edit_block
from bot.domain.drafting.document.merge import merge
from bot.domain.drafting.document.publication import NEXT, PostmortemState, Step, next_state, split_lines
from bot.domain.drafting.document.sections import DRAFTING_AIDS, anchor_draft, generate_blocks, remove_drafting_aids
from bot.domain.errors import StateError
from bot.domain.postmortem import build_draft
from bot.domain.record.samples import bare_record, full_record
from bot.templating.render import postmortem_templates, render_postmortem


@pytest.mark.parametrize("state", PostmortemState)
@pytest.mark.parametrize("step", Step)
def test_only_a_published_postmortem_is_reopened_and_it_takes_no_other_step(state: PostmortemState, step: Step) -> None:
    is_possible = (state is PostmortemState.PUBLISHED) is (step is Step.REOPEN)

    assert ((state, step) in NEXT) is is_possible
    if not is_possible:
        with pytest.raises(StateError):
            next_state(state, step)


@pytest.mark.parametrize("record", [full_record(), bare_record()], ids=["full", "bare"])
@pytest.mark.parametrize("template", postmortem_templates())
def test_the_frozen_lines_are_the_document_without_anchors(record, template: str) -> None:
    draft = build_draft(record, languages=["en"])
    lines = split_lines(render_postmortem(anchor_draft(draft), template=template), draft.documents[0].words.values())

    assert "".join(line.text for line in lines) == render_postmortem(draft, template=template)
    assert {block_id for line in lines for block_id in line.blocks} <= {find_block_id(each) for each in draft.blocks()}
    without = [line.text for line in lines if not line.blocks and line.text.strip()]
    statements = without[: without.index("## Sources\n")] if "## Sources\n" in without else without
    assert [text for text in statements if not text.startswith("#")] == []


@pytest.mark.parametrize("template", postmortem_templates())
def test_readers_see_no_question_to_the_authors_unless_one_wrote_it(template: str) -> None:
    draft = build_draft(bare_record(), languages=["en"])
    aids = [each.text for name in DRAFTING_AIDS for each in draft.documents[0].sections[name]]
    asked = render_postmortem(draft, template=template)
    assert aids
    assert all(text in asked for text in aids)
    question = merge((), generate_blocks(draft.documents[0].sections["questions"]))
    edits = edit_block(question, question[0].id, "Nobody knows when it began.")

    published = render_postmortem(remove_drafting_aids(draft), template=template)
    answered = build_draft(bare_record(), languages=["en"], edits=edits)

    assert not any(text in published for text in aids)
    assert "To check before publishing" not in published
    assert set(published.splitlines()) <= set(asked.splitlines())
    assert "Nobody knows when it began." in render_postmortem(remove_drafting_aids(answered), template=template)


def test_a_line_without_an_anchor_is_of_the_next_block() -> None:
    marks = [f"\x02block {f'course/{key}/en'.encode().hex()}\x03" for key in "ab"]
    text = f"## Course (UTC)\n\n- One {marks[0]}\n\n  more\n\n# Own\n- Two {marks[1]}\n- [1] source\n"

    lines = split_lines(text, {"Course"})

    assert [("".join(each.key for each in line.blocks), line.text) for line in lines] == [
        ("", "## Course (UTC)\n"),
        ("", "\n"),
        ("a", "- One\n"),
        ("", "\n"),
        ("b", "  more\n"),
        ("", "\n"),
        ("b", "# Own\n"),
        ("b", "- Two\n"),
        ("", "- [1] source\n"),
    ]
