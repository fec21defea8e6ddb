"""Merging the record into what people wrote: properties over random histories."""

from dataclasses import dataclass, replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.drafting.document.blocks import BlockId, BlockState, DocumentBlock, DocumentBlocks, GeneratedBlock
from bot.domain.drafting.document.edits import (
    Choice,
    add_block,
    edit_block,
    move_block,
    put_back_block,
    redact_source,
    remove_block,
    settle_block,
)
from bot.domain.drafting.document.merge import merge
from bot.domain.errors import UserError

KEYS = [f"entry-{number}" for number in range(1, 7)]
SECTIONS = ["cause", "timeline"]
Record = list[GeneratedBlock]


def fact(key: str, text: str, section: str = "timeline") -> GeneratedBlock:
    return GeneratedBlock(BlockId(section, key, "en"), text, (key,))


def block_id(key: str, section: str = "timeline") -> BlockId:
    return BlockId(section, key, "en")


@st.composite
def records(draw: st.DrawFn) -> Record:
    """What the record says at one time: some of the entries, each with a text that may have changed, in any order."""
    found: Record = []
    for section in SECTIONS:
        keys = draw(st.permutations(KEYS))[: draw(st.integers(0, len(KEYS)))]
        found += [fact(key, f"{key} v{draw(st.integers(1, 3))}", section) for key in keys]
    return found


@dataclass(frozen=True)
class Act:
    """A person's act on the block at a position, as far as there is one."""

    name: str
    position: int
    text: str = ""

    def apply(self, document: DocumentBlocks) -> DocumentBlocks:
        if not document:
            return document
        target = document[self.position % len(document)].id
        try:
            match self.name:
                case "edit":
                    return edit_block(document, target, self.text)
                case "remove":
                    return remove_block(document, target)
                case "put back":
                    return put_back_block(document, target)
                case "own" | "record":
                    return settle_block(document, target, Choice(self.name))
                case "add":
                    added = BlockId(target.section, f"added-{self.text}", "en")
                    return (
                        document
                        if any(each.id == added for each in document)
                        else add_block(document, added, self.text, before=target)
                    )
                case _:
                    return move_block(document, target, 1 if self.name == "down" else -1)
        except UserError:  # the end of a section, or a block that is not shown
            return document


WRITING = st.integers(0, 999).map(lambda number: f"words {number}")
ACTS = st.builds(
    Act,
    st.sampled_from(["edit", "edit", "edit", "remove", "put back", "own", "record", "add", "add", "up", "down"]),
    st.integers(0, 20),
    WRITING,
)
HISTORIES = st.lists(st.one_of(records(), ACTS), max_size=12)


def play(history: list[Record | Act]) -> DocumentBlocks:
    document: DocumentBlocks = ()
    for step in history:
        document = step.apply(document) if isinstance(step, Act) else merge(document, step)
    return document


def looks(document: DocumentBlocks) -> list[tuple[BlockId, BlockState, str | None, str | None, bool]]:
    return [(each.id, each.state, each.text, each.edited, each.is_changed) for each in document]


@given(HISTORIES, records())
def test_a_merge_loses_no_word_that_a_person_wrote(history, record):
    before = play(history)

    after = {each.id: each for each in merge(before, record)}

    for block in before:
        if block.edited is not None:
            assert (after[block.id].edited, after[block.id].state) == (block.edited, block.state)


@given(HISTORIES, records())
def test_untouched_blocks_are_the_record_to_the_byte_and_in_its_order(history, record):
    after = merge(play(history), record)

    untouched = [each for each in after if not each.is_touched]
    assert {(each.id, each.text) for each in untouched} <= {(each.id, each.text) for each in record}
    assert {each.id for each in record} <= {each.id for each in after}
    order = {each.id: place for place, each in enumerate(record)}
    for section in SECTIONS:
        places = [order[each.id] for each in untouched if each.id.section == section]
        assert places == sorted(places)


@given(HISTORIES, records())
def test_merging_again_changes_nothing(history, record):
    once = merge(play(history), record)

    assert merge(once, record) == once


@given(HISTORIES, st.lists(records(), max_size=3), records())
def test_only_the_last_state_of_the_record_counts(history, between, last):
    document = play(history)

    assert merge(reduce(merge, between, document), last) == merge(document, last)


@given(records(), st.lists(st.tuples(st.sampled_from(KEYS), WRITING), unique_by=lambda edit: edit[0]), st.randoms())
def test_the_order_of_edits_to_different_blocks_does_not_matter(record, edits, random):
    def write(order: list[tuple[str, str]]) -> DocumentBlocks:
        document = merge((), record)
        for key, text in order:
            for section in SECTIONS:
                if any(each.id == block_id(key, section) for each in record):
                    document = edit_block(document, block_id(key, section), text)
        return document

    shuffled = random.sample(edits, len(edits))

    assert looks(write(edits)) == looks(write(shuffled))


@given(HISTORIES, st.sampled_from(KEYS), records(), st.lists(ACTS, max_size=4))
def test_no_redacted_word_comes_back(history, ref, record, later):
    """Each text of the source has a secret, and each edit of its blocks quotes it."""

    def with_secret(step: Record | Act) -> Record | Act:
        if isinstance(step, Act):
            return step
        return [each._replace(text=f"{each.text} SECRET") if ref in each.refs else each for each in step]

    document = play([with_secret(step) for step in history])
    document = tuple(
        replace(each, edited=f"{each.edited} SECRET") if ref in each.refs and each.edited else each for each in document
    )

    document = merge(redact_source(document, ref), record)
    for act in later:
        document = merge(act.apply(document), record)

    assert not any("SECRET" in f"{each.generated}{each.base}{each.edited}" for each in document)


def edited(generated: str = "At 14:05 the *cache* filled.", now: str = "At 14:05 the *cache* filled.") -> DocumentBlock:
    document = edit_block(merge((), [fact("entry-1", generated)]), block_id("entry-1"), "The cache was full.")
    return merge(document, [fact("entry-1", now)])[0]


def test_an_edited_block_keeps_while_its_fact_is_the_same():
    block = edited()

    assert (block.text, block.is_collision) == ("The cache was full.", False)


@pytest.mark.parametrize(
    ("choice", "text", "state"),
    [
        (Choice.OWN, "The cache was full.", BlockState.EDITED),
        (Choice.RECORD, "At 14:15 the *cache* filled.", BlockState.UNTOUCHED),
    ],
)
def test_an_edited_block_whose_fact_changed_is_settled_by_a_person(choice, text, state):
    block = edited(now="At 14:15 the *cache* filled.")
    assert block.is_collision
    assert (block.base, block.generated, block.text) == (
        "At 14:05 the *cache* filled.",
        "At 14:15 the *cache* filled.",
        "The cache was full.",
    )

    (settled,) = settle_block((block,), block.id, choice)

    assert (settled.text, settled.state, settled.is_changed) == (text, state, False)


def test_a_fact_that_returns_to_what_it_was_is_no_collision():
    document = (edited(now="At 14:15 the *cache* filled."),)

    assert not merge(document, [fact("entry-1", "At 14:05 the *cache* filled.")])[0].is_changed


def test_a_removed_block_stays_removed_and_is_marked_when_its_fact_changes():
    document = remove_block(merge((), [fact("entry-1", "A guess")]), block_id("entry-1"))
    assert not document[0].is_changed

    (block,) = merge(document, [fact("entry-1", "A better guess")])

    assert (block.text, block.is_changed, block.is_collision) == (None, True, False)
    assert put_back_block((block,), block.id)[0].text == "A better guess"


def test_text_whose_fact_is_gone_stays_and_becomes_a_persons_own():
    record = [fact(key, key) for key in ("entry-1", "entry-2", "entry-3")]
    document = edit_block(merge((), record), block_id("entry-2"), "Mine")

    document = merge(document, [record[0], record[2]])
    assert [each.text for each in document] == ["entry-1", "Mine", "entry-3"]
    assert document[1].is_collision

    settled = settle_block(document, block_id("entry-2"), Choice.OWN)
    assert [(each.text, each.is_changed) for each in merge(settled, [record[2]])] == [
        ("Mine", False),
        ("entry-3", False),
    ]
    assert merge(settled, record)[1].is_collision, "the fact is back"


def test_added_and_moved_blocks_stay_beside_their_neighbours():
    record = [fact(f"entry-{number}", str(number)) for number in (2, 4, 6)]
    document = add_block(merge((), record), block_id("added-1"), "after 4", before=block_id("entry-4"))
    document = add_block(document, block_id("added-2"), "also after 4", before=block_id("added-1"))
    document = add_block(document, block_id("added-3"), "first", before=None)
    document = move_block(document, block_id("entry-6"), -4)

    later = [fact(f"entry-{number}", str(number)) for number in (1, 2, 3, 4, 5, 6)]

    assert [each.text for each in merge(document, later)] == [
        "first", "6", "1", "2", "3", "4", "after 4", "also after 4", "5",
    ]  # fmt: skip
    without_4 = [each for each in later if each.id.key != "entry-4"]
    assert [each.text for each in merge(document, without_4)] == [
        "first", "6", "1", "2", "after 4", "also after 4", "3", "5",
    ]  # fmt: skip


def test_writing_the_records_own_text_follows_the_record_again():
    document = (edited(),)

    assert not edit_block(document, block_id("entry-1"), "At 14:05 the *cache* filled.")[0].is_touched


@pytest.mark.parametrize("text", ["", "  \n ", "\x00"])
def test_an_empty_text_is_refused(text):
    with pytest.raises(UserError, match="remove the block"):
        edit_block(merge((), [fact("entry-1", "A")]), block_id("entry-1"), text)
