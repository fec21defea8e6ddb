"""What people wrote in a canvas, found in its content: properties over random edits of a random draft."""

import re
import time
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.document.canvas_copy import (
    CanvasCopy,
    CanvasPart,
    ShownBlock,
    clear_blocks,
    copy_canvas,
    words_of,
)
from bot.domain.drafting.document.canvas_lines import match_lines
from bot.domain.drafting.document.canvas_matching import CanvasEdits, match_canvas

ANCHOR = re.compile(" ?\x02[^\x03]*\x03")


def block_id(key: str, section: str = "timeline") -> BlockId:
    return BlockId(section, key, "en")


def anchored(text: str, key: str, section: str = "timeline") -> str:
    return f"{text} \x02block {str(block_id(key, section)).encode().hex()}\x03"


WRITTEN = f"""# Postmortem: checkout is down

## Timeline (UTC)

{anchored("- **12:00** The pool was full. [[1](https://a.example/1)]", "entry-1")}
- **12:05** They said:
{anchored("  - it is late [[2](https://a.example/2)]", "entry-2")}

## Cause

{anchored("The deploy halved the pool. [3]", "cause", "cause")} {anchored("It was large. [4]", "size", "cause")}

| action | owner |
| --- | --- |
| {anchored("Count the pool [5]", "entry-9", "tasks")} | ana |
"""
SHOWN = {
    block_id("entry-1"): ShownBlock("**12:00** The pool was full.", ("entry-1",)),
    block_id("entry-2"): ShownBlock("**12:05** They said:\n- it is late", ("entry-2",)),
    block_id("cause", "cause"): ShownBlock("The deploy halved the pool.", ("entry-3",)),
    block_id("size", "cause"): ShownBlock("It was large.", ("entry-4",)),
    block_id("entry-9", "tasks"): ShownBlock("**Task:** Count the pool — ana", ("entry-9",)),
}
CONTENT = ANCHOR.sub("", WRITTEN)
COPY = copy_canvas(CONTENT, WRITTEN, SHOWN)


def texts_of(copy: CanvasCopy) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in copy.parts:
        if part.block:
            found[part.block.key] = f"{found[part.block.key]}|{part.text}" if part.block.key in found else part.text
    return found


def edits_of(content: str) -> tuple[dict[str, str], list[str], list[tuple[str, str | None, str | None]]]:
    """Edited texts, keys of removed blocks, and new texts with the key of the block before or after them."""
    found = match_canvas(COPY, content)
    added = [(each.text, each.after and each.after.key, each.before and each.before.key) for each in found.added]
    return {key.key: text for key, text in found.edited.items()}, [key.key for key in found.removed], added


@pytest.mark.parametrize("content", [CONTENT, CONTENT.replace("- ", "* "), CONTENT.replace("**", "__")])
def test_blocks_are_found_however_slack_spells_them(content: str) -> None:
    copy = copy_canvas(content, WRITTEN, SHOWN)

    assert "".join(part.text for part in copy.parts) == content
    found = texts_of(copy)
    assert words_of(found["entry-1"]) == ("12", "00", "The", "pool", "was", "full")
    assert words_of(found["entry-2"]) == ("12", "05", "They", "said", "it", "is", "late")
    assert (found["cause"], found["size"]) == ("The deploy halved the pool.", "It was large.")
    assert found["entry-9"] == "Count the pool", "a cell shows a part of its block"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("was full", "was empty", ({"entry-1": "**12:00** The pool was empty."}, [], [])),
        ("example/1)]", "example/1)] Really.", ({"entry-1": "**12:00** The pool was full. Really."}, [], [])),
        (" it is", " it was\n  - it is", ({"entry-2": "**12:05** They said:\n- it was\n- it is late"}, [], [])),
        ("It was large", "It was huge", ({"size": "It was huge."}, [], [])),
        ("Count the", "Measure the", ({"entry-9": "Measure the pool"}, [], [])),
        ("- **12:00** The pool was full. [[1](https://a.example/1)]\n", "", ({}, ["entry-1"], [])),
        ("## Cause\n", "## Cause\n\nNobody knows.\n", ({}, [], [("Nobody knows.", None, "cause")])),
        ("\n| action", "\n- one\n- two\n\n| action", ({}, [], [("one", "size", None), ("two", "0", None)])),
        ("# Postmortem", "Read this.\n\n# Postmortem", ({}, [], [("Read this.", None, "entry-1")])),
        ("## Cause", "## Reasons", ({}, [], [("Reasons", "entry-2", None)])),
        (" (UTC)", "", ({}, [], [])),
        ("It was large.", "It was large. 🔥", ({"size": "It was large. 🔥"}, [], [])),
    ],
)  # fmt: skip
def test_an_edit_is_found_in_its_block(before: str, after: str, expected: object) -> None:
    assert before in CONTENT

    assert edits_of(CONTENT.replace(before, after, 1)) == expected


def test_a_line_that_was_moved_is_neither_removed_nor_added() -> None:
    line = "- **12:00** The pool was full. [[1](https://a.example/1)]\n"
    moved = CONTENT.replace(line, "") + "\n- **12:00** The pool was full.\n"

    assert edits_of(moved) == ({}, [], [])


def test_a_canvas_that_was_emptied_removes_nothing() -> None:
    found = match_canvas(COPY, "Only this.\n")

    assert found.removed == ()
    assert found.is_held_back, "there is no block beside which it could stand"


def test_a_copied_line_has_the_sources_of_its_block() -> None:
    found = match_canvas(COPY, f"{CONTENT}\nThe deploy halved the pool. It was large.\n")

    assert [each.refs for each in found.added] == [("entry-3", "entry-4")]


WORDS = st.text("abcdefghij 🔥é", min_size=1, max_size=12)


@st.composite
def contents(draw: st.DrawFn) -> str:
    """The canvas after some edits: words and lines put in, taken out, exchanged."""
    lines = CONTENT.split("\n")
    for _ in range(draw(st.integers(1, 6))):
        number = draw(st.integers(0, len(lines) - 1)) if lines else 0
        line = lines[number] if lines else ""
        match draw(st.sampled_from(["insert", "add", "remove", "cut", "item", "swap"])):
            case "insert":
                place = draw(st.integers(0, len(line)))
                lines[number : number + 1] = [f"{line[:place]}{draw(WORDS)}{line[place:]}"]
            case "add":
                lines.insert(number, draw(WORDS))
            case "item":
                lines.insert(number, f"- {draw(WORDS)}")
            case "remove":
                del lines[number : number + draw(st.integers(1, 3))]
            case "cut":
                lines[number : number + 1] = [line[: draw(st.integers(0, len(line)))]]
            case "swap":
                lines[number : number + 2] = reversed(lines[number : number + 2])
    return "\n".join(lines)


def letters(text: str) -> Counter[str]:
    return Counter("".join(re.findall(r"[\w🔥]", text)))


def kept_letters(copy: CanvasCopy, found: CanvasEdits) -> Counter[str]:
    """Letters of all texts, of the layout as it was, and of the references."""
    texts = {key: shown.text for key, shown in copy.shown.items()} | dict(found.edited)
    kept = Counter[str]()
    for text in [*texts.values(), *(each.text for each in found.added), *(p.text for p in copy.parts if not p.block)]:
        kept += letters(text)
    return kept


@given(contents())
@example(CONTENT)
@settings(max_examples=max(200, settings().max_examples), deadline=None)
def test_no_letter_of_a_person_is_lost(content: str) -> None:
    found = match_canvas(COPY, content)

    if not found.is_held_back:
        missing = letters(content) - kept_letters(COPY, found)
        assert not missing, missing


@given(contents())
@settings(max_examples=max(150, settings().max_examples), deadline=None)
def test_the_same_content_is_taken_in_once(content: str) -> None:
    first = match_canvas(COPY, content)
    if first.is_held_back:
        return

    again = match_canvas(first.copy, content)

    assert (again.edited, again.removed, again.added) == ({}, (), ())
    copied = "".join(part.text for part in first.copy.parts)
    assert [line.rstrip() for line in copied.split("\n")] == [line.rstrip() for line in content.split("\n")]


@given(contents(), st.sampled_from(["entry-1", "entry-2", "entry-3"]))
@settings(max_examples=max(150, settings().max_examples), deadline=None)
def test_a_redacted_text_does_not_return_from_an_edited_line(content: str, ref: str) -> None:
    secret = {"entry-1": "full", "entry-2": "late", "entry-3": "halved"}[ref]
    found = match_canvas(clear_blocks(COPY, ref), content)

    taken = [*found.edited.values(), *(each.text for each in found.added), *(part.text for part in found.copy.parts)]
    assert not any(secret in text for text in taken)


CLEARED = CanvasPart("", block_id("gone"), is_cleared=True)
REFERENCE = CanvasPart(" [[1](https://a.example/1)] ")


@pytest.mark.parametrize(
    ("content", "is_found"),
    [
        ("- secret [[1](https://a.example/1)] more [[1](https://a.example/1)]", True),
        ("- secret [[1](https://a.example/1)] more [[1](https://a.example/1)]  ", True),
        ("-  [[1](https://a.example/1)]  [[1](https://a.example/1)] ", True),
        ("- secret [[1](https://a.example/1)] ", False),
        ("- secret [[1](https://a.example/1)] more [[1](https://a.example/1)] behind", False),
        ("secret [[1](https://a.example/1)] more [[1](https://a.example/1)]", False),
    ],
)
def test_a_redacted_line_is_known_by_what_is_left_of_it(content: str, is_found: bool) -> None:
    line = (CanvasPart("- "), CLEARED, REFERENCE, CLEARED, REFERENCE)

    found = match_lines([line, (CanvasPart("last"),)], [content, "other", "last"])

    assert found.lines == [line if is_found else None, None, (CanvasPart("last"),)]


def test_long_lines_with_many_redacted_parts_take_no_time() -> None:
    """Any member of the channel can write such a line; it is read in a transaction."""
    line = (CanvasPart("- "), *(part for _ in range(20) for part in (CLEARED, REFERENCE)), CanvasPart("end"))
    started = time.process_time()

    match_lines([line], ["- " + REFERENCE.text * 2_000 + "x"])

    assert time.process_time() - started < 0.2


def test_many_long_lines_are_compared_in_little_time() -> None:
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))
    before = [(CanvasPart(letters[n * 97 :][:8_000], block_id(str(n))),) for n in range(49)]
    now = [letters[n * 89 + 5 :][:8_000] for n in range(50)]
    started = time.process_time()

    match_lines(before, now)

    assert time.process_time() - started < 1
